// Counterpart: LuaDBI (DBI.lua, dbd/sqlite3): databases in SQLite. Those that answer over a network cannot be asked without waiting.

import { resolve } from "node:path";
import Sqlite from "better-sqlite3";
import type { LuaContext } from "../context.ts";
import {
	type Arguments,
	boolean_value,
	buffer_value,
	is_none,
	is_string,
	is_true,
	kept,
	make_library,
	text_at,
} from "../vm/arguments.ts";
import { type Table, TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value, tags, text_of_string } from "../vm/live_table.ts";
import { ObjectKind } from "../vm/userdata.ts";
import type { LuaThread } from "../vm/vm.ts";

type Bound = string | number | bigint | Buffer | null;

/** A connection, and whether a transaction is to be open while something is done. */
interface Connection {
	database: Sqlite.Database | undefined;
	autocommit: boolean;
	last_id: number;
	/** How many rows the last statement that changed any has changed. */
	changes: number;
}

/** A prepared statement with what its last execution brought. */
interface Statement {
	prepared: Sqlite.Statement<Bound[], Bound[]> | undefined;
	readonly connection: Connection;
	readonly names: readonly string[];
	rows: readonly (readonly Bound[])[];
	next: number;
}

const drivers_there = "SQLite3";
/** Names that LuaDBI knows, of which only one is there. */
const drivers_known: readonly string[] = ["MySQL", "PostgreSQL", "SQLite3", "DB2", "Oracle", "ODBC"];

function message_of(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

function refusal(problem: string, first: TValue = boolean_value(false)): readonly TValue[] {
	return [first, string_value(problem)];
}

/** An argument as a value of the database; undefined where it has none. */
function bound_value(value: TValue | undefined): Bound | undefined {
	if (is_none(value)) return null;
	if (is_string(value)) return text_of_string(value);
	if (typeof value.value === "number") return value.value;
	if (typeof value.value === "boolean") return BigInt(value.value);
	return undefined;
}

/** A value of the database in Lua. */
function lua_value(value: Bound): TValue {
	if (value === null) return nil;
	if (typeof value === "string") return string_value(value);
	if (typeof value === "bigint") return number_value(Number(value));
	return typeof value === "number" ? new TValue(tags.float, value) : buffer_value(value);
}

/** `DBI`. */
export function dbi_library(host: LuaContext): TValue {
	const { vm, server } = host;
	const open = new Set<Connection>();
	server.events.add_handler("server-stopped", () => {
		for (const connection of open) close(connection);
		return undefined;
	});

	function close(connection: Connection): void {
		const { database } = connection;
		connection.database = undefined;
		open.delete(connection);
		database?.close();
	}

	/** A connection that is not in autocommit mode has a transaction open from the first statement on. */
	function begin({ database, autocommit }: Connection): void {
		if (database !== undefined && !autocommit && !database.inTransaction) database.exec("BEGIN TRANSACTION");
	}

	/** Ends a transaction, if one is open. */
	function finish({ database }: Connection, how: "COMMIT" | "ROLLBACK"): TValue | readonly TValue[] {
		if (database === undefined) return boolean_value(false);
		try {
			if (database.inTransaction) database.exec(how);
			return boolean_value(true);
		} catch (error) {
			return refusal(message_of(error));
		}
	}

	function row_value({ names }: Statement, row: readonly Bound[], by_name: boolean): TValue {
		const table: Table = vm.new_table();
		row.forEach((value, index) => {
			if (value === null) return;
			if (by_name) vm.raw_set(table, names[index] ?? "", lua_value(value));
			else vm.raw_set_value(table, number_value(index + 1), lua_value(value));
		});
		return new TValue(tags.table, table);
	}

	function next_row(statement: Statement, by_name: boolean): TValue {
		if (statement.prepared === undefined) throw new Error("Fetch called on a closed or invalid statement");
		const row = statement.rows[statement.next];
		if (row === undefined) return nil;
		statement.next++;
		return row_value(statement, row, by_name);
	}

	function execute(statement: Statement, args: Arguments): TValue | readonly TValue[] {
		const { prepared, connection } = statement;
		if (prepared === undefined || connection.database === undefined) {
			return refusal("Execute called on a closed or invalid statement");
		}
		const values: Bound[] = [];
		for (const given of args.slice(1)) {
			const value = bound_value(given);
			if (value === undefined) return refusal("Error binding statement parameters: Unknown or unsupported type");
			values.push(value);
		}
		statement.rows = [];
		statement.next = 0;
		try {
			begin(connection);
			if (prepared.reader) {
				statement.rows = prepared.all(...values);
				return boolean_value(true);
			}
			const { changes, lastInsertRowid: last_id } = prepared.run(...values);
			connection.changes = changes;
			connection.last_id = Number(last_id);
			return boolean_value(true);
		} catch (error) {
			if (error instanceof RangeError) return refusal(`Statement was given ${values.length} parameters: ${error.message}`);
			return refusal(`Execute failed ${message_of(error)}`);
		}
	}

	const statements: ObjectKind<Statement> = new ObjectKind<Statement>(vm, "DBD.SQLite3.Statement", () => ({
		methods: {
			execute: (statement, args) => execute(statement, args),
			fetch: (statement, args) => next_row(statement, is_true(args[1])),
			rows(statement, args) {
				const by_name = is_true(args[1]);
				return vm.native(() => next_row(statement, by_name));
			},
			affected: ({ connection }) => number_value(connection.changes),
			rowcount: () => {
				throw new Error("Method DBD.SQLite3.Statement.rowcount is not implemented");
			},
			columns({ names }) {
				const table = vm.new_table();
				for (const [index, name] of names.entries()) vm.raw_set_value(table, number_value(index + 1), string_value(name));
				return new TValue(tags.table, table);
			},
			close(statement) {
				statement.prepared = undefined;
				statement.rows = [];
				return boolean_value(true);
			},
		},
		metamethods: { __tostring: () => string_value("DBD.SQLite3.Statement") },
	}));

	function prepare(connection: Connection, sql: string, L: LuaThread): TValue | readonly TValue[] {
		const { database } = connection;
		if (database === undefined) return refusal("Database not available", nil);
		try {
			const prepared: Sqlite.Statement<Bound[], Bound[]> = database.prepare<Bound[], Bound[]>(sql);
			prepared.safeIntegers(true);
			if (prepared.reader) prepared.raw(true);
			const names = prepared.reader ? prepared.columns().map(({ name }) => name) : [];
			return statements.value(L, { prepared, connection, names, rows: [], next: 0 });
		} catch (error) {
			return refusal(`Error preparing statement handle: ${message_of(error)}`, nil);
		}
	}

	const connections: ObjectKind<Connection> = new ObjectKind<Connection>(vm, "DBD.SQLite3.Connection", () => ({
		methods: {
			prepare: (connection, args, L) => prepare(connection, text_at(args, 2, "prepare"), L),
			autocommit(connection, args) {
				connection.autocommit = is_true(args[1]);
				if (connection.autocommit) finish(connection, "COMMIT");
				// PARITY: it says no, whatever it did
				return boolean_value(false);
			},
			commit: (connection) => finish(connection, "COMMIT"),
			rollback: (connection) => finish(connection, "ROLLBACK"),
			ping: ({ database }) => boolean_value(database !== undefined),
			quote: (_connection, args) => string_value(text_at(args, 2, "quote").replaceAll("'", "''")),
			last_id: ({ last_id }) => number_value(last_id),
			close(connection) {
				close(connection);
				return boolean_value(true);
			},
		},
		metamethods: { __tostring: () => string_value("DBD.SQLite3.Connection") },
	}));

	function connect(args: Arguments, L: LuaThread): TValue | readonly TValue[] {
		const driver = text_at(args, 1, "Connect");
		if (driver !== "SQLite3") {
			const problem = drivers_known.includes(driver) ? `Cannot load driver ${driver}` : `Driver '${driver}' not found`;
			throw new Error(`${problem}. Available drivers are: ${drivers_there}`);
		}
		const name = text_at(args, 2, "Connect");
		try {
			const database = new Sqlite(name === ":memory:" ? name : resolve(server.paths.data, name), { timeout: 0 });
			const connection: Connection = { database, autocommit: false, last_id: 0, changes: 0 };
			open.add(connection);
			return connections.value(L, connection);
		} catch (error) {
			const problem = message_of(error).replace(
				/^Cannot open database because the directory does not exist$/,
				"unable to open database file",
			);
			return refusal(`Failed to connect to database: ${problem}`, nil);
		}
	}

	return make_library(vm, {
		Connect: (args, L) => connect(args, L),
		Drivers() {
			const table = vm.new_table();
			vm.raw_set_value(table, number_value(1), string_value(drivers_there));
			return new TValue(tags.table, table);
		},
		Do(args, L) {
			const connection = connections.target_at(args, 1, "Do");
			const prepared = prepare(connection, text_at(args, 2, "Do"), L);
			if (!(prepared instanceof TValue)) return [boolean_value(false), prepared[1] ?? nil];
			const statement = statements.target_at([prepared], 1, "Do");
			const done = execute(statement, [prepared, ...args.slice(2).map(kept)]);
			return done instanceof TValue ? number_value(statement.connection.changes) : done;
		},
		_VERSION: string_value("0.7"),
	});
}
