-- Sends a query for whoever says "TO FROM ORIGIN XMLNS TIMEOUT" to the host, and tells how it ends.
local st = require "util.stanza";

local count = 0;

module:hook("message/host", function (event)
	local session, asker = event.origin, event.stanza.attr.from;
	local to, from, given, xmlns, timeout = (event.stanza:get_child_text("body") or ""):match("^(%S+) (%S+) (%S+) (%S+) (%S+)$");
	if not to then return; end
	count = count + 1;
	local iq = st.iq({ type = "get", id = "query" .. (given == "twice" and "" or count), to = to, from = from ~= "-" and from or nil })
		:tag("query", { xmlns = xmlns }):up();
	local function tell(...)
		local parts = {};
		for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))); end
		session.send(st.message({ from = module.host, to = asker, type = "chat" }, table.concat(parts, " | ")));
	end
	local heard = {};
	local own = { type = "component", host = module.host, log = module._log, send = function (stanza) table.insert(heard, stanza.attr.type); return true; end };
	local origins = { origin = session, table = own, copy = setmetatable({}, { __index = session }) };
	module:send_iq(iq, origins[given], tonumber(timeout)):next(function (answer)
		tell("resolved", answer.stanza.name, answer.stanza.attr.type, answer.stanza.attr.from, answer.stanza.attr.to, answer.origin and answer.origin.type, table.concat(heard, ","));
	end, function (err)
		tell("rejected", err.type, err.condition, err.text, err.context and err.context.stanza and err.context.stanza.attr.from);
	end);
	return true;
end, 10);
