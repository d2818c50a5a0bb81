-- Elements as simple as these functions need them.
local stanza_mt = {}
stanza_mt.__index = stanza_mt
local function stanza(name, attr)
	return setmetatable({ name = name, attr = attr or {}, tags = {} }, stanza_mt)
end
function stanza_mt:text(text)
	self[#self + 1] = text
	return self
end
function stanza_mt:add_child(child)
	self[#self + 1] = child
	self.tags[#self.tags + 1] = child
	return self
end
function stanza_mt:__tostring()
	local names, parts = {}, {}
	for name in pairs(self.attr) do
		names[#names + 1] = name
	end
	table.sort(names)
	for index, name in ipairs(names) do
		parts[index] = name .. "=" .. self.attr[name]
	end
	for _, child in ipairs(self) do
		-- Prosody keeps texts in which nothing was filled in.
		if child ~= "" then
			parts[#parts + 1] = tostring(child)
		end
	end
	return self.name .. "(" .. table.concat(parts, ";") .. ")"
end
package.loaded["util.stanza"] = { stanza = stanza, stanza_mt = stanza_mt }
local parsed = 0
package.loaded["util.xml"] = {
	parse = function(text)
		parsed = parsed + 1
		if text == "broken" then
			return nil, "not well-formed"
		end
		local root = stanza("iq", { type = "{kind}", xmlns = "urn:a", id = "x{id}y" })
		local query = stanza("query", { xmlns = "urn:a", plain = "p" })
		query:text(" \n {greeting}, \"you\"\\ "):add_child(stanza("item", { xmlns = "urn:b" })):text("  ")
		return root:text("\n  "):add_child(query):text("{nothing}"):add_child(stanza("end", { xmlns = "" }))
	end,
}
local template = require "util.template"

local one = template("text")
compare("fills", '"iq(id=x5y;type=set;xmlns=urn:a;query(plain=p;Hello, \\x22you\\x22\\x5c;item(xmlns=urn:b));end(xmlns=))"', tostring(one.apply { kind = "set", id = "5", greeting = "Hello" }))
compare("without data", nil, tostring(one.apply {}))
compare("another each time", "false", rawequal(one.apply {}, one.apply {}))
compare("kept", "true 1 \"text\"", rawequal(template("text"), one), parsed, one.text)
compare("name", "true", tostring(one):find("^template%(.*:%d+%)$") ~= nil)
compare("broken", "true", fails(template, "broken"))
