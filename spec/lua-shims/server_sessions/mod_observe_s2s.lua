-- Writes down what becomes of streams with other servers, as modules see it: events, and what sessions say of themselves.

local st = require "util.stanza"
local s2smanager = require "core.s2smanager"
local path = module:get_option_string("observe_file")
local hosts = prosody.hosts

local function note(text, ...)
	local file = assert(io.open(path, "a"))
	file:write(text:format(...), "\n")
	file:close()
end

local function count(map)
	local number = 0
	for _ in pairs(map) do number = number + 1 end
	return number
end

local function describe(session)
	return ("%s %s->%s %s%s%s%s"):format(session.type, tostring(session.from_host), tostring(session.to_host), session.direction,
		session.secure and " secure" or "", session.incoming and " in" or "", session.outgoing and " out" or "")
end

for _, event in ipairs({ "s2sout-created", "s2sout-pre-connect", "s2s-authenticated", "s2sout-established", "s2sin-established",
	"s2sout-destroyed", "s2sin-destroyed" }) do
	module:hook(event, function(data)
		note("%s: %s", event, describe(data.session))
	end, 10)
end

module:hook("s2s-stream-features", function(event)
	note("s2s-stream-features: %s", describe(event.origin))
	event.features:tag("observed", { xmlns = "urn:example:observed" }):up()
end)

module:hook("route/remote", function(event)
	note("route/remote: %s->%s <%s/>", event.from_host, event.to_host, event.stanza.name)
end, 100)

module:hook_global("s2s-check-certificate", function(event)
	local cert, conn = event.cert, event.session.conn
	note("s2s-check-certificate: %s %s %s", tostring(event.host), cert:subject()[1].value, tostring(conn:socket():getpeercertificate():pem() == cert:pem()))
	-- as mod_s2s_auth_fingerprint does
	if cert:digest("sha256") == module:get_option_string("observe_trusted") then
		event.session.cert_chain_status, event.session.cert_identity_status = "valid", "valid"
		return true
	end
end, 600)

-- What is there now, for whoever writes to the host "look", and what has to be sent over a stream itself
module:hook("message/host", function(event)
	local order = event.stanza:get_child_text("body")
	local out = hosts[module.host].s2sout["mantua.example"]
	if order == "look" then
		note("s2sout: %s", out and describe(out) or "none")
		for session in pairs(prosody.incoming_s2s) do
			note("incoming: %s, %d of domains, known: %s", describe(session), count(session.hosts),
				tostring((session.hosts["mantua.example"] or {}).authed))
		end
		note("manager: %s", tostring(s2smanager.incoming_s2s == prosody.incoming_s2s))
	elseif order == "ping" then
		note("sent: %s", tostring(out.sends2s(st.iq({ type = "get", id = "over", from = module.host, to = "mantua.example" })
			:tag("ping", { xmlns = "urn:xmpp:ping" })) ~= false))
	elseif order == "close" then
		out:close()
	end
	return true
end)

module:hook("iq-result/host/over", function(event)
	note("pong from %s over %s", event.stanza.attr.from, describe(event.origin))
	return true
end)
