// No counterpart: starts the servers that are measured, with configurations that ask the same of each.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { self_signed_certificate } from "../../host/util/x509.ts";
import { has_ejabberd } from "../ejabberd.ts";
import { NameServer } from "../name_server.ts";
import { prosody_network } from "../peers.ts";
import { free_port, start_reference } from "../reference.ts";
import { prepare_ejabberd } from "./ejabberd.ts";
import { type Firewall, firewall_module, firewall_script } from "./firewall.ts";
import { peer_host, peer_secret } from "./peer_stream.ts";
import { pin, pinned } from "./processes.ts";
import type { Carrier, Entrance, Scenario, Subject, SubjectName } from "./types.ts";

const address = "127.0.0.1";
/** How long a server may take to start, in milliseconds. */
const patience = 30_000;

/** Where Debian puts Prosody's modules. */
const prosody_modules = "/usr/lib/prosody/modules";

/** Modules that Prosody does not come with. */
export const modules_of_others: string | undefined = process.env["PROSODY_MODULES"];

/** How to start each server. */
export interface SubjectOptions {
	/** The command line that starts this program. */
	readonly program: readonly string[];
	/** A Prosody to use instead of the one on the PATH. */
	readonly prosody?: string | undefined;
	/** Where servers run. */
	readonly core: number;
	/** The option `sql` of Prosody and Enjamb, as Lua, instead of SQLite; `%s` in it stands for the server's name. */
	readonly sql?: string | undefined;
}

/** Where a measured server keeps its rooms, and how those in them reach it. */
export type SubjectRooms = Pick<
	Scenario,
	"archive" | "storage" | "entrance" | "firewall" | "accounts" | "community" | "prepare" | "workers"
>;

/** Makes a certificate; gives the option that names its files. */
function certificate_for_tls(folder: string): string {
	const made = self_signed_certificate(["localhost"], 2);
	const files = { certificate: join(folder, "localhost.crt"), key: join(folder, "localhost.key") };
	writeFileSync(files.certificate, made.certificate);
	writeFileSync(files.key, made.key);
	return `{ certificate = "${files.certificate}", key = "${files.key}" }`;
}

/** Where an entrance is, and where the server looks others up, if it has to. */
interface Opening {
	readonly port: number;
	readonly names: NameServer | undefined;
}

/** What opens an entrance to a server: global options, a module, and what belongs to the rooms or comes behind them. */
function entrance_config(
	entrance: Entrance,
	{ port, names }: Opening,
	folder: string,
): { options: string[]; module?: string; disabled?: string[]; rooms?: string[]; end?: string[] } {
	switch (entrance) {
		case "tcp":
			return { options: [] };
		case "tls":
			return { options: [`c2s_direct_tls_ports = { ${port} }`, `c2s_direct_tls_ssl = ${certificate_for_tls(folder)}`] };
		case "wss":
			return {
				module: "websocket",
				options: [
					`https_ports = { ${port} }`,
					`https_interfaces = { "${address}" }`,
					`https_ssl = ${certificate_for_tls(folder)}`,
					"http_ports = {}",
					'http_default_host = "localhost"',
				],
			};
		case "websocket":
		case "bosh":
			return {
				module: entrance,
				options: [
					`http_ports = { ${port} }`,
					`http_interfaces = { "${address}" }`,
					`consider_${entrance}_secure = true`,
					'http_default_host = "localhost"',
				],
			};
		case "component":
			return {
				options: [`component_ports = { ${port} }`, `component_interfaces = { "${address}" }`],
				end: [`Component "${peer_host}"`, `	component_secret = "${peer_secret}"`],
			};
		case "s2s":
			return {
				module: "dialback",
				disabled: ["tls"],
				options: [
					...(names === undefined ? [] : [prosody_network(names, port)]),
					"s2s_require_encryption = false",
					"s2s_secure_auth = false",
				],
			};
		case "uplink":
			return { options: [], rooms: [`	component_uplink = "${address}:${port}"`, `	component_secret = "${peer_secret}"`] };
	}
}

/** What makes a host put each stanza through rules. */
function firewall_config(firewall: Firewall, folder: string): string[] {
	const script = join(folder, "bench.pfw");
	const plugins = join(folder, "plugins");
	writeFileSync(script, firewall_script(firewall));
	mkdirSync(plugins);
	symlinkSync(firewall_module, join(plugins, "mod_firewall"));
	return ['	modules_enabled = { "firewall" }', `	firewall_scripts = { "${script}" }`];
}

/** Who may log in at the clients' host, and with which modules. */
function host_config(accounts: Scenario["accounts"]): string[] {
	if (accounts === undefined) return ['	authentication = "anonymous"'];
	const modules = `	modules_enabled = { ${accounts.modules.map((name) => `"${name}"`).join(", ")} }`;
	// Few iterations, since the clients' hashes are not what is measured
	if (accounts.passwords) {
		return ['	authentication = "internal_hashed"', "	default_iteration_count = 4096", "	allow_registration = true", modules];
	}
	return ['	authentication = "insecure"', `	insecure_open_authentication = "Yes please, I know what I'm doing!"`, modules];
}

/**
 * What Prosody and Enjamb both run: anonymous clients or accounts, rooms that are open at once.
 * @param opening the entrance, where that is not plain TCP
 * @param folder for files of its own
 * @param sql the option of that name
 */
function shared_config(
	{ archive, storage: kept_in, entrance = "tcp", firewall, accounts, community }: SubjectRooms,
	opening: Opening,
	folder: string,
	sql = '{ driver = "SQLite3", database = "bench.sqlite" }',
): string {
	const { module, disabled = ["s2s", "tls"], options, rooms = [], end = [] } = entrance_config(entrance, opening, folder);
	const rules = firewall === undefined ? [] : firewall_config(firewall, folder);
	const in_database = [...(archive ? ["muc_log"] : []), ...(accounts?.archive ? ["archive"] : [])];
	const storage =
		kept_in !== undefined
			? [`storage = "${kept_in}"`]
			: in_database.length > 0
				? [`storage = { ${in_database.map((store) => `${store} = "sql"`).join(", ")} }`]
				: ['storage = "memory"'];
	if (in_database.length > 0 || kept_in === "sql") storage.push(`sql = ${sql}`);
	return `${[
		...(firewall === undefined ? [] : [`plugin_paths = { "${join(folder, "plugins")}" }`]),
		...(community && modules_of_others !== undefined ? [`plugin_paths = { "${modules_of_others}" }`] : []),
		`modules_enabled = { "saslauth", "disco"${module === undefined ? "" : `, "${module}"`} }`,
		`modules_disabled = { ${disabled.map((name) => `"${name}"`).join(", ")} }`,
		"c2s_require_encryption = false",
		"allow_unencrypted_plain_auth = true",
		...storage,
		"muc_room_cache_size = 100000",
		"max_archive_query_results = 50",
		'muc_log_expires_after = "never"',
		"storage_archive_item_limit = 100000000",
		...options,
		'VirtualHost "localhost"',
		...host_config(accounts),
		...rules,
		'Component "conference.localhost" "muc"',
		"	muc_room_locking = false",
		...(kept_in === undefined ? [] : ["	muc_room_default_persistent = true"]),
		...(archive ? ['	modules_enabled = { "muc_mam" }'] : []),
		...rooms,
		...end,
	].join("\n")}\n`;
}

function accepts(port: number): Promise<boolean> {
	return new Promise((answer) => {
		const socket = connect(port, address);
		socket.once("connect", () => {
			socket.destroy();
			answer(true);
		});
		socket.once("error", () => answer(false));
	});
}

async function end(process: ChildProcess): Promise<void> {
	if (process.exitCode !== null || process.signalCode !== null) return;
	const exited = new Promise((resolve) => process.once("exit", resolve));
	process.kill("SIGTERM");
	const timer = setTimeout(() => process.kill("SIGKILL"), 5000);
	await exited;
	clearTimeout(timer);
}

/** The carrier of clients that enter there. */
function carrier_of(entrance: Entrance | undefined): Carrier {
	return entrance === undefined || entrance === "component" || entrance === "uplink" || entrance === "s2s" ? "tcp" : entrance;
}

/** Waits until something listens there. */
async function until_open(port: number, is_over: () => boolean): Promise<boolean> {
	const deadline = performance.now() + patience;
	while (!is_over() && performance.now() < deadline) {
		if (await accepts(port)) return true;
		await delay(2);
	}
	return false;
}

/** Starts a command that listens on a port, and waits until it does. */
async function launch(
	name: SubjectName,
	folder: string,
	port: number,
	command: readonly [string, ...string[]],
	environment: Record<string, string> = {},
): Promise<Result<Subject, string>> {
	const begun = performance.now();
	const [program, ...rest] = command;
	const child = spawn(program, rest, { cwd: folder, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
	let words = "";
	for (const output of [child.stdout, child.stderr]) {
		output.setEncoding("utf8").on("data", (text: string) => {
			words = (words + text).slice(-4000);
		});
	}
	const abandon = (): void => {
		child.kill("SIGKILL");
		rmSync(folder, { recursive: true, force: true });
	};
	process.once("exit", abandon);
	let ended = false;
	child.once("error", (error) => {
		words += error.message;
		ended = true;
	});
	child.once("exit", () => {
		ended = true;
		process.removeListener("exit", abandon);
	});
	const stop = async (): Promise<void> => {
		if (!ended) await end(child);
		rmSync(folder, { recursive: true, force: true });
	};
	if (await until_open(port, () => ended)) {
		return ok({ name, port, carrier: "tcp", pid: child.pid ?? 0, start_ms: performance.now() - begun, stop });
	}
	await stop();
	return failed(`${name} did not start: ${words.trim()}`);
}

/** The version of a Prosody, as it says itself when it starts; its path where it does not. */
export async function version_of_prosody(prosody: string): Promise<string> {
	const started = await start_reference({ prosody, timeout: patience });
	if (!started.ok) return prosody;
	const version = /Prosody version ([\w.-]+)/.exec(started.value.log())?.[1];
	await started.value.stop();
	return version ?? prosody;
}

async function start_prosody(
	rooms: SubjectRooms,
	{ prosody, core, sql }: SubjectOptions,
	opening: Opening,
): Promise<Result<Subject, string>> {
	// Prosody does not make the folder for its database
	const data_folder = mkdtempSync(join(tmpdir(), "enjamb-bench-prosody-"));
	const begun = performance.now();
	const started = await start_reference({
		prosody,
		config: shared_config(rooms, opening, data_folder, sql?.replaceAll("%s", "prosody")),
		data_folder,
		timeout: patience,
	});
	const start_ms = performance.now() - begun;
	if (!started.ok) {
		rmSync(data_folder, { recursive: true });
		return started;
	}
	const { port, pid, stop } = started.value;
	await pin(pid, core);
	const stop_all = async (): Promise<void> => {
		await stop();
		rmSync(data_folder, { recursive: true, force: true });
	};
	return ok({ name: "prosody", port, carrier: "tcp", pid, start_ms, stop: stop_all });
}

/**
 * Starts a server on a free port of the loopback address, in a temporary folder, pinned to one core.
 * @returns the server, or why it cannot be measured
 */
export async function start_subject(
	name: SubjectName,
	rooms: SubjectRooms,
	options: SubjectOptions,
): Promise<Result<Subject, string>> {
	const { entrance } = rooms;
	const names = entrance === "s2s" ? await NameServer.start() : undefined;
	const opening: Opening = { port: await free_port(), names };
	const started = await start_named(name, rooms, options, opening);
	if (!started.ok) names?.close();
	if (!started.ok || entrance === undefined || entrance === "tcp") return started;
	const stop = async (): Promise<void> => {
		await started.value.stop();
		names?.close();
	};
	const subject: Subject = { ...started.value, port: opening.port, carrier: carrier_of(entrance), names, stop };
	// There this program listens itself
	if (entrance === "uplink" || (await until_open(opening.port, () => false))) return ok(subject);
	await subject.stop();
	return failed(`${name} did not open its entrance by ${entrance}`);
}

async function start_named(
	name: SubjectName,
	rooms: SubjectRooms,
	options: SubjectOptions,
	opening: Opening,
): Promise<Result<Subject, string>> {
	const { core, program } = options;
	if (name === "prosody") return start_prosody(rooms, options, opening);
	const folder = mkdtempSync(join(tmpdir(), `enjamb-bench-${name}-`));
	const port = await free_port();
	if (name === "floor") return launch(name, folder, port, pinned(core, [...program, "bench", "--floor", String(port)]));
	if (name === "ejabberd") {
		if (!has_ejabberd()) {
			rmSync(folder, { recursive: true });
			return failed("there is no ejabberd on this machine");
		}
		const { command, environment } = prepare_ejabberd(folder, port, rooms.archive === true, rooms.accounts?.modules ?? []);
		return launch(name, folder, port, pinned(core, command), environment);
	}
	if (rooms.prepare !== undefined) {
		mkdirSync(join(folder, "data"));
		rooms.prepare(join(folder, "data"));
	}
	const config = join(folder, "prosody.cfg.lua");
	const head = [
		`data_path = "${join(folder, "data")}"`,
		`interfaces = { "${address}" }`,
		`c2s_ports = { ${port} }`,
		"c2s_direct_tls_ports = {}",
		'log = { info = "*console" }',
	];
	if (name === "lua") {
		if (!existsSync(join(prosody_modules, "muc/mod_muc.lua"))) {
			rmSync(folder, { recursive: true });
			return failed(`there is no Prosody on this machine: expected its modules in ${prosody_modules}`);
		}
		head.push(`plugin_paths = { "${prosody_modules}" }`, 'prefer_lua_modules = { "muc", "muc_mam" }');
	}
	writeFileSync(config, `${head.join("\n")}\n${shared_config(rooms, opening, folder, options.sql?.replaceAll("%s", name))}`);
	const workers = rooms.workers === undefined ? [] : ["--workers", String(rooms.workers)];
	return launch(name, folder, port, pinned(core, [...program, "start", "--config", config, ...workers]));
}
