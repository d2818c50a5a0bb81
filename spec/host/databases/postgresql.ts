// A PostgreSQL of one's own, in a temporary folder and on a free port.

import pg from "pg";
import { prepare_postgresql } from "../../../tools/postgresql_server.ts";
import { eventually } from "../../helper.ts";
import type { TestDatabase } from "./types.ts";

export { find_postgresql } from "../../../tools/postgresql_server.ts";

const password = "o'Romeo\\ \"?";

/**
 * Starts one with a database `prosody` and a role of that name.
 * @param settings such as `ssl=on`
 */
export async function start_postgresql(settings: readonly string[] = []): Promise<TestDatabase> {
	const { daemon, folder, port } = await prepare_postgresql(settings);
	const query = async (sql: string, database = "prosody"): Promise<unknown[][]> => {
		const client = new pg.Client({ host: folder, port, user: "root", database });
		client.on("error", () => undefined);
		await client.connect();
		try {
			return (await client.query<unknown[]>({ text: sql, rowMode: "array" })).rows;
		} finally {
			await client.end();
		}
	};
	const answers = (): Promise<unknown> =>
		eventually(async () => {
			// It does not start while processes of a killed one still end
			if (daemon.has_ended) daemon.start();
			await query("SELECT 1", "postgres");
		});
	daemon.start();
	await answers();
	await query(`CREATE ROLE prosody LOGIN PASSWORD '${password.replaceAll("'", "''")}'`, "postgres");
	await query("CREATE DATABASE prosody OWNER prosody", "postgres");
	return {
		driver: "PostgreSQL",
		folder,
		port,
		sql: { driver: "PostgreSQL", database: "prosody", host: "127.0.0.1", port, username: "prosody", password },
		query,
		transaction() {
			const client = new pg.Client({ host: folder, port, user: "root", database: "prosody" });
			client.on("error", () => undefined);
			const open = client.connect();
			let is_open = false;
			return {
				quoted: (name) => `"${name}"`,
				async query(sql) {
					await open;
					if (!is_open) await client.query("BEGIN");
					is_open = sql !== "COMMIT";
					return client.query(sql);
				},
				end: () => client.end(),
			};
		},
		pid: () => daemon.pid,
		async start() {
			daemon.start();
			await answers();
		},
		// Its processes give up their clients then
		stop: (how = "SIGINT") => daemon.end(how),
		async empty() {
			await query("DROP TABLE IF EXISTS prosody; DROP TABLE IF EXISTS prosodyarchive");
		},
		async remove() {
			await daemon.end("SIGQUIT");
			daemon.remove();
		},
	};
}
