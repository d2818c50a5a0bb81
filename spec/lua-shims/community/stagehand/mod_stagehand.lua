-- Does what no client can ask for, when one writes to its host. It runs on this server and on a real Prosody.
local st = require "util.stanza";

local function room_of(jid)
	local host = jid:match("@([^/]+)");
	return prosody.hosts[host].modules.muc.get_room_from_jid(jid);
end

local acts = {
	-- a connection to another server is gone
	["connection lost"] = function (_, to_host)
		local session = { type = "s2sout", direction = "outgoing", from_host = module.host, to_host = to_host };
		prosody.events.fire_event("s2s-destroyed", { session = session, reason = "connection lost" });
		return "fired";
	end;
	-- what a token says of its bearer
	["be"] = function (_, claims, session)
		session.auth_token = "token";
		session.jitsi_meet_context_user = {};
		for name, value in claims:gmatch("(%w+)=(%w+)") do
			session.jitsi_meet_context_user[name] = value;
		end
		return "so be it";
	end;
	-- what a module stored with a room
	["room data"] = function (_, request)
		local room_jid, name = request:match("^(%S+) (%S+)$");
		return tostring(room_of(room_jid)._data[name]);
	end;
	-- what is known of the rooms that a client is in
	["rooms joined"] = function (jid)
		local names = {};
		for room, nick in pairs(prosody.full_sessions[jid].rooms_joined or {}) do
			table.insert(names, room .. "=" .. nick);
		end
		table.sort(names);
		return #names > 0 and table.concat(names, " ") or "none";
	end;
};

module:hook("message/host", function (event)
	local stanza, origin = event.stanza, event.origin;
	local act, rest = (stanza:get_child_text("body") or ""):match("^([^:]+):?%s*(.*)$");
	if not acts[act] then return end
	local answer = acts[act](stanza.attr.from, rest, origin);
	origin.send(st.message({ from = module.host, to = stanza.attr.from, type = "chat" }, answer));
	return true;
end, 10);
