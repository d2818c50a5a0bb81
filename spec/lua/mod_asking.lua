-- Asks local hosts and accounts things, without saying from whom, and tells how that ends.
local st = require "util.stanza";

module:hook("ask", function (event)
	local iq = st.iq({ type = "get", id = event.id, to = event.to, from = event.from }):tag("query", { xmlns = event.xmlns });
	module:send_iq(iq, event.origin):next(function (answer)
		event.tell(answer.stanza.attr.type, answer.origin and answer.origin.type or "nobody");
	end, function (err)
		event.tell(err.condition, err.type);
	end);
	return true;
end);

-- As a connection does that closes when the host is gone already.
function fire()
	return module:fire_event("said-too-late");
end
