-- Asks a service on the web (asks_url) where rooms are configured and people invited, in commands, and around events of others.

local async = require "util.async";
local http = require "net.http";

local url = module:get_option_string("asks_url");

local function ask(what, whose)
	local response = async.wait_for(http.request(url .. what .. "?" .. whose:match("^[^@]*")));
	return response and response.body or "nothing";
end

if module:get_host_type() == "component" then
	module:hook("muc-config-form", function (event)
		table.insert(event.form, { name = "muc#pondered", type = "text-single", label = ask("form", event.actor) });
	end, -1);
	module:hook("muc-config-submitted/muc#roomconfig_roomname", function (event)
		event.value = event.value .. " " .. ask("name", event.actor);
		event.fields[event.field] = event.value;
	end, 10);
	module:hook("muc-pre-invite", function (event)
		if ask("may-invite", event.stanza.attr.from) == "no" then return true; end
	end, 5);
	module:hook("muc-invite", function (event)
		event.stanza:text_tag("pondered", ask("invite", "somebody"), { xmlns = "urn:example:ponders" });
	end, 5);
	module:wrap_event("muc-occupant-pre-join", function (handlers, event_name, event_data)
		local before = ask("before", event_data.stanza.attr.from);
		local answer = handlers(event_name, event_data);
		if answer == nil and ask("after", event_data.stanza.attr.from) == "no" then
			event_data.origin.send(require "util.stanza".error_reply(event_data.stanza, "auth", "forbidden", before));
			return true;
		end
		return answer;
	end);
	module:hook("muc-occupant-pre-join", function (event)
		ask("within", event.stanza.attr.from);
	end);
	module:hook("muc-occupant-pre-leave", function (event)
		if event.occupant.nick:match("/Hamlet$") then
			ask("leave", event.stanza.attr.from);
		end
	end);
else
	module:depends("adhoc");
	local new_command = module:require "adhoc".new;
	module:provides("adhoc", new_command("Ponder", "urn:example:ponder", function (_, data, state)
		local word = ask("command", data.from);
		if state then return { status = "completed", info = state .. " " .. word }; end
		return { status = "executing", actions = { "next", default = "next" }, info = word }, word;
	end, "any"));
end
