// The stores of mod_storage_sql in a PostgreSQL.

import { afterAll, beforeEach, describe } from "vitest";
import { not_installed } from "../../needs.ts";
import { find_postgresql, start_postgresql } from "../databases/postgresql.ts";
import { storage_cases } from "./storage.common.ts";

const is_left_out = not_installed(find_postgresql(), "PostgreSQL", "stores in it are not tried");
const database = is_left_out ? undefined : await start_postgresql();

afterAll(() => database?.remove());

describe.skipIf(is_left_out)("in PostgreSQL", () => {
	beforeEach(() => database?.empty());
	storage_cases("sql", { sql: database?.sql ?? {} }, { whole_seconds: true, no_nul: true });
});
