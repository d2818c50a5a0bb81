// Counterpart: core/configmanager.lua (set, rawget_option, config_option_proxy_mt)
// While a configuration runs, its options stay Lua tables: two may share one, and changing a value read back changes the option.
import type { LuaCFunction, LuaState } from "../../../lua-shims/vm/fengari.ts";
import { lauxlib, lua, to_luastring } from "../../../lua-shims/vm/fengari.ts";
import { Config, type ConfigWarning, global_section, type SourceLocation } from "./config.ts";
import {
	each_entry,
	push_iterator,
	push_text,
	type ReadContext,
	raise,
	read_value,
	text_at,
	type_name_at,
	UnreadableValue,
} from "./lua_values.ts";

interface LuaSection {
	/** Registry key of the table that holds the options. */
	readonly reference: number;
	readonly locations: Map<string, SourceLocation>;
}

/** Called with what is wrong with values, when a run has ended. */
export interface ConversionReport {
	warn(warning: ConfigWarning): void;
	refuse(message: string, location: SourceLocation | undefined): never;
}

/** The sections of a configuration that is being run. All methods leave the stack as it was unless they say otherwise. */
export class LuaSections {
	private readonly sections = new Map<string, LuaSection>();
	private readonly proxy_metatable: number;

	constructor(L: LuaState) {
		this.proxy_metatable = this.make_proxy_metatable(L);
		this.section(L, global_section);
	}

	has(host: string): boolean {
		return this.sections.has(host);
	}

	/** Makes a section, so that hosts are kept in order of definition. */
	define(L: LuaState, host: string): void {
		this.section(L, host);
	}

	/** Pops the value on top into a section's option; nil removes it. */
	set(L: LuaState, host: string, option: string, location: SourceLocation | undefined): void {
		this.resolve(L);
		const section = this.section(L, host);
		if (location !== undefined) section.locations.set(option, location);
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, section.reference);
		lua.lua_insert(L, -2);
		push_text(L, option);
		lua.lua_insert(L, -2);
		lua.lua_rawset(L, -3);
		lua.lua_pop(L, 1);
	}

	/** Sets an option to text or a truth value. */
	set_plain(L: LuaState, host: string, option: string, value: string | boolean, location: SourceLocation | undefined): void {
		if (typeof value === "string") push_text(L, value);
		else lua.lua_pushboolean(L, value);
		this.set(L, host, option, location);
	}

	/** Pushes a section's own option, nil when it has none, and answers its type. */
	push(L: LuaState, host: string, option: string): number {
		const section = this.sections.get(host);
		if (section === undefined) {
			lua.lua_pushnil(L);
			return lua.LUA_TNIL;
		}
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, section.reference);
		push_text(L, option);
		const type = lua.lua_rawget(L, -2);
		lua.lua_remove(L, -2);
		return type;
	}

	/** A section's own option when it is text. */
	text(L: LuaState, host: string, option: string): string | undefined {
		this.push(L, host, option);
		const text = text_at(L, -1);
		lua.lua_pop(L, 1);
		return text;
	}

	/** Whether a section itself has this option. */
	is_set(L: LuaState, host: string, option: string): boolean {
		const type = this.push(L, host, option);
		lua.lua_pop(L, 1);
		return type !== lua.LUA_TNIL;
	}

	/** Pushes what stands for an option with a table that is read back: it can be called, and has `:append` and `:value()`. */
	push_proxy(L: LuaState, host: string, option: string): void {
		lua.lua_newtable(L);
		push_text(L, host);
		lua.lua_setfield(L, -2, to_luastring("host"));
		push_text(L, option);
		lua.lua_setfield(L, -2, to_luastring("option_name"));
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, this.proxy_metatable);
		lua.lua_setmetatable(L, -2);
	}

	/**
	 * Replaces an option read back, on top of the stack, by its value. Prosody keeps the stand-in where it is assigned, which makes
	 * `a = b` an empty list; here it means what it says.
	 */
	readonly resolve: ReadContext["resolve"] = (L) => {
		if (lua.lua_type(L, -1) !== lua.LUA_TTABLE) return;
		const target = this.proxy_target(L, lua.lua_gettop(L));
		if (target === undefined) return;
		this.push(L, target.host, target.option);
		lua.lua_remove(L, -2);
	};

	/** All sections as a configuration. What cannot be kept is left out with a warning, endless tables are refused. */
	to_config(L: LuaState, report: ConversionReport): Config {
		const config = new Config();
		for (const [host, section] of this.sections) {
			config.define(host);
			lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, section.reference);
			each_entry(L, -1, () => {
				const option = text_at(L, -2);
				if (option === undefined) return;
				const location = section.locations.get(option);
				const lost = (reason: string): void =>
					report.warn({ message: `option '${option}' ${reason}`, host, option, ...location });
				try {
					config.set(host, option, read_value(L, -1, { resolve: this.resolve, lost }), location);
				} catch (problem) {
					if (!(problem instanceof UnreadableValue)) throw problem;
					report.refuse(`option '${option}' ${problem.message}`, location);
				}
			});
			lua.lua_pop(L, 1);
		}
		return config;
	}

	private section(L: LuaState, host: string): LuaSection {
		let section = this.sections.get(host);
		if (section === undefined) {
			lua.lua_newtable(L);
			section = { reference: lauxlib.luaL_ref(L, lua.LUA_REGISTRYINDEX), locations: new Map() };
			this.sections.set(host, section);
		}
		return section;
	}

	/** What the table at an index stands for, if it is an option read back. */
	private proxy_target(L: LuaState, index: number): { host: string; option: string } | undefined {
		if (lua.lua_type(L, index) !== lua.LUA_TTABLE || !lua.lua_getmetatable(L, index)) return undefined;
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, this.proxy_metatable);
		const is_proxy = lua.lua_rawequal(L, -1, -2);
		lua.lua_pop(L, 2);
		if (!is_proxy) return undefined;
		const field = (name: string): string | undefined => {
			push_text(L, name);
			lua.lua_rawget(L, index);
			const text = text_at(L, -1);
			lua.lua_pop(L, 1);
			return text;
		};
		const host = field("host");
		const option = field("option_name");
		return host === undefined || option === undefined ? undefined : { host, option };
	}

	/** The target of a method's first argument; raises an error when it has none, as after `x.append` for `x:append`. */
	private check_proxy(L: LuaState): { host: string; option: string } {
		return this.proxy_target(L, 1) ?? raise(L, "expected option:append { ... }, with a colon");
	}

	/** Adds the entries of the table at an index to an option: a list is put behind what is there, named values are set. */
	private append(L: LuaState, target: { host: string; option: string }, index: number): void {
		const type = this.push(L, target.host, target.option);
		if (type === lua.LUA_TNIL) {
			lua.lua_pop(L, 1);
			lua.lua_newtable(L);
			lua.lua_pushvalue(L, -1);
			this.set(L, target.host, target.option, undefined);
		} else if (type !== lua.LUA_TTABLE) raise(L, `option '${target.option}' is no list, so nothing can be added to it`);
		const original = lua.lua_gettop(L);
		const is_list = lua.lua_rawgeti(L, index, 1) !== lua.LUA_TNIL;
		lua.lua_pop(L, 1);
		if (is_list) {
			// Counted first, since a list may be added to itself.
			const length = lua.lua_rawlen(L, index);
			for (let position = 1; position <= length; position += 1) {
				lua.lua_rawgeti(L, index, position);
				lua.lua_rawseti(L, original, lua.lua_rawlen(L, original) + 1);
			}
		} else {
			each_entry(L, index, () => {
				lua.lua_pushvalue(L, -2);
				lua.lua_pushvalue(L, -2);
				lua.lua_rawset(L, original);
			});
		}
		lua.lua_pop(L, 1);
	}

	private method(name: string): LuaCFunction | undefined {
		switch (name) {
			case "append":
				return (L) => {
					const target = this.check_proxy(L);
					lua.lua_settop(L, 2);
					this.resolve(L);
					if (lua.lua_type(L, 2) !== lua.LUA_TTABLE)
						raise(L, `${target.option}:append expected a list, not ${type_name_at(L, 2)}`);
					this.append(L, target, 2);
					lua.lua_settop(L, 1);
					return 1;
				};
			case "value":
				return (L) => {
					const target = this.check_proxy(L);
					this.push(L, target.host, target.option);
					return 1;
				};
			case "values":
				return (L) => {
					const target = this.check_proxy(L);
					if (this.push(L, target.host, target.option) !== lua.LUA_TTABLE) raise(L, `option '${target.option}' is no list`);
					push_iterator(L, "values");
					return 1;
				};
			default:
				return undefined;
		}
	}

	private make_proxy_metatable(state: LuaState): number {
		const field = (name: string, callback: LuaCFunction): void => {
			lua.lua_pushcfunction(state, callback);
			lua.lua_setfield(state, -2, to_luastring(name));
		};
		lua.lua_newtable(state);
		field("__index", (L) => {
			const name = text_at(L, 2) ?? "";
			const method = this.method(name);
			if (method === undefined) {
				const option = this.proxy_target(L, 1)?.option ?? "";
				raise(
					L,
					`option '${option}' cannot be looked into: expected ${option}:append { ... }, ${option}:values() or ${option}:value()`,
				);
			}
			lua.lua_pushcfunction(L, method);
			return 1;
		});
		field("__call", (L) => {
			const target = this.check_proxy(L);
			lua.lua_settop(L, 2);
			this.resolve(L);
			if (lua.lua_type(L, 2) !== lua.LUA_TTABLE) {
				raise(L, `expected ${target.option} = value; the '=' is missing, perhaps`);
			}
			this.append(L, target, 2);
			lua.lua_settop(L, 1);
			return 1;
		});
		for (const event of ["__add", "__concat"]) {
			field(event, (L) => {
				const option = (this.proxy_target(L, 1) ?? this.proxy_target(L, 2))?.option ?? "";
				return raise(L, `lists are not added with an operator: expected ${option}:append { ... }`);
			});
		}
		return lauxlib.luaL_ref(state, lua.LUA_REGISTRYINDEX);
	}
}
