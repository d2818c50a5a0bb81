// No counterpart: what `enjamb compare` needs of the host, for the tool that sees servers from outside only.

import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { load_config, lua_module_folders, missing_modules, type ScratchServer, start_scratch_server } from "../../composition.ts";
import { config_to_lua } from "../../core/config/config_to_lua.ts";
import type { Config, ConfigValue } from "../../core/configmanager.ts";
import { plugin_folders } from "../../startup.ts";
import { failed, ok, type Result } from "../../util/error.ts";

/** An administrator's configuration, changed so that it can run beside the server that it belongs to. */
export interface ComparableConfig {
	/** As both servers are to run it: nothing in it points to the administrator's files, ports or accounts. */
	readonly text: string;
	/** A room service, and the virtual host whose users may make rooms there. */
	readonly host: string;
	readonly rooms: string;
	readonly plugin_paths: readonly string[];
	/** Modules that it enables and that we do not have, so that what they do will differ. */
	readonly missing: readonly string[];
}

/** Options that say where the server is, rather than how it behaves; a scratch server has its own. */
const whereabouts = [
	"c2s_ports",
	"c2s_direct_tls_ports",
	"c2s_interfaces",
	"legacy_ssl_ports",
	"s2s_ports",
	"s2s_direct_tls_ports",
	"s2s_interfaces",
	"component_ports",
	"component_interfaces",
	"http_ports",
	"http_interfaces",
	"https_ports",
	"https_interfaces",
	"console_ports",
	"interfaces",
	"local_interfaces",
	"certificates",
	"certificate",
	"key",
	"ssl",
	"data_path",
	"pidfile",
	"log",
	"daemonize",
	"run_as_root",
	"prosody_user",
	"prosody_group",
	"umask",
	"plugin_paths",
	"sql",
	"statistics",
	"default_storage",
];

/** Options under which anybody may log in and nothing is kept, so that a play needs no accounts and leaves nothing behind. */
const scratch = {
	storage: "memory",
	authentication: "insecure",
	insecure_open_authentication: "Yes please, I know what I'm doing!",
	c2s_require_encryption: false,
	allow_unencrypted_plain_auth: true,
} as const;

/**
 * Reads a configuration for {@link ComparableConfig}.
 * @returns which of the two, accounts or rooms, it does not serve
 */
export function comparable_config(config: Config, folder: string): Result<ComparableConfig, string> {
	const running = config.hosts().filter((name) => config.get(name, "enabled") !== false);
	const users = running.filter((name) => config.host_type(name) === "local");
	const services = running.filter((name) => config.component_module(name) === "muc");
	// Where restrict_room_creation = "local", only users of the host above a service may make rooms on it
	const rooms = services.find((name) => users.includes(parent_of(name))) ?? services[0];
	const host = rooms !== undefined && users.includes(parent_of(rooms)) ? parent_of(rooms) : users[0];
	if (host === undefined) return failed("the configuration has no VirtualHost, so nobody could log in");
	if (rooms === undefined) return failed('the configuration has no Component "…" "muc", so there are no rooms to compare');
	const plugin_paths = plugin_folders(config, folder);
	for (const section of ["*", ...config.hosts()]) {
		for (const option of whereabouts) config.set(section, option, undefined);
		for (const option of Object.keys(scratch)) config.set(section, option, undefined);
	}
	for (const [option, value] of Object.entries(scratch)) config.set("*", option, value);
	appoint_admin(config, `admin@${host}`);
	// Prosody 0.12 and 13 differ in this default, and every step of an admin's would show it.
	for (const service of services) {
		if (config.get(service, "component_admins_as_room_owners") === undefined)
			config.set(service, "component_admins_as_room_owners", true);
	}
	const disabled = config.get("*", "modules_disabled");
	config.set("*", "modules_disabled", [...(Array.isArray(disabled) ? disabled : []), "s2s", "tls"]);
	return ok({ text: config_to_lua(config), host, rooms, plugin_paths, missing: missing_modules(config, plugin_paths) });
}

/** The parent host: what comes after the first dot. */
function parent_of(host: string): string {
	return host.slice(host.indexOf(".") + 1);
}

/** Makes an account an admin of everything, in addition to those that the configuration names. */
function appoint_admin(config: Config, jid: string): void {
	for (const section of ["*", ...config.hosts()]) {
		const admins = config.raw(section)?.get("admins");
		if (admins === undefined && section !== "*") continue;
		const named = Array.isArray(admins) ? admins : admins === undefined ? [] : [admins];
		config.set(section, "admins", [...named, jid]);
	}
}

/** Modules that Prosody has in Lua and that are built in here, of which the comparison can take Prosody's. */
const lua_rooms = ["muc", "muc_mam"];

/** The folder of Prosody's own modules: of the reference, where that is a checkout, or of the installed one. */
export function prosody_modules(reference: string | undefined): string | undefined {
	const beside = reference === undefined ? [] : [join(reference, "plugins"), join(dirname(reference), "plugins")];
	return [...beside, ...lua_module_folders([])].find((folder) => existsSync(join(folder, "muc", "mod_muc.lua")));
}

/**
 * Starts a scratch server of ours on which rooms and their archive are Prosody's own, in Lua. Throws where it cannot start.
 * @param modules the folder of Prosody's modules
 */
export function start_lua_subject(text: string, modules: string, plugin_paths: readonly string[] = []): Promise<ScratchServer> {
	return start_subject(text, [...plugin_paths, modules], { prefer_lua_modules: lua_rooms });
}

/**
 * Starts a scratch server of ours with a configuration as text. Throws where it cannot start.
 * @param plugin_paths folders with modules, beside what the text names
 * @param options global options in place of the text's
 */
export async function start_subject(
	text: string,
	plugin_paths: readonly string[] = [],
	options: { readonly [name: string]: ConfigValue } = {},
): Promise<ScratchServer> {
	const folder = await mkdtemp(join(tmpdir(), "enjamb-subject-"));
	try {
		const file = join(folder, "prosody.cfg.lua");
		await writeFile(file, text);
		const loaded = await load_config(file);
		if (!loaded.ok) throw new Error(`${loaded.error.file}:${loaded.error.line ?? 1}: ${loaded.error.message}`);
		const { config } = loaded.value;
		config.set("*", "data_path", folder);
		for (const [name, value] of Object.entries(options)) config.set("*", name, value);
		if (plugin_paths.length > 0) config.set("*", "plugin_paths", [...plugin_folders(config, folder), ...plugin_paths]);
		const server = await start_scratch_server(config);
		return {
			port: server.port,
			async stop() {
				await server.stop();
				await rm(folder, { recursive: true, force: true });
			},
		};
	} catch (error) {
		await rm(folder, { recursive: true, force: true });
		throw error;
	}
}
