// No counterpart: what the commands for a running server begin with: where it is.

import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { load_config } from "../composition.ts";
import { AdminClient, type AdminListener, type LineResult } from "../core/admin_client.ts";
import { type Config, default_config } from "../core/configmanager.ts";
import { explain } from "../core/reload.ts";
import { find_running } from "../core/running_process.ts";
import { data_folder } from "../startup.ts";
import type { Result } from "../util/error.ts";
import type { ServerProcess } from "../util/processes.ts";
import { serialize } from "../util/serialization.ts";
import { refuse } from "./opening.ts";

/** The options by which a command finds a server. */
export interface PlaceOptions {
	readonly config?: string;
	readonly data: string;
}

/** Where a server is. */
export interface Place {
	readonly config: Config;
	readonly data: string;
	/** The socket of administrators. */
	readonly socket: string;
	readonly pidfile: string | undefined;
}

/** A command with the options that name a server. */
export function placed(command: Command): Command {
	return command
		.option("-c, --config <file>", "the prosody.cfg.lua of the server; without one, the server that start runs without one")
		.option("-d, --data <folder>", "where its data lies when there is no configuration file", "data");
}

/** Finds out where a server is. Ends the program where its configuration cannot be read. */
export async function find_place({ config: path, data: given }: PlaceOptions): Promise<Place> {
	const text = (config: Config, name: string): string | undefined => {
		const value = config.get("*", name);
		return typeof value === "string" ? value : undefined;
	};
	let config = default_config(given);
	if (path !== undefined) {
		const loaded = await load_config(path);
		config = loaded.ok ? loaded.value.config : refuse(explain(loaded.error));
	}
	const data = data_folder(config, path === undefined ? process.cwd() : dirname(resolve(path)));
	const pidfile = text(config, "pidfile");
	return {
		config,
		data,
		socket: resolve(data, text(config, "admin_socket") ?? "prosody.sock"),
		pidfile: pidfile === undefined ? undefined : resolve(data, pidfile),
	};
}

/** The process of the server, if it runs. */
export function process_at({ data, pidfile }: Place): ServerProcess | undefined {
	return find_running(data, pidfile);
}

/** Words of a command line as the console takes them: a list of texts. */
export function words_line(words: readonly string[]): string {
	const quoted = words.map((word) => {
		const text = serialize(word);
		return text.ok ? text.value : refuse(`${JSON.stringify(word)}: ${text.error}`);
	});
	return `{${quoted.join(", ")}}`;
}

/** Characters that a line of the terminal has. */
export function terminal_width(): number {
	const columns = Number(process.env["COLUMNS"] ?? "");
	return process.stdout.columns ?? (columns > 0 ? columns : 132);
}

/** Prints what a command prints. */
export const print_output: AdminListener = {
	output(text, is_error, ends_line) {
		(is_error ? process.stderr : process.stdout).write(ends_line ? `${text}\n` : text);
	},
};

/** Has the server run one command; an error says why that cannot be. */
export async function run_there(
	{ socket }: Place,
	words: readonly string[],
	listener: AdminListener = print_output,
): Promise<Result<LineResult, string>> {
	const connected = await AdminClient.connect(socket, listener);
	if (!connected.ok) return connected;
	const client = connected.value;
	const [only = ""] = words;
	const line = words.length === 1 ? only : words_line(words);
	const result = await client.run(line, terminal_width(), false);
	client.close();
	return result === undefined ? { ok: false, error: "the server has closed the connection" } : { ok: true, value: result };
}
