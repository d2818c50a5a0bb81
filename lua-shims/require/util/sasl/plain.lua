-- Counterpart: util/sasl/plain.lua
-- PLAIN (RFC 4616), for profiles with `plain`, which gives the password, or `plain_test`, which tests one. Both say too whether the
-- account is enabled: true, false, or nil when there is none.

local stringprep = require "util.encodings".stringprep

local wrong = "Invalid username or password."

local function prepared_username(profile, username)
	username = stringprep.saslprep(username)
	if username and username ~= "" and profile.nodeprep ~= false then
		username = (profile.nodeprep or stringprep.nodeprep)(username)
	end
	return username ~= "" and username or nil
end

local function plain(self, message)
	local authorization, username, password = (message or ""):match("^([^\0]*)\0([^\0]+)\0([^\0]+)")
	if not username then
		return "failure", "malformed-request"
	end
	username, password = prepared_username(self.profile, username), stringprep.saslprep(password)
	if not username or not password or password == "" then
		return "failure", "malformed-request", wrong
	end
	self.username = username

	local profile, correct, enabled = self.profile, false, false
	if profile.plain then
		local expected
		expected, enabled = profile.plain(self, username, self.realm, authorization)
		correct = expected ~= nil and stringprep.saslprep(expected) == password
	elseif profile.plain_test then
		correct, enabled = profile.plain_test(self, username, password, self.realm, authorization)
	end
	if enabled == false then
		return "failure", "account-disabled"
	elseif enabled == nil or not correct then
		return "failure", "not-authorized", "Unable to authorize you with the authentication credentials you've sent."
	end
	return "success"
end

local function init(register)
	register("PLAIN", { "plain", "plain_test" }, plain)
end

return { init = init }
