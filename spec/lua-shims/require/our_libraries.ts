// Runs Lua on the host with fresh copies of our own libraries, so that what a test changes in them stays with it.

import { protocols } from "../../../lua-shims/require/protocols.ts";
import { structures } from "../../../lua-shims/require/structures.ts";
import type { TestLua } from "../lua.ts";

const sources: { readonly [name: string]: string } = { ...protocols, ...structures };

/** Our libraries that code requires, and those that they require, by name. */
function required_by(code: string, found = new Map<string, string>()): Map<string, string> {
	for (const [, name = ""] of code.matchAll(/\brequire\s*\(?\s*"(util\.[^"]+)"/g)) {
		const source = sources[name];
		if (source === undefined || found.has(name)) continue;
		found.set(name, source);
		required_by(source, found);
	}
	return found;
}

function long_string(text: string): string {
	const level = "=".repeat(8);
	return `[${level}[\n${text}]${level}]`;
}

/**
 * Runs code and answers the text it returns. It finds libraries by `require`: what it puts into `package.loaded`, which is its own,
 * ours, and otherwise the host's.
 */
export function run_with_ours(lua: TestLua, code: string): string {
	const copies = [...required_by(code)].map(([name, source]) => `["${name}"] = ${long_string(source)},`);
	const lines = lua.lines(`
local sources = { ${copies.join("\n")} }
local host_require, globals = require, _ENV
local package = { loaded = {}, path = "" }
local environment = setmetatable({ package = package }, { __index = globals })
environment._G = environment
function environment.require(name)
	local library = package.loaded[name]
	if library == nil then
		local source = sources[name]
		if not source then return host_require(name) end
		library = assert(load(source, "=" .. name, "t", environment))(name)
		if library == nil then library = true end
		package.loaded[name] = library
	end
	return library
end
print(assert(load(${long_string(code)}, "=test", "t", environment))())`);
	return lines.join("\n");
}
