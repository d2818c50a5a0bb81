// No counterpart: a PostgreSQL of one's own, in a temporary folder and on a free port, for specs and benchmarks.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Daemon, folder_for, type Runner, run_program, unprivileged } from "./daemon.ts";
import { free_port } from "./running.ts";

const versions = "/usr/lib/postgresql";

/** Where its programs are; undefined where there are none. */
export function find_postgresql(): string | undefined {
	if (!existsSync(versions)) return undefined;
	const found = readdirSync(versions)
		.sort((one, other) => Number(other) - Number(one))
		.map((version) => join(versions, version, "bin"));
	return found.find((folder) => existsSync(join(folder, "initdb")));
}

/** One that is set up, and not started. */
export interface PreparedPostgresql {
	readonly daemon: Daemon;
	/** Where its socket is, by which the role `root` needs no password. */
	readonly folder: string;
	readonly port: number;
	/** The folder of its programs. */
	readonly programs: string;
	readonly runner: Runner;
}

/**
 * Sets one up. Rejects where it is not installed.
 * @param settings such as `ssl=on`
 */
export async function prepare_postgresql(settings: readonly string[] = []): Promise<PreparedPostgresql> {
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
	const options = [
		"fsync=off",
		"listen_addresses=127.0.0.1",
		`unix_socket_directories=${folder}`,
		"max_connections=40",
		...settings,
	];
	const daemon = new Daemon(
		join(programs, "postgres"),
		["-D", data, "-p", String(port), ...options.flatMap((option) => ["-c", option])],
		runner,
		folder,
	);
	return { daemon, folder, port, programs, runner };
}
