-- Puts something around each store that counts what is asked of it, as modules do that measure stores.
local counts = {};

module:hook("store-opened", function (event)
	if event.store_name == "refused" then
		event.store_err = "not today";
		return;
	end
	local inner, name = event.store, event.store_name .. "/" .. event.store_type;
	event.store = setmetatable({}, { __index = function (_, method)
		local run = inner[method];
		if type(run) ~= "function" then return run; end
		return function (...)
			counts[name .. "/" .. method] = (counts[name .. "/" .. method] or 0) + 1;
			return run(...);
		end
	end });
end);

function count(what)
	return counts[what] or 0;
end

function use()
	local keyval = module:open_store("things");
	assert(keyval:set("juliet", { a = 1 }));
	local map = module:open_store("things", "map");
	assert(map:get("juliet", "a") == 1 and map:set("juliet", "b", 2));
	local archive = module:open_store("log", "archive");
	assert(archive:append("juliet", nil, require "util.stanza".message({}, "said"), 1000, "romeo@localhost"));
	local bodies = {};
	for _, item in archive:find("juliet", {}) do table.insert(bodies, item:get_child_text("body")); end
	local store, problem = module:open_store("refused");
	return keyval:get("juliet").b, bodies[1], tostring(store), problem;
end
