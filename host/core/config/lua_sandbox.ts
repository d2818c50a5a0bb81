// Counterpart: core/configmanager.lua (parser.load)
// Runs a configuration in a Lua state of its own that can read files and do nothing else. Loaded only when there is one to run.
import { resolve } from "node:path";
import type { LuaState } from "fengari";
import { lauxlib, lua, to_luastring } from "fengari";
import { failed, ok, type Result } from "../../util/error.ts";
import { type Config, type ConfigError, type ConfigWarning, global_section, type SourceLocation } from "./config.ts";
import { read_limited } from "./config_files.ts";
import { explain_error } from "./lua_errors.ts";
import { push_library } from "./lua_library.ts";
import { widen_integers } from "./lua_numbers.ts";
import { LuaSections } from "./lua_sections.ts";
import { decode, push_text, raise, text_at, type_name_at, UnreadableValue } from "./lua_values.ts";
import { push_environment, type RunningFile, type VocabularyHost } from "./lua_vocabulary.ts";

/** What a configuration may use up; beyond it reading ends with an error. */
export interface ConfigLimits {
	/** Lua instructions, all files together. */
	readonly instructions: number;
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
}

/** A configuration that was read. */
export interface LoadedConfig {
	readonly config: Config;
	/** The files it was read from, in the order they were opened. */
	readonly files: readonly string[];
	readonly warnings: readonly ConfigWarning[];
}

/** Instructions between two looks at the budget. */
const hook_interval = 1000;

/** Warnings kept; a loop could make any number. */
const max_warnings = 1000;

/** Chunks are named by number, so that positions can be told from messages whatever the files are called. */
const chunk_name = /^=\(config (\d+)\)$/;
const position_pattern = /^\(config (\d+)\):(\d+): ([\s\S]*)$/;
const chunk_mention = /\(config (\d+)\)/g;

const byte_order_mark = Buffer.from([0xef, 0xbb, 0xbf]);

class Sandbox implements VocabularyHost {
	readonly sections: LuaSections;
	readonly environment: SandboxRequest["environment"];
	readonly missing_credentials: SandboxRequest["missing_credentials"];
	readonly maximum_file_bytes: number;
	readonly library_reference: number;
	private readonly state: LuaState;
	private readonly limits: ConfigLimits;
	private readonly path: string;
	/** Paths by chunk number less one. */
	private readonly chunks: string[] = [];
	private readonly files: string[] = [];
	private readonly warnings = new Map<string, ConfigWarning>();
	private instructions_left: number;
	private defect: unknown;

	constructor(request: SandboxRequest) {
		this.path = request.path;
		this.environment = request.environment;
		this.missing_credentials = request.missing_credentials;
		this.limits = request.limits;
		this.maximum_file_bytes = request.limits.file_bytes;
		this.instructions_left = request.limits.instructions;
		this.state = lauxlib.luaL_newstate();
		this.sections = new LuaSections(this.state);
		this.library_reference = this.open_library();
	}

	/** Runs the file and what it includes. */
	run(): Result<LoadedConfig, ConfigError> {
		const L = this.state;
		let config: Config | undefined;
		lua.lua_atnativeerror(L, () => this.explain_exception());
		lua.lua_sethook(L, () => this.spend_instructions(), lua.LUA_MASKCOUNT, hook_interval);
		lua.lua_settop(L, 0);
		lua.lua_pushcfunction(L, () => this.add_position());
		lua.lua_pushcfunction(L, () => {
			this.run_config(this.path, undefined);
			config = this.sections.to_config({
				warn: (warning) => this.warn(warning),
				refuse: (message, location) => this.raise_at(message, location),
			});
			return 0;
		});
		const status = lua.lua_pcall(L, 0, 0, 1);
		const error = status === lua.LUA_OK ? undefined : this.to_error(text_at(L, -1) ?? "unknown error");
		lua.lua_close(L);
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
		this.compile(path, parent);
		lua.lua_newtable(L);
		lua.lua_newtable(L);
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, this.library_reference);
		lua.lua_setfield(L, -2, to_luastring("__index"));
		lua.lua_setmetatable(L, -2);
		lua.lua_setupvalue(L, -2, 1);
		lua.lua_call(L, 0, lua.LUA_MULTRET);
		return lua.lua_gettop(L) - before;
	}

	private open_library(): number {
		const { state: L, sections } = this;
		push_library(L, {
			environment: this.environment,
			null_reference: sections.null_reference,
			prosody: { platform: process.platform === "win32" ? "windows" : "posix", process_type: "prosody" },
			read_context: {
				resolve: sections.resolve,
				lost: (reason) => this.warn({ message: `a value given to json.encode ${reason}`, ...this.locate(L) }),
			},
			must_end: () => this.must_end(),
			print: (_, text) => this.warn({ message: `the configuration printed: ${text}`, ...this.locate(L) }),
		});
		return lauxlib.luaL_ref(L, lua.LUA_REGISTRYINDEX);
	}

	/** Whether nothing of the configuration may run any more. */
	private must_end(): boolean {
		return this.instructions_left <= 0 || this.defect !== undefined;
	}

	private spend_instructions(): void {
		this.instructions_left -= hook_interval;
		if (this.instructions_left > 0) return;
		push_text(this.state, `gave up after ${this.limits.instructions} instructions; is there a loop that does not end?`);
		lua.lua_error(this.state);
	}

	private run_config(path: string, parent: RunningFile | undefined): void {
		const L = this.state;
		this.compile(path, parent);
		this.files.push(path);
		push_environment(L, this, { path, parent, section: global_section, assigned: new Set(), defined: new Set() });
		lua.lua_setupvalue(L, -2, 1);
		lua.lua_call(L, 0, 0);
	}

	/** Reads and compiles a file and leaves its function on the stack; raises what is wrong with it. */
	private compile(path: string, parent: RunningFile | undefined): void {
		const L = this.state;
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
		const { source, shifts } = widen_integers(bytes);
		if (shifts) this.warn({ message: "bits are shifted within 32 bits only, here; write larger numbers out", file: path });
		const name = to_luastring(`=(config ${this.chunks.length})`);
		if (lauxlib.luaL_loadbufferx(L, source, source.length, name, to_luastring("t")) !== lua.LUA_OK) {
			const message = text_at(L, -1) ?? "";
			if (!position_pattern.test(message)) this.raise_at(message, { file: path });
			lua.lua_error(L);
		}
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
	return new Sandbox(request).run();
}
