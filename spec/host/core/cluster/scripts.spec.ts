import { describe, expect, it } from "vitest";
import { names, play_on } from "../../../scripts.ts";
import { start_nodes } from "./nodes.ts";

/** All of them where CLUSTER_SCRIPTS says `all`: each needs three servers. */
const chosen = names.filter((_name, index) => process.env["CLUSTER_SCRIPTS"] === "all" || index % 5 === 0);

describe("our scansion scripts, with the clients of each spread over three nodes", () => {
	it.each(chosen)("%s", async (name) => {
		const start = async () => start_nodes({ config: { "*": { admins: ["admin@localhost"] } } });
		expect(await play_on(start, name)).toBe("");
	});
});
