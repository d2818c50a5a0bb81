// Runs Lua with the libraries of a Prosody that is installed, for specs that compare with it.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { entries, type LuaValue } from "../../host/util/luatable.ts";
import { left_out } from "../needs.ts";

const library = "/usr/lib/prosody";

const environment = {
	PATH: process.env["PATH"],
	LUA_PATH: `${library}/?.lua;;`,
	LUA_CPATH: `${library}/?.so;;`,
	LC_ALL: "C",
	TZ: "UTC",
};

/** Why a library of Prosody cannot be asked here; undefined where it can, which is printed otherwise. */
export function why_not(...libraries: readonly string[]): string | undefined {
	let reason: string | undefined;
	if (!existsSync(`${library}/util/stanza.lua`)) reason = `There is no Prosody in ${library}`;
	else {
		const lua = spawnSync("lua5.4", ["-e", libraries.map((name) => `require "${name}"`).join(";")], { env: environment });
		if (lua.error) reason = "lua5.4 is not installed";
		else if (lua.status !== 0) reason = `lua5.4 cannot load ${libraries.join(" and ")}`;
	}
	left_out(reason, "nothing is compared with it");
	return reason;
}

/** Runs a script; answers what it printed. */
export function run_lua(script: string, options: { args?: readonly string[]; input?: string; cwd?: string } = {}): string {
	const lua = spawnSync("lua5.4", ["-", ...(options.args ?? [])], {
		env: environment,
		input: script,
		encoding: "utf8",
		maxBuffer: 2 ** 28,
		...(options.cwd === undefined ? {} : { cwd: options.cwd }),
	});
	if (lua.status !== 0) throw new Error(`lua5.4 failed: ${lua.stderr}${lua.stdout}`);
	return lua.stdout;
}

/** A value as a Lua expression. */
export function to_lua(value: LuaValue): string {
	if (typeof value === "string")
		return `"${[...Buffer.from(value)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
	if (typeof value === "number")
		return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? String(BigInt(value)) : `(${value} + 0.0)`;
	if (typeof value === "boolean" || typeof value === "bigint") return String(value);
	return `{${entries(value)
		.map(([key, item]) => `[${to_lua(key)}]=${to_lua(item)}`)
		.join(",")}}`;
}

/** Lua: `same(a, b)`, whether two values are the same all the way down. */
export const lua_same = `
local function same(a, b)
	if type(a) ~= "table" or type(b) ~= "table" then return a == b end
	for k, v in pairs(a) do if not same(v, b[k]) then return false end end
	for k in pairs(b) do if a[k] == nil then return false end end
	return true
end
`;
