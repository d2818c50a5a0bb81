// Counterpart: Prosody's test player, https://matthewwild.co.uk/projects/scansion

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { failed, ok, type Result } from "../host/util/error.ts";
import type { ScriptError } from "./scansion/markup.ts";
import { parse_script, type Script } from "./scansion/parse.ts";
import { play } from "./scansion/play.ts";
import { create_reporter, type ReportFormat, type ScriptResult } from "./scansion/report.ts";

/** A server that was started to play one script on. */
export interface ScratchServer {
	/** Default: the loopback address. */
	readonly host?: string;
	readonly port: number;
	stop(): Promise<void> | void;
}

/** How scripts are played, and how their results are reported. */
export interface ScansionOptions {
	/** A running server, where `host` or `port` is given. Defaults beside the other: localhost, 5222. */
	readonly host?: string | undefined;
	readonly port?: number | undefined;
	/** Makes a fresh server for each script, where neither `host` nor `port` is given. Throws where that fails. */
	readonly start_server?: (() => Promise<ScratchServer>) | undefined;
	/** How many seconds a stanza may take to come. Default: 5. */
	readonly timeout?: number | undefined;
	/** Plays only scripts that have one of these tags, written `tag` or `tag: value`. */
	readonly only?: readonly string[] | undefined;
	/** Leaves out scripts that have one of these tags. */
	readonly skip?: readonly string[] | undefined;
	/** Default: `text`. */
	readonly format?: ReportFormat | undefined;
	/** Default: when standard output is a terminal and NO_COLOR is not set. */
	readonly colour?: boolean | undefined;
	/** Where the report goes. Default: standard output. */
	readonly write?: ((text: string) => void) | undefined;
	/** Where errors go when nothing can be played. Default: standard error. */
	readonly complain?: ((text: string) => void) | undefined;
}

/** Exit statuses of {@link run}. */
export const status = { passed: 0, failed: 1, not_played: 2 } as const;

const maximum_script_bytes = 1024 * 1024;

function reason_of(problem: unknown): string {
	return problem instanceof Error ? problem.message : String(problem);
}

/** Finds scripts: each path is one, or a folder of `*.scs`. */
export function find_scripts(paths: readonly string[]): Result<string[], string> {
	const files: string[] = [];
	for (const path of paths) {
		try {
			if (!statSync(path).isDirectory()) {
				files.push(path);
				continue;
			}
			const names = readdirSync(path).filter((name) => name.endsWith(".scs"));
			if (names.length === 0) return failed(`${path}: expected a folder with scripts, files that end in .scs`);
			for (const name of names.sort()) files.push(join(path, name));
		} catch (problem) {
			return failed(`${path}: expected a script or a folder of scripts: ${reason_of(problem)}`);
		}
	}
	return files.length > 0 ? ok(files) : failed("no scripts are named; expected files that end in .scs, or folders of them");
}

/** Reads a script from a file. */
export function read_script(file: string): Result<Script, ScriptError> {
	try {
		if (statSync(file).size > maximum_script_bytes)
			return failed({ line: 1, message: `expected at most ${maximum_script_bytes} bytes` });
		return parse_script(readFileSync(file, "utf8"), file);
	} catch (problem) {
		return failed({ line: 1, message: `could not be read: ${reason_of(problem)}` });
	}
}

function has_tag(script: Script, wanted: string): boolean {
	const [, name = "", value] = /^\s*([^:]*?)\s*(?::\s*(.*?)\s*)?$/.exec(wanted) ?? [];
	const found = script.tags.get(name);
	return found !== undefined && (value === undefined || value === found);
}

function is_wanted(script: Script, { only, skip }: ScansionOptions): boolean {
	if (only !== undefined && only.length > 0 && !only.some((tag) => has_tag(script, tag))) return false;
	return skip === undefined || !skip.some((tag) => has_tag(script, tag));
}

async function play_on(server: { host: string; port: number }, script: Script, timeout: number): Promise<ScriptResult> {
	return { kind: "played", outcome: await play(script, { ...server, timeout }) };
}

async function play_on_fresh(start: () => Promise<ScratchServer>, script: Script, timeout: number): Promise<ScriptResult> {
	const server = await start();
	try {
		return await play_on({ host: server.host ?? "127.0.0.1", port: server.port }, script, timeout);
	} finally {
		await server.stop();
	}
}

/**
 * Plays scripts one after the other and reports.
 * @param paths scripts, or folders of scripts
 * @returns the exit status: 0 all passed, 1 some failed or could not be read, 2 nothing could be played
 */
export async function run(paths: readonly string[], options: ScansionOptions = {}): Promise<number> {
	const { host, port, start_server } = options;
	const complain = options.complain ?? ((text: string) => process.stderr.write(text));
	const timeout = options.timeout ?? 5;
	if (!(timeout > 0)) {
		complain(`timeout: ${timeout}: expected a number of seconds above 0\n`);
		return status.not_played;
	}
	const running = host === undefined && port === undefined ? undefined : { host: host ?? "localhost", port: port ?? 5222 };
	if (running === undefined && start_server === undefined) {
		complain("no server to play on; expected a host or a port\n");
		return status.not_played;
	}
	const files = find_scripts(paths);
	if (!files.ok) {
		complain(`${files.error}\n`);
		return status.not_played;
	}
	const scripts = files.value.map((file) => ({ file, script: read_script(file) }));
	const wanted = scripts.filter(({ script }) => !script.ok || is_wanted(script.value, options));

	const write = options.write ?? ((text: string) => process.stdout.write(text));
	const colour = options.colour ?? (process.stdout.isTTY === true && !process.env["NO_COLOR"]);
	const reporter = create_reporter(options.format ?? "text", write, colour);
	reporter.begin(wanted.length);
	let passed = true;
	for (const { file, script } of wanted) {
		let result: ScriptResult;
		if (!script.ok) result = { kind: "unreadable", file, error: script.error };
		else if (running) result = await play_on(running, script.value, timeout * 1000);
		else if (start_server) {
			try {
				result = await play_on_fresh(start_server, script.value, timeout * 1000);
			} catch (problem) {
				complain(`${file}: the server to play on failed: ${reason_of(problem)}\n`);
				return status.not_played;
			}
		} else continue;
		if (result.kind === "unreadable" || result.outcome.failure) passed = false;
		reporter.result(result);
	}
	reporter.end();
	return passed ? status.passed : status.failed;
}
