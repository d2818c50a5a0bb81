// Counterpart: core/moduleapi.lua (get_option and its kin)

import type { ConfigValue } from "./config/config.ts";
import * as options from "./config/option_types.ts";
import type { Log, Server } from "./types.ts";

/** The options that a module reads on its host. */
export abstract class ModuleOptions {
	abstract readonly server: Pick<Server, "config">;
	abstract readonly host: string;
	abstract readonly log: Log;

	get_option(name: string): ConfigValue | undefined {
		return this.server.config.get(this.host, name);
	}

	/** Converts an option, says what is wrong with it in the log, and falls back to the default. */
	private option<Value, Default>(
		name: string,
		default_value: Default,
		convert: (value: ConfigValue) => options.Parsed<Value>,
	): Value | Default {
		const given = this.get_option(name);
		if (given === undefined) return default_value;
		const { value, problem } = convert(given);
		if (problem !== undefined) this.log("error", "Config option '%s' %s", name, problem);
		return value === undefined ? default_value : value;
	}

	get_option_string<Default extends string | undefined>(name: string, default_value?: Default): string | Default;
	get_option_string(name: string, default_value?: string): string | undefined {
		return this.option(name, default_value, options.as_string);
	}

	get_option_number<Default extends number | undefined>(
		name: string,
		default_value?: Default,
		min?: number,
		max?: number,
	): number | Default;
	get_option_number(name: string, default_value?: number, min?: number, max?: number): number | undefined {
		return this.option(name, default_value, (value) => options.as_number(value, min, max, default_value));
	}

	get_option_integer<Default extends number | undefined>(
		name: string,
		default_value?: Default,
		min?: number,
		max?: number,
	): number | Default;
	get_option_integer(name: string, default_value?: number, min?: number, max?: number): number | undefined {
		return this.option(name, default_value, (value) => options.as_integer(value, min, max, default_value));
	}

	get_option_boolean<Default extends boolean | undefined>(name: string, default_value?: Default): boolean | Default;
	get_option_boolean(name: string, default_value?: boolean): boolean | undefined {
		return this.option(name, default_value, options.as_boolean);
	}

	get_option_period(name: string, default_value: string | number, min?: string | number, max?: string | number): number {
		const fallback = options.as_period(default_value).value;
		if (fallback === undefined) throw new TypeError(`the default of option ${name} is no period: ${default_value}`);
		return this.option(name, fallback, (value) => options.as_period(value, min, max));
	}

	get_option_enum<Value extends string | boolean>(name: string, default_value: Value, ...others: Value[]): Value {
		const allowed = [default_value, ...others];
		const value = this.option(name, default_value, (given) => options.as_enum(given, allowed));
		return allowed.find((candidate) => candidate === value) ?? default_value;
	}

	get_option_array(name: string, default_value: unknown[] = []): unknown[] {
		return this.option(name, default_value, options.as_array);
	}

	get_option_set(name: string, default_value: unknown[] = []): Set<unknown> {
		return new Set(this.get_option_array(name, default_value));
	}

	get_option_inherited_set(name: string, default_value: unknown[] = []): Set<unknown> {
		const global = this.server.config.get("*", name);
		const inherited = global === undefined ? default_value : (options.as_array(global).value ?? default_value);
		return new Set([...this.get_option_array(name, default_value), ...inherited]);
	}
}
