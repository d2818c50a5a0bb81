-- A canary: what plugins for meetings use of rooms, sessions, timers and other modules.
local it = require "util.iterators";
local jid = require "util.jid";
local st = require "util.stanza";
local timer = require "util.timer";
local usermanager = require "core.usermanager";

local limits = module:get_option("meeting_limits", {});
local patience = module:get_option_number("meeting_patience", 60);
local closes = module:get_option_boolean("meeting_closes", true);
local joins = module:measure("meeting_joins", "counter");

-- beside the accounts: passes, and names that cannot be changed
if module:get_host_type() == "local" then
	module:hook("message/host", function (event)
		local words = event.stanza:get_child_text("body") or "";
		local kind, name = words:match("^pass (%w+) (%w+)$");
		if not kind then return end
		event.origin.meeting_pass = { [kind] = true, name = name };
		return true;
	end, 10);

	local function keep_name(event)
		local pass = event.origin and event.origin.meeting_pass;
		if not pass then return end
		event.stanza:maptags(function (tag)
			for key, value in pairs(tag) do
				if key == "name" and value == "nick" then return nil; end
			end
			return tag;
		end);
		event.stanza:tag("nick", { xmlns = "http://jabber.org/protocol/nick" }):text(pass.name):up();
	end

	-- hosts that come later; the event is the name itself
	prosody.events.add_handler("host-activated", function (host)
		last_activated = host;
	end);

	module:hook("pre-presence/full", keep_name);
	module:hook("pre-presence/bare", keep_name);

	return;
end

local function is_staff(address)
	return usermanager.is_admin(address, module.host);
end

local function tell(room, text)
	room:broadcast_message(st.message({ type = "groupchat", from = room.jid }):tag("body"):text(text));
end

module:hook("muc-room-pre-create", function (event)
	event.room._data.meeting = { topics = {}, rounds = 0 };
	prosody.events.fire_event("meeting-planned", { room = event.room, by = event.stanza.attr.from });
end);

module:hook("muc-room-created", function (event)
	local room = event.room;
	local limit = limits[jid.node(room.jid)];
	if limit then room._data.meeting_limit = limit; end
	room.is_open = true;
end);

-- late, as those that come after tokens were looked at
module:hook("muc-occupant-pre-join", function (event)
	local room, occupant, origin = event.room, event.occupant, event.origin;
	if is_staff(occupant.bare_jid) then return end
	local pass = origin.meeting_pass;
	if pass and pass.chair then
		room:set_affiliation(true, occupant.bare_jid, "owner");
		occupant.role = "moderator";
		return;
	end
	local limit = room._data.meeting_limit;
	if jid.bare(event.stanza.attr.from) == room.planned_by then return end
	if limit and it.count(room:each_occupant()) >= limit then
		origin.send(st.error_reply(event.stanza, "wait", "resource-constraint", "The meeting is full"));
		return true;
	end
	if pass and pass.guest ~= nil then
		room:set_affiliation(true, occupant.bare_jid, "member");
		occupant.role = "participant";
	end
end, -3);

module:hook("muc-occupant-joined", function (event)
	joins(1);
	local room, occupant = event.room, event.occupant;
	if room._data.meeting and not is_staff(occupant.bare_jid) then
		table.insert(room._data.meeting.topics, (jid.resource(occupant.nick)));
	end
	if event.origin.meeting_pass and room:get_members_only() then
		room:set_members_only(false);
		prosody.events.fire_event("meeting-opened", { room = room, newjid = room.jid });
	end
end, -2);

local function has_chair(room)
	for _, occupant in room:each_occupant() do
		if not is_staff(occupant.bare_jid) and room:get_affiliation(occupant.jid) == "owner" then return true; end
	end
	return false;
end

module:hook("muc-occupant-left", function (event)
	local room = event.room;
	if not closes or room:get_affiliation(event.occupant.jid) ~= "owner" or has_chair(room) then return end
	-- asks a few times before it gives up, as tasks that answer a number run again
	timer.add_task(patience, function ()
		local meeting = room._data.meeting;
		meeting.rounds = meeting.rounds + 1;
		if has_chair(room) or it.count(room:each_occupant()) == 0 then return end
		if meeting.rounds < 3 then
			tell(room, "Waiting for " .. table.concat(meeting.topics, " and ") .. ", round " .. meeting.rounds);
			return patience;
		end
		room:set_persistent(false);
		room:destroy(nil, "The meeting is over");
	end);
end);

-- what clients may ask of those who have no pass at all
module:hook("muc-occupant-groupchat", function (event)
	local room, occupant = event.room, event.occupant;
	if event.stanza:get_child_text("body") ~= "ring" or room.is_ringing then return end
	local caller = room:get_occupant_by_real_jid(event.stanza.attr.from);
	local target = room:get_occupant_by_nick(room.jid .. "/Focus");
	if not target or caller.nick ~= occupant.nick then return end
	room.is_ringing = true;
	module:send(st.iq({ type = "set", id = "ring", from = occupant.jid, to = target.nick })
		:tag("bell", { xmlns = "urn:test:bell", caller = occupant.nick }));
	return true;
end);

-- what modules say of meetings, themselves included
module:hook_global("meeting-planned", function (event)
	event.room.planned_by = jid.bare(event.by);
end);
