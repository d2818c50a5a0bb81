// Counterpart: the `integration-test` target of GNUmakefile, which starts a real Prosody for scripts to be played on

import { existsSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { failed, ok, type Result } from "../host/util/error.ts";
import { address, free_port, Running, until_answering } from "./running.ts";

export { free_port } from "./running.ts";

/** How to start a Prosody; everything has a default. */
export interface ReferenceOptions {
	/** The executable, or a folder with a built checkout of Prosody. Default: `prosody` on the PATH. */
	readonly prosody?: string | undefined;
	/** Text of the configuration below the head that sets ports and paths. Default: {@link scratch_config}. */
	readonly config?: string | undefined;
	/** Folders with more modules. */
	readonly plugin_paths?: readonly string[] | undefined;
	/** Where data is kept, and left when it stops. Default: in the scratch folder, which is removed then. */
	readonly data_folder?: string | undefined;
	/** Where it listens for clients. Default: a free port. */
	readonly port?: number | undefined;
	/** How long it may take until it answers, in milliseconds. Default: 10 000. */
	readonly timeout?: number | undefined;
}

/** A running Prosody. */
export interface Reference {
	readonly host: string;
	/** Where it listens for clients. */
	readonly port: number;
	readonly pid: number;
	readonly data_folder: string;
	/** The last lines that it logged, at level `info`. */
	log(): string;
	/** Ends it, waits until it has ended, and removes its scratch folder. */
	stop(): Promise<void>;
}

/** How often another port is tried when somebody took the one that was free a moment ago. */
const port_tries = 3;
/** What Prosody logs when it listens for clients, and when it cannot have a port; it goes on without. */
const port_open = "Activated service 'c2s' on ";
const port_taken = "Failed to open server port";

/**
 * The configuration on which scripts are usually played: `localhost` with any password accepted, rooms on `conference.localhost`,
 * memory storage. A version that lacks a module only logs that.
 */
export const scratch_config = `
modules_enabled = {
	"roster", "saslauth", "disco", "carbons", "pep", "private", "blocklist", "vcard4", "vcard_legacy", "version", "uptime",
	"time", "ping", "register", "mam", "server_contact_info", "lastactivity", "smacks", "tombstones", "user_account_management"
}
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = false
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
storage = "memory"
admins = { "admin@localhost" }

VirtualHost "localhost"

Component "conference.localhost" "muc"
	modules_enabled = { "muc_mam" }
`;

function lua_string(text: string): string {
	return `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\0", "\\0")}"`;
}

/** The part of the configuration that keeps a Prosody apart from any other on this machine. */
function config_head(port: number, folder: string, data_folder: string, options: ReferenceOptions): string {
	const lines = [
		"run_as_root = true",
		"daemonize = false",
		`pidfile = ${lua_string(join(folder, "prosody.pid"))}`,
		`data_path = ${lua_string(data_folder)}`,
		`certificates = ${lua_string(folder)}`,
		`plugin_paths = { ${(options.plugin_paths ?? []).map((path) => lua_string(resolve(path))).join(", ")} }`,
		`interfaces = { ${lua_string(address)} }`,
		`c2s_ports = { ${port} }`,
		"c2s_direct_tls_ports = {}",
		"s2s_ports = {}",
		"s2s_direct_tls_ports = {}",
		"component_ports = {}",
		"http_ports = {}",
		"https_ports = {}",
		'log = { info = "*console" }',
	];
	return `${lines.join("\n")}\n`;
}

interface Executable {
	readonly path: string;
	readonly environment: Record<string, string>;
}

/**
 * Finds a Prosody: an executable, one on the PATH, or one in a checkout, which has to be told where its parts are.
 * @returns undefined where there is none
 */
export function find_prosody(name = "prosody"): string | undefined {
	const paths = name.includes("/")
		? [resolve(name)]
		: (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
	for (const path of paths) {
		if (!existsSync(path)) continue;
		if (statSync(path).isFile()) return path;
		if (existsSync(join(path, "prosody"))) return join(path, "prosody");
	}
	return undefined;
}

function executable(name: string | undefined): Result<Executable, string> {
	const path = find_prosody(name);
	if (path === undefined) {
		return failed(`${name ?? "prosody"} was not found; install Prosody, or name its executable or a built checkout of it`);
	}
	const folder = dirname(realpathSync(path));
	if (!existsSync(join(folder, "plugins")) || !existsSync(join(folder, "util"))) return ok({ path, environment: {} });
	if (!existsSync(join(folder, "util", "pposix.so"))) {
		return failed(`${folder} is a checkout of Prosody that is not built; run ./configure and make in it`);
	}
	return ok({ path, environment: { PROSODY_SRCDIR: folder, PROSODY_PLUGINDIR: join(folder, "plugins") } });
}

/**
 * Starts a real Prosody with a configuration of its own, on a free port of the loopback interface and in a temporary folder.
 * @returns the running server, or why there is none, with the last lines of its log
 */
export async function start_reference(options: ReferenceOptions = {}): Promise<Result<Reference, string>> {
	const found = executable(options.prosody);
	if (!found.ok) return found;
	const { path, environment } = found.value;
	const folder = mkdtempSync(join(tmpdir(), "enjamb-reference-"));
	const data_folder = resolve(options.data_folder ?? join(folder, "data"));
	let problem = "";
	for (let tries = 0; tries < port_tries; tries++) {
		const port = options.port ?? (await free_port());
		writeFileSync(
			join(folder, "prosody.cfg.lua"),
			config_head(port, folder, data_folder, options) + (options.config ?? scratch_config),
		);
		const running = new Running(path, ["-F", "--config", join(folder, "prosody.cfg.lua")], folder, environment);
		const trouble = await until_answering(running, port, options.timeout ?? 60_000, { ready: port_open, port_taken });
		if (trouble === undefined) {
			const stop = async () => {
				await running.stop();
				rmSync(folder, { recursive: true, force: true });
			};
			return ok({ host: address, port, pid: running.pid, data_folder, log: () => running.log(), stop });
		}
		await running.stop();
		problem = `${path} did not start: ${trouble}\n${running.last_lines(20)}`;
		if (!running.log().includes(port_taken)) break;
	}
	rmSync(folder, { recursive: true, force: true });
	return failed(problem.trimEnd());
}
