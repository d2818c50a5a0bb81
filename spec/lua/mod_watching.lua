-- Has every session that is new filtered: what it sends is seen, and one word is not let through.
local filters = require "util.filters";
local st = require "util.stanza";
local seen = {};

local function no_word(stanza, session)
	seen[#seen + 1] = session.type .. " " .. stanza.name;
	if stanza.name == "message" and (stanza:get_child_text("body") or ""):find("bad", 1, true) then
		return;
	end
	return stanza;
end

local hooked = 0;
local function hook_session(session)
	hooked = hooked + 1;
	filters.add_filter(session, "stanzas/in", no_word);
	filters.add_filter(session, "bytes/out", function (data)
		return (data:gsub("rose", "lily"));
	end);
end

function module.load()
	filters.add_filter_hook(hook_session);
end
function module.unload()
	filters.remove_filter_hook(hook_session);
end

module:hook("watched", function ()
	return table.concat(seen, "\n");
end);
module:hook("watched-sessions", function ()
	return hooked;
end);
