// Counterpart: core/features.lua, which modules refuse to run beside (`--% conflicts: muc_vcard`)

import type { ConfigReader } from "./types.ts";

/** The module of ours that does the work of another one on a host, which is then not loaded beside it; undefined where none does. */
export function provider_of(config: ConfigReader, host: string, name: string): string | undefined {
	if (name !== "vcard_muc" || config.get(host, "component_module") !== "muc") return undefined;
	const in_lua = config.get(host, "prefer_lua_modules");
	if (Array.isArray(in_lua) && in_lua.includes("muc")) return undefined;
	const avatars = config.get(host, "muc_vcard");
	return avatars === false || avatars === "false" ? undefined : "muc";
}
