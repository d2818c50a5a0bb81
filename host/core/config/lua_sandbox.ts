// Counterpart: core/configmanager.lua (parser.load)
// Runs a configuration in a Lua state of its own that can read files and do nothing else. Loaded only when there is one to run.
import { resolve } from "node:path";
import type { LuaState } from "fengari";
import { lauxlib, lua, to_luastring } from "fengari";
import { failed, ok, type Result } from "../../util/error.ts";
import { type Config, type ConfigError, type ConfigWarning, GLOBAL_SECTION, type SourceLocation } from "./config.ts";
import { readLimited } from "./config_files.ts";
import { explainError } from "./lua_errors.ts";
import { pushLibrary } from "./lua_library.ts";
import { widenIntegers } from "./lua_numbers.ts";
import { LuaSections } from "./lua_sections.ts";
import { decode, pushText, raise, textAt, typeNameAt, UnreadableValue } from "./lua_values.ts";
import { pushEnvironment, type RunningFile, type VocabularyHost } from "./lua_vocabulary.ts";

/** What a configuration may use up; beyond it reading ends with an error. */
export interface ConfigLimits {
	/** Lua instructions, all files together. */
	readonly instructions: number;
	/** How deep files may include files. */
	readonly includeDepth: number;
	/** Size of one file in bytes. */
	readonly fileBytes: number;
	/** Files, all together; a file included twice counts twice. */
	readonly files: number;
}

/** Everything a run depends on. */
export interface SandboxRequest {
	readonly path: string;
	readonly environment: Readonly<Record<string, string | undefined>>;
	readonly missingCredentials: "error" | "warn";
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
const HOOK_INTERVAL = 1000;

/** Warnings kept; a loop could make any number. */
const MAX_WARNINGS = 1000;

/** Chunks are named by number, so that positions can be told from messages whatever the files are called. */
const CHUNK_NAME = /^=\(config (\d+)\)$/;
const POSITION = /^\(config (\d+)\):(\d+): ([\s\S]*)$/;
const CHUNK_MENTION = /\(config (\d+)\)/g;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

class Sandbox implements VocabularyHost {
	readonly sections: LuaSections;
	readonly environment: SandboxRequest["environment"];
	readonly missingCredentials: SandboxRequest["missingCredentials"];
	readonly maximumFileBytes: number;
	readonly libraryReference: number;
	private readonly L: LuaState;
	private readonly limits: ConfigLimits;
	private readonly path: string;
	/** Paths by chunk number less one. */
	private readonly chunks: string[] = [];
	private readonly files: string[] = [];
	private readonly warnings = new Map<string, ConfigWarning>();
	private instructionsLeft: number;
	private defect: unknown;

	constructor(request: SandboxRequest) {
		this.path = request.path;
		this.environment = request.environment;
		this.missingCredentials = request.missingCredentials;
		this.limits = request.limits;
		this.maximumFileBytes = request.limits.fileBytes;
		this.instructionsLeft = request.limits.instructions;
		this.L = lauxlib.luaL_newstate();
		this.sections = new LuaSections(this.L);
		this.libraryReference = this.openLibrary();
	}

	/** Runs the file and what it includes. */
	run(): Result<LoadedConfig, ConfigError> {
		const { L } = this;
		let config: Config | undefined;
		lua.lua_atnativeerror(L, () => this.explainException());
		lua.lua_sethook(L, () => this.spendInstructions(), lua.LUA_MASKCOUNT, HOOK_INTERVAL);
		lua.lua_settop(L, 0);
		lua.lua_pushcfunction(L, () => this.addPosition());
		lua.lua_pushcfunction(L, () => {
			this.runConfig(this.path, undefined);
			config = this.sections.toConfig({
				warn: (warning) => this.warn(warning),
				refuse: (message, location) => this.raiseAt(message, location),
			});
			return 0;
		});
		const status = lua.lua_pcall(L, 0, 0, 1);
		const error = status === lua.LUA_OK ? undefined : this.toError(textAt(L, -1) ?? "unknown error");
		lua.lua_close(L);
		if (this.defect !== undefined) throw this.defect;
		if (config === undefined) return failed(error ?? { file: this.path, message: "unknown error" });
		return ok({ config, files: this.files, warnings: [...this.warnings.values()] });
	}

	locate(L: LuaState): SourceLocation | undefined {
		const activation = new lua.lua_Debug();
		for (let level = 0; lua.lua_getstack(L, level, activation); level += 1) {
			lua.lua_getinfo(L, to_luastring("Sl"), activation);
			const chunk = CHUNK_NAME.exec(decode(activation.source))?.[1];
			const file = chunk === undefined ? undefined : this.chunks[Number(chunk) - 1];
			if (file !== undefined && activation.currentline > 0) return { file, line: activation.currentline };
		}
		return undefined;
	}

	warn(warning: ConfigWarning): void {
		const key = `${warning.file}:${warning.line}: ${warning.message}`;
		if (this.warnings.size < MAX_WARNINGS) this.warnings.set(key, warning);
	}

	include(_L: LuaState, path: string, parent: RunningFile): void {
		this.runConfig(path, parent);
	}

	runScript(L: LuaState, path: string, parent: RunningFile): number {
		const before = lua.lua_gettop(L);
		this.compile(path, parent);
		lua.lua_newtable(L);
		lua.lua_newtable(L);
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, this.libraryReference);
		lua.lua_setfield(L, -2, to_luastring("__index"));
		lua.lua_setmetatable(L, -2);
		lua.lua_setupvalue(L, -2, 1);
		lua.lua_call(L, 0, lua.LUA_MULTRET);
		return lua.lua_gettop(L) - before;
	}

	private openLibrary(): number {
		const { L, sections } = this;
		pushLibrary(L, {
			environment: this.environment,
			nullReference: sections.nullReference,
			prosody: { platform: process.platform === "win32" ? "windows" : "posix", process_type: "prosody" },
			readContext: {
				resolve: sections.resolve,
				lost: (reason) => this.warn({ message: `a value given to json.encode ${reason}`, ...this.locate(L) }),
			},
			mustEnd: () => this.mustEnd(),
			print: (_, text) => this.warn({ message: `the configuration printed: ${text}`, ...this.locate(L) }),
		});
		return lauxlib.luaL_ref(L, lua.LUA_REGISTRYINDEX);
	}

	/** Whether nothing of the configuration may run any more. */
	private mustEnd(): boolean {
		return this.instructionsLeft <= 0 || this.defect !== undefined;
	}

	private spendInstructions(): void {
		this.instructionsLeft -= HOOK_INTERVAL;
		if (this.instructionsLeft > 0) return;
		pushText(this.L, `gave up after ${this.limits.instructions} instructions; is there a loop that does not end?`);
		lua.lua_error(this.L);
	}

	private runConfig(path: string, parent: RunningFile | undefined): void {
		const { L } = this;
		this.compile(path, parent);
		this.files.push(path);
		pushEnvironment(L, this, { path, parent, section: GLOBAL_SECTION, assigned: new Set(), defined: new Set() });
		lua.lua_setupvalue(L, -2, 1);
		lua.lua_call(L, 0, 0);
	}

	/** Reads and compiles a file and leaves its function on the stack; raises what is wrong with it. */
	private compile(path: string, parent: RunningFile | undefined): void {
		const { L } = this;
		this.checkNesting(path, parent);
		const content = readLimited(path, this.limits.fileBytes);
		if (!content.ok) {
			raise(
				L,
				parent === undefined ? `${content.error}; expected a configuration file` : `cannot include ${path}: ${content.error}`,
			);
		}
		this.chunks.push(path);
		let bytes: Uint8Array = content.value;
		if (content.value.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)) {
			this.warn({ message: "the file begins with a byte order mark, which Prosody does not accept", file: path, line: 1 });
			bytes = content.value.subarray(BYTE_ORDER_MARK.length);
		}
		const { source, shifts } = widenIntegers(bytes);
		if (shifts) this.warn({ message: "bits are shifted within 32 bits only, here; write larger numbers out", file: path });
		const name = to_luastring(`=(config ${this.chunks.length})`);
		if (lauxlib.luaL_loadbufferx(L, source, source.length, name, to_luastring("t")) !== lua.LUA_OK) {
			const message = textAt(L, -1) ?? "";
			if (!POSITION.test(message)) this.raiseAt(message, { file: path });
			lua.lua_error(L);
		}
	}

	private checkNesting(path: string, parent: RunningFile | undefined): void {
		const { L, limits } = this;
		if (this.chunks.length >= limits.files) raise(L, `more than ${limits.files} files are included`);
		const chain = [path];
		for (let file = parent; file !== undefined; file = file.parent) {
			chain.unshift(file.path);
			if (resolve(file.path) === resolve(path)) {
				raise(L, `files include each other in a circle: ${chain.join(" includes ")}`);
			}
			if (chain.length > limits.includeDepth + 1) raise(L, `files include files more than ${limits.includeDepth} levels deep`);
		}
	}

	private raiseAt(message: string, location: SourceLocation | undefined): never {
		const chunk = location === undefined ? 0 : this.chunks.lastIndexOf(location.file) + 1;
		pushText(this.L, chunk === 0 ? message : `(config ${chunk}):${location?.line ?? 0}: ${message}`);
		return lua.lua_error(this.L);
	}

	/** Message handler: sees to it that every error is a text that begins with a position, while the place is still known. */
	private addPosition(): number {
		const { L } = this;
		const message = textAt(L, 1) ?? `a ${typeNameAt(L, 1)} was raised as an error, expected a text`;
		const location = POSITION.test(message) ? undefined : this.locate(L);
		const chunk = location === undefined ? 0 : this.chunks.lastIndexOf(location.file) + 1;
		pushText(L, chunk === 0 ? message : `(config ${chunk}):${location?.line ?? 0}: ${message}`);
		return 1;
	}

	/** Turns an exception from our own functions into an error of the configuration, where it is one. */
	private explainException(): number {
		const exception = lua.lua_touserdata(this.L, 1);
		if (exception instanceof UnreadableValue) pushText(this.L, `a value ${exception.message}`);
		else if (exception instanceof RangeError) pushText(this.L, `needs too much memory (${exception.message})`);
		else {
			this.defect = exception;
			pushText(this.L, "internal error");
		}
		return 1;
	}

	private toError(text: string): ConfigError {
		const position = POSITION.exec(text);
		const message = explainError(position?.[3] ?? text).replace(
			CHUNK_MENTION,
			(mention, chunk) => this.chunks[chunk - 1] ?? mention,
		);
		const file = this.chunks[Number(position?.[1]) - 1] ?? this.path;
		const line = Number(position?.[2] ?? 0);
		return line > 0 ? { file, line, message } : { file, message };
	}
}

/** Runs a configuration file and what it includes. */
export function runConfig(request: SandboxRequest): Result<LoadedConfig, ConfigError> {
	return new Sandbox(request).run();
}
