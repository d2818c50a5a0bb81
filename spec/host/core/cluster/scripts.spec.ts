import { describe, expect, it } from "vitest";
import { names, play_on } from "../../../scripts.ts";
import { start_nodes } from "./nodes.ts";

describe("our scansion scripts, with the clients of each spread over three nodes", () => {
	it.each(names)("%s", async (name) => {
		const start = async () => start_nodes({ config: { "*": { admins: ["admin@localhost"] } } });
		expect(await play_on(start, name)).toBe("");
	});
});
