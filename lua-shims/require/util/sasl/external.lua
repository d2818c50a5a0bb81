-- Counterpart: util/sasl/external.lua
-- EXTERNAL (RFC 4422 appendix A), for profiles with `external`, which gives the name of who was recognised otherwise, and whether
-- the account is enabled.

local saslprep = require "util.encodings".stringprep.saslprep

local function external(self, message)
	local state
	self.username, state = self.profile.external(saslprep(message))
	if state == false then
		return "failure", "account-disabled"
	elseif state == nil then
		return "failure", "not-authorized"
	elseif state == "expired" then
		-- PARITY: an answer of this name is no failure to anyone who only knows the three names there are.
		return "false", "credentials-expired"
	end
	return "success"
end

local function init(register)
	register("EXTERNAL", { "external" }, external)
end

return { init = init }
