-- Looks at rooms and changes them in every way that modules do; its functions are called by the test.
local muc = module:depends("muc");
local st = require "util.stanza";

local seen = {};
local function note(...)
	seen[#seen + 1] = table.concat({ ... }, " ");
end

function take_notes()
	local notes = table.concat(seen, "\n");
	seen = {};
	return notes;
end

module:hook("muc-room-created", function (event)
	note("created", event.room.jid, event.room:get_affiliation(event.stanza.attr.from));
	event.room._data.rooms_canary = { created_by = event.stanza.attr.from };
end);

module:hook("muc-occupant-pre-join", function (event)
	if event.stanza:get_child("x", "http://jabber.org/protocol/muc"):get_child_text("password") == "refused" then
		event.origin.send(st.error_reply(event.stanza, "auth", "forbidden", "Not with that word"));
		return true;
	end
	event.occupant.badge = "new";
end, 50);

module:hook("muc-occupant-joined", function (event)
	note("joined", event.nick, event.occupant.bare_jid, event.occupant.role, event.occupant.badge);
end);

module:hook("muc-occupant-groupchat", function (event)
	local body = event.stanza:get_child_text("body");
	if body == "swallow" then return true; end
	if body == "shout" then
		event.stanza:maptags(function (tag)
			if tag.name == "body" then return st.stanza("body"):text("SHOUT"); end
			return tag;
		end);
	end
	event.stanza:tag("seen", { xmlns = "urn:test:rooms", role = event.occupant.role }):up();
end);

module:hook("muc-config-form", function (event)
	table.insert(event.form, {
		name = "rooms#colour"; type = "list-single"; label = "Colour";
		value = event.room._data.colour or "red";
		options = { { value = "red"; label = "Red" }, "green" };
	});
end, 0);

module:hook("muc-config-submitted/rooms#colour", function (event)
	if event.value ~= (event.room._data.colour or "red") then
		event.room._data.colour = event.value;
		event.status_codes["104"] = true;
	end
end);

module:hook("muc-disco#info", function (event)
	event.reply:tag("feature", { var = "urn:test:rooms" }):up();
	table.insert(event.form, { name = "{urn:test:rooms}colour"; type = "text-single" });
	event.formdata["{urn:test:rooms}colour"] = event.room._data.colour or "red";
end);

local function room(jid)
	return assert(muc.get_room_from_jid(jid), "there is no such room");
end

function occupants(jid)
	local names = {};
	for nick, occupant in room(jid):each_occupant() do
		local sessions = 0;
		for real_jid, presence in occupant:each_session() do
			assert(presence.attr.from == nick and occupant.sessions[real_jid] == presence);
			sessions = sessions + 1;
		end
		names[#names + 1] = nick .. "=" .. occupant.role .. "/" .. sessions;
	end
	table.sort(names);
	return table.concat(names, " ");
end

function affiliations(jid)
	local names = {};
	for who, affiliation, data in room(jid):each_affiliation() do
		names[#names + 1] = who .. "=" .. affiliation .. (data and data.reason and ("(" .. data.reason .. ")") or "");
	end
	for who in pairs(room(jid)._affiliations) do names[#names + 1] = who; end
	table.sort(names);
	return table.concat(names, " ");
end

function grant(jid, actor, who, affiliation, reason, data)
	local ok, kind, condition = room(jid):set_affiliation(actor, who, affiliation, reason, data);
	return ok and "granted" or table.concat({ tostring(ok), kind, condition }, " ");
end

function identities(jid)
	local one, other = room(jid), muc.get_room_from_jid(jid);
	local by_iteration;
	for each in muc.each_room() do if each.jid == jid then by_iteration = each; end end
	return one == other and other == by_iteration
		and one._occupants == other._occupants
		and muc.room_mt.get_affiliation == getmetatable(one).__index.get_affiliation
		and muc.get_room_from_jid("nobody@" .. module.host) == nil;
end

function put(jid, key, value)
	room(jid)._data[key] = value;
	return room(jid)._data[key];
end

function put_function(jid)
	room(jid)._data.callback = function () end;
end

function count_up(jid)
	local counters = room(jid)._data.counters;
	if not counters then
		counters = {};
		room(jid)._data.counters = counters;
	end
	counters.calls = (counters.calls or 0) + 1;
	counters[counters.calls] = "call";
	return counters.calls;
end

function say(jid, text)
	room(jid):broadcast_message(st.message({ from = jid, type = "groupchat" }, text));
end

-- puts copies of a room's occupants in their place, and keeps them
local kept = {};
function replace_occupants(jid)
	for nick, occupant in room(jid):each_occupant() do kept[nick] = occupant; end
	room(jid)._occupants = kept;
end

function take_sessions(nick)
	for real_jid in pairs(kept[nick].sessions) do kept[nick].sessions[real_jid] = nil; end
end

-- wraps a method of one room, as several community modules do
function muffle(jid)
	local this = room(jid);
	local original = this.broadcast;
	this.broadcast = function (self, stanza, cond)
		if stanza.name == "message" and stanza:get_child_text("body") == "hush" then return; end
		return original(self, stanza, cond);
	end
	return original ~= this.broadcast;
end

-- replaces a method of all rooms
local get_affiliation = muc.room_mt.get_affiliation;
function appoint(who)
	function muc.room_mt:get_affiliation(jid)
		if jid:sub(1, #who) == who then return "owner"; end
		return get_affiliation(self, jid);
	end
end
function module.unload()
	muc.room_mt.get_affiliation = get_affiliation;
end
