// No counterpart: a Prosody has no other that could take its place.

import type { Life } from "../../util/cluster/types.ts";
import type { ServerAddress, Statement } from "./messages.ts";
import type { SqlProblem } from "./problems.ts";

/**
 * The table of nodes has a row for each: from which life on it may store something, and over which connection it last began to. Each
 * transaction of a node holds its row, so that whoever raises the row waits for those that are under way.
 */
interface FenceForm {
	/** A row's life is at least the given one afterwards. The values: node, incarnation. */
	readonly raise: string;
	/** The same by the node itself, which notes this connection. */
	readonly enter: string;
	/** Brings a row where the node may store, and holds it until the transaction ends. The values: node, incarnation. */
	readonly hold: string;
	/** Ends another connection of ours. */
	end(connection: string): Statement;
}

const create = "CREATE TABLE IF NOT EXISTS enjamb_nodes (node VARCHAR(64) PRIMARY KEY, incarnation BIGINT, connection BIGINT)";
const held = "SELECT 1 FROM enjamb_nodes WHERE node = ? AND incarnation <= ?";

const forms: Readonly<Record<ServerAddress["driver"], FenceForm>> = {
	PostgreSQL: {
		raise:
			"INSERT INTO enjamb_nodes (node, incarnation, connection) VALUES (?, ?, 0) ON CONFLICT (node) DO UPDATE SET connection = CASE WHEN enjamb_nodes.incarnation < EXCLUDED.incarnation THEN 0 ELSE enjamb_nodes.connection END, incarnation = GREATEST(enjamb_nodes.incarnation, EXCLUDED.incarnation)",
		enter:
			"INSERT INTO enjamb_nodes (node, incarnation, connection) VALUES (?, ?, pg_backend_pid()) ON CONFLICT (node) DO UPDATE SET connection = EXCLUDED.connection, incarnation = EXCLUDED.incarnation WHERE enjamb_nodes.incarnation <= EXCLUDED.incarnation",
		hold: `${held} FOR SHARE`,
		end: (connection) => ({
			sql: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ? AND application_name = 'enjamb' AND pid <> pg_backend_pid()",
			values: [connection],
		}),
	},
	MySQL: {
		raise:
			"INSERT INTO enjamb_nodes (node, incarnation, connection) VALUES (?, ?, 0) ON DUPLICATE KEY UPDATE connection = IF(incarnation < VALUES(incarnation), 0, connection), incarnation = GREATEST(incarnation, VALUES(incarnation))",
		enter:
			"INSERT INTO enjamb_nodes (node, incarnation, connection) VALUES (?, ?, CONNECTION_ID()) ON DUPLICATE KEY UPDATE connection = IF(incarnation <= VALUES(incarnation), VALUES(connection), connection), incarnation = GREATEST(incarnation, VALUES(incarnation))",
		hold: `${held} LOCK IN SHARE MODE`,
		end: (connection) => ({ sql: `KILL CONNECTION ${connection}`, values: [] }),
	},
};

/** Makes the table where there is none. */
export const create_fence: Statement = { sql: create, values: [] };

/** A life begins to store over this connection; from now on, earlier lives of its node cannot store any more. */
export function enter_fence(driver: ServerAddress["driver"], { node, incarnation }: Life): Statement {
	return { sql: forms[driver].enter, values: [node, incarnation] };
}

/** Brings a row where a life may store, at the beginning of a transaction. */
export function hold_fence(driver: ServerAddress["driver"], { node, incarnation }: Life): Statement {
	return { sql: forms[driver].hold, values: [node, incarnation] };
}

/** Brings the first incarnation of a node that may store, and its connection. */
export function look_at_fence({ node }: Life): Statement {
	return { sql: "SELECT incarnation, connection FROM enjamb_nodes WHERE node = ?", values: [node] };
}

/** Neither this life nor an earlier one of its node may store any more. */
export function raise_fence(driver: ServerAddress["driver"], { node, incarnation }: Life): Statement {
	return { sql: forms[driver].raise, values: [node, incarnation + 1] };
}

/** Ends a connection that may be holding its row, since its node is stopped; that it is gone already is no error. */
export function end_connection(driver: ServerAddress["driver"], connection: string): Statement {
	return forms[driver].end(connection);
}

/** Whether an error says that the table is not there. */
export function lacks_table(problem: SqlProblem): boolean {
	return /enjamb_nodes.*(does not exist|doesn't exist)/.test(problem.message);
}
