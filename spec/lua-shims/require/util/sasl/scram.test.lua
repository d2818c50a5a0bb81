local scram = require "util.sasl.scram"
local sasl = require "util.sasl"
local hashes = require "util.hashes"
local base64 = require "util.encodings".base64
local sxor = require "util.strbitop".sxor
local report = require "report"

local names = { ["SHA-1"] = "sha1", ["SHA-256"] = "sha256" }

-- The client's side (RFC 5802 section 3)
local function play(title, handler, mechanism, options)
	local hash_name = names[mechanism:match("^SCRAM%-(SHA%-%d+)")]
	local hash, hmac, pbkdf2 = hashes[hash_name], hashes["hmac_" .. hash_name], hashes["pbkdf2_hmac_" .. hash_name]
	report.line(title .. " " .. mechanism, handler:select(mechanism), handler:select("PLAIN"))
	local bare = options.bare or "n=" .. (options.name or "user") .. ",r=clientnonce"
	local status, challenge, text = handler:process(options.first or (options.gs2 or "n,,") .. bare)
	if status ~= "challenge" then return report.line("  refused", status, challenge, text) end
	local nonce, salt, iterations = challenge:match("^r=(.-),s=(.-),i=(%d+)$")
	report.line("  challenged", nonce:sub(1, 11), #nonce, iterations, handler.username)
	local salted = pbkdf2(options.password or "pencil", base64.decode(salt), tonumber(iterations))
	local client_key = hmac(salted, "Client Key")
	local without_proof = "c=" .. (options.binding or base64.encode((options.gs2 or "n,,") .. (options.bound or ""))) .. ",r=" .. (options.nonce or nonce)
	local signed = bare .. "," .. challenge .. "," .. without_proof
	local proof = base64.encode(sxor(client_key, hmac(hash(client_key), signed)))
	local answer
	status, answer, text = handler:process(options.last or without_proof .. ",p=" .. (options.proof or proof))
	if status == "success" then
		answer = answer == "v=" .. base64.encode(hmac(hmac(salted, "Server Key"), signed))
	end
	report.line("  answered", status, answer, text)
end

local function plain(password, enabled)
	return { plain = function(_, username, realm) return username == "user" and password or nil, enabled end }
end
local function stored(hash, mechanism, enabled)
	local ok, stored_key, server_key = scram.hashers[mechanism]("pencil", "salt", 4096)
	assert(ok)
	return { ["scram_" .. hash] = function(self, username, realm) return stored_key, server_key, 4096, "salt", enabled end }
end
local bound = plain("pencil", true)
bound.cb = { ["tls-exporter"] = function() return "channel" end, ["tls-unique"] = function() return "channel" end }

for _, mechanism in ipairs({ "SCRAM-SHA-1", "SCRAM-SHA-256" }) do
	local function try(title, profile, options) play(title, sasl.new("example.org", profile), mechanism, options or {}) end
	try("good", plain("pencil", true))
	try("wrong password", plain("pencil", true), { password = "other" })
	try("unknown", plain("pencil", nil))
	try("disabled", plain("pencil", false))
	try("name with codes", { plain = function(_, username) return "pencil", username == "a,b=c" or nil end }, { name = "a=2Cb=3Dc" })
	try("name with other codes", plain("pencil", true), { name = "a=2Db" })
	try("bad name", plain("pencil", true), { name = "a@b" })
	try("empty name", plain("pencil", true), { name = "" })
	try("name as it is", { nodeprep = false, plain = function(_, username) return "pencil", username == "A@b" or nil end }, { name = "A@b" })
	try("own prep", { nodeprep = function(name) return name .. "!" end, plain = function(_, username) return "pencil", username == "x!" or nil end }, { name = "x" })
	try("no message", plain("pencil", true), { first = "" })
	try("nonsense", plain("pencil", true), { first = "x" })
	try("wrong flag", plain("pencil", true), { gs2 = "q,," })
	try("authorization", plain("pencil", true), { gs2 = "n,a=other," })
	try("wrong nonce", plain("pencil", true), { nonce = "other" })
	try("wrong binding", plain("pencil", true), { binding = "eCws" })
	try("missing parts", plain("pencil", true), { last = "c=biws,r=x" })
	try("nothing", plain("pencil", true), { last = "" })
	try("could bind", plain("pencil", true), { gs2 = "y,," })
	try("could bind and so could we", bound, { gs2 = "y,," })
	try("does not bind", bound, {})
	try("binds", bound, { gs2 = "p=tls-unique,,", bound = "channel" })
	try("binds another", bound, { gs2 = "p=tls-unique,,", bound = "other" })
	try("binds in an unknown way", bound, { gs2 = "p=tls-x,,", bound = "other" })
	play("binds", sasl.new("example.org", bound), mechanism .. "-PLUS", { gs2 = "p=tls-unique,,", bound = "channel" })
	local hash = mechanism:match("SHA.*")
	for _, enabled in ipairs({ true, false }) do try("stored", stored(hash:lower():gsub("-", "_"), hash, enabled)) end
end

-- RFC 5802 section 5, RFC 7677 section 3
report.line("hash", scram.getAuthenticationDatabaseSHA1("pencil", base64.decode("QSXCR+Q6sek8bf92"), 4096))
report.line("hash", scram.hashers["SHA-256"]("pencil", base64.decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096))
report.line("wrong arguments", scram.getAuthenticationDatabaseSHA1(nil, "salt", 4096))
report.line("wrong arguments", scram.getAuthenticationDatabaseSHA1("x", "salt", "4096"))
report.line("no password", scram.getAuthenticationDatabaseSHA1("\0", "salt", 4096))
report.line("own hash", scram.get_hash(hashes.sha1, hashes.hmac_sha1, hashes.pbkdf2_hmac_sha1)("pencil", "salt", 4096))
