-- Offers what others take: commands, services, tasks, promises, roles.
local st = require "util.stanza";
local dataforms = require "util.dataforms";
local promise = require "util.promise";
local roles = require "util.roles";
local error = require "util.error";
local um = require "core.usermanager";
local modulemanager = require "core.modulemanager";
local configmanager = require "core.configmanager";
local hostmanager = require "core.hostmanager";
local portmanager = require "core.portmanager";
local rostermanager = require "core.rostermanager";
local tests = {};

local layout = dataforms.new({
	title = "Colours"; instructions = "Which one?";
	{ name = "FORM_TYPE"; type = "hidden"; value = "urn:example:colours" };
	{ name = "colour"; type = "text-single"; label = "Colour"; required = true };
});

module:depends("adhoc");
module:add_item("adhoc", {
	name = "Choose a colour"; node = "urn:example:colours"; permission = "any";
	cmdtag = function() end;
	handler = function(self, data, state)
		assert(self.node == "urn:example:colours" and data.from and data.origin.send);
		if data.action == "cancel" then return { status = "canceled" }; end
		if not state then
			return { status = "executing"; actions = { "next", "complete", default = "complete" }; form = { layout = layout; values = { colour = "red" } } }, { asked = true };
		end
		local fields, err = layout:data(data.form);
		if err then return { status = "completed"; error = { message = err.colour } }; end
		if fields.colour == "grey" then return { status = "error"; error = error.new({ type = "modify", condition = "not-acceptable", text = "Not grey" }) }; end
		return { status = "completed"; info = "You chose " .. fields.colour .. (state.asked and ", asked" or "") };
	end;
});

function later(value)
	return promise.new(function(resolve, reject)
		module:add_timer(0.01, function() if value == "fail" then reject(error.new({ type = "wait", condition = "conflict" })); else resolve(value); end end);
	end);
end

-- Waits for a promise of the host.
function wait(given, done)
	assert(promise.is_promise(given));
	given:next(function(value) done("got", value); end, function(err) done("failed", err.condition or err); end);
end

function tests.roles()
	local role = um.get_role_by_name("prosody:registered", module.host);
	assert(roles.is_role(role) and role.name == "prosody:registered");
	assert(role == um.get_role_by_name("prosody:registered", module.host));
	local mine = roles.new({ name = "canary:role", permissions = { ["canary:sing"] = true, ["canary:bite"] = false }, inherits = { role } });
	assert(mine:may("canary:sing") == true and mine:may("canary:bite") == false and mine:may("canary:fly") == nil);
	module:default_permission("prosody:registered", "canary:perch");
	assert(role:may("canary:perch") and mine:may("canary:perch"));
	local all = um.get_all_roles(module.host);
	assert(all["prosody:registered"] == role);
	return mine;
end

function tests.accounts()
	assert(um.create_user("canary", "seed", module.host));
	assert(um.user_exists("canary", module.host) and not um.user_exists("cat", module.host));
	assert(um.test_password("canary", module.host, "seed"));
	local ok, err = um.test_password("canary", module.host, "wrong");
	assert(not ok and type(err) == "string");
	assert(um.set_password("canary", "better seed", module.host) and um.test_password("canary", module.host, "better seed"));
	local found = {};
	for name in um.users(module.host) do found[name] = true; end
	assert(found.canary);
	assert(um.get_user_role("canary", module.host).name == "prosody:registered");
	assert(um.set_user_role("canary", module.host, "prosody:admin"));
	assert(um.is_admin("canary@" .. module.host, module.host) and um.get_roles("canary@" .. module.host, module.host)["prosody:admin"]);
	assert(um.delete_user("canary", module.host) and not um.user_exists("canary", module.host));
	ok, err = um.create_user("canary", "seed", "no.such.host");
	assert(not ok and type(err) == "string");
	local handler = um.get_sasl_handler(module.host, {});
	assert(handler:mechanisms()["PLAIN"] and handler:select("PLAIN") and not handler:select("NO-SUCH"));
	local status, condition = handler:process("\0nobody\0nothing");
	assert(status == "failure" and condition == "not-authorized", condition);
end

function tests.modules()
	assert(modulemanager.is_loaded(module.host, module.name) and not modulemanager.is_loaded(module.host, "nothing"));
	assert(modulemanager.get_module(module.host, module.name) == module.environment);
	assert(modulemanager.get_modules(module.host)[module.name] == module.environment and modulemanager.get_modules(module.host).disco);
	local ok, err = modulemanager.load(module.host, "no_such_module");
	assert(not ok and type(err) == "string");
	ok, err = modulemanager.load(module.host, module.name);
	assert(not ok and err == "module-already-loaded", err);
	assert(modulemanager.load(module.host, "stores") and modulemanager.get_module(module.host, "stores").run);
	assert(modulemanager.unload(module.host, "stores") and not modulemanager.is_loaded(module.host, "stores"));
	local set, component = modulemanager.get_modules_for_host(module.host);
	assert(set:contains(module.name) and component == nil);
	assert(#modulemanager.get_modules_with_method(module.host, "no_such_method") == 0);
end

function tests.config()
	assert(configmanager.get(module.host, "canary_option") == "here" and configmanager.get("*", "canary_option") == nil);
	assert(configmanager.rawget(module.host, "canary_option") == "here");
	assert(configmanager.get(module.host, "canary_table").inner[2] == "b");
	assert(configmanager.resolve_relative_path("/folder/", "./file") == "/folder/file");
end

function tests.hosts()
	for child, name in pairs(hostmanager.get_children(module.host)) do
		assert(child:find("%." .. module.host .. "$") and name);
	end
	local services = portmanager.get_active_services();
	assert(services:get("c2s"));
	assert(portmanager.get_service("capitals").name == "capitals");
end

function tests.rosters()
	assert(not rostermanager.is_contact_subscribed("canary", module.host, "cat@example.com"));
	assert(um.create_user("canary", "seed", module.host));
	assert(rostermanager.set_contact_pending_in("canary", module.host, "cat@example.com", st.presence({ type = "subscribe", from = "cat@example.com" })));
	assert(rostermanager.is_contact_pending_in("canary", module.host, "cat@example.com"));
	assert(rostermanager.subscribed("canary", module.host, "cat@example.com"));
	assert(rostermanager.is_contact_subscribed("canary", module.host, "cat@example.com"));
	assert(rostermanager.set_contact_pending_out("canary", module.host, "cat@example.com"));
	assert(rostermanager.is_contact_pending_out("canary", module.host, "cat@example.com"));
	local roster = assert(rostermanager.load_roster("canary", module.host));
	assert(roster["cat@example.com"].subscription == "from" and roster["cat@example.com"].ask == "subscribe");
	roster["cat@example.com"].name = "Tom";
	assert(rostermanager.save_roster("canary", module.host, roster, "cat@example.com"));
	assert(rostermanager.load_roster("canary", module.host)["cat@example.com"].name == "Tom");
	local success, pending, was_subscribed = rostermanager.unsubscribed("canary", module.host, "cat@example.com");
	assert(success and not pending and was_subscribed);
	assert(um.delete_user("canary", module.host));
end

-- Whose permission is asked, and how it can be asked wrongly.
function may(action, context) return module:may(action, context); end

module:default_permission("prosody:registered", ":sing");

module:hook("iq-get/host/urn:example:sing:sing", function(event)
	local origin, stanza = event.origin, event.stanza;
	origin.send(st.reply(stanza):tag("sing", { xmlns = "urn:example:sing", may = tostring(module:may(":sing", event)), bite = tostring(module:may(":bite", event)), role = origin.role and origin.role.name or "none" }));
	return true;
end);

function fire(name, event) return module:fire_event(name, event); end

function run(name, ...) return tests[name](...); end
