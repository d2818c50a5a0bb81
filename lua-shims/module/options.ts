// Counterpart: core/moduleapi.lua (get_option_*)

import { isAbsolute, join } from "node:path";
import {
	as_boolean,
	as_enum,
	as_integer,
	as_number,
	as_period,
	as_scalar,
	as_string,
	type Parsed,
} from "../../host/core/config/option_types.ts";
import type { ConfigValue } from "../../host/core/configmanager.ts";
import type { LuaContext } from "../context.ts";
import { array_value } from "../native_calls.ts";
import { optional_number, optional_text_at, text_at } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value, tags } from "../vm/live_table.ts";
import type { LuaModule, Methods } from "./lua_module.ts";

/**
 * The methods of `module` that read options. As in Prosody a default goes through the same conversion as what is configured, and what
 * is not understood is nil, whatever the default is: modules are written for that.
 */
export function option_methods(host: LuaContext): Methods {
	const { vm, border, libraries } = host;

	const option_name = (args: readonly TValue[]): string => text_at(args, 1, "get_option");

	/** A Lua value as a configuration would have it. */
	function config_value(value: TValue): ConfigValue | undefined {
		const known = border.copy(value);
		if (typeof known === "string" || typeof known === "number" || typeof known === "boolean") return known;
		return typeof known === "object" && known !== null ? (known as ConfigValue) : undefined;
	}

	/** The converted option or default; problems are logged. */
	function read<Value>(
		module: LuaModule,
		args: readonly TValue[],
		convert: (value: ConfigValue | undefined) => Parsed<Value>,
	): Value | undefined {
		const name = option_name(args);
		const { value, problem } = convert(module.api.get_option(name) ?? config_value(args[1] ?? nil));
		if (problem !== undefined) module.api.log("error", "Config option '%s' %s", name, problem);
		return value;
	}

	/** Bounds of a period are numbers or text. */
	function limit(value: TValue | undefined): string | number | undefined {
		const known = value === undefined ? undefined : border.from_lua(value);
		return typeof known === "string" || typeof known === "number" ? known : undefined;
	}

	/** A default that is a list: an array, a set, or nothing. */
	function default_list(value: TValue | undefined): unknown[] | undefined {
		if (value === undefined || value.ttisnil()) return undefined;
		if (value.type !== tags.table) return [border.from_lua(value)];
		const items = vm.index(value, string_value("_items"));
		const known = border.copy(items.ttisnil() ? value : items);
		if (known instanceof Map) return [...known.keys()];
		if (Array.isArray(known)) return known;
		return items.ttisnil() ? [] : Object.keys(known as object);
	}

	const set_value = (list: Iterable<unknown>): TValue =>
		vm.call(libraries.function_of("util.set", "new"), [border.deep_table([...list])])[0] ?? nil;
	const to_lua = (value: string | number | boolean | undefined): TValue => (value === undefined ? nil : border.to_lua(value));

	return {
		get_option: (module, args) => {
			const value = module.api.get_option(option_name(args));
			return value === undefined ? (args[1] ?? nil) : border.deep_table(value);
		},
		get_option_scalar: (module, args) => {
			const value = read(module, args, as_scalar);
			return value === undefined ? nil : border.deep_table(value);
		},
		get_option_string: (module, args) => to_lua(read(module, args, as_string)),
		get_option_number: (module, args) => {
			const [, fallback, min, max] = args.map(optional_number);
			return to_lua(read(module, args, (value) => as_number(value, min, max, fallback)));
		},
		get_option_integer: (module, args) => {
			const [, fallback, min, max] = args.map(optional_number);
			return to_lua(read(module, args, (value) => as_integer(value, min, max, fallback)));
		},
		get_option_boolean: (module, args) => to_lua(read(module, args, as_boolean)),
		get_option_period: (module, args) => {
			const value = read(module, args, (given) => as_period(given, limit(args[2]), limit(args[3])));
			return value === undefined ? nil : number_value(value);
		},
		get_option_enum: (module, args) => {
			const allowed = args.slice(1).flatMap((value) => config_value(value) ?? []);
			const value = read(module, args, (given) => as_enum(given, allowed));
			return value === undefined ? nil : border.deep_table(value);
		},
		get_option_array: (module, args) => {
			const name = option_name(args);
			const given = default_list(args[1]);
			if (given === undefined && module.api.get_option(name) === undefined) return nil;
			return array_value(host, module.api.get_option_array(name, given));
		},
		get_option_set: (module, args) => {
			const name = option_name(args);
			const given = default_list(args[1]);
			if (given === undefined && module.api.get_option(name) === undefined) return nil;
			return set_value(module.api.get_option_set(name, given));
		},
		get_option_inherited_set: (module, args) => {
			const name = option_name(args);
			const given = default_list(args[1]);
			const { config } = module.api.server;
			if (given === undefined && module.api.get_option(name) === undefined && config.get("*", name) === undefined) return nil;
			return set_value(module.api.get_option_inherited_set(name, given));
		},
		get_option_path: (module, args) => {
			const { paths } = module.api.server;
			const value = read(module, args, as_string);
			if (value === undefined) return nil;
			const base = optional_text_at(args, 3, "get_option_path") ?? module.directory;
			const folder = base === "config" ? paths.config : base === "data" ? paths.data : base;
			return string_value(isAbsolute(value) ? value : join(folder, value));
		},
	};
}
