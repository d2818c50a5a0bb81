import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { create_lua, lua_lines, no_lua, type TestLua } from "./lua.ts";

/** Error replies of all that an error of util.error can hold, each as a line. */
const error_replies = `
local st, errors = require "util.stanza", require "util.error"
local request = st.iq({ type = "get", id = "1", from = "a@b/c", to = "d" })
local function show(name, error, by)
	local reply = st.error_reply(request, error, nil, nil, by)
	local out = { reply.attr.type }
	for _, child in ipairs(reply.tags[1].tags) do
		out[#out + 1] = child.name .. " " .. child.attr.xmlns .. " " .. tostring(child:get_text())
	end
	print(name, reply.tags[1].attr.type, tostring(reply.tags[1].attr.by), table.concat(out, "; "), #reply.tags)
	reply:tag("more"):up()
	print(reply.tags[1].tags[#reply.tags[1].tags].name)
end
show("bare", errors.new({ type = "cancel", condition = "conflict" }))
show("text", errors.new({ type = "wait", condition = "conflict", text = "Later" }), "x@y")
show("by", errors.new({ type = "wait", condition = "conflict" }, { by = "somebody@d" }))
show("named", errors.new({ type = "cancel", condition = "conflict", extra = { namespace = "urn:x", condition = "not-so" } }))
show("element", errors.new({ type = "cancel", condition = "conflict", text = "T", extra = { tag = st.stanza("it", { xmlns = "urn:y" }):text("in") } }))
show("half named", errors.new({ type = "cancel", condition = "conflict", extra = { condition = "not-so" } }))
show("gone", errors.new({ type = "cancel", condition = "gone", extra = { uri = "xmpp:new@b" } }))
show("elsewhere", errors.new({ type = "cancel", condition = "conflict", extra = { uri = "xmpp:new@b" } }))
`;

describe("error replies in Lua", () => {
	let lua: TestLua;
	beforeAll(async () => {
		lua = await create_lua();
	});
	afterAll(() => lua.stop());

	it("hold what an error holds besides", () => {
		const lines = lua.lines(error_replies);
		expect(lines.find((line) => line.startsWith("named"))).toBe(
			"named\tcancel\tnil\terror; conflict urn:ietf:params:xml:ns:xmpp-stanzas ; not-so urn:x \t1",
		);
		expect(lines.find((line) => line.startsWith("gone"))).toContain("xmpp:new@b");
	});

	it.skipIf(no_lua("util.stanza") !== undefined)("are those of Prosody", () => {
		expect(lua.lines(error_replies)).toEqual(lua_lines(error_replies));
	});
});

describe("a stanza in Lua", () => {
	let lua: TestLua;
	beforeAll(async () => {
		lua = await create_lua();
	});
	afterAll(() => lua.stop());
	const run = (code: string): unknown[] => lua.run(`local st = require "util.stanza"; ${code}`);

	it("has no attributes but its own, whatever they are called", () => {
		expect(
			run("local a = st.message({ to = 'b' }).attr; return a.constructor, a.toString, rawget(a, 'valueOf'), a.__proto__"),
		).toEqual([undefined, undefined, undefined, undefined]);
		const names = ["constructor", "__proto__"];
		for (const name of names) {
			expect(run(`local s = st.message(); s.attr["${name}"] = "x"; return s.attr["${name}"], tostring(s)`)).toEqual([
				"x",
				`<message ${name}='x'/>`,
			]);
		}
		expect(run(`return tostring(st.stanza("a", { constructor = "x" }))`)).toEqual(["<a constructor='x'/>"]);
	});

	it("cannot be put into itself, by whatever way", () => {
		const ways = [
			"s[1] = s",
			"table.insert(s, s)",
			"s:tag('in'):up(); s.tags[1] = s",
			"s:add_child(s)",
			"s:tag('in'):add_child(s)",
			"local a, b = st.stanza 'a', st.stanza 'b'; a:add_direct_child(s); b:add_direct_child(s); s:add_direct_child(a)",
			"local a = st.stanza 'a':tag('deep'):add_child(s):reset(); s:tag('in'):add_child(a)",
		];
		for (const way of ways) {
			expect(() => run(`local s = st.message(); ${way}`), way).toThrow("a stanza cannot be a child of itself");
		}
		expect(run("local a, s = st.stanza 'a', st.message(); s:add_child(a):add_child(a); return tostring(s)")).toEqual([
			"<message><a/><a/></message>",
		]);
	});
});
