// A MariaDB of one's own, in a temporary folder and on a free port.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { Daemon, folder_for, run_program, unprivileged } from "../../../tools/daemon.ts";
import { free_port } from "../../../tools/reference.ts";
import { eventually } from "../../helper.ts";
import type { TestDatabase } from "./types.ts";

const programs = ["/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db"] as const;

/** Its program; undefined where it is not installed. */
export function find_mariadb(): string | undefined {
	return programs.every((path) => existsSync(path)) ? programs[0] : undefined;
}

const password = "o'Romeo\\ \"?";

/**
 * Starts one with a database `prosody` and a user of that name.
 * @param more settings, as arguments
 */
export async function start_mariadb(more: readonly string[] = []): Promise<TestDatabase> {
	const runner = unprivileged("mysql");
	const folder = folder_for(runner, "enjamb-mariadb-");
	const data = join(folder, "data");
	const socket = join(folder, "socket");
	const settings = [
		"--no-defaults",
		`--datadir=${data}`,
		// Two that are set up at once delete each other's files where they share a folder for them
		`--tmpdir=${folder}`,
		"--innodb-buffer-pool-size=16M",
		"--innodb-log-file-size=8M",
		"--innodb-flush-log-at-trx-commit=2",
	];
	run_program(programs[1], [...settings, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-log-bin"], runner);
	const port = await free_port();
	const daemon = new Daemon(
		programs[0],
		[
			...settings,
			`--port=${port}`,
			`--socket=${socket}`,
			"--bind-address=127.0.0.1",
			`--pid-file=${join(folder, "pid")}`,
			...more,
		],
		runner,
		folder,
	);
	const query = async (sql: string, database = "prosody"): Promise<unknown[][]> => {
		const client = await createConnection({ socketPath: socket, user: "root", database, rowsAsArray: true });
		client.on("error", () => undefined);
		try {
			const [rows] = await client.query(sql);
			return Array.isArray(rows) ? rows.map((row) => (Array.isArray(row) ? row : [])) : [];
		} finally {
			await client.end();
		}
	};
	const answers = (): Promise<unknown> =>
		eventually(async () => {
			await query("SELECT 1", "mysql");
		});
	daemon.start();
	await answers();
	const quoted = password.replaceAll("\\", "\\\\").replaceAll("'", "''");
	await query("CREATE DATABASE prosody CHARACTER SET latin1", "mysql");
	await query(`CREATE USER prosody@'127.0.0.1' IDENTIFIED BY '${quoted}'`);
	await query("GRANT ALL ON prosody.* TO prosody@'127.0.0.1'");
	return {
		driver: "MySQL",
		folder,
		port,
		sql: { driver: "MySQL", database: "prosody", host: "127.0.0.1", port, username: "prosody", password },
		query,
		transaction() {
			const open = createConnection({ socketPath: socket, user: "root", database: "prosody" });
			let is_open = false;
			return {
				quoted: (name) => `\`${name}\``,
				async query(sql) {
					const client = await open;
					if (!is_open) {
						// As Prosody's tables are indexed, repeatable reads would lock much more than one row
						await client.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
						await client.query("BEGIN");
					}
					is_open = sql !== "COMMIT";
					return client.query(sql);
				},
				end: async () => (await open).end(),
			};
		},
		pid: () => daemon.pid,
		async start() {
			daemon.start();
			await answers();
		},
		stop: (how = "SIGTERM") => daemon.end(how),
		async empty() {
			await query("DROP TABLE IF EXISTS prosody");
			await query("DROP TABLE IF EXISTS prosodyarchive");
		},
		async remove() {
			await daemon.end("SIGKILL");
			daemon.remove();
		},
	};
}
