// Counterpart: LuaDBI's dbd/mysql.c, util/sql.lua (set_encoding)

import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type Connection, type ConnectionOptions, createConnection, type QueryError } from "mysql2";
import type { SqlValue } from "../types.ts";
import { type Client, connect_limit, type Repetition } from "./client.ts";
import { type Encryption, encryption_of } from "./encryption.ts";
import type { Outcome, ServerAddress, Statement } from "./messages.ts";
import { code_of, message_of, SqlProblem } from "./problems.ts";
import { repeatable } from "./repeatable.ts";

/** Where Debian's MariaDB has its socket, and where others have it. The library takes it for `localhost`, and where no host is named. */
const sockets = ["/run/mysqld/mysqld.sock", "/tmp/mysql.sock"];

/** How long the server waits for a lock, which the event loop may have to wait for, in seconds. */
const lock_timeout = 1;

const still_there = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ?";

/** Errors about the values: too long, not in the column's range or characters, a second row with the same key. */
const refusals: ReadonlySet<string> = new Set([
	"ER_DATA_TOO_LONG",
	"ER_TRUNCATED_WRONG_VALUE_FOR_FIELD",
	"ER_TRUNCATED_WRONG_VALUE",
	"ER_WARN_DATA_OUT_OF_RANGE",
	"ER_DUP_ENTRY",
	"ER_CANT_CREATE_GEOMETRY_OBJECT",
]);
/** A statement is longer than the server takes (`max_allowed_packet`, 16 MB); it closes the connection then. */
const too_large = "ER_NET_PACKET_TOO_LARGE";
/** What the library says where the server cannot encrypt. */
const no_encryption = "HANDSHAKE_NO_SSL_SUPPORT";
const passing: ReadonlySet<string> = new Set(["ER_LOCK_DEADLOCK", "ER_CHECKREAD"]);
/** The server goes, or is not ready. */
const endings: ReadonlySet<string> = new Set(["ER_SERVER_SHUTDOWN", "ER_CONNECTION_KILLED", "ER_CON_COUNT_ERROR"]);

/** An error of the server, which has a number there; others are about the connection. */
function problem_of(error: QueryError): SqlProblem {
	const text = message_of(error);
	const code = code_of(error);
	// The connection ends with it, but what comes without the value is stored on another one
	if (code === too_large) return new SqlProblem("refused", text);
	if (error.fatal || error.errno === undefined || !code.startsWith("ER_") || endings.has(code)) {
		const is_said = error.fatal && code.startsWith("ER_") && !endings.has(code);
		return new SqlProblem(is_said ? "failed" : "lost", text);
	}
	if (code === "ER_LOCK_WAIT_TIMEOUT") return new SqlProblem("locked", text);
	if (passing.has(code)) return new SqlProblem("again", text);
	return new SqlProblem(refusals.has(code) ? "refused" : "failed", text);
}

class MysqlClient implements Client {
	// InnoDB tells nobody afterwards what became of a transaction
	readonly certainty: Repetition;
	is_gone = false;
	on_gone: ((reason: string) => void) | undefined;

	constructor(private readonly connection: Connection) {
		this.certainty = {
			repeatable: (statement) => repeatable(statement, " FROM DUAL"),
			get connection() {
				return connection.threadId ?? 0;
			},
			end_other: (other) => this.end_other(other),
		};
		connection.on("error", (error) => this.gone(message_of(error)));
		connection.on("end", () => this.gone("the connection was closed"));
	}

	private gone(reason: string): void {
		if (this.is_gone) return;
		this.is_gone = true;
		this.on_gone?.(reason);
	}

	private async end_other(other: number): Promise<void> {
		// The numbers of a server that was started anew begin anew
		if (other === this.connection.threadId || other === 0) return;
		const end = performance.now() + connect_limit;
		for (;;) {
			const [found] = await this.run([{ sql: still_there, values: [other] }], connect_limit);
			if (Number(found?.rows[0]?.[0] ?? 0) === 0) return;
			if (performance.now() >= end)
				throw new SqlProblem("failed", "an earlier connection does not end, and nobody knows what is stored");
			// It may be gone by then
			await this.run([{ sql: `KILL CONNECTION ${other}`, values: [] }], connect_limit).catch((error: unknown) => {
				if (this.is_gone) throw error;
			});
			await delay(20);
		}
	}

	private query({ sql, values }: Statement): Promise<Outcome> {
		return new Promise((resolve, reject) => {
			this.connection.query({ sql, values: [...values], rowsAsArray: true }, (error, result) => {
				if (error !== null) {
					const problem = problem_of(error);
					if (problem.kind === "lost" || code_of(error) === too_large) this.end();
					reject(problem);
				} else if (Array.isArray(result)) resolve({ rows: result.map(as_row), count: 0 });
				else resolve({ rows: [], count: result.affectedRows });
			});
		});
	}

	async run(statements: readonly Statement[], limit: number): Promise<Outcome[]> {
		let is_late = false;
		const late = (): SqlProblem => new SqlProblem("slow", `no answer within ${limit / 1000} s`);
		let tell_late: () => void = () => undefined;
		const lateness = new Promise<never>((_resolve, reject) => {
			tell_late = () => reject(late());
		});
		// Nobody may be listening by then
		lateness.catch(() => undefined);
		const timer = setTimeout(() => {
			is_late = true;
			this.end();
			tell_late();
		}, limit);
		try {
			const outcomes: Outcome[] = [];
			for (const statement of statements) {
				if (this.is_gone) throw new SqlProblem("lost", "the connection was closed");
				outcomes.push(await Promise.race([this.query(statement), lateness]));
			}
			return outcomes;
		} catch (error) {
			throw is_late ? late() : error;
		} finally {
			clearTimeout(timer);
		}
	}

	end(): void {
		this.gone("the connection was closed");
		this.connection.destroy();
	}
}

function as_row(row: unknown): SqlValue[] {
	return Array.isArray(row) ? row.map(as_value) : [];
}

function as_value(value: unknown): SqlValue {
	if (typeof value === "string" || typeof value === "number" || Buffer.isBuffer(value)) return value;
	return value === null || value === undefined ? null : String(value);
}

function place_of({ host, port, username, password, database }: ServerAddress): ConnectionOptions {
	const socket = host?.startsWith("/")
		? host
		: host === undefined || host === "localhost"
			? sockets.find((path) => existsSync(path))
			: undefined;
	return {
		...(socket === undefined || port !== undefined ? { host: host ?? "localhost", port: port ?? 3306 } : { socketPath: socket }),
		database,
		user: username ?? userInfo().username,
		...(password === undefined ? {} : { password }),
		charset: "utf8mb4_bin",
		connectTimeout: connect_limit,
		enableKeepAlive: true,
		supportBigNumbers: true,
		bigNumberStrings: true,
		// Dates and decimals are nothing that the tables have
		dateStrings: true,
	};
}

/** The server has no certificate. */
class CannotEncrypt extends SqlProblem {
	constructor(message: string) {
		super("lost", message);
	}
}

async function try_to_connect(options: ConnectionOptions, encryption: Encryption): Promise<MysqlClient> {
	const ssl = encryption === "where it can" ? { rejectUnauthorized: false } : { ...Object(encryption), verifyIdentity: true };
	const connection = createConnection(encryption === "plain" ? options : { ...options, ssl });
	const client = new MysqlClient(connection);
	try {
		await new Promise<void>((resolve, reject) => {
			connection.connect((error) => {
				if (error === null) resolve();
				else reject(code_of(error) === no_encryption ? new CannotEncrypt(message_of(error)) : problem_of(error));
			});
		});
		return client;
	} catch (error) {
		client.end();
		throw error;
	}
}

/** Connects, encrypted where the server is not on this machine and can do that. */
async function connect_somehow(address: ServerAddress): Promise<MysqlClient> {
	const options = place_of(address);
	const encryption = await encryption_of(address, options.socketPath ?? options.host ?? "");
	return try_to_connect(options, encryption).catch((error: unknown) => {
		if (encryption === "where it can" && error instanceof CannotEncrypt) return try_to_connect(options, "plain");
		throw error;
	});
}

/** Connects, and has the server understand standard SQL. */
export async function connect_mysql(address: ServerAddress): Promise<Client> {
	const client = await connect_somehow(address);
	try {
		const settings = [
			"SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin'",
			"SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
			"SET SESSION TRANSACTION ISOLATION LEVEL read committed",
			`SET SESSION innodb_lock_wait_timeout = ${lock_timeout}`,
		];
		await client.run(
			settings.map((sql) => ({ sql, values: [] })),
			connect_limit,
		);
		return client;
	} catch (error) {
		client.end();
		throw error;
	}
}
