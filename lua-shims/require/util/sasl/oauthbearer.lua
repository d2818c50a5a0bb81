-- Counterpart: util/sasl/oauthbearer.lua
-- OAUTHBEARER (RFC 7628), for profiles with `oauthbearer`, which gives the name that a token is for, whether the account is enabled,
-- and what else is known of the token.

local json = require "util.json"

-- The value of the Authorization header among the pairs that follow the head of a message.
local function authorization_of(pairs_text)
	for key, value in pairs_text:gmatch("([a-zA-Z]+)=([\33-\126 \9\r\n]*)\1") do
		if key == "auth" then return value end
	end
end

local function oauthbearer(self, message)
	if message == "\1" then
		-- what a client sends when it was told what is wrong with its token
		return "failure", "not-authorized"
	end
	local identity, pairs_text = (message or ""):match("^n,([^,]*),\1(.+)\1$")
	local authorization = identity and authorization_of(pairs_text)
	if not authorization then
		return "failure", "malformed-request"
	end

	local token = authorization:match("^Bearer (.+)$")
	local username, enabled, token_info = self.profile.oauthbearer(self, token, self.realm, identity:match("^a=(.*)$"))
	if enabled == false then
		return "failure", "account-disabled"
	elseif enabled == nil or not username then
		token_info = token_info or {}
		return "challenge", json.encode({
			status = token_info.status or "invalid_token",
			scope = token_info.scope,
			["openid-configuration"] = token_info.oidc_discovery_url,
		})
	end
	self.username, self.token_info = username, token_info
	return "success"
end

local function init(register)
	register("OAUTHBEARER", { "oauthbearer" }, oauthbearer)
end

return { init = init }
