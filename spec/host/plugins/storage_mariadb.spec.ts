// The stores of mod_storage_sql in a MariaDB.

import { afterAll, beforeEach, describe } from "vitest";
import { not_installed } from "../../needs.ts";
import { find_mariadb, start_mariadb } from "../databases/mariadb.ts";
import { storage_cases } from "./storage.common.ts";

const is_left_out = not_installed(find_mariadb(), "MariaDB", "stores in it are not tried");
const database = is_left_out ? undefined : await start_mariadb();

afterAll(() => database?.remove());

describe.skipIf(is_left_out)("in MariaDB", () => {
	beforeEach(() => database?.empty());
	storage_cases("sql", { sql: database?.sql ?? {} }, { whole_seconds: true, no_nul: true });
});
