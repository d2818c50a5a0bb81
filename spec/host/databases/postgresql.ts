// A PostgreSQL of one's own, in a temporary folder and on a free port.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { free_port } from "../../../tools/reference.ts";
import { eventually } from "../../helper.ts";
import { Daemon, folder_for, run_program, unprivileged } from "./processes.ts";
import type { TestDatabase } from "./types.ts";

const versions = "/usr/lib/postgresql";

/** Where its programs are; undefined where there are none. */
export function find_postgresql(): string | undefined {
	if (!existsSync(versions)) return undefined;
	const found = readdirSync(versions)
		.sort((one, other) => Number(other) - Number(one))
		.map((version) => join(versions, version, "bin"));
	return found.find((folder) => existsSync(join(folder, "initdb")));
}

const password = "o'Romeo\\ \"?";

/** Starts one with a database `prosody` and a role of that name. */
export async function start_postgresql(): Promise<TestDatabase> {
	const programs = find_postgresql();
	if (programs === undefined) throw new Error("PostgreSQL is not installed");
	const runner = unprivileged("postgres");
	const folder = folder_for(runner, "enjamb-postgresql-");
	const data = join(folder, "data");
	run_program(
		join(programs, "initdb"),
		["-D", data, "--auth-local=trust", "--auth-host=scram-sha-256", "-U", "root", "-E", "UTF8", "--locale=C", "--no-sync"],
		runner,
	);
	const port = await free_port();
	const options = ["fsync=off", "listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`, "max_connections=40"];
	const daemon = new Daemon(
		join(programs, "postgres"),
		["-D", data, "-p", String(port), ...options.flatMap((option) => ["-c", option])],
		runner,
		folder,
	);
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
