local caps = require "util.caps"
local st = require "util.stanza"
local report = require "report"

local function info()
	return st.stanza("query", { xmlns = "http://jabber.org/protocol/disco#info" })
end

local function hash(name, query)
	report.call(name, caps.calculate_hash, query)
end

hash("nothing", info())
-- XEP-0115 section 5.2
hash("simple", info()
	:tag("identity", { category = "client", type = "pc", name = "Exodus 0.9.1" }):up()
	:tag("feature", { var = "http://jabber.org/protocol/muc" }):up()
	:tag("feature", { var = "http://jabber.org/protocol/caps" }):up()
	:tag("feature", { var = "http://jabber.org/protocol/disco#items" }):up()
	:tag("feature", { var = "http://jabber.org/protocol/disco#info" }):up())

local function field(form, var, ...)
	form:tag("field", { var = var })
	for _, value in ipairs({ ... }) do form:text_tag("value", value) end
	return form:up()
end

-- XEP-0115 section 5.3
local function complex()
	local query = info()
		:tag("identity", { category = "client", type = "pc", name = "Psi 0.11", ["xml:lang"] = "en" }):up()
		:tag("identity", { category = "client", type = "pc", name = "Ψ 0.11", ["xml:lang"] = "el" }):up()
		:tag("feature", { var = "http://jabber.org/protocol/caps" }):up()
		:tag("feature", { var = "http://jabber.org/protocol/disco#info" }):up()
		:tag("feature", { var = "http://jabber.org/protocol/disco#items" }):up()
		:tag("feature", { var = "http://jabber.org/protocol/muc" }):up()
		:tag("x", { xmlns = "jabber:x:data", type = "result" })
	field(query, "os_version", "10.5.1")
	field(query, "FORM_TYPE", "urn:xmpp:dataforms:softwareinfo")
	field(query, "ip_version", "ipv6", "ipv4")
	field(query, "os", "Mac")
	field(query, "software", "Psi")
	field(query, "software_version", "0.11")
	return query
end
hash("complex", complex():up())
hash("two forms", field(complex():up():tag("x", { xmlns = "jabber:x:data" }), "a"):up())
hash("form without a type", field(info():tag("x", { xmlns = "jabber:x:data" }), "b", "2", "10", "1"):up())
hash("form of another namespace", field(info():tag("x", { xmlns = "other" }), "b", "2"):up())
hash("an empty form", info():tag("x", { xmlns = "jabber:x:data" }):up())
hash("missing attributes", info():tag("identity"):up():tag("feature"):up():tag("feature", { var = "a" }):up())
hash("text between", info():text("hm"):tag("feature", { var = "b" }):up():text("?"))
hash("field with an option", info():tag("x", { xmlns = "jabber:x:data" })
	:tag("field", { var = "o" }):tag("option"):text_tag("value", "1"):up():text_tag("value", "2"):up()
	:tag("field"):text_tag("value", "no var"):up()
	:tag("title"):text("x"):up():up())
hash("a list of tags", { st.stanza("feature", { var = "x" }), st.stanza("identity", { category = "a", type = "b" }) })
