// Modules in Lua that others wrote, as they come with Debian's prosody-modules: where they are, and servers that run them.
//
//	describe.skipIf(missing("muc_rtbl"))("mod_muc_rtbl", …)   // CI needs them; elsewhere it is said why they are left out
//	await play_on(start_ours, scene("muc_rtbl"), { rooms: ["muc_rtbl"] })    // "" where all came as the script says
//	await play_on(start_prosody, scene("muc_rtbl"), { rooms: ["muc_rtbl"] })

import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compose_server, load_config } from "../../../host/composition.ts";
import type { RunningServer } from "../../../host/running_server.ts";
import { find_prosody, free_port, start_reference } from "../../../tools/reference.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { play } from "../../../tools/scansion/play.ts";
import { create_reporter } from "../../../tools/scansion/report.ts";
import { read_script, type ScratchServer } from "../../../tools/scansion.ts";
import { patience } from "../../helper.ts";
import { left_out, not_installed, not_packaged } from "../../needs.ts";

/** Where Debian's packages prosody and prosody-modules put modules. */
export const folder = "/usr/lib/prosody/modules";

/** Where more of them are that Debian leaves out: a copy of https://hg.prosody.im/prosody-modules. */
const further = process.env["PROSODY_MODULES"];

/** A Prosody 13 for modules that need one; its own modules lie beside it, and those of Debian's Prosody would come in their place. */
const reference = process.env["ENJAMB_REFERENCE"];

/** Where modules are looked for on either server. */
export const module_folders: readonly string[] = [
	...(reference === undefined ? [folder] : []),
	...(further === undefined ? [] : [further]),
	...(reference === undefined ? [] : [join(dirname(reference), "../lib/prosody/modules")]),
];

/** Where mod_stagehand is, which does what no client can ask for. */
const stagehand = join(import.meta.dirname, "stagehand");

/** Why a module cannot be tried; undefined where it is there. */
function absent(name: string): string | undefined {
	const is_there = [`mod_${name}.lua`, `mod_${name}/mod_${name}.lua`, `mod_${name}/${name}/mod_${name}.lua`].some((path) =>
		module_folders.some((one) => existsSync(join(one, path))),
	);
	if (is_there) return undefined;
	return `mod_${name} is not in ${folder}${further === undefined ? ", and PROSODY_MODULES names no other folder" : ` or ${further}`}`;
}

/** Whether a module that Debian has is not there to be tried; says so. */
export function missing(name: string): boolean {
	return left_out(absent(name), "it is not tried here");
}

/** The same for a module that Debian does not have. */
export function missing_here(name: string): boolean {
	return not_packaged(absent(name), "it is not tried here");
}

/** Whether there is no real Prosody to compare with; says so. */
export function without_prosody(): boolean {
	return not_installed(find_prosody(reference), "Prosody", "modules in Lua are not compared with those on a real one");
}

/** Whether there is no Prosody 13, for modules that need one; says so. */
export function without_prosody_13(): boolean {
	const why = "ENJAMB_REFERENCE names no Prosody 13";
	return not_packaged(reference === undefined ? why : undefined, "modules that need one are not compared");
}

/** What a server is to run beside the usual. */
export interface Troupe {
	/** Modules of the component with the rooms. */
	readonly rooms?: readonly string[];
	/** Modules of the host with the accounts. */
	readonly accounts?: readonly string[];
	/** Further options, as they stand in a configuration file. */
	readonly options?: string;
	/** Further hosts, with their options. */
	readonly hosts?: string;
	/** Modules that are built in here, and whose Lua is tried all the same. */
	readonly prefer_lua?: readonly string[];
	/** Folders with modules beside Debian's. */
	readonly folders?: readonly string[];
}

function list(names: readonly string[] = []): string {
	return `{ ${names.map((name) => `"${name}"`).join(", ")} }`;
}

/** The configuration of either server. */
export function config_text({
	rooms = [],
	accounts = [],
	options = "",
	hosts = "",
	prefer_lua = [],
	folders = [],
}: Troupe): string {
	return `
plugin_paths = ${list([stagehand, ...folders, ...module_folders])}
prefer_lua_modules = ${list(prefer_lua)}
modules_enabled = ${list(["disco", "roster", "saslauth", "ping", "version", "uptime", "time"])}
modules_disabled = { "s2s", "tls" }
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
storage = "memory"
admins = { "admin@localhost" }
${options}
VirtualHost "localhost"
	modules_enabled = ${list(accounts)}
Component "conference.localhost" "muc"
	modules_enabled = ${list(rooms)}
${hosts}
`;
}

/** The path of a script beside this file. */
export function scene(name: string): string {
	return join(import.meta.dirname, `${name}.scs`);
}

/** A server with what a troupe asks for. */
export interface Stage extends ScratchServer {
	/** Where it speaks HTTP, such as `http://127.0.0.1:1234`, where a module does. */
	readonly url: string;
	log(): Promise<string>;
	/** Logs in as `name@localhost`. */
	client(name: string, resource?: string): Promise<Client>;
}

/** A server of ours, in this process. */
export interface OurStage extends Stage {
	readonly server: RunningServer;
	readonly data_path: string;
}

function stage_clients(port: number): { client: Stage["client"]; leave(): Promise<unknown> } {
	const clients: Client[] = [];
	return {
		async client(name, resource) {
			const options = { host: "127.0.0.1", port, jid: `${name}@localhost`, password: "password", resource, timeout: patience };
			const client = await Client.connect(options);
			if (!client.ok) throw new Error(client.error);
			clients.push(client.value);
			return client.value;
		},
		leave: () => Promise.all(clients.map((client) => client.disconnect())),
	};
}

/** Starts a server of ours. */
export async function start_ours(troupe: Troupe): Promise<OurStage> {
	const data_path = await mkdtemp(join(tmpdir(), "enjamb-community-"));
	const log_file = join(data_path, "log.txt");
	const remove = (): Promise<void> => rm(data_path, { recursive: true, force: true });
	try {
		const file = join(data_path, "prosody.cfg.lua");
		await writeFile(file, config_text(troupe));
		const loaded = await load_config(file);
		if (!loaded.ok) throw new Error(`${loaded.error.file}:${loaded.error.line ?? 1}: ${loaded.error.message}`);
		const { config } = loaded.value;
		config.set("*", "data_path", data_path);
		config.set("*", "interfaces", ["127.0.0.1"]);
		config.set("*", "c2s_ports", [0]);
		config.set("*", "http_ports", [0]);
		config.set("*", "https_ports", []);
		const composed = compose_server(config, { log: [{ to: { file: log_file }, level: "debug" }] });
		if (!composed.ok) throw new Error(composed.error);
		const server = composed.value;
		const listening = await server.start();
		if (!listening.ok) throw new Error(listening.error);
		const port_of = (service: string): number => server.addresses().find((address) => address.service === service)?.port ?? 0;
		const { client, leave } = stage_clients(port_of("c2s"));
		return {
			server,
			data_path,
			port: port_of("c2s"),
			url: `http://127.0.0.1:${port_of("http")}`,
			client,
			log: () => readFile(log_file, "utf8"),
			async stop() {
				await leave();
				await server.stop("The play is over");
				await remove();
			},
		};
	} catch (error) {
		await remove();
		throw error;
	}
}

/** Starts a real Prosody. */
export async function start_prosody(troupe: Troupe): Promise<Stage> {
	const http_port = await free_port();
	const started = await start_reference({
		...(reference === undefined ? {} : { prosody: reference }),
		config: `http_ports = { ${http_port} }\n${config_text(troupe)}`,
	});
	if (!started.ok) throw new Error(started.error);
	const { port, log, stop } = started.value;
	const { client, leave } = stage_clients(port);
	return {
		port,
		url: `http://127.0.0.1:${http_port}`,
		client,
		log: async () => log(),
		async stop() {
			await leave();
			await stop();
		},
	};
}

/** Plays a script; answers with why it failed and what was logged then, or with nothing. */
export async function play_on(start: (troupe: Troupe) => Promise<Stage>, path: string, troupe: Troupe): Promise<string> {
	const script = read_script(path);
	if (!script.ok) return `${path}:${script.error.line}: ${script.error.message}`;
	const stage = await start(troupe);
	try {
		const outcome = await play(script.value, { host: "127.0.0.1", port: stage.port, timeout: patience });
		let report = "";
		if (!outcome.failure) return report;
		create_reporter("text", (text) => (report += text), false).result({ kind: "played", outcome });
		const log = await stage.log();
		return `${report}\n${log.split("\n").slice(-60).join("\n")}`;
	} finally {
		await stage.stop();
	}
}

/**
 * The same on a server of ours and on a real Prosody.
 * @param no_prosody whether there is none; then ours is compared with itself
 */
export async function on_both<Value>(
	troupe: Troupe,
	no_prosody: boolean,
	run: (stage: Stage) => Promise<Value>,
): Promise<[ours: Value, prosodys: Value]> {
	const results: Value[] = [];
	for (const start of no_prosody ? [start_ours] : [start_ours, start_prosody]) {
		const stage = await start(troupe);
		try {
			results.push(await run(stage));
		} finally {
			await stage.stop();
		}
	}
	const [ours, prosodys = ours] = results;
	if (ours === undefined || prosodys === undefined) throw new Error("nothing was tried");
	return [ours, prosodys];
}
