// Counterpart: LuaDBI's DBI.Connect

import type { Client } from "./client.ts";
import type { ServerAddress } from "./messages.ts";

/** Connects to a database. The library for it is loaded only then. */
export async function connect(address: ServerAddress): Promise<Client> {
	switch (address.driver) {
		case "PostgreSQL":
			return (await import("./postgresql.ts")).connect_postgresql(address);
		case "MySQL":
			return (await import("./mysql.ts")).connect_mysql(address);
	}
}
