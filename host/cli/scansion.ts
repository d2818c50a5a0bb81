// No counterpart: the command `scansion`.

import type { Command } from "commander";
import { start_scratch_server } from "../composition.ts";
import { port_number, seconds } from "./numbers.ts";

export function add_scansion(program: Command): void {
	program
		.command("scansion")
		.description("play scansion scripts against a server")
		.argument("<path...>", "scripts, or folders of them")
		.option("--host <host>", "the server's address; without it or a port, each script gets a fresh server of its own")
		.option("--port <port>", "the server's port", port_number)
		.option("--timeout <seconds>", "how long a step may wait for a stanza", seconds, 5)
		.option("--tap", "print results in the Test Anything Protocol")
		.option("--json", "print results as JSON")
		.action(
			async (paths: string[], options: { host?: string; port?: number; timeout: number; tap?: boolean; json?: boolean }) => {
				const { run } = await import("../../tools/scansion.ts");
				const { host, port, timeout } = options;
				const format = options.json ? "json" : options.tap ? "tap" : "text";
				process.exitCode = await run(paths, { host, port, timeout, format, start_server: start_scratch_server });
			},
		);
}
