-- Keeps things in stores of every kind, and says what it finds.
local st = require "util.stanza";
local storagemanager = require "core.storagemanager";

local keyval = module:open_store("lua_keyval");
local map = module:open_store("lua_keyval", "map");
local both = module:open_store("lua_both", "keyval+");
local archive = module:open_store("lua_archive", "archive");

local tests = {};

function tests.keyval()
	local data = { name = "Juliet", list = { "a", "b" }, deep = { [1] = true, x = 1.5 }, [3] = "three", [false] = "no" };
	assert(keyval:set("juliet", data) == true);
	data.list[1] = "changed afterwards";
	local found = assert(keyval:get("juliet"));
	assert(found ~= data and found.list[1] == "a" and found.list[2] == "b", "the table is a copy");
	assert(found.deep[1] == true and found.deep.x == 1.5 and found[3] == "three" and found[false] == "no");
	found.name = "Romeo";
	assert(keyval:get("juliet").name == "Juliet");
	local users = {};
	for user in keyval:users() do users[#users + 1] = user; end
	assert(#users == 1 and users[1] == "juliet");
	assert(keyval:get("nobody") == nil);
	assert(keyval:set(nil, { of = "the host" }) == true and keyval:get(nil).of == "the host");
	assert(keyval:set("juliet", nil) == true and keyval:get("juliet") == nil);
end

function tests.bytes()
	local odd = "a\0b\255\254\128 é";
	assert(keyval:set("bytes", { text = odd, [odd] = true }));
	local found = keyval:get("bytes");
	assert(found.text == odd and #found.text == #odd and found[odd] == true);
end

function tests.stanza_in_keyval()
	assert(keyval:set("stanza", { pending = st.message({ to = "a@b" }, "Hi") }));
	local found = st.deserialize(keyval:get("stanza").pending);
	assert(found.name == "message" and found:get_child_text("body") == "Hi" and found.attr.to == "a@b");
end

function tests.unstorable()
	local ok, err = keyval:set("bad", { inner = { callback = print } });
	assert(ok == nil and err:find("inner.callback", 1, true), tostring(err));
	local loop = {};
	loop.loop = loop;
	ok, err = keyval:set("bad", loop);
	assert(ok == nil and err:find("contains itself", 1, true), tostring(err));
	assert(keyval:get("bad") == nil);
end

function tests.map()
	assert(map:set("juliet", "colour", "red") == true);
	assert(map:set("juliet", "size", { w = 1 }) == true);
	assert(map:get("juliet", "colour") == "red" and map:get("juliet", "size").w == 1 and map:get("juliet", "none") == nil);
	assert(map:set_keys("juliet", { colour = map.remove, weight = 3 }) == true);
	assert(map:get("juliet", "colour") == nil and map:get("juliet", "weight") == 3);
	assert(map:set("romeo", "weight", 4) == true);
	local all = map:get_all("weight");
	assert(all.juliet == 3 and all.romeo == 4);
	assert(map:get_all("nothing of that name") == nil);
	assert(map:delete_all("weight") == true and map:get("romeo", "weight") == nil);
	local ok, err = map:get_all("");
	assert(ok == nil and type(err) == "string");
	assert(keyval:set("juliet", nil));
end

function tests.keyval_plus()
	assert(both:set_key("juliet", "a", 1) == true and both:get_key("juliet", "a") == 1);
	assert(both:set("juliet", { b = 2 }) == true and both:get("juliet").b == 2 and both:get_key("juliet", "a") == nil);
	local users = {};
	for user in both:items() do table.insert(users, user); end
	assert(#users == 1 and users[1] == "juliet");
	assert(both:get_key_from_all("b").juliet == 2 and both:delete_key_from_all("b") == true and both:get_key_from_all("b") == nil);
end

function tests.archive()
	local first = assert(archive:append("room", nil, st.message({ from = "a@b" }, "one"), 1000, "message<groupchat"));
	local second = assert(archive:append("room", "second", st.message({}, "two"), 2000, "other"));
	assert(type(first) == "string" and second == "second");
	local found, total = assert(archive:find("room", { total = true, limit = 1 }));
	assert(archive.caps == nil or not archive.caps.total or total == 2);
	local id, item, when, with = found();
	assert(id == first and item:get_child_text("body") == "one" and item.attr.from == "a@b" and when == 1000 and with == "message<groupchat");
	assert(st.is_stanza(item) and found() == nil);
	local seen = {};
	for key, _, stamp in archive:find("room", { start = 1500, ["end"] = 2500 }) do seen[#seen + 1] = key .. stamp; end
	assert(#seen == 1 and seen[1]:find("^second2000"));
	item, when, with = archive:get("room", "second");
	assert(item:get_child_text("body") == "two" and when == 2000 and with == "other");
	local none, err = archive:get("room", "no such");
	assert(none == nil and err == "item-not-found", tostring(err));
	none, err = archive:find("room", { after = "no such" });
	assert(none == nil and err == "item-not-found", tostring(err));
	assert(archive:set("room", "second", st.message({}, "three"), 3000, "else") == true);
	assert(archive:get("room", "second"):get_child_text("body") == "three");
	local summary = archive:summary("room");
	assert(summary.counts["else"] == 1 and summary.earliest["message<groupchat"] == 1000 and summary.latest["else"] == 3000);
	local dates = archive:dates("room");
	assert(#dates == 1 and dates[1] == "1970-01-01");
	local users = {};
	for user in archive:users() do users[#users + 1] = user; end
	assert(#users == 1 and users[1] == "room");
	assert(archive:delete("room", { ["end"] = 1500 }) == 1 and archive:delete("room") == 1);
end

function tests.storagemanager()
	local store = assert(storagemanager.open(module.host, "lua_keyval"));
	assert(store:set("purged", { x = 1 }) and keyval:get("purged").x == 1);
	assert(storagemanager.purge("purged", module.host));
	assert(keyval:get("purged") == nil);
	local ok, err = storagemanager.open(module.host, "lua_keyval", "no such kind");
	assert(ok == nil and err == "unsupported-store");
	assert(storagemanager.get_driver(module.host, "x"):open("lua_keyval", "map"):set("juliet", "k", "v"));
	assert(keyval:get("juliet").k == "v" and keyval:set("juliet", nil));
end

function run(name)
	return tests[name]();
end
