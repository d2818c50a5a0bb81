// No counterpart: Prosody does not ask what became of a transaction.

import type { Statement } from "./messages.ts";

/**
 * A statement in a form that changes nothing where it was done already: an insert adds no second row like the first; all other statements
 * do no more the second time.
 * @param from what the database wants between values and a condition, with a space before it
 */
export function repeatable(statement: Statement, from: "" | " FROM DUAL"): Statement {
	const [, table = "", names = "", given = ""] = /^INSERT INTO "(\w+)" \(([^)]*)\) VALUES \(([^)]*)\)$/.exec(statement.sql) ?? [];
	if (table === "") return statement;
	const values = given.split(",");
	const same = names.split(",").map((name, index) => `${name.trim()} = ${values[index]}`);
	return {
		sql: `INSERT INTO "${table}" (${names}) SELECT ${given}${from} WHERE NOT EXISTS (SELECT 1 FROM "${table}" WHERE ${same.join(" AND ")})`,
		values: [...statement.values, ...statement.values],
	};
}
