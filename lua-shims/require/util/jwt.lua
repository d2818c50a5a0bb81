-- Counterpart: util/jwt.lua
-- JSON Web Tokens (RFC 7519) that are signed with a shared secret (HS256 …) or with a key pair (RS256 …, PS256 …, ES256, ES512).

local base64 = require "util.encodings".base64
local has_keys, crypto = pcall(require, "util.crypto")
local hashes = require "util.hashes"
local json = require "util.json"

local url_safe = { ["+"] = "-", ["/"] = "_", ["="] = "" }
local from_url_safe = { ["-"] = "+", ["_"] = "/" }
local padding = { [0] = "", [2] = "==", [3] = "=" }

local function encode(data)
	return (base64.encode(data):gsub("[+/=]", url_safe))
end

-- Gives nil for what no encoding gives.
local function decode(text)
	local missing = padding[#text % 4]
	return missing and base64.decode((text:gsub("[-_]", from_url_safe)) .. missing)
end

local function decode_json(text)
	local data = decode(text)
	if not data then
		return nil, "invalid encoding"
	end
	return json.decode(data)
end

local token_pattern = "^(([A-Za-z0-9-_]+)%.([A-Za-z0-9-_]+))%.([A-Za-z0-9-_]+)$"

-- Functions to sign a payload with a key, giving a token, and to verify a token, giving true and its payload, or nil (false for a
-- wrong signature) and the reason.
-- `sign_text(key, text)` gives a signature, `is_signed(key, text, signature)` whether it is one.
local function new_algorithm(name, sign_text, is_signed)
	local head = encode('{"alg":"' .. name .. '","typ":"JWT"}') .. "."

	local function sign(key, payload)
		local signed = head .. encode(json.encode(payload))
		return signed .. "." .. encode(sign_text(key, signed))
	end

	local function verify(key, token)
		local signed, header_text, payload_text, signature = token:match(token_pattern)
		if not signed then
			return nil, "invalid-encoding"
		end
		local header = decode_json(header_text)
		if type(header) ~= "table" then
			return nil, "invalid-header"
		elseif header.alg ~= name then
			return nil, "unsupported-algorithm"
		elseif not is_signed(key, signed, signature) then
			return false, "signature-mismatch"
		end
		local payload, err = decode_json(payload_text)
		if err ~= nil then
			return nil, "json-decode-error"
		elseif type(payload) ~= "table" then
			return nil, "invalid-payload-type"
		end
		return true, payload
	end

	return { sign = sign, verify = verify }
end

local function load_secret(key)
	assert(type(key) == "string", "key must be string (long, random, secure)")
	return key
end

-- An algorithm with a shared secret. Encoded signatures are compared, so that each has one form only.
local function new_secret_algorithm(name, hmac)
	local algorithm = new_algorithm(name, hmac, function(key, text, signature)
		return hashes.equals(encode(hmac(key, text)), signature)
	end)
	algorithm.load_key = load_secret
	return algorithm
end

-- An algorithm with a key pair. `from_raw` and `to_raw` turn a signature into the library's form and back.
local function new_key_algorithm(name, key_type, functions, to_raw, from_raw)
	local sign, verify = crypto[functions .. "_sign"], crypto[functions .. "_verify"]
	local algorithm = new_algorithm(name, function(key, text)
		local signature = sign(key, text)
		return to_raw and to_raw(signature) or signature
	end, function(key, text, encoded)
		local signature = decode(encoded)
		if signature and from_raw then
			signature = from_raw(signature)
		end
		return signature and verify(key, text, signature)
	end)
	local function loader(import)
		return function(pem)
			local key = assert(import(pem))
			assert(key:get_type() == key_type, "incorrect key type")
			return key
		end
	end
	algorithm.load_public_key = loader(crypto.import_public_pem)
	algorithm.load_private_key = loader(crypto.import_private_pem)
	return algorithm
end

-- ECDSA: a token has both numbers of a signature side by side (RFC 7518 section 3.4).
local function new_curve_algorithm(name, functions, size)
	return new_key_algorithm(name, "id-ecPublicKey", functions, function(signature)
		local r, s = crypto.parse_ecdsa_signature(signature, size)
		return r .. s
	end, function(raw)
		return #raw == 2 * size and crypto.build_ecdsa_signature(raw:sub(1, size), raw:sub(size + 1)) or nil
	end)
end

local algorithms = {}
for _, bits in ipairs({ "256", "384", "512" }) do
	local hmac = hashes["hmac_sha" .. bits]
	if hmac then
		algorithms["HS" .. bits] = new_secret_algorithm("HS" .. bits, hmac)
	end
	if has_keys then
		algorithms["RS" .. bits] = new_key_algorithm("RS" .. bits, "rsaEncryption", "rsassa_pkcs1_sha" .. bits)
		algorithms["PS" .. bits] = new_key_algorithm("PS" .. bits, "rsaEncryption", "rsassa_pss_sha" .. bits)
	end
end

if has_keys then
	algorithms.ES256 = new_curve_algorithm("ES256", "ecdsa_sha256", 32)
	algorithms.ES512 = new_curve_algorithm("ES512", "ecdsa_sha512", 66)
end

local function find_algorithm(name)
	return assert(algorithms[name], "Unknown JWT algorithm: " .. tostring(name))
end

-- Makes a function that signs a payload, whose times are filled in: now, and an hour or `options.default_ttl` seconds later.
local function new_signer(algorithm, key, options)
	local implementation = find_algorithm(algorithm)
	key = (implementation.load_private_key or implementation.load_key)(key)
	local ttl = options and options.default_ttl or 3600
	return function(payload)
		local now = os.time()
		payload.iat = payload.iat or now
		payload.exp = payload.exp or now + ttl
		return implementation.sign(key, payload)
	end
end

-- Makes a function that verifies a token, its time of expiry too (unless `options.accept_expired`), and what it claims (with
-- `options.claim_verifier`).
local function new_verifier(algorithm, key, options)
	local implementation = find_algorithm(algorithm)
	key = (implementation.load_public_key or implementation.load_key)(key)
	local check_expiry = not (options and options.accept_expired)
	local verify_claims = options and options.claim_verifier
	return function(token)
		local ok, payload = implementation.verify(key, token)
		if not ok then
			return ok, payload
		end
		local expires = check_expiry and payload.exp
		if expires and type(expires) ~= "number" then
			return nil, "invalid-expiry"
		elseif expires and expires < os.time() then
			return nil, "token-expired"
		elseif verify_claims and not verify_claims(payload) then
			return nil, "incorrect-claims"
		end
		return ok, payload
	end
end

local function init(algorithm, private_key, public_key, options)
	return new_signer(algorithm, private_key, options), new_verifier(algorithm, public_key or private_key, options)
end

return {
	init = init,
	new_signer = new_signer,
	new_verifier = new_verifier,
	sign = algorithms.HS256.sign,
	verify = algorithms.HS256.verify,
	_algorithms = algorithms,
}
