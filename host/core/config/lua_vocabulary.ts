// Counterpart: core/configmanager.lua (parser.load, the environment a configuration runs in)
import { dirname, resolve } from "node:path";
import type { LuaCFunction, LuaState } from "../../../lua-shims/vm/fengari.ts";
import { lua, to_luastring } from "../../../lua-shims/vm/fengari.ts";
import { nameprep } from "../../util/encodings.ts";
import { type ConfigWarning, global_section, type SourceLocation } from "./config.ts";
import { expand_glob, is_glob, read_limited } from "./config_files.ts";
import type { LuaSections } from "./lua_sections.ts";
import { each_entry, push_text, raise, text_at, type_name_at } from "./lua_values.ts";

/** One file of a configuration while it runs. */
export interface RunningFile {
	readonly path: string;
	/** The file that included this one. */
	readonly parent: RunningFile | undefined;
	/** The section that assignments go to. */
	section: string;
	/** `section/option` of everything assigned in this file. */
	readonly assigned: Set<string>;
	/** Hosts defined in this file. */
	readonly defined: Set<string>;
}

/** What the vocabulary needs from what runs the configuration. */
export interface VocabularyHost {
	readonly sections: LuaSections;
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** Whether a missing $CREDENTIALS_DIRECTORY is an error or a warning. */
	readonly missing_credentials: "error" | "warn";
	readonly maximum_file_bytes: number;
	/** Pushes the table `Lua` names. */
	push_globals(L: LuaState): void;
	/** The innermost place in a configuration file that is being run. */
	locate(L: LuaState): SourceLocation | undefined;
	warn(warning: ConfigWarning): void;
	/** Runs a file as part of the configuration; raises its errors. */
	include(L: LuaState, path: string, parent: RunningFile): void;
	/** Runs a file as Lua's dofile does, pushes its results and answers how many they are. */
	run_script(L: LuaState, path: string, parent: RunningFile): number;
}

/** Words that people write instead of Lua's own. */
const constants: ReadonlyMap<string, string> = new Map([
	["yes", "true"],
	["on", "true"],
	["no", "false"],
	["off", "false"],
	["null", "nil"],
	["none", "nil"],
]);

function constant_meant(name: string): string | undefined {
	const lower = name.toLowerCase();
	return lower === "true" || lower === "false" ? lower : constants.get(lower);
}

/** The host name in argument 1, prepared; raises an error for anything else. */
function host_name(L: LuaState, word: string): string {
	const name = text_at(L, 1);
	if (name === undefined) raise(L, `${word} expected a host name in quotes, not ${type_name_at(L, 1)}`);
	const prepared = nameprep(name);
	// nameprep allows blanks and control characters, but no client could address such a host.
	if (prepared === undefined || prepared === global_section || !/^[^\s\p{Cc}]+$/u.test(prepared)) {
		raise(L, `'${name}' cannot be the name of a ${word}; expected a host name such as "example.com"`);
	}
	return prepared;
}

/** Sets all entries of the table at an index as options of a host. */
function set_all(host: VocabularyHost, L: LuaState, index: number, name: string): void {
	const location = host.locate(L);
	each_entry(L, index, () => {
		const option = text_at(L, -2);
		if (option === undefined) {
			host.warn({ message: `a value without a name was left out; expected name = value`, host: name, ...location });
			return;
		}
		lua.lua_pushvalue(L, -1);
		host.sections.set(L, name, option, location);
	});
}

/** Makes a host's section the current one; a second definition in the same file gets a warning. */
function enter_section(
	L: LuaState,
	host: VocabularyHost,
	file: RunningFile,
	name: string,
	location: SourceLocation | undefined,
): void {
	if (file.defined.has(name)) {
		host.warn({ message: `'${name}' is defined twice in this file; the options of both places apply`, host: name, ...location });
	}
	file.defined.add(name);
	file.section = name;
	host.sections.define(L, name);
}

function virtual_host(host: VocabularyHost, file: RunningFile): LuaCFunction {
	return (L) => {
		const name = host_name(L, "VirtualHost");
		const module = host.sections.text(L, name, "component_module");
		if (module !== undefined) {
			raise(
				L,
				`VirtualHost "${name}" is already a Component (${module}); a service needs a name of its own, like conference.${name}`,
			);
		}
		const location = host.locate(L);
		enter_section(L, host, file, name, location);
		host.sections.set_plain(L, name, "defined", true, location);
		lua.lua_pushcfunction(L, (L) => {
			file.section = global_section;
			const text = text_at(L, 1);
			if (text !== undefined) raise(L, `VirtualHost "${name}" takes no module name, but got "${text}"; only a Component does`);
			if (lua.lua_type(L, 1) !== lua.LUA_TTABLE) {
				raise(L, `VirtualHost "${name}" expected { options } after its name, not ${type_name_at(L, 1)}`);
			}
			set_all(host, L, 1, name);
			return 0;
		});
		return 1;
	};
}

function component(host: VocabularyHost, file: RunningFile): LuaCFunction {
	return (L) => {
		const name = host_name(L, "Component");
		const { sections } = host;
		if (sections.is_set(L, name, "defined") && !sections.is_set(L, name, "component_module")) {
			raise(L, `Component "${name}" is already a VirtualHost; a service needs a name of its own, like conference.${name}`);
		}
		const location = host.locate(L);
		enter_section(L, host, file, name, location);
		sections.set_plain(L, name, "component_module", "component", location);
		sections.set_plain(L, name, "load_global_modules", false, location);

		const take_options: LuaCFunction = (L) => {
			file.section = global_section;
			if (lua.lua_type(L, 1) !== lua.LUA_TTABLE) {
				raise(L, `Component "${name}" expected { options }, not ${type_name_at(L, 1)}`);
			}
			set_all(host, L, 1, name);
			return 0;
		};
		lua.lua_pushcfunction(L, (L) => {
			const module = text_at(L, 1);
			if (module === undefined) return take_options(L);
			sections.set_plain(L, name, "component_module", module, location);
			lua.lua_pushcfunction(L, take_options);
			return 1;
		});
		return 1;
	};
}

/** A path of the configuration's, relative to the file it stands in. */
function path_argument(L: LuaState, word: string, directory: string): string {
	const path = text_at(L, 1);
	if (path === undefined || path === "") raise(L, `${word} expected a file name in quotes, not ${type_name_at(L, 1)}`);
	return resolve(directory, path);
}

function include(host: VocabularyHost, file: RunningFile): LuaCFunction {
	return (L) => {
		const path = path_argument(L, "Include", dirname(file.path));
		const paths: string[] = [];
		if (is_glob(text_at(L, 1) ?? "")) {
			const found = expand_glob(path);
			if (!found.ok) raise(L, `cannot include ${path}: ${found.error}`);
			paths.push(...found.value);
		} else paths.push(path);
		for (const each of paths) host.include(L, each, file);
		lua.lua_pushboolean(L, true);
		return 1;
	};
}

/** What one of Lua's read modes takes from the start of a file; `undefined` when there is nothing to take. */
function read_mode(content: Buffer, mode: string): Buffer | undefined {
	const letter = mode.replace(/^\*/, "").charAt(0);
	if (letter === "a") return content;
	if (content.length === 0) return undefined;
	const newline = content.indexOf(10);
	if (newline === -1) return content;
	return content.subarray(0, letter === "L" ? newline + 1 : newline);
}

/** FileContents, FileLine, Credential: a file's text, or the part that the mode in the second argument says. */
function file_reader(host: VocabularyHost, word: string, directory: string, default_mode: string): LuaCFunction {
	return (L) => {
		const path = path_argument(L, word, directory);
		const mode = text_at(L, 2) ?? default_mode;
		if (!/^\*?[alL]/.test(mode)) raise(L, `${word} expected "a", "l" or "L" after the file name, not "${mode}"`);
		const content = read_limited(path, host.maximum_file_bytes);
		if (!content.ok) raise(L, `${word} cannot read ${path}: ${content.error}`);
		const part = read_mode(content.value, mode);
		if (part === undefined) raise(L, `${word} found nothing in ${path}: the file is empty`);
		lua.lua_pushstring(L, Uint8Array.from(part));
		return 1;
	};
}

function file_lines(host: VocabularyHost, directory: string): LuaCFunction {
	return (L) => {
		const path = path_argument(L, "FileLines", directory);
		const content = read_limited(path, host.maximum_file_bytes);
		if (!content.ok) raise(L, `FileLines cannot read ${path}: ${content.error}`);
		lua.lua_newtable(L);
		let start = 0;
		for (let position = 1; start < content.value.length; position += 1) {
			const newline = content.value.indexOf(10, start);
			const end = newline === -1 ? content.value.length : newline;
			lua.lua_pushstring(L, Uint8Array.from(content.value.subarray(start, end)));
			lua.lua_rawseti(L, -2, position);
			start = end + 1;
		}
		return 1;
	};
}

function credential(host: VocabularyHost): LuaCFunction {
	const directory = host.environment["CREDENTIALS_DIRECTORY"];
	if (directory !== undefined) return file_reader(host, "Credential", directory, "a");
	return (L) => {
		const message = "Credential() expected the environment variable CREDENTIALS_DIRECTORY to be set";
		if (host.missing_credentials === "error") raise(L, message);
		host.warn({ message, ...host.locate(L) });
		lua.lua_pushnil(L);
		return 1;
	};
}

/** Reading a name that is not a word of the vocabulary: environment variables, `Lua`, options of the section, Lua's library. */
function read_name(host: VocabularyHost, file: RunningFile): LuaCFunction {
	return (L) => {
		const name = text_at(L, 2);
		if (name === undefined) return 0;
		if (name.startsWith("ENV_")) {
			const value = host.environment[name.slice("ENV_".length)];
			if (value === undefined) return 0;
			push_text(L, value);
			return 1;
		}
		if (name === "Lua") {
			host.push_globals(L);
			return 1;
		}
		const type = host.sections.push(L, file.section, name);
		if (type === lua.LUA_TTABLE) host.sections.push_proxy(L, file.section, name);
		if (type !== lua.LUA_TNIL) return 1;

		host.push_globals(L);
		push_text(L, name);
		const in_library = lua.lua_rawget(L, -2) !== lua.LUA_TNIL;
		const location = host.locate(L);
		if (in_library) {
			host.warn({
				message: `'${name}' of Lua's library is used directly; write Lua.${name}`,
				suggestion: `Lua.${name}`,
				...location,
			});
			return 1;
		}
		const meant = constant_meant(name);
		const hint = meant === undefined ? "you may be missing quotes around it" : `did you mean ${meant}?`;
		const suggestion = meant ?? `"${name}"`;
		host.warn({ message: `'${name}' is not set in this section; ${hint}`, suggestion, ...location });
		return 0;
	};
}

/** Assigning to a name: an option of the current section. */
function assign_name(host: VocabularyHost, file: RunningFile): LuaCFunction {
	return (L) => {
		const option = text_at(L, 2);
		if (option === undefined) raise(L, "expected an option's name before '='");
		const location = host.locate(L);
		const path = `${file.section}/${option}`;
		if (file.assigned.has(path)) {
			const section = file.section === global_section ? "the global section" : `the section of '${file.section}'`;
			const message = `option '${option}' is set a second time in ${section}; the later value counts`;
			host.warn({ message, host: file.section, option, ...location });
		}
		file.assigned.add(path);
		lua.lua_settop(L, 3);
		host.sections.set(L, file.section, option, location);
		return 0;
	};
}

/** Pushes the environment one file of a configuration runs in. */
export function push_environment(L: LuaState, host: VocabularyHost, file: RunningFile): void {
	const directory = dirname(resolve(file.path));
	const define_host = virtual_host(host, file);
	const define_component = component(host, file);
	const include_file = include(host, file);
	const words: Readonly<Record<string, LuaCFunction>> = {
		VirtualHost: define_host,
		Host: define_host,
		host: define_host,
		Component: define_component,
		component: define_component,
		Include: include_file,
		include: include_file,
		RunScript: (L) => host.run_script(L, path_argument(L, "RunScript", directory), file),
		FileContents: file_reader(host, "FileContents", directory, "a"),
		FileLine: file_reader(host, "FileLine", directory, "l"),
		FileLines: file_lines(host, directory),
		Credential: credential(host),
	};
	lua.lua_newtable(L);
	for (const [word, callback] of Object.entries(words)) {
		lua.lua_pushcfunction(L, callback);
		lua.lua_setfield(L, -2, to_luastring(word));
	}
	lua.lua_newtable(L);
	lua.lua_pushcfunction(L, read_name(host, file));
	lua.lua_setfield(L, -2, to_luastring("__index"));
	lua.lua_pushcfunction(L, assign_name(host, file));
	lua.lua_setfield(L, -2, to_luastring("__newindex"));
	lua.lua_setmetatable(L, -2);
}
