// No counterpart: an ejabberd to measure against, with a configuration and a folder of its own.

import { type EjabberdCommand, ejabberd_in } from "../ejabberd.ts";

/** What its modules are called that do the same as Prosody's. */
const modules_of_ejabberd: ReadonlyMap<string, string> = new Map([
	["roster", "mod_roster"],
	["carbons", "mod_carboncopy"],
	["ping", "mod_ping"],
	["version", "mod_version"],
]);

/** Whether it has modules like these for its clients. */
export function has_modules(modules: readonly string[]): boolean {
	return modules.every((name) => modules_of_ejabberd.has(name));
}

/** Anonymous clients over plain TCP, or such as have names and any password, and rooms without limits that would slow down the loads; archives are in Mnesia. */
function configuration(port: number, archive: boolean, modules: readonly string[]): string {
	const room = archive ? ["      mam: true"] : [];
	const mam = archive ? ["  mod_mam:", "    db_type: mnesia", "    default: never"] : [];
	return `${[
		'hosts: ["localhost"]',
		"loglevel: error",
		"listen:",
		"  -",
		`    port: ${port}`,
		'    ip: "127.0.0.1"',
		"    module: ejabberd_c2s",
		"    access: all",
		"    shaper: none",
		"    backlog: 1024",
		"auth_method: [anonymous]",
		"anonymous_protocol: both",
		"allow_multiple_connections: true",
		"modules:",
		"  mod_disco: {}",
		...modules.map((name) => `  ${modules_of_ejabberd.get(name)}: {}`),
		"  mod_muc:",
		'    host: "conference.localhost"',
		"    access: all",
		"    access_create: all",
		"    max_users: 10000",
		"    max_users_presence: 10000",
		"    max_user_conferences: 10000",
		"    history_size: 20",
		"    default_room_options:",
		"      anonymous: true",
		"      max_users: 10000",
		...room,
		...mam,
	].join("\n")}\n`;
}

/**
 * Writes what it needs into a folder, and tells how to start it.
 * @param modules what its clients need, by Prosody's names
 */
export function prepare_ejabberd(
	folder: string,
	port: number,
	archive: boolean,
	modules: readonly string[] = [],
): EjabberdCommand {
	return ejabberd_in(folder, configuration(port, archive, modules));
}
