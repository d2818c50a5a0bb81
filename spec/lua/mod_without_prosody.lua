-- A canary: what modules take from Prosody's own plugins, tried where none of them is installed.
local st = require "util.stanza";

if module:get_host_type() == "local" then
	local adhoc = module:require "adhoc";
	module:depends "adhoc";
	module:provides("adhoc", adhoc.new("Say hello", "urn:test:hello", function (self, data)
		return { status = "completed", info = self.name .. ": hello, " .. data.from };
	end, "any"));

	function new_command(permission)
		return adhoc.new("Nothing", "urn:test:nothing", function () end, permission).permission;
	end

	return;
end

local util = module:require "muc/util";

function is_higher(role, other)
	return util.valid_roles[role] > util.valid_roles[other];
end

function is_kickable(condition)
	local message = st.message({ type = "chat", id = "x", from = "a@example.org", to = "b@example.org" });
	return util.is_kickable_error(condition and st.error_reply(message, "cancel", condition) or st.message({ type = "error" }));
end

function filter()
	util.add_filtered_namespace("urn:test:mine");
	return util.filter_muc_x(st.message()
		:tag("x", { xmlns = "http://jabber.org/protocol/muc#user" }):up()
		:tag("x", { xmlns = "urn:test:mine" }):up()
		:tag("x", { xmlns = "urn:test:theirs" }):up());
end

function may(role)
	return util.only_with_min_role("participant")("nick", { role = role });
end
