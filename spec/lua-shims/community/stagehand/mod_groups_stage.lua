-- Does with mod_groups_internal what somebody says to the host: create, add, remove, chat, members.
local st = require "util.stanza";
local groups = module:depends("groups_internal");

local acts = {
	create = function (id) return tostring(groups.create({ name = id }, false, id)); end;
	add = function (id, user) return tostring((groups.add_member(id, user))); end;
	remove = function (id, user) return tostring((groups.remove_member(id, user))); end;
	chat = function (id, name) return (groups.add_group_chat(id, name) and "chat") or "none"; end;
	members = function (id)
		local names = {};
		for name in pairs(groups.get_members(id)) do table.insert(names, name); end
		table.sort(names);
		return table.concat(names, " ") .. " of " .. tostring(groups.exists(id)) .. " " .. tostring(groups.exists("nobody"));
	end;
};

module:hook("message/host", function (event)
	local act, id, what = (event.stanza:get_child_text("body") or ""):match("^(%S+) (%S+) ?(%S*)$");
	if not acts[act] then return; end
	local reply = st.message({ from = module.host, to = event.stanza.attr.from, type = "chat" }, acts[act](id, what));
	event.origin.send(reply);
	return true;
end, 10);
