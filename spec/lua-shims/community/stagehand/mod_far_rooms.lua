-- Rooms as another server's look from here: they answer with stanzas of their own. It runs on this server and on a real Prosody.
local st = require "util.stanza";

local knows_nobody = false;

module:hook("presence/full", function (event)
	local stanza = event.stanza;
	if stanza.attr.type == nil then
		module:send(st.presence({ from = stanza.attr.to, to = stanza.attr.from })
			:tag("x", { xmlns = "http://jabber.org/protocol/muc#user" })
				:tag("item", { affiliation = "none", role = "participant" }):up()
				:tag("status", { code = "110" }));
	end
	return true;
end);

module:hook("iq/full", function (event)
	local stanza = event.stanza;
	module:send(knows_nobody and st.error_reply(stanza, "cancel", "not-acceptable") or st.reply(stanza));
	return true;
end);

module:hook("message/host", function ()
	knows_nobody = true;
	return true;
end);
