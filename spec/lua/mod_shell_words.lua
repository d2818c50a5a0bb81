-- Commands for the console, of every kind that a module can offer.
local promise = require "util.promise";

local function offer(name, args, handler, more)
	local item = {
		section = "words";
		section_desc = "Commands of a test";
		name = name;
		desc = "Does "..name;
		args = args;
		host_selector = "jid";
		handler = handler;
	};
	for key, value in pairs(more or {}) do item[key] = value; end
	module:add_item("shell-command", item);
end

local jid = { name = "jid", type = "string" };

offer("said", { jid, { name = "word", type = "string" } }, function (self, who, word)
	self.session.print("printed", 1, nil, true);
	return true, ("%s says %s on %s"):format(who, word or "nothing", module.host);
end);
offer("value", { jid }, function () return 5; end);
offer("nothing", { jid }, function () end);
offer("refused", { jid }, function () return nil, "no"; end);
offer("thrown", { jid }, function () error("thrown", 0); end);
offer("later", { jid }, function () return promise.resolve("come"); end);
offer("never", { jid }, function () return promise.reject("gone"); end);
offer("table", { jid, { name = "list" } }, function (_, _, list)
	return true, type(list) == "table" and table.concat(list, "+") or type(list);
end);
offer("asked", { jid }, function (self)
	return self.session.request_input("password"):next(function (typed) return "typed "..typed; end);
end);
offer("flagged", { jid, { name = "word" } }, function (_, who, word, flags, rest)
	local names = {};
	for name, value in pairs(flags) do
		table.insert(names, name.."="..(type(value) == "table" and table.concat(value, "+") or tostring(value)));
	end
	table.sort(names);
	return true, table.concat({ who, tostring(word), tostring(rest), table.unpack(names) }, " ");
end, { flags = { kv_params = { quiet = true }; value_params = { name = true }; array_params = { tag = true }; short_params = { q = "quiet" } } });

-- Statistics that are the same in every server
if module.host ~= "localhost" then return; end
module:measure("filled", "amount", { unit = "bytes" })(2048);
local waits = module:metric("histogram", "waits", "seconds", "Waiting", { "kind" }, { buckets = { 0.1, 1, 10 } });
for _, seconds in ipairs { 0.05, 0.5, 5, 7, 9 } do waits:with_labels("long"):sample(seconds); end
local bounds = {};
for i = 1, 20 do bounds[i] = i; end
local fine = module:metric("histogram", "fine", "rooms", "Many buckets", {}, { buckets = bounds }):with_labels();
for i = 1, 20 do for _ = 1, i * i do fine:sample(i); end end
local sizes = module:metric("summary", "sizes", "bytes", "Sizes", {}):with_labels();
sizes:sample(1000);
sizes:sample(4000);
module:metric("summary", "unseen", "", "Nothing yet", {});
module:metric("counter", "busy", "seconds", "Busy", {}):with_labels():add(0);
