// No counterpart: a Prosody is one process.

import { Socket } from "node:net";
import { type ComposeOptions, make_config_reader } from "../../composition.ts";
import { worker_base } from "../../core/cluster/worker_base.ts";
import { workers_problem } from "../../core/cluster/workers.ts";
import type { ConfigError, LoadedConfig } from "../../core/configmanager.ts";
import { watch_stray_errors } from "../../core/module_guard.ts";
import { Neighbours } from "../../net/neighbours.ts";
import { failed, type Result } from "../../util/error.ts";
import { open_config, open_server, type ServerFiles } from "../opening.ts";
import { Run } from "../run.ts";
import { welcome } from "../welcome.ts";
import { type Order, type Report, read_order } from "./messages.ts";
import { broker_file, node_variable } from "./process.ts";
import { sockets_variable } from "./sockets.ts";

function report(word: Report, text = "", then: () => void = () => {}): void {
	process.send?.([word, text], undefined, undefined, then);
}

/** Has the log say why this process cannot serve, and ends it. */
function refused(problem: string): Promise<never> {
	report("failed", problem, () => process.exit(1));
	return new Promise(() => {});
}

/** A configuration that was read again, which workers must be able to serve, too. */
function taken(loaded: Result<LoadedConfig, ConfigError>): Result<LoadedConfig, ConfigError> {
	if (!loaded.ok) return loaded;
	const { config, files } = loaded.value;
	const message = workers_problem(config);
	if (message !== undefined) return failed({ file: files[0] ?? "", message });
	return loaded;
}

/** Serves as one of several processes, which end with the one that has started them. */
export async function run_worker(files: ServerFiles): Promise<void> {
	const node = process.env[node_variable] ?? "";
	// Whoever has much to read before it serves goes on, too
	let do_order = (order: Order, _text: string): void => {
		if (order === "ping") report("pong");
	};
	process.on("message", (message) => {
		const order = read_order(message);
		if (order !== undefined) do_order(...order);
	});
	const neighbours = new Neighbours(process.env[sockets_variable] ?? "", node, ({ message }) => {
		void refused(`other workers cannot reach this one: ${message}`);
	});
	let warn = (_text: string): void => {};
	const base = worker_base(node, new Socket({ fd: broker_file }), neighbours, (text) => warn(text));
	const config = await open_config(files, true, refused);
	const read = files.config === undefined ? undefined : await make_config_reader(files.config);
	const options: ComposeOptions = {
		cluster: base,
		is_claimed: true,
		log_prefix: `${node.replace(/^worker-/, "")}/`,
		...(read === undefined ? {} : { read_config: () => taken(read()) }),
	};
	const server = await open_server(config, files.config, options, refused);
	const log = server.logger("general");
	watch_stray_errors(log);
	warn = (text) => log("warn", "%s", text);
	let is_told = false;
	let is_alone = false;
	const run = new Run(server, (reason) => {
		if (is_alone) return true;
		report("stop-wanted", reason);
		return false;
	});
	let reloads_for_all = true;
	do_order = (order, text) => {
		switch (order) {
			case "ping":
				report("pong");
				return;
			case "stop":
				is_told = true;
				run.stop(text);
				return;
			case "reload":
				reloads_for_all = false;
				run.reload();
				reloads_for_all = true;
				report("reloaded");
				return;
			default:
				run.signal(order);
		}
	};
	server.events.add_handler("config-reloaded", () => {
		if (reloads_for_all) report("reload-wanted");
	});
	// What the process that has started this one is told concerns all
	for (const signal of ["SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2"]) process.on(signal, () => {});
	process.on("SIGTERM", () => {
		is_alone = !is_told;
		run.stop("Received SIGTERM");
	});
	const listening = await run.start();
	if (!listening.ok) return refused(listening.error);
	report("ready", welcome(server, files.config === undefined));
}
