// Counterpart: core/configmanager.lua (parser.load)
// Runs a configuration in a Lua machine of its own. The file belongs to the administrator and may do what Prosody lets it do; what it
// uses up is limited, so that a mistake in it ends with a message.
import { resolve } from "node:path";
import type { LuaState } from "../../../lua-shims/vm/fengari.ts";
import { lua, to_luastring } from "../../../lua-shims/vm/fengari.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { type Config, type ConfigError, type ConfigWarning, global_section, type SourceLocation } from "./config.ts";
import { read_limited } from "./config_files.ts";
import type { ConfigLua, MakeConfigLua } from "./config_lua.ts";
import { explain_error } from "./lua_errors.ts";
import { LuaSections } from "./lua_sections.ts";
import { decode, push_text, raise, text_at, type_name_at, UnreadableValue } from "./lua_values.ts";
import { push_environment, type RunningFile, type VocabularyHost } from "./lua_vocabulary.ts";

/** What a configuration may use up; when it uses more, reading ends with an error. */
export interface ConfigLimits {
	/** Time in seconds, all files together. */
	readonly seconds: number;
	/** Memory in bytes, beyond what is in use before. */
	readonly memory_bytes: number;
	/** How deep files may include files. */
	readonly include_depth: number;
	/** Size of one file in bytes. */
	readonly file_bytes: number;
	/** Files, all together; a file included twice counts twice. */
	readonly files: number;
}

/** Everything a run depends on. */
export interface SandboxRequest {
	readonly path: string;
	readonly environment: Readonly<Record<string, string | undefined>>;
	readonly missing_credentials: "error" | "warn";
	readonly limits: ConfigLimits;
	readonly make_lua: MakeConfigLua;
}

/** A configuration that was read. */
export interface LoadedConfig {
	readonly config: Config;
	/** The files it was read from, in the order they were opened. */
	readonly files: readonly string[];
	readonly warnings: readonly ConfigWarning[];
}

/** How many warnings are kept, since a loop could cause any number. */
const max_warnings = 1000;

/** Chunks have numbers as names, so that positions can be found in messages whatever the files are called. */
const chunk_name = /^=\(config (\d+)\)$/;
const position_pattern = /^\(config (\d+)\):(\d+): ([\s\S]*)$/;
const chunk_mention = /\(config (\d+)\)/g;

const byte_order_mark = Buffer.from([0xef, 0xbb, 0xbf]);

class Sandbox implements VocabularyHost {
	readonly sections: LuaSections;
	readonly environment: SandboxRequest["environment"];
	readonly missing_credentials: SandboxRequest["missing_credentials"];
	readonly maximum_file_bytes: number;
	private readonly machine: ConfigLua;
	private readonly limits: ConfigLimits;
	private readonly path: string;
	/** Paths by chunk number less one. */
	private readonly chunks: string[] = [];
	private readonly files: string[] = [];
	private readonly warnings = new Map<string, ConfigWarning>();
	private defect: unknown;

	constructor(
		request: SandboxRequest,
		private readonly state: LuaState,
		machine: ConfigLua,
	) {
		this.path = request.path;
		this.environment = request.environment;
		this.missing_credentials = request.missing_credentials;
		this.limits = request.limits;
		this.maximum_file_bytes = request.limits.file_bytes;
		this.machine = machine;
		this.sections = new LuaSections(state);
	}

	/** Runs the file and what it includes. */
	run(): Result<LoadedConfig, ConfigError> {
		const L = this.state;
		let config: Config | undefined;
		lua.lua_atnativeerror(L, () => this.explain_exception());
		lua.lua_settop(L, 0);
		lua.lua_pushcfunction(L, () => this.add_position());
		lua.lua_pushcfunction(L, () => {
			this.run_config(this.path, undefined);
			config = this.sections.to_config(L, {
				warn: (warning) => this.warn(warning),
				refuse: (message, location) => this.raise_at(message, location),
			});
			return 0;
		});
		const status = lua.lua_pcall(L, 0, 0, 1);
		const error = status === lua.LUA_OK ? undefined : this.to_error(text_at(L, -1) ?? "unknown error");
		lua.lua_settop(L, 0);
		if (this.defect !== undefined) throw this.defect;
		if (config === undefined) return failed(error ?? { file: this.path, message: "unknown error" });
		return ok({ config, files: this.files, warnings: [...this.warnings.values()] });
	}

	locate(L: LuaState): SourceLocation | undefined {
		const activation = new lua.lua_Debug();
		for (let level = 0; lua.lua_getstack(L, level, activation); level += 1) {
			lua.lua_getinfo(L, to_luastring("Sl"), activation);
			const chunk = chunk_name.exec(decode(activation.source))?.[1];
			const file = chunk === undefined ? undefined : this.chunks[Number(chunk) - 1];
			if (file !== undefined && activation.currentline > 0) return { file, line: activation.currentline };
		}
		return undefined;
	}

	warn(warning: ConfigWarning): void {
		const key = `${warning.file}:${warning.line}: ${warning.message}`;
		if (this.warnings.size < max_warnings) this.warnings.set(key, warning);
	}

	include(_L: LuaState, path: string, parent: RunningFile): void {
		this.run_config(path, parent);
	}

	run_script(L: LuaState, path: string, parent: RunningFile): number {
		const before = lua.lua_gettop(L);
		this.compile(L, path, parent);
		lua.lua_call(L, 0, lua.LUA_MULTRET);
		return lua.lua_gettop(L) - before;
	}

	push_globals(L: LuaState): void {
		this.machine.push_globals(L);
	}

	/** Passes on what the configuration printed. */
	print(text: string): void {
		this.warn({ message: `the configuration printed: ${text}`, ...this.locate(this.state) });
	}

	private run_config(path: string, parent: RunningFile | undefined): void {
		const L = this.state;
		this.compile(L, path, parent);
		this.files.push(path);
		push_environment(L, this, { path, parent, section: global_section, assigned: new Set(), defined: new Set() });
		lua.lua_setupvalue(L, -2, 1);
		lua.lua_call(L, 0, 0);
	}

	/** Reads and compiles a file and leaves its function on the stack; raises what is wrong with it. */
	private compile(L: LuaState, path: string, parent: RunningFile | undefined): void {
		this.check_nesting(path, parent);
		const content = read_limited(path, this.limits.file_bytes);
		if (!content.ok) {
			raise(
				L,
				parent === undefined ? `${content.error}; expected a configuration file` : `cannot include ${path}: ${content.error}`,
			);
		}
		this.chunks.push(path);
		let bytes: Uint8Array = content.value;
		if (content.value.subarray(0, byte_order_mark.length).equals(byte_order_mark)) {
			this.warn({ message: "the file begins with a byte order mark, which Prosody does not accept", file: path, line: 1 });
			bytes = content.value.subarray(byte_order_mark.length);
		}
		const compiled = this.machine.compile(L, bytes, `=(config ${this.chunks.length})`);
		if (compiled.ok) return;
		if (!position_pattern.test(compiled.error)) this.raise_at(compiled.error, { file: path });
		push_text(L, compiled.error);
		lua.lua_error(L);
	}

	private check_nesting(path: string, parent: RunningFile | undefined): void {
		const { state: L, limits } = this;
		if (this.chunks.length >= limits.files) raise(L, `more than ${limits.files} files are included`);
		const chain = [path];
		for (let file = parent; file !== undefined; file = file.parent) {
			chain.unshift(file.path);
			if (resolve(file.path) === resolve(path)) {
				raise(L, `files include each other in a circle: ${chain.join(" includes ")}`);
			}
			if (chain.length > limits.include_depth + 1) raise(L, `files include files more than ${limits.include_depth} levels deep`);
		}
	}

	private raise_at(message: string, location: SourceLocation | undefined): never {
		const chunk = location === undefined ? 0 : this.chunks.lastIndexOf(location.file) + 1;
		push_text(this.state, chunk === 0 ? message : `(config ${chunk}):${location?.line ?? 0}: ${message}`);
		return lua.lua_error(this.state);
	}

	/** Message handler: sees to it that every error is a text that begins with a position, while the place is still known. */
	private add_position(): number {
		const L = this.state;
		const message = text_at(L, 1) ?? `a ${type_name_at(L, 1)} was raised as an error, expected a text`;
		const location = position_pattern.test(message) ? undefined : this.locate(L);
		const chunk = location === undefined ? 0 : this.chunks.lastIndexOf(location.file) + 1;
		push_text(L, chunk === 0 ? message : `(config ${chunk}):${location?.line ?? 0}: ${message}`);
		return 1;
	}

	/** Turns an exception from our own functions into an error of the configuration, where it is one. */
	private explain_exception(): number {
		const exception = lua.lua_touserdata(this.state, 1);
		if (exception instanceof UnreadableValue) push_text(this.state, `a value ${exception.message}`);
		else if (exception instanceof RangeError) push_text(this.state, `needs too much memory (${exception.message})`);
		else {
			this.defect = exception;
			push_text(this.state, "internal error");
		}
		return 1;
	}

	private to_error(text: string): ConfigError {
		const position = position_pattern.exec(text);
		const message = explain_error(position?.[3] ?? text).replace(
			chunk_mention,
			(mention, chunk) => this.chunks[chunk - 1] ?? mention,
		);
		const file = this.chunks[Number(position?.[1]) - 1] ?? this.path;
		const line = Number(position?.[2] ?? 0);
		return line > 0 ? { file, line, message } : { file, message };
	}
}

/** Runs a configuration file and what it includes. */
export function run_config(request: SandboxRequest): Result<LoadedConfig, ConfigError> {
	let sandbox: Sandbox | undefined;
	const { path, environment, limits } = request;
	const { seconds, memory_bytes } = limits;
	const print = (text: string): void => sandbox?.print(text);
	const machine = request.make_lua({ path, environment, seconds, memory_bytes, print });
	let result: Result<LoadedConfig, ConfigError> | undefined;
	try {
		machine.run((L) => {
			sandbox = new Sandbox(request, L, machine);
			result = sandbox.run();
		});
	} finally {
		machine.close();
	}
	return result ?? failed({ file: path, message: "unknown error" });
}
