import { describe, expect, it } from "vitest";
import { default_config } from "../../../host/core/configmanager.ts";
import { names, play_on } from "../../scripts.ts";
import { WorkerServer } from "./worker_server.ts";

/** Which part of them is played: each needs four processes. All of them where WORKER_SCRIPTS is 1. */
const part = Number(process.env["WORKER_SCRIPTS"] ?? 20);
const chosen = names.filter((_name, index) => index % part === 0);

const modules = default_config("").get("*", "modules_enabled");

async function start(): Promise<{ readonly port: number; stop(): Promise<void> }> {
	const server = new WorkerServer();
	const enabled = Array.isArray(modules) ? modules.map((name) => JSON.stringify(name)).join(", ") : "";
	await server.configure(`modules_enabled = { ${enabled} }\nadmins = { "admin@localhost" }`, "");
	await server.start(3);
	return { port: server.port, stop: () => server.remove() };
}

describe("our scansion scripts, with the clients of each spread over three processes", () => {
	it.each(chosen)("%s", async (name) => {
		expect(await play_on(start, name)).toBe("");
	});
});
