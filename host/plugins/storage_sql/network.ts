// Counterpart: plugins/mod_storage_sql.lua (normalize_params, module.load)

import { isIP } from "node:net";
import { NetworkDatabase } from "../../core/network_sql/database.ts";
import { address_text, type ServerAddress } from "../../core/network_sql/messages.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { check_network_tables } from "./network_schema.ts";
import type { SqlDriver, SqlOption } from "./sql_driver.ts";

/** What the option has to look like. */
export function network_expected(driver: ServerAddress["driver"]): string {
	return `{ driver = "${driver}", database = "prosody", host = "localhost", username = "prosody", password = "…" }`;
}

/** Reads the address of a database out of the option `sql`; an error says what is wrong with it. */
export function read_address(driver: ServerAddress["driver"], option: SqlOption): Result<ServerAddress, string> {
	const { database } = option;
	if (typeof database !== "string" || database === "") return failed("it names no database");
	const texts: { host?: string; username?: string; password?: string; ca?: string } = {};
	for (const name of ["host", "username", "password", "ca"] as const) {
		const text = option[name];
		if (text === undefined) continue;
		if (typeof text !== "string" || text.includes("\0")) return failed(`${name} is no text`);
		// As LuaDBI has it: an empty text is none
		if (text !== "") texts[name] = text;
	}
	if (texts.ca !== undefined && (texts.host === undefined || texts.host.startsWith("/") || isIP(texts.host) !== 0)) {
		return failed("with ca, host has to be the name that the server's certificate is for");
	}
	const port = option["port"] === undefined ? undefined : Number(option["port"]);
	if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65536)) return failed("port is no number of a port");
	return ok({ driver, database, ...texts, ...(port === undefined ? {} : { port }) });
}

/** The driver of a database over the network. */
export function network_driver(driver: ServerAddress["driver"]): SqlDriver {
	return {
		expected: network_expected(driver),
		locate(_module, option) {
			const address = read_address(driver, option);
			if (!address.ok) return address;
			const { username, password } = address.value;
			// Not to be shown, and to be told apart from the same database with other rights
			const as = username === undefined ? "" : ` as ${username}`;
			return ok(`${address_text(address.value)}${as}${password === undefined ? "" : " with a password"}`);
		},
		open(module, option) {
			const address = read_address(driver, option);
			if (!address.ok) return failed({ text: address.error });
			// One that cannot be reached goes on trying; asking again costs nothing then
			const opening = module.shared("/*/sql/opening");
			const key = address_text(address.value);
			const kept = opening.get(key);
			const { turn, storage_fence } = module.server;
			const database = kept instanceof NetworkDatabase ? kept : new NetworkDatabase(address.value, turn, false, storage_fence);
			opening.set(key, database);
			const greeted = database.greet();
			const checked = greeted.ok
				? check_network_tables(database, driver, module.get_option_boolean("sql_manage_tables", true))
				: greeted;
			if (checked.ok) {
				opening.delete(key);
				return ok({ database, has_unique_index: checked.value });
			}
			if (!checked.error.locked) {
				opening.delete(key);
				database.close();
			}
			return checked;
		},
		give_up(module) {
			const opening = module.shared("/*/sql/opening");
			for (const database of opening.values()) if (database instanceof NetworkDatabase) database.close();
			opening.clear();
		},
	};
}
