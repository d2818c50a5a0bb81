// No counterpart: writes a configuration that was read, for another server to read.

import { type Config, type ConfigValue, component_module, global_section } from "./config.ts";

/** The words VirtualHost and Component set these, so they are not written out. */
const implied = new Set(["defined", "load_global_modules", component_module]);

function text_to_lua(text: string): string {
	const escaped = [...Buffer.from(text, "utf8")]
		.map((byte) => {
			if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
			return byte < 0x20 || byte > 0x7e ? `\\${String(byte).padStart(3, "0")}` : String.fromCharCode(byte);
		})
		.join("");
	return `"${escaped}"`;
}

function number_to_lua(value: number): string {
	if (Number.isNaN(value)) return "0/0";
	if (!Number.isFinite(value)) return value > 0 ? "1/0" : "-1/0";
	return String(value);
}

function value_to_lua(value: ConfigValue): string {
	if (typeof value === "string") return text_to_lua(value);
	if (typeof value === "number") return number_to_lua(value);
	if (typeof value === "boolean") return String(value);
	if (Array.isArray(value)) return `{ ${value.map(value_to_lua).join(", ")} }`;
	const entries: [string | number, ConfigValue][] = value instanceof Map ? [...value] : Object.entries(value);
	return `{ ${entries.map(([key, item]) => `[${value_to_lua(key)}] = ${value_to_lua(item)}`).join(", ")} }`;
}

const lua_name = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Writes a configuration as a `prosody.cfg.lua` that says the same: every section with its own options, written out, without the
 * includes, variables and conditions that they came from. Options whose names are no Lua names are left out.
 */
export function config_to_lua(config: Config): string {
	const lines: string[] = [];
	for (const host of [global_section, ...config.hosts()]) {
		const component = config.component_module(host);
		if (host !== global_section) {
			const module = component === undefined || component === "component" ? "" : ` ${text_to_lua(component)}`;
			lines.push("", `${component === undefined ? "VirtualHost" : "Component"} ${text_to_lua(host)}${module}`);
		}
		for (const [name, value] of config.raw(host) ?? []) {
			if (!implied.has(name) && lua_name.test(name)) lines.push(`${name} = ${value_to_lua(value)}`);
		}
	}
	return `${lines.join("\n")}\n`;
}
