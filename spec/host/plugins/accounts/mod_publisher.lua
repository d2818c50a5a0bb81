-- Publishes what it is told to, in the name of whoever tells it, and says what there is then.
local st = require "util.stanza";
local jid = require "util.jid";

local pep = module:depends("pep");
local node = "urn:example:tune";

module:handle_items("pep-service", function (event)
	local service = event.item.service;
	module:hook_object_event(service.events, "item-published/" .. node, function (published)
		module:send(st.message({ from = module.host; to = event.item.jid; id = "event" })
			:body(published.node .. " " .. published.id .. " " .. published.item.tags[1]:get_text()));
	end);
end, function () end, true);

module:hook("message/host", function (event)
	local from = event.stanza.attr.from;
	local service = pep.get_pep_service((jid.split(from)));
	local lines = {};
	local function say(...)
		local line = {};
		for i = 1, select("#", ...) do line[i] = tostring((select(i, ...))); end
		table.insert(lines, table.concat(line, " "));
	end
	say(service:create(node, true, { max_items = 3; access_model = "open" }));
	say(service:create(node, true));
	for _, id in ipairs { "one", "two" } do
		local item = st.stanza("item", { xmlns = "http://jabber.org/protocol/pubsub"; id = id })
			:tag("tune", { xmlns = node }):text(event.stanza:get_child_text("body") .. id);
		say(service:publish(node, from, id, item, { max_items = 3 }));
	end
	local ok, err = service:publish(node, from, "three", st.stanza("item"), { access_model = "whitelist" });
	say(ok, err ~= nil);
	local ok, items = service:get_items(node, from);
	say(ok, #items, items[1], items.two.tags[1]:get_text());
	local ok, id, item = service:get_last_item(node, "nobody@example.com");
	say(ok, id, item.attr.id);
	say(service:retract(node, true, "none"));
	local ok, config = service:get_node_config(node, true);
	say(ok, config.max_items, config.access_model, config.persist_items);
	say(service:may(node, "nobody@example.com", "publish"), service:may(node, from, "publish"));
	say(service:get_items("urn:example:other", true));
	say(service.nodes[node].name, service.nodes["urn:example:other"]);
	say(service:delete(node, true));
	say(pep.get_pep_service("nobody"):get_items(node, "nobody@example.com"));
	module:send(st.message({ from = module.host; to = from; id = "said" }):body(table.concat(lines, ", ")));
	return true;
end);
