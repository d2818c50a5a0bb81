// Counterpart: core/configmanager.lua (the sections and their inheritance)

/** A table whose keys are all text. */
export interface ConfigTable {
	[key: string]: ConfigValue;
}

/**
 * A table that is neither a list nor has only text keys, as in `log = { info = "x.log", "*console" }`, or a list with holes.
 * Lists keep Lua's numbering, from 1.
 */
export type ConfigMixedTable = Map<string | number, ConfigValue>;

/**
 * What an option may hold. A Lua table becomes an array when its keys are 1 to n (the empty table too), an object when all are text,
 * and a `Map` otherwise. Values are shared, never copied: do not change one in place.
 */
export type ConfigValue = string | number | boolean | ConfigValue[] | ConfigTable | ConfigMixedTable;

/** Where something was written. */
export interface SourceLocation {
	readonly file: string;
	/** From 1; absent when the place is the file as a whole. */
	readonly line?: number;
}

/** Why a configuration could not be read: the file, the line when one is to blame, and what was expected there. */
export interface ConfigError extends SourceLocation {
	readonly message: string;
}

/** Something an administrator should look at, though the server can run. */
export interface ConfigWarning {
	readonly message: string;
	/** The section, `*` for the global one. */
	readonly host?: string;
	readonly option?: string;
	readonly file?: string;
	readonly line?: number;
	/** The name that was probably meant. */
	readonly suggestion?: string;
}

/** The name of the section all hosts inherit from. */
export const global_section = "*";

/** The option by which a section is a component: the module that serves it. */
export const component_module = "component_module";

interface Section {
	readonly options: Map<string, ConfigValue>;
	readonly locations: Map<string, SourceLocation>;
}

/** One configuration: a global section and one for each host. Two configurations share nothing. */
export class Config {
	private readonly sections = new Map<string, Section>();

	constructor() {
		this.section(global_section);
	}

	/**
	 * Builds a configuration from plain values, `"*"` for the global section. A host with a `component_module` is a component and
	 * gets `load_global_modules = false` unless it says otherwise, any other is a virtual host, as when they come from a file.
	 */
	static from(sections: Readonly<Record<string, Readonly<Record<string, ConfigValue>>>>): Config {
		const config = new Config();
		for (const [host, options] of Object.entries(sections)) {
			if (host !== global_section) {
				if (options[component_module] === undefined) config.set(host, "defined", true);
				else config.set(host, "load_global_modules", false);
			}
			for (const [key, value] of Object.entries(options)) config.set(host, key, value);
		}
		return config;
	}

	/**
	 * The value in force for a host: its own, else the global one; `undefined` when neither has it. `"*"` and hosts without a section
	 * see the global section only. `false` is a value, too: the global one does not replace it.
	 */
	get(host: string, key: string): ConfigValue | undefined {
		return this.sections.get(host)?.options.get(key) ?? this.sections.get(global_section)?.options.get(key);
	}

	/** Sets an option of a section, which is made when missing; `undefined` removes it. `location` says where it was written. */
	set(host: string, key: string, value: ConfigValue | undefined, location?: SourceLocation): void {
		const section = this.section(host);
		if (value === undefined) section.options.delete(key);
		else section.options.set(key, value);
		if (location === undefined || value === undefined) section.locations.delete(key);
		else section.locations.set(key, location);
	}

	/** Replaces all sections by those of another configuration. */
	replace(other: Config): void {
		this.sections.clear();
		for (const [host, { options, locations }] of other.sections) {
			this.sections.set(host, { options: new Map(options), locations: new Map(locations) });
		}
	}

	/** Makes a section that is still empty; nothing happens when it exists. */
	define(host: string): void {
		this.section(host);
	}

	/** What a section itself says, without inheritance; `undefined` when there is no such section. */
	raw(host: string): ReadonlyMap<string, ConfigValue> | undefined {
		return this.sections.get(host)?.options;
	}

	/** Whether a VirtualHost or Component of this name was defined. */
	has_host(host: string): boolean {
		return host !== global_section && this.sections.has(host);
	}

	/** All virtual hosts and components in order of definition, disabled ones (`enabled = false`) included. */
	hosts(): string[] {
		return [...this.sections.keys()].filter((host) => host !== global_section);
	}

	/** `local` for a VirtualHost, `component` for a Component, `undefined` when there is no such host. */
	host_type(host: string): "local" | "component" | undefined {
		if (!this.has_host(host)) return undefined;
		return this.component_module(host) === undefined ? "local" : "component";
	}

	/** The module that serves a component, `"component"` for one that connects from outside; `undefined` for other hosts. */
	component_module(host: string): string | undefined {
		const module = this.sections.get(host)?.options.get(component_module);
		return typeof module === "string" ? module : undefined;
	}

	/** Where a section's own option was written, when it came from a file. */
	location(host: string, key: string): SourceLocation | undefined {
		return this.sections.get(host)?.locations.get(key);
	}

	private section(host: string): Section {
		let section = this.sections.get(host);
		if (section === undefined) {
			section = { options: new Map(), locations: new Map() };
			this.sections.set(host, section);
		}
		return section;
	}
}
