// No counterpart: a session does not outlive a Prosody.

import type { ModuleApi, StorageError, StoreTable } from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { from_table, type ResumeState, to_table } from "./resume_state.ts";

/** Where sessions of one host are kept that wait for their clients while no server, or another one, is there for them. */
export interface ResumeStore {
	/** Keeps sessions of one account beside those that are kept. */
	save(username: string, states: readonly ResumeState[]): Result<void, StorageError>;
	/** All accounts that have some. */
	users(): Result<string[], StorageError>;
	/** The sessions of an account. Those that make no sense are left out, and said to be wrong. */
	load(username: string): Result<ResumeState[], StorageError>;
	/** Forgets some of an account. */
	remove(username: string, states: readonly Pick<ResumeState, "token">[]): Result<void, StorageError>;
}

function is_table(value: unknown): value is StoreTable {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

/** Keeps them in the store `smacks_sessions`: a table for each account, by the names that they can be resumed under. */
export function open_resume_store(module: ModuleApi): ResumeStore {
	const store = module.open_store("smacks_sessions");
	return {
		save(username, states) {
			const known = store.get(username);
			if (!known.ok) return known;
			const table = { ...known.value };
			for (const state of states) table[state.token] = to_table(state);
			return store.set(username, table);
		},
		users: () => store.users(),
		load(username) {
			const known = store.get(username);
			if (!known.ok) return failed(known.error);
			const states: ResumeState[] = [];
			for (const [token, table] of Object.entries(known.value ?? {})) {
				const state = is_table(table) ? from_table(table) : failed("expected a table");
				if (state.ok) states.push(state.value);
				else module.log("error", "The session %s of %s cannot go on: %s", token, username, state.error);
			}
			return ok(states);
		},
		remove(username, states) {
			const known = store.get(username);
			if (!known.ok) return known;
			const table = { ...known.value };
			for (const { token } of states) delete table[token];
			return store.set(username, table);
		},
	};
}
