// No counterpart: an ejabberd to measure against, with a configuration and a folder of its own.

import { type EjabberdCommand, ejabberd_in } from "../ejabberd.ts";

/** Anonymous clients over plain TCP, and rooms without limits that would slow down the loads; archives are in Mnesia. */
function configuration(port: number, archive: boolean): string {
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
		"anonymous_protocol: sasl_anon",
		"modules:",
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

/** Writes what it needs into a folder, and tells how to start it. */
export function prepare_ejabberd(folder: string, port: number, archive: boolean): EjabberdCommand {
	return ejabberd_in(folder, configuration(port, archive));
}
