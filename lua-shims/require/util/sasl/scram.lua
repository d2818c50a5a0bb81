-- Counterpart: util/sasl/scram.lua
-- SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677), with channel binding too, for profiles with `plain`, which gives the password,
-- or `scram_sha_1` or `scram_sha_256`, which give the stored key, the server key, the iterations and the salt; and whether the
-- account is enabled.

local base64 = require "util.encodings".base64
local stringprep = require "util.encodings".stringprep
local hashes = require "util.hashes"
local new_uuid = require "util.uuid".generate
local sxor = require "util.strbitop".sxor
local log = require "util.logger".init("sasl")

local iterations_of_new_keys = 10000
local least_iterations = 4096 -- RFC 5802 section 4

-- The name in a message, where commas and equal signs are written as =2C and =3D; nil for one that cannot be.
local function username_of(profile, text)
	for code in text:gmatch("=(.?.?)") do
		if code ~= "2C" and code ~= "3D" then
			return nil
		end
	end
	local username = stringprep.saslprep((text:gsub("=2C", ","):gsub("=3D", "=")))
	if username and profile.nodeprep ~= false then
		username = (profile.nodeprep or stringprep.nodeprep)(username)
	end
	return username ~= "" and username or nil
end

-- Makes a function from a password, salt and number of iterations to true, the stored key and the server key; or false and why not.
local function get_hash(hash, hmac, pbkdf2)
	return function(password, salt, iterations)
		if type(password) ~= "string" or type(salt) ~= "string" or type(iterations) ~= "number" then
			return false, "inappropriate argument types"
		end
		if iterations < least_iterations then
			log("warn", "%d iterations are fewer than the %d that RFC 5802 asks for", iterations, least_iterations)
		end
		password = stringprep.saslprep(password)
		if not password then
			return false, "password fails SASLprep"
		end
		local salted = pbkdf2(password, salt, iterations)
		return true, hash(hmac(salted, "Client Key")), hmac(salted, "Server Key")
	end
end

-- What a failure is called when a profile says of an account that it is not enabled; nil where it is.
local function account_failure(enabled)
	if enabled == nil then
		return "not-authorized"
	elseif enabled == false then
		return "account-disabled"
	end
end

-- The keys of the user; or nil with the condition and text of the failure.
local function find_keys(self, mechanism, username, authorization)
	local profile, keys = self.profile, {}
	if profile.plain then
		local password, enabled = profile.plain(self, username, self.realm, authorization)
		local condition = account_failure(enabled)
		if condition then return nil, condition end
		if not password or not stringprep.saslprep(password) then
			return nil, "not-authorized", "Invalid password."
		end
		keys.salt, keys.iterations = new_uuid(), iterations_of_new_keys
		local ok
		ok, keys.stored_key, keys.server_key = mechanism.get_keys(password, keys.salt, keys.iterations)
		if not ok then
			log("error", "No keys could be made of a password: %s", keys.stored_key)
			return nil, "temporary-auth-failure"
		end
	elseif profile[mechanism.backend] then
		local enabled
		keys.stored_key, keys.server_key, keys.iterations, keys.salt, enabled =
			profile[mechanism.backend](self, username, self.realm, authorization)
		local condition = account_failure(enabled)
		if condition then return nil, condition end
	end
	if not keys.stored_key then
		return nil, "temporary-auth-failure"
	end
	return keys
end

-- The client's first message: who it is, and how the channel is bound.
local function begin(self, mechanism, message)
	local binding, binding_name, authorization, bare_at = message:match("^([pny])=?([^,]*),([^,]*),()")
	local bare = binding and message:sub(bare_at)
	local name, client_nonce = (bare or ""):match("^m?=?[^,]*,?n=([^,]*),r=([^,]*)")
	if not client_nonce then
		return "failure", "malformed-request"
	end
	local bindings = self.profile.cb
	if bindings and binding == "y" then
		-- The client could bind the channel and thinks that we cannot: somebody changed what we offered.
		return "failure", "malformed-request"
	elseif bindings and binding == "p" then
		if not bindings[binding_name] then
			return "failure", "malformed-request", "Proposed channel binding type isn't supported."
		end
	else
		binding_name = nil
	end

	self.username = username_of(self.profile, name)
	if not self.username then
		return "failure", "malformed-request", "Invalid username."
	end
	local keys, condition, text = find_keys(self, mechanism, self.username, authorization)
	if not keys then
		return "failure", condition, text
	end

	local nonce = client_nonce .. new_uuid()
	local answer = ("r=%s,s=%s,i=%d"):format(nonce, base64.encode(keys.salt), keys.iterations)
	self.state = {
		gs2_header = message:sub(1, bare_at - 1),
		gs2_cbind_name = binding_name,
		username = self.username, -- which a profile may have changed
		nonce = nonce,
		server_key = keys.server_key,
		stored_key = keys.stored_key,
		client_first_message_bare = bare,
		server_first_message = answer,
	}
	return "challenge", answer
end

-- The client's last message: the proof that it knows the password.
local function finish(self, mechanism, message)
	local state = self.state
	local without_proof, binding, nonce, proof = message:match("(c=([^,]*),r=([^,]*),?.-),p=(.*)$")
	if not proof then
		return "failure", "malformed-request", "Missing an attribute(p, r or c) in SASL message."
	end
	local expected = state.gs2_header
	if state.gs2_cbind_name then
		expected = expected .. self.profile.cb[state.gs2_cbind_name](self)
	end
	if base64.decode(binding) ~= expected then
		return "failure", "malformed-request", "Invalid channel binding value."
	elseif nonce ~= state.nonce then
		return "failure", "malformed-request", "Wrong nonce in client-final-message."
	end

	local signed = state.client_first_message_bare .. "," .. state.server_first_message .. "," .. without_proof
	local client_signature = mechanism.hmac(state.stored_key, signed)
	local proved = base64.decode(proof)
	if proved and #proved == #client_signature and mechanism.hash(sxor(client_signature, proved)) == state.stored_key then
		return "success", "v=" .. base64.encode(mechanism.hmac(state.server_key, signed))
	end
	return "failure", "not-authorized", "The response provided by the client doesn't match the one we calculated."
end

local function new_process(mechanism)
	return function(self, message)
		if type(message) ~= "string" or message == "" then
			return "failure", "malformed-request"
		elseif self.state then
			return finish(self, mechanism, message)
		end
		return begin(self, mechanism, message)
	end
end

local hashers = {}

local function init(register)
	for _, name in ipairs({ "SHA-1", "SHA-256" }) do
		local hash_name = name:lower():gsub("-", "")
		local mechanism = {
			backend = "scram_" .. name:lower():gsub("-", "_"),
			hash = hashes[hash_name],
			hmac = hashes["hmac_" .. hash_name],
		}
		mechanism.get_keys = get_hash(mechanism.hash, mechanism.hmac, hashes["pbkdf2_hmac_" .. hash_name])
		hashers[name] = mechanism.get_keys
		local process = new_process(mechanism)
		register("SCRAM-" .. name, { "plain", mechanism.backend }, process)
		register("SCRAM-" .. name .. "-PLUS", { "plain", mechanism.backend }, process, { "tls-unique", "tls-exporter" })
	end
end

return {
	init = init,
	get_hash = get_hash,
	hashers = hashers,
	getAuthenticationDatabaseSHA1 = get_hash(hashes.sha1, hashes.hmac_sha1, hashes.pbkdf2_hmac_sha1),
}
