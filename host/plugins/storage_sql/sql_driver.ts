// Counterpart: plugins/mod_storage_sql.lua (normalize_params, module.load)

import type { ModuleApi, SqlDatabase, StorageError } from "../../core/types.ts";
import type { Result } from "../../util/error.ts";

/** An open database, ready for use. */
export interface SqlConnection {
	readonly database: SqlDatabase;
	/** Whether a key of a user can only be stored once, so that the database itself can replace it. */
	readonly has_unique_index: boolean;
}

/** The option `sql`. */
export type SqlOption = { readonly [name: string]: unknown };

/** A kind of database, by the name that LuaDBI has for it. */
export interface SqlDriver {
	/** What the option has to look like. */
	readonly expected: string;
	/** Gives a name for the database that an option means; an error says what is wrong with the option. */
	locate(module: ModuleApi, option: SqlOption): Result<string, string>;
	/** Opens it and makes its tables. */
	open(module: ModuleApi, option: SqlOption): Result<SqlConnection, StorageError>;
	/** Ends what goes on for databases that could not be opened yet. */
	give_up?(module: ModuleApi): void;
}
