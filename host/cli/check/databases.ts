// Counterpart: plugins/mod_storage_sql.lua (what would be seen at the start)

import { NetworkDatabase } from "../../core/network_sql/database.ts";
import type { ServerAddress } from "../../core/network_sql/messages.ts";
import { examine } from "../../plugins/storage_sql/network_schema.ts";
import { Turn } from "../../util/turn.ts";
import type { Finding } from "./findings.ts";

/** What is wrong with a database, or good to know. */
export type ServerFinding = Pick<Finding, "severity" | "message" | "expected">;

export function is_error({ severity }: ServerFinding): boolean {
	return severity === "error";
}

/**
 * Looks whether a database over the network can be reached, and has the tables that it should have. Changes nothing.
 * @param manages whether the server may make tables (option `sql_manage_tables`)
 */
export function check_server(address: ServerAddress, manages: boolean): ServerFinding[] {
	const database = new NetworkDatabase(address, new Turn(() => undefined), true);
	try {
		const greeted = database.greet();
		if (!greeted.ok) {
			const expected =
				"expected a database that runs and lets this user in; the server starts without, and its hosts wait for it";
			return [{ severity: "error", message: greeted.error.text, expected }];
		}
		const found = examine(database, address.driver);
		if (!found.ok) return [{ severity: "error", message: found.error.text }];
		const { missing, indexes } = found.value;
		if (missing.length > 0) {
			const message = `${database.name}: there is no table ${missing.join(" and ")} yet`;
			return [manages ? { severity: "info", message: `${message}; the server makes it` } : { severity: "error", message }];
		}
		if (address.driver === "PostgreSQL" && !indexes.has("prosody_unique_index")) {
			const message = `${database.name}: the tables are those of Prosody 0.12, without prosody_unique_index; they are used as they are`;
			return [{ severity: "info", message }];
		}
		return [];
	} finally {
		database.close();
	}
}
