-- Counterpart: util/sasl/anonymous.lua
-- ANONYMOUS (RFC 4505), for profiles with `anonymous`, which says whether a name that was drawn will do.

local new_id = require "util.id".medium

local function anonymous(self, message)
	repeat
		self.username = new_id():lower()
	until self.profile.anonymous(self, self.username, self.realm, message)
	return "success"
end

local function init(register)
	register("ANONYMOUS", { "anonymous" }, anonymous)
end

return { init = init }
