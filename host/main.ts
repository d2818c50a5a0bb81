// Counterpart: prosody, prosodyctl. The command line.

import { dirname, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import {
	built_in_modules,
	compose_server,
	load_config,
	lua_surface,
	make_config_reader,
	start_scratch_server,
	version,
} from "./composition.ts";
import { type Config, default_config } from "./core/configmanager.ts";
import type { LogSink } from "./core/loggingmanager.ts";
import { watch_stray_errors } from "./core/module_guard.ts";
import { read_umask } from "./core/umask.ts";
import type { RunningServer } from "./running_server.ts";

/** Ends the program with one line that says why. */
function refuse(problem: string): never {
	process.stderr.write(`enjamb: ${problem}\n`);
	process.exit(1);
}

/**
 * Reads a configuration file, prints its warnings, and ends the program where it has errors.
 * @param tells_all whether remarks are printed, too
 */
async function read_config(path: string, tells_all = false): Promise<Config> {
	const loaded = await load_config(path);
	if (!loaded.ok) {
		const { file, line, message } = loaded.error;
		refuse(`${file}${line === undefined ? "" : `:${line}`}: ${message}`);
	}
	const { review_config, review_lines } = await import("./check.ts");
	const context = { built_in: built_in_modules, surface: lua_surface() };
	const { option_findings } = review_config(loaded.value, dirname(resolve(path)), context);
	const told = option_findings.filter(({ severity }) => tells_all || severity !== "info");
	for (const line of review_lines(told, path)) process.stderr.write(`enjamb: ${line}\n`);
	return loaded.value.config;
}

/** The server that the options of a command name: that of a file, or the newcomer's; with its own log, or the given one. */
async function open_server(config_path: string | undefined, data: string, log?: readonly LogSink[]): Promise<RunningServer> {
	const config = config_path === undefined ? default_config(data) : await read_config(config_path, log === undefined);
	const umask = read_umask(config);
	if (!umask.ok) refuse(umask.error);
	process.umask(umask.value);
	const server = compose_server(config, {
		...(config_path === undefined ? {} : { config_path, read_config: await make_config_reader(config_path) }),
		...(log === undefined ? {} : { log }),
	});
	return server.ok ? server.value : refuse(server.error);
}

/** What a newcomer sees: where the server is, how to talk to it, where its data lies. */
function welcome(server: RunningServer): string {
	const where = server
		.addresses()
		.map(({ service, host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port} (${service})`)
		.join(", ");
	const hosts = [...server.hosts.values()];
	const account = hosts.find(({ type }) => type === "local")?.host;
	const rooms = hosts.find(({ modules }) => modules.has("muc"))?.host;
	const lines = [`Enjamb ${server.version} listens on ${where}`];
	if (account !== undefined && server.hosts.get(account)?.users.name === "insecure") {
		lines.push(`  Log in     as anybody@${account}, with any password (accounts are open: for development only)`);
	}
	if (rooms !== undefined) lines.push(`  Join       tearoom@${rooms}, or any other room: it is made when you enter`);
	lines.push(`  Data       ${server.paths.data}`, "  Stop       Ctrl-C");
	return `${lines.join("\n")}\n`;
}

async function start(options: { config?: string; data: string }): Promise<void> {
	const server = await open_server(options.config, options.data);
	const log = server.logger("general");
	watch_stray_errors(log);
	process.on("SIGHUP", () => {
		log("info", "Received SIGHUP");
		// A server that is only starting has nothing to read again
		if (server.addresses().length > 0) server.reload_config();
	});
	const listening = await server.start();
	if (!listening.ok) refuse(listening.error);
	const stop = (signal: string): void => {
		server.stop(`Received ${signal}`).then(
			() => process.exit(0),
			(error: unknown) => refuse(error instanceof Error ? (error.stack ?? error.message) : String(error)),
		);
	};
	process.on("SIGINT", () => stop("SIGINT"));
	process.on("SIGTERM", () => stop("SIGTERM"));
	for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
		process.on(signal, () => {
			log("info", "Received %s", signal);
			server.events.fire_event(`signal/${signal}`, {});
		});
	}
	// Whoever waits for this line may send a signal as soon as it is there
	process.stdout.write(welcome(server));
}

function port_number(text: string): number {
	const port = Number(text);
	if (!Number.isInteger(port) || port < 1 || port > 65535) throw new InvalidArgumentError("expected a port from 1 to 65535");
	return port;
}

function seconds(text: string): number {
	const value = Number(text);
	if (!(value > 0)) throw new InvalidArgumentError("expected a number of seconds above 0");
	return value;
}

function whole_number(text: string): number {
	if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError("expected a whole number");
	return Number(text);
}

/** What the command line says to `compare`. */
interface CompareFlags {
	readonly reference?: string;
	readonly config?: string;
	readonly random?: number;
	readonly steps: number;
	readonly seed: number;
	readonly also?: string;
	readonly uplink?: boolean;
	readonly html?: string;
	readonly json?: boolean;
	readonly shrink?: string;
}

// Who reads the output may have seen enough of it (`| head`); what was begun is done all the same.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code !== "EPIPE") throw error;
});

const program = new Command("enjamb").description("Multi-user chat for people who run Prosody").version(version);

program
	.command("start")
	.description("run the server")
	.option("-c, --config <file>", "a prosody.cfg.lua; without one, localhost with open accounts on this machine only")
	.option("-d, --data <folder>", "where data lies when there is no configuration file", "data")
	.action(start);

program
	.command("scansion")
	.description("play scansion scripts against a server")
	.argument("<path...>", "scripts, or folders of them")
	.option("--host <host>", "the server's address; without it or a port, each script gets a fresh server of its own")
	.option("--port <port>", "the server's port", port_number)
	.option("--timeout <seconds>", "how long a step may wait for a stanza", seconds, 5)
	.option("--tap", "print results in the Test Anything Protocol")
	.option("--json", "print results as JSON")
	.action(async (paths: string[], options: { host?: string; port?: number; timeout: number; tap?: boolean; json?: boolean }) => {
		const { run } = await import("../tools/scansion.ts");
		const { host, port, timeout } = options;
		const format = options.json ? "json" : options.tap ? "tap" : "text";
		process.exitCode = await run(paths, { host, port, timeout, format, start_server: start_scratch_server });
	});

program
	.command("compare")
	.description("give a real Prosody and Enjamb the same stanzas, and show where their answers differ")
	.argument("[path...]", "scansion scripts, or folders of them")
	.option("--reference <path|host:port>", "a prosody, or the address of one that runs; otherwise the one on the PATH")
	.option("-c, --config <file>", "a prosody.cfg.lua that both run, on a scratch copy without your data and ports")
	.option("--random <plays>", "also play so many random plays", whole_number)
	.option("--steps <steps>", "steps of a random play", whole_number, 60)
	.option("--seed <seed>", "where random plays start; the same seed makes the same plays", whole_number, 1)
	.option("--also <what>", "lua: play on a third server, too: Enjamb with Prosody's own rooms and archive in Lua")
	.option("--uplink", "have clients log in to a second Prosody, whose component our rooms are")
	.option("--html <file>", "write a page with all transcripts side by side")
	.option("--json", "print results as JSON")
	.option("--shrink <folder>", "reduce differing random plays to short scripts, written to this folder")
	.action(async (scripts: string[], options: CompareFlags) => {
		const [
			{ run },
			{ default_config_text, default_stage },
			{ known_differences, uplink_differences },
			{ shell_word },
			{ comparable_config, prosody_modules, start_lua_subject, start_subject },
			{ start_uplink_subject },
			{ find_prosody, free_port, start_reference },
		] = await Promise.all([
			import("../tools/compare.ts"),
			import("../tools/compare/endpoints.ts"),
			import("../tools/compare/known_differences.ts"),
			import("../tools/compare/words.ts"),
			import("./compare.ts"),
			import("./compare_uplink.ts"),
			import("../tools/reference.ts"),
		]);
		const { config, random, steps, seed, reference, also, uplink = false, html, json, shrink } = options;
		const own = config === undefined ? undefined : comparable_config(await read_config(config), dirname(resolve(config)));
		if (own?.ok === false) refuse(own.error);
		const missing = own?.value.missing ?? [];
		if (missing.length > 0) {
			process.stderr.write(
				`enjamb: not there yet, so that what they do will differ: ${missing.map((name) => `mod_${name}`).join(", ")}\n`,
			);
		}
		if (also !== undefined && also !== "lua") refuse(`--also ${also}: expected lua`);
		const modules = also === "lua" ? prosody_modules(reference) : undefined;
		if (also === "lua" && modules === undefined) {
			refuse("--also lua needs Prosody's own modules: expected them in /usr/lib/prosody/modules, or beside the reference");
		}
		if (uplink && reference !== undefined && find_prosody(reference) === undefined) {
			refuse(`--uplink starts a Prosody for the clients: expected the path of one as --reference, not ${reference}`);
		}
		const stage = own?.value ?? default_stage;
		const plugin_paths = own?.value.plugin_paths ?? [];
		const start_rooms = async (text: string) =>
			start_uplink_subject(text, stage.rooms, await free_port(), (config_text) =>
				start_reference({ prosody: reference, config: config_text, plugin_paths }),
			);
		process.exitCode = await run({
			scripts,
			random: random === undefined ? undefined : { plays: random, steps, seed },
			reference,
			config_text: own?.value.text ?? default_config_text,
			stage,
			plugin_paths,
			rooms_elsewhere: uplink,
			start_subject: uplink ? start_rooms : (text) => start_subject(text, plugin_paths),
			also:
				modules === undefined
					? undefined
					: {
							start: (text) => start_lua_subject(text, modules, plugin_paths),
							remark: "with Prosody's rooms in Lua",
						},
			known: uplink ? [...known_differences, ...uplink_differences] : known_differences,
			html,
			json,
			shrink_to: shrink,
			command: ["enjamb", ...process.argv.slice(2)].join(" "),
			again: [
				...Object.entries({ config, reference, also }).flatMap(([name, value]) =>
					value === undefined ? [] : [`--${name} ${shell_word(value)}`],
				),
				...(uplink ? ["--uplink"] : []),
			].join(" "),
			write: (text) => void process.stdout.write(text),
			complain: (text) => void process.stderr.write(text),
		});
	});

/** What the command line says to `bench`. */
interface BenchFlags {
	readonly against?: string;
	readonly prosody?: string;
	readonly only?: string;
	readonly sweeps?: boolean;
	readonly runs: number;
	readonly seconds: number;
	readonly html?: string;
	readonly json?: boolean;
	readonly floor?: number;
	readonly probe?: number;
}

program
	.command("bench")
	.description("measure what loads cost this server, and others beside it")
	.argument(
		"[what]",
		"lua: what hooks in Lua cost, and Prosody's rooms in Lua on this server beside the real one (a line of JSON of its own with --json)",
	)
	.option("--against <servers>", "also measure these: prosody, ejabberd, floor, lua (separated by commas)")
	.option("--prosody <path>", "a prosody, or a built checkout of it; otherwise the one on the PATH")
	.option("--only <loads>", "only loads whose names begin with these (separated by commas)")
	.option("--sweeps", "also how costs grow with rooms and occupants, and what a storm of 2,000 does to others")
	.option("--runs <count>", "how often everything is measured", whole_number, 3)
	.option("--seconds <seconds>", "how long each load is measured", seconds, 3)
	.option("--html <file>", "write a page with plots")
	.option("--json", "print results as JSON")
	.addOption(new Option("--floor <port>").argParser(port_number).hideHelp())
	.addOption(new Option("--probe <port>").argParser(port_number).hideHelp())
	.action(async (what: string | undefined, options: BenchFlags) => {
		const { run, serve_floor, serve_probe } = await import("../tools/bench.ts");
		if (what !== undefined && what !== "lua") refuse(`there is no benchmark of ${what}: expected lua, or nothing`);
		const { against, only, floor: floor_port, probe: probe_port, ...rest } = options;
		if (floor_port !== undefined) {
			serve_floor(floor_port);
			return;
		}
		if (probe_port !== undefined) {
			await serve_probe(probe_port);
			return;
		}
		const names = (list: string): string[] => list.split(",").map((name) => name.trim());
		if (what === "lua") {
			const { lua_costs_text, measure_lua } = await import("./bench_lua.ts");
			const costs = measure_lua();
			process.stdout.write(options.json ? `${JSON.stringify(costs)}\n` : `${lua_costs_text(costs)}\n`);
		}
		const lua_loads = ["messages-1x100", "messages-50x10", "storm-500"];
		process.exitCode = await run({
			...rest,
			program: [process.execPath, ...process.execArgv, resolve(process.argv[1] ?? "")],
			against: against !== undefined ? names(against) : what === "lua" ? ["prosody", "lua"] : [],
			scenarios: only !== undefined ? names(only) : what === "lua" ? lua_loads : undefined,
			command: ["enjamb", ...process.argv.slice(2)].join(" "),
			write: (text) => void process.stdout.write(text),
			complain: (text) => void process.stderr.write(text),
		});
	});

program
	.command("check")
	.description("read a configuration as Prosody 0.12, Prosody 13 and Enjamb would, and say what to look at")
	.requiredOption("-c, --config <file>", "a prosody.cfg.lua")
	.option("--json", "print what was found as JSON")
	.addHelpText("after", "\nExit status: 0 nothing stands in the way, 1 errors, 2 the configuration cannot be read.")
	.action(async ({ config, json = false }: { config: string; json?: boolean }) => {
		const { run } = await import("./check.ts");
		const context = { built_in: built_in_modules, surface: lua_surface() };
		process.exitCode = await run(config, context, { json, write: (text) => void process.stdout.write(text) });
	});

program
	.command("migrate")
	.description("move data between Prosody's files and its SQLite tables, or from another server, and prove that all is there")
	.requiredOption(
		"--from <place>",
		"where they are: internal:FOLDER, sql:FILE, config:FILE for where that keeps them, ejabberd:FILE for a dump, or metronome:FOLDER",
	)
	.requiredOption("--to <place>", "where they shall be: internal:FOLDER, sql:FILE or config:FILE; it must be new, or empty")
	.option("--dry-run", "read everything, and write nothing but the report")
	.addHelpText(
		"after",
		"\nExit status: 0 everything was moved and verified, 1 it was not, 3 it was but for records that are kept aside.",
	)
	.action(async ({ from, to, ...flags }: { from: string; to: string } & Readonly<Record<string, unknown>>) => {
		const { run } = await import("./migrate.ts");
		// What is made is for the group to read at most, as with Prosody
		process.umask(process.umask() | 0o027);
		const { isTTY: is_tty = false, columns = 80 } = process.stderr;
		process.exitCode = await run({
			from,
			to,
			// commander writes the names of options in one word
			dry_run: flags["dryRun"] === true,
			write: (text) => void process.stdout.write(text),
			progress: {
				is_terminal: is_tty,
				columns,
				write: (text) => void process.stderr.write(text),
				now: () => performance.now(),
			},
		});
	});

program
	.command("adduser")
	.description("make an account, or set its password")
	.argument("<jid>", "the account, as name@host")
	.option("-c, --config <file>", "a prosody.cfg.lua; without one, the server that start runs without one")
	.option("-d, --data <folder>", "where data lies when there is no configuration file", "data")
	.option("--delete", "remove the account")
	.action(async (jid: string, options: { config?: string; data: string; delete?: boolean }) => {
		const { ask_password, add_user, delete_user } = await import("./core/adduser.ts");
		const server = await open_server(options.config, options.data, []);
		const opened = await server.open_accounts();
		if (!opened.ok) refuse(opened.error);
		const done = await (options.delete ? delete_user(server, jid) : add_user(server, jid, await ask_password(jid)));
		await server.stop("The command is done");
		if (!done.ok) refuse(done.error);
		process.stdout.write(`${done.value}\n`);
	});

await program.parseAsync();
