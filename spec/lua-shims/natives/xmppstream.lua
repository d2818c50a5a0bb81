local xmppstream = require "util.xmppstream"
local st = require "util.stanza"
local function describe(stanza, depth)
	local attributes = {}
	for name, value in pairs(stanza.attr) do attributes[#attributes + 1] = name:gsub("\1", "|") .. "=" .. value end
	table.sort(attributes)
	show(("  "):rep(depth or 0) .. stanza.name, st.is_stanza(stanza), table.concat(attributes, " "), stanza:get_text(), #stanza, #stanza.tags)
	for child in stanza:childtags() do describe(child, (depth or 0) + 1) end
end
local function fed(ok, problem)
	return ok and true, problem
end
local function new(options, limit)
	local session = { notopen = true, host = "example.com", version = 1.0 }
	local callbacks = { default_ns = "jabber:client" }
	function callbacks.streamopened(with, attr)
		show("opened", with == session, attr.to, attr.version, attr["xml:lang"], attr.xmlns)
		with.notopen = nil
	end
	function callbacks.streamclosed(with) show("closed", with == session) end
	function callbacks.handlestanza(with, stanza) show("stanza", with == session) describe(stanza) end
	function callbacks.error(with, kind, data) show("error", with == session, kind, type(data) == "table" and data.name or data) end
	for name, value in pairs(options or {}) do callbacks[name] = value end
	return xmppstream.new(session, callbacks, limit), session
end
local header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>"
local stream, session = new()
show(fed(stream:feed(header)))
show(fed(stream:feed("<message to='a@b' xml:lang='de'><body>Gr")))
show(fed(stream:feed("\195")))
show(fed(stream:feed("\188\195\159e</body><x xmlns='urn:x' a='1'><y/></x></message> \n ")))
show(fed(stream:feed("<iq type='get' xmlns:p='urn:p' p:q='v'><p:z>a&amp;b&#33;<![CDATA[<c>]]></p:z></iq><presence/>")))
show(fed(stream:feed("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")))
show(fed(stream:feed("</stream:stream>")))
local sent
session.send = function(text) sent = tostring(text) end
show(session:open_stream("from.example", "to.example"), sent:find("<stream:stream", 1, true) ~= nil, sent:find("to='to.example'", 1, true) ~= nil, sent:find("from='from.example'", 1, true) ~= nil, sent:find("version='1.0'", 1, true) ~= nil)

stream = new()
stream:feed("<other xmlns='urn:x'>")
stream = new()
stream:feed(header)
show(not stream:feed("<message><body></message>"))
stream = new()
show(not stream:feed("<>"))
stream = new { streamopened = function(with) with.notopen = nil end, default_ns = "urn:x", stream_ns = "urn:x", stream_tag = "root" }
stream:feed("<root xmlns='urn:x'><a/><b xmlns='urn:y'><c xmlns='urn:x'/></b></root>")
stream, session = new({}, 200)
stream:feed(header)
show(fed(stream:feed("<message><body>short</body></message>")))
stream:set_stanza_size_limit(1000)
show(fed(stream:feed("<message><body>" .. ("x"):rep(500) .. "</body></message>")))
stream:set_stanza_size_limit(100)
show(select(2, stream:feed("<message><body>" .. ("x"):rep(2000))))
stream, session = new()
stream:feed(header)
stream:reset()
session.notopen = true
show(fed(stream:feed(header)))
show(fed(stream:feed("<presence/>")))
local other = {}
stream:set_session(other)
stream:feed("<presence/>")
show(xmppstream.ns_separator, ("urn:x\1name"):match(xmppstream.ns_pattern))
show(problem(function() local plain = new { error = false } plain:feed("<other xmlns='urn:x'>") end))
