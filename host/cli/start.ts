// Counterpart: prosody

import cluster from "node:cluster";
import type { Command } from "commander";
import { worker_count } from "../core/cluster/workers.ts";
import { watch_stray_errors } from "../core/module_guard.ts";
import { open_config, open_server, refuse, type ServerFiles } from "./opening.ts";
import { Run } from "./run.ts";
import { reloading, tell_systemd } from "./service_manager.ts";
import { welcome } from "./welcome.ts";

interface StartOptions extends ServerFiles {
	readonly workers?: string;
}

async function start(options: StartOptions): Promise<void> {
	if (options.tls && options.config !== undefined) {
		refuse(
			"--tls is for a server without a configuration file: expected c2s_require_encryption, certificates and ports in the file",
		);
	}
	if (cluster.isWorker) {
		const { run_worker } = await import("./workers/worker.ts");
		await run_worker(options);
		return;
	}
	const config = await open_config(options);
	const count = worker_count(config, options.workers);
	if (!count.ok) refuse(count.error);
	if (count.value > 1) {
		const { supervise } = await import("./workers/supervisor.ts");
		await supervise(config, options, count.value);
		return;
	}
	const server = await open_server(config, options.config);
	const log = server.logger("general");
	watch_stray_errors(log);
	const tell = await tell_systemd(log);
	const run = new Run(server);
	let is_started = false;
	process.on("SIGHUP", () => {
		log("info", "Received SIGHUP");
		if (!is_started) return;
		tell(reloading());
		run.reload();
		tell("READY=1");
	});
	const listening = await run.start();
	if (!listening.ok) refuse(listening.error);
	is_started = true;
	const stop = (signal: string): void => {
		tell("STOPPING=1");
		run.stop(`Received ${signal}`);
	};
	process.on("SIGINT", () => stop("SIGINT"));
	process.on("SIGTERM", () => stop("SIGTERM"));
	for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
		process.on(signal, () => {
			log("info", "Received %s", signal);
			run.signal(signal);
		});
	}
	// Programs that wait for this line may send a signal at once
	process.stdout.write(welcome(server, options.config === undefined));
	tell("READY=1");
}

export function add_start(program: Command): void {
	program
		.command("start")
		.description("run the server")
		.option("-c, --config <file>", "a prosody.cfg.lua; without one, localhost with open accounts on this machine only")
		.option("-d, --data <folder>", "where data lies when there is no configuration file", "data")
		.option("--tls", "speak nothing but TLS when there is no configuration file, as clients on desktops expect it")
		.option("--workers <n>", "how many processes serve, to use so many cores (option workers; by default one)")
		.action(start);
}
