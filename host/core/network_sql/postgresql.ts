// Counterpart: LuaDBI's dbd/postgresql.c, util/sql.lua (set_encoding)

import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import pg from "pg";
import type { SqlValue } from "../types.ts";
import { type Client, connect_limit, type Fate } from "./client.ts";
import { encryption_of } from "./encryption.ts";
import type { Outcome, ServerAddress, Statement } from "./messages.ts";
import { code_of, message_of, SqlProblem } from "./problems.ts";
import { repeatable } from "./repeatable.ts";

/** Where Debian's PostgreSQL has its socket, and where others have it. */
const socket_folders = ["/var/run/postgresql", "/tmp"];

/** How long the server waits for a lock, which the event loop may have to wait for, and works on one statement, in milliseconds. */
const lock_timeout = 1000;
const statement_timeout = 60_000;

/** Classes of SQLSTATE that are about the values: data exceptions, constraints, limits. */
const refusals: ReadonlySet<string> = new Set(["22", "23", "54"]);
/** Another transaction was in the way: serialization failure, deadlock. */
const passing: ReadonlySet<string> = new Set(["40001", "40P01"]);
/** The server ends the connection, or is not ready yet: connection exceptions, operator intervention. */
const endings: ReadonlySet<string> = new Set(["08", "57"]);

/**
 * When the server was started, and when it last threw its statistics away, which it does whenever it recovers: it does so, too, where it
 * goes on after one of its processes was killed.
 */
const server_start: Statement = {
	sql: "SELECT pg_postmaster_start_time()::text || ' ' || coalesce(pg_stat_get_bgwriter_stat_reset_time()::text, '')",
	values: [],
};

/** Names for prepared statements, so that the server reads each text once for a connection. */
class Prepared {
	private readonly known = new Map<string, { readonly name: string; readonly text: string }>();

	of(sql: string): { readonly name?: string; readonly text: string } {
		const known = this.known.get(sql);
		if (known !== undefined) return known;
		let number = 0;
		const text = sql.replace(/\?/g, () => `$${++number}`);
		// Texts that are made up of many parts come in too many kinds
		if (number === 0 || this.known.size >= 200) return { text };
		const prepared = { name: `enjamb${this.known.size}`, text };
		this.known.set(sql, prepared);
		return prepared;
	}
}

/** Values come as text, but for whole numbers of 32 bits. */
const types = {
	getTypeParser: (oid: number) => (oid === 23 ? Number : (value: string) => value),
};

function problem_of(error: unknown): SqlProblem {
	const code = code_of(error);
	const text = message_of(error);
	if (!/^[0-9A-Z]{5}$/.test(code) || !(error instanceof pg.DatabaseError)) return new SqlProblem("lost", text);
	// What is cancelled is cancelled for its length
	if (code === "57014") return new SqlProblem("failed", text);
	if (endings.has(code.slice(0, 2))) return new SqlProblem("lost", text);
	if (code === "55P03") return new SqlProblem("locked", text);
	if (passing.has(code)) return new SqlProblem("again", text);
	return new SqlProblem(refusals.has(code.slice(0, 2)) ? "refused" : "failed", text);
}

class PostgresqlClient implements Client {
	private start = "";
	readonly certainty: Fate;
	is_gone = false;
	on_gone: ((reason: string) => void) | undefined;
	private readonly prepared = new Prepared();

	constructor(private readonly client: pg.Client) {
		const start = (): string => this.start;
		this.certainty = {
			name: { sql: "SELECT txid_current()", values: [] },
			get start() {
				return start();
			},
			ask: (transaction) => this.fate(transaction),
			repeatable: (statement) => repeatable(statement, ""),
		};
		client.on("error", (error) => this.gone(message_of(error)));
		client.on("end", () => this.gone("the connection was closed"));
	}

	private gone(reason: string): void {
		if (this.is_gone) return;
		this.is_gone = true;
		this.on_gone?.(reason);
	}

	private async query({ sql, values }: Statement): Promise<Outcome> {
		const { rows, rowCount: count } = await this.client.query<SqlValue[]>({
			...this.prepared.of(sql),
			values: [...values],
			rowMode: "array",
			types,
		});
		return { rows, count: count ?? 0 };
	}

	async run(statements: readonly Statement[], limit: number): Promise<Outcome[]> {
		let is_late = false;
		const timer = setTimeout(() => {
			is_late = true;
			this.end();
		}, limit);
		const done = await Promise.allSettled(statements.map((statement) => this.query(statement)));
		clearTimeout(timer);
		return done.map((one) => {
			if (one.status === "fulfilled") return one.value;
			throw is_late ? new SqlProblem("slow", `no answer within ${limit / 1000} s`) : problem_of(one.reason);
		});
	}

	/** Finds out from which start of the server this is; to be called once, before the connection is used. */
	async find_start(): Promise<void> {
		const [found] = await this.run([server_start], connect_limit);
		this.start = String(found?.rows[0]?.[0]);
	}

	private async fate(transaction: string): Promise<"committed" | "aborted" | "undecided"> {
		try {
			const [asked] = await this.run([{ sql: "SELECT txid_status(?::bigint)", values: [transaction] }], connect_limit);
			const found = asked?.rows[0]?.[0];
			return found === "committed" || found === "aborted" ? found : "undecided";
		} catch (error) {
			// A server that was killed has forgotten a transaction that was not committed, and gives its number to another one
			if (error instanceof SqlProblem && error.kind === "refused") return "aborted";
			throw error;
		}
	}

	end(): void {
		this.gone("the connection was closed");
		this.client.connection.stream.destroy();
	}
}

function place_of({ host, port, username, password, database }: ServerAddress): pg.ClientConfig {
	const found = host ?? process.env["PGHOST"] ?? socket_folders.find((folder) => existsSync(folder)) ?? "localhost";
	return {
		host: found,
		database,
		user: username ?? process.env["PGUSER"] ?? userInfo().username,
		...(port === undefined ? {} : { port }),
		...(password === undefined ? {} : { password }),
		connectionTimeoutMillis: connect_limit,
		keepAlive: true,
		application_name: "enjamb",
		pipeline: true,
	};
}

async function try_to_connect(config: pg.ClientConfig): Promise<PostgresqlClient> {
	const client = new pg.Client(config);
	const connected = new PostgresqlClient(client);
	try {
		await client.connect();
	} catch (error) {
		connected.end();
		throw error;
	}
	return connected;
}

/** Connects as the database's own library does: encrypted where the server can, except on this machine. */
export async function connect_postgresql(address: ServerAddress): Promise<Client> {
	const config = place_of(address);
	const encryption = await encryption_of(address, config.host ?? "");
	let client: PostgresqlClient;
	try {
		if (encryption === "plain") client = await try_to_connect(config);
		else
			client = await try_to_connect({
				...config,
				ssl: encryption === "where it can" ? { rejectUnauthorized: false } : encryption,
			});
	} catch (error) {
		if (encryption !== "where it can" || !message_of(error).includes("does not support SSL")) throw problem_of(error);
		client = await try_to_connect(config);
	}
	const settings = [
		"SET client_encoding TO 'UTF8'",
		`SET lock_timeout TO ${lock_timeout}`,
		`SET statement_timeout TO ${statement_timeout}`,
		"SET default_transaction_isolation TO 'read committed'",
		"SET standard_conforming_strings TO on",
	];
	try {
		await client.run(
			settings.map((sql) => ({ sql, values: [] })),
			connect_limit,
		);
		await client.find_start();
	} catch (error) {
		client.end();
		throw error;
	}
	return client;
}
