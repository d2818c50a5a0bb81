import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { left_out } from "../../needs.ts";

const library = "/usr/lib/prosody";

/** What crosses to Lua and back. Text is compared as UTF-8; lone surrogates go as the three bytes that UTF-8 forbids. */
export type LuaValue = string | number | boolean | Buffer | undefined;

/** What one call answered: its values as strings (`s` and hexadecimal, `d` and a number, `true`, `false`, `-`), or `!` for an error. */
export type LuaAnswer = string;

function find_prosody(): string | undefined {
	if (!existsSync(`${library}/util/encodings.so`)) return `There is no Prosody in ${library}`;
	const lua = spawnSync("lua5.4", ["-e", 'assert(require"util.encodings".confusable, "libidn")'], { env: environment });
	if (lua.error) return "lua5.4 is not installed";
	return lua.status === 0 ? undefined : `The Prosody in ${library} was not built with ICU`;
}

const environment = {
	PATH: process.env["PATH"],
	LUA_PATH: `${library}/?.lua`,
	LUA_CPATH: `${library}/?.so`,
	LC_ALL: "C",
	TZ: "UTC",
};

/** Why no Prosody can be asked here, or undefined when it can. */
export const why_no_prosody = find_prosody();
left_out(why_no_prosody, "no function is compared with Prosody's own");

const server = `
local function hex(s) return (s:gsub(".", function (c) return ("%02x"):format(c:byte()) end)) end
local function unhex(s) return (s:gsub("..", function (c) return string.char(tonumber(c, 16)) end)) end
local function write(v)
	if type(v) == "string" then return "s"..hex(v) elseif type(v) == "number" then return ("d%.17g"):format(v) end
	return v == nil and "-" or tostring(v)
end
local function read(w)
	local kind, rest = w:sub(1, 1), w:sub(2)
	if kind == "s" then return unhex(rest) elseif kind == "d" then return math.tointeger(tonumber(rest)) or tonumber(rest) end
	return ({ t = true, f = false })[kind]
end
local functions = {}
for line in io.lines() do
	local words, count = {}, 0
	for word in line:gmatch("%S+") do count = count + 1; words[count] = word end
	local path = words[1]
	local f = functions[path]
	if not f then
		local lib, rest = path:match("^([^:]+):(.+)$")
		f = require(lib)
		for key in rest:gmatch("[^.]+") do f = f[key] end
		functions[path] = f
	end
	local arguments = {}
	for i = 2, count do arguments[i-1] = read(words[i]) end
	local results = table.pack(pcall(f, table.unpack(arguments, 1, count - 1)))
	if not results[1] then
		print("!")
	else
		local out = {}
		for i = 2, math.max(results.n, 2) do out[i-1] = write(results[i]) end
		print(table.concat(out, " "))
	end
end
`;

function to_bytes(text: string): Buffer {
	const parts = text.split(/(\p{Surrogate})/u).map((part) => {
		const unit = part.length === 1 ? part.charCodeAt(0) : 0;
		return unit >= 0xd800 && unit <= 0xdfff
			? Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)])
			: Buffer.from(part);
	});
	return Buffer.concat(parts);
}

/** Writes a value as Lua's answers are written. */
export function as_lua(value: LuaValue): string {
	if (value === undefined) return "-";
	if (typeof value === "string") return `s${to_bytes(value).toString("hex")}`;
	if (typeof value === "number") return `d${value}`;
	return typeof value === "boolean" ? String(value) : `s${value.toString("hex")}`;
}

/** One call of a function of Prosody, such as `["util.jid:split", "a@b/c"]`. */
export type Call = readonly [path: string, ...args: LuaValue[]];

/** Asks all at once, in one process. */
export function ask_prosody(calls: readonly Call[]): LuaAnswer[] {
	const input = calls.map(([path, ...args]) => [path, ...args.map(as_lua)].join(" ")).join("\n");
	const lua = spawnSync("lua5.4", ["-e", server], { env: environment, input, maxBuffer: 2 ** 30, encoding: "utf8" });
	if (lua.status !== 0) throw new Error(`lua5.4 failed: ${lua.stderr}`);
	// Lua writes numbers with 17 digits; both sides read them back into the same double
	return lua.stdout
		.trimEnd()
		.replace(/\bd(\S+)/g, (_, digits: string) => `d${Number(digits)}`)
		.split("\n");
}
