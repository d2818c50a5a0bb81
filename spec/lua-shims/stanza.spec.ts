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
