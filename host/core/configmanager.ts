// Counterpart: core/configmanager.lua
import { failed, ok, type Result } from "../util/error.ts";
import type { ConfigError } from "./config/config.ts";
import type { ConfigLimits, LoadedConfig, SandboxRequest } from "./config/lua_sandbox.ts";
import { read_plain_config } from "./config/plain_config.ts";

export { check_options } from "./config/check_options.ts";
export {
	Config,
	type ConfigError,
	type ConfigMixedTable,
	type ConfigTable,
	type ConfigValue,
	type ConfigWarning,
	global_section,
	type SourceLocation,
} from "./config/config.ts";
export type { ConfigLua, ConfigLuaNeeds, MakeConfigLua } from "./config/config_lua.ts";
export { default_config } from "./config/default_config.ts";
export type { ConfigLimits, LoadedConfig } from "./config/lua_sandbox.ts";

/** How to read a configuration; each has a default. */
export interface LoadOptions {
	/** What `ENV_…`, `os.getenv` and `Credential` see; the process's environment unless given. */
	readonly environment?: Readonly<Record<string, string | undefined>>;
	/**
	 * What `Credential` does when CREDENTIALS_DIRECTORY is not set: `error` (as a starting server), or `warn` and leave the option
	 * unset (for checks run by hand).
	 */
	readonly missing_credentials?: "error" | "warn";
	readonly limits?: Partial<ConfigLimits>;
}

/** Generous for people, and soon reached by an endless loop. */
const default_limits: ConfigLimits = {
	seconds: 20,
	memory_bytes: 512 * 1024 * 1024,
	include_depth: 20,
	file_bytes: 4 * 1024 * 1024,
	files: 1000,
};

/** Reads a configuration by running it in Lua. */
export type RunConfig = (request: Omit<SandboxRequest, "make_lua">) => Result<LoadedConfig, ConfigError>;

/**
 * What reads a `prosody.cfg.lua`, as often as it is called: without a Lua where the file is plain, and otherwise by running it. Answers the
 * configuration with the files it came from and warnings, or the first error with its file and line.
 * @param run_in_lua runs it
 */
export function config_reader(
	path: string,
	run_in_lua: RunConfig,
	options: LoadOptions = {},
): () => Result<LoadedConfig, ConfigError> {
	if (!path.endsWith(".lua")) return () => failed({ file: path, message: "expected a file name that ends in .lua" });
	const limits = { ...default_limits, ...options.limits };
	return () => {
		const plain = read_plain_config(path, limits);
		if (plain !== undefined) return ok(plain);
		return run_in_lua({
			path,
			environment: options.environment ?? process.env,
			missing_credentials: options.missing_credentials ?? "error",
			limits,
		});
	};
}
