// No counterpart: what the reading of a configuration asks of the Lua that runs it, which whoever composes the program brings along.
import type { LuaState } from "../../../lua-shims/vm/fengari.ts";
import type { Result } from "../../util/error.ts";

/** What the Lua of a configuration gets for one run. */
export interface ConfigLuaNeeds {
	/** The file that is read, which `prosody.paths` shows the folder of. */
	readonly path: string;
	/** What `os.getenv` sees. */
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** How long all of it may run, in seconds. */
	readonly seconds: number;
	/** How much memory it may take, in bytes. */
	readonly memory_bytes: number;
	/** Receives lines that are written to the standard output or the log. */
	print(text: string): void;
}

/** A machine of its own with all of Lua's libraries, as Prosody's configuration files see them. */
export interface ConfigLua {
	/** Runs something on the machine's thread, where its errors have to be caught. */
	run(body: (L: LuaState) => void): void;
	/** Pushes Lua's globals, which are an ordinary table. */
	push_globals(L: LuaState): void;
	/** Compiles a text and pushes the function, whose first upvalue is its environment; returns Lua's message where that fails. */
	compile(L: LuaState, code: Uint8Array, chunk_name: string): Result<true, string>;
	/** Closes what is still open. */
	close(): void;
}

/** Makes a machine for one run. */
export type MakeConfigLua = (needs: ConfigLuaNeeds) => ConfigLua;
