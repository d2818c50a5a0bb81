-- Asks a service on the web before it lets something pass, as modules do that wait: asks_url .. what .. "?" .. whose.

local async = require "util.async";
local http = require "net.http";
local st = require "util.stanza";

local url = module:get_option_string("asks_url");

local function ask(what, whose)
	return async.wait_for(http.request(url .. what .. "?" .. whose):next(function (response)
		return { code = response.code, body = response.body };
	end));
end

local function refuse(what)
	return function (event)
		local stanza = event.stanza;
		if stanza.attr.type and stanza.attr.type ~= "groupchat" and stanza.attr.type ~= "chat" and stanza.attr.type ~= "set" then return; end
		module:log("debug", "ready: %s", tostring((async.ready())));
		local answer = ask(what, stanza.attr.from:match("^[^@]*"));
		if answer and answer.code == 200 then return; end
		if answer and answer.body == "fail" then error("the service failed"); end
		event.origin.send(st.error_reply(stanza, "auth", "forbidden", what));
		return true;
	end
end

if module:get_host_type() == "component" then
	module:hook("muc-room-pre-create", refuse("create"), 5);
	module:hook("muc-occupant-pre-join", refuse("join"), 5);
	module:hook("muc-occupant-pre-change", refuse("change"), 5);
	module:hook("muc-occupant-groupchat", refuse("say"), 60);
	module:hook("muc-private-message", function (event)
		-- an event that a handler fires itself, and whose handlers wait
		return module:fire_event("asks/whisper", event);
	end);
	module:hook("asks/whisper", function (event)
		local answer = ask("whisper", event.stanza.attr.to:match("/(.*)$") or "");
		event.stanza:text_tag("heard", answer and answer.body or "nothing", { xmlns = "urn:example:asks" });
	end);
	module:hook("asks/whisper", function (event)
		if event.stanza:get_child_text("heard", "urn:example:asks") == "no" then return false; end
	end, -1);
else
	module:hook("pre-message/full", refuse("message"));
	module:hook("iq-set/self/urn:example:asks:query", function (event)
		local wait, done = async.waiter(2);
		local code;
		http.request(url .. "first", nil, function (_, answered) code = answered; done(); end);
		http.request(url .. "second", nil, function () done(); end);
		wait();
		event.origin.send(st.reply(event.stanza):text_tag("query", tostring(code), { xmlns = "urn:example:asks" }));
		return true;
	end);
end

-- what runs by the clock may not wait, unless in a runner of its own
module:add_timer(0.01, function ()
	module:log("info", "by the clock ready: %s", tostring((async.ready())));
	async.runner(function ()
		local answer = ask("timer", module.host);
		module:log("info", "by the clock: %s", answer and answer.body);
	end):run(true);
end);
