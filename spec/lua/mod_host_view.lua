-- Looks at the server, its hosts and their sessions.
local st = require "util.stanza";

local tests = {};

function tests.prosody()
	assert(prosody.hosts == hosts and prosody.full_sessions == full_sessions and prosody.bare_sessions == bare_sessions);
	assert(hosts[module.host] and hosts[module.host] == prosody.hosts[module.host] and hosts["no.such.host"] == nil);
	assert(prosody.start_time <= os.time() and type(prosody.version) == "string" and prosody.process_type == "prosody");
	assert(type(prosody.paths.data) == "string" and prosody.platform == "posix");
	local seen = {};
	for name, host in pairs(hosts) do seen[name] = host.type; end
	assert(seen[module.host] == "local");
	prosody.mine = { 1 };
	assert(prosody.mine[1] == 1);
	prosody.mine = nil;
	prosody.unlock_globals();
	prosody.lock_globals();
	assert(not pcall(function() hosts.other = {}; end));
	assert(not pcall(function() prosody.hosts = {}; end));
end

function tests.host()
	local host = hosts[module.host];
	assert(host.host == module.host and host.type == "local" and type(host.events.fire_event) == "function");
	assert(host.modules.host_view == module.environment and host.modules.host_view.module == module);
	assert(host.modules.nothing == nil and host.modules.disco);
	assert(host.users.name and type(host.users.user_exists("nobody at all")) == "boolean");
	host.extra = { "kept" };
	assert(hosts[module.host].extra[1] == "kept");
	host.extra = nil;
	assert(getmetatable(host) == nil and type(host) == "table");
end

function tests.events()
	local events = hosts[module.host].events;
	local log = {};
	local function handler(event) log[#log + 1] = event.text; end
	local function first(event) log[#log + 1] = "first"; end
	events.add_handler("canary", handler);
	events.add_handler("canary", first, 10);
	assert(events.fire_event("canary", { text = "one" }) == nil);
	assert(table.concat(log, " ") == "first one", table.concat(log, " "));
	events.remove_handler("canary", first);
	local function wrapper(handlers, name, data) log[#log + 1] = "before " .. name; local answer = handlers(name, data); log[#log + 1] = "after"; return answer; end
	events.add_wrapper("canary", wrapper);
	events.fire_event("canary", { text = "two" });
	events.wrappers.remove_handler("canary", wrapper);
	events.fire_event("canary", { text = "three" });
	assert(table.concat(log, " ") == "first one before canary two after three", table.concat(log, " "));
	events.remove_handler("canary", handler);
	local list = { canary = function() return false; end };
	events.add_handlers(list);
	assert(events.fire_event("canary", {}) == false);
	events.remove_handlers(list);
	assert(prosody.events.fire_event("nobody hears this", {}) == nil);
end

function session(jid)
	return full_sessions[jid];
end

function tests.session(jid)
	local session = full_sessions[jid];
	local user = bare_sessions[jid:match("^[^/]+")];
	assert(session.full_jid == jid and session.type == "c2s" and session.host == module.host);
	assert(user.sessions[session.resource] == session);
	assert(hosts[module.host].sessions[session.username].sessions[session.resource] == session);
	assert(hosts[module.host].sessions[session.username] == user);
	assert(session.conn:ip() == session.ip and session.destroyed == nil and session.presence == nil);
	assert(session.no_such_field == nil and session.control == nil and session.filters == nil);
	session.canary = { 1, 2 };
	assert(full_sessions[jid].canary[2] == 2);
	local found = false;
	for key in pairs(session) do found = found or key == "canary"; end
	assert(found);
	session.log("info", "A message with %s and %d", "text", 3);
	assert(session.send(st.message({ to = jid, id = "stanza" }, "as a stanza")) == true);
	assert(session.send("<message id='text'><body>as text</body></message>") == true);
end

-- Puts something of ours in place of a session's send, and takes it away again.
function wrap(jid)
	local session = full_sessions[jid];
	local send = session.send;
	session.send = function(stanza)
		if stanza.name == "message" then stanza = st.clone(stanza):text_tag("wrapped", "yes"); end
		return send(stanza);
	end;
	return function() session.send = send; end;
end

-- Sends on behalf of an origin of our own making.
function origins(jid)
	local got = {};
	local session = full_sessions[jid];
	local plain = { type = "local", host = module.host, send = function(stanza) got[#got + 1] = "plain " .. stanza.name .. " " .. (stanza.attr.type or ""); return true; end };
	local ping = st.iq({ type = "get", id = "1", to = module.host, from = jid }):tag("query", { xmlns = "no:such:namespace" });
	module:send(ping, plain);
	prosody.core_post_stanza(plain, st.clone(ping));
	local wrapped = setmetatable({ send = function(stanza) got[#got + 1] = "wrapped " .. stanza.name; return true; end }, { __index = session });
	core_post_stanza(wrapped, st.clone(ping));
	local handled;
	local function handler(event)
		handled = event.origin == wrapped and event.origin.full_jid == jid;
		return event.origin.send(st.reply(event.stanza));
	end
	module:hook("iq-get/host/own:query", handler);
	core_post_stanza(wrapped, st.iq({ type = "get", id = "2", to = module.host, from = jid }):tag("query", { xmlns = "own" }));
	module:unhook("iq-get/host/own:query", handler);
	got[#got + 1] = tostring(handled);
	return table.concat(got, ", ");
end

function roster(jid)
	local session = full_sessions[jid];
	local roster = session.roster;
	assert(roster == bare_sessions[jid:match("^[^/]+")].roster and roster[false].version == nil and not roster[false].broken);
	roster["friend@example.com"] = { subscription = "both", name = "Friend", groups = { Friends = true }, persist = false };
	local item = roster["friend@example.com"];
	assert(item.subscription == "both" and item.groups.Friends == true and item.persist == false and item.ask == nil);
	item.groups.Others = true;
	local contacts, groups = {}, {};
	for contact, entry in pairs(roster) do if contact then contacts[#contacts + 1] = contact .. "=" .. entry.subscription; end end
	for group in pairs(item.groups) do groups[#groups + 1] = group; end
	table.sort(groups);
	roster[false].pending["asks@example.com"] = true;
	return table.concat(contacts, " ") .. " " .. table.concat(groups, "+");
end

-- Goes through a user's sessions while they go, with other loops over the same table within.
function close_all(username)
	local closed = {};
	local sessions = hosts[module.host].sessions[username].sessions;
	for resource, session in pairs(sessions) do
		local others = 0;
		for _ in pairs(sessions) do others = others + 1; end
		assert(next(sessions) ~= nil and others > 0);
		closed[#closed + 1] = resource .. ":" .. others;
		session:close();
	end
	assert(hosts[module.host].sessions[username] == nil);
	return table.concat(closed, " ");
end

function run(name, ...)
	return tests[name](...);
end
