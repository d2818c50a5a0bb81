local jwt = require "util.jwt"
local base64 = require "util.encodings".base64
local report = require "report"

local function encode(text)
	return (base64.encode(text):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end

local token = jwt.sign("secret", { payload = "this" })
report.line("sign", token)
report.line("verify", jwt.verify("secret", token))
report.line("verify with another key", jwt.verify("other", token))
report.line("a changed payload", jwt.verify("secret", (token:gsub("%.(.-)%.", "." .. encode('{"payload":"that"}') .. "."))))
report.line("a cut signature", jwt.verify("secret", token:sub(1, -2)))
for _, text in ipairs({ "", "a.b", "a.b.c.d", "a b.c.d", "....", "=.=.=" }) do
	report.line("no token " .. text, jwt.verify("secret", text))
end
report.line("another algorithm", jwt.verify("secret", encode('{"alg":"none","typ":"JWT"}') .. ".e30.x"))
report.line("no algorithm", jwt.verify("secret", encode("{}") .. ".e30.x"))
report.line("no JSON", jwt.verify("secret", encode("{") .. ".e30.x"))
report.line("a list", jwt.verify("secret", encode("7") .. ".e30.x"))
for _, payload in ipairs({ {}, { sub = "a@b", n = 1, list = { 1, 2 }, ["é"] = "ü/+?~" }, { exp = 1, iat = 1 } }) do
	report.line("around", jwt.verify("k", jwt.sign("k", payload)))
end
-- RFC 7515, appendix A.1, with its key
local key = base64.decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T+1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==")
report.line("the RFC's", jwt.verify(key, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
	.. ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	.. ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))

if jwt.init and require "util.hashes".hmac_sha384 then
	print("# since 13")
	for _, algorithm in ipairs({ "HS256", "HS384", "HS512" }) do
		local sign, verify = jwt.init(algorithm, "secret")
		report.line(algorithm, jwt._algorithms[algorithm].sign("secret", { sub = "x" }))
		local payload = { sub = "x", iat = 1000, exp = 2000000000 }
		report.line("verified", verify(sign(payload)))
		report.line("with another key", jwt.new_verifier(algorithm, "other")(sign(payload)))
	end
	local sign, verify = jwt.init("HS256", "secret", nil, { default_ttl = 60 })
	local _, payload = verify(sign({ sub = "x" }))
	local age = os.time() - payload.iat
	report.line("times", age >= 0 and age < 10, payload.exp - payload.iat)
	report.line("expired", verify(sign({ exp = 1000 })))
	report.line("odd expiry", verify(sign({ exp = "soon" })))
	report.line("expired accepted", jwt.new_verifier("HS256", "secret", { accept_expired = true })(sign({ exp = 1000, iat = 1 })))
	local claims = jwt.new_verifier("HS256", "secret", { claim_verifier = function(claimed) return claimed.sub == "x" end })
	report.line("claims", (claims(sign({ sub = "x" }))), claims(sign({ sub = "y" })))
	report.line("another algorithm", jwt.new_verifier("HS512", "secret")(sign({})))
	report.line("no object", jwt.verify("secret", jwt.sign("secret", "text")))
	report.call("no such algorithm", jwt.init, "XX1", "secret")
	report.call("no key", jwt.init, "HS256", nil)
end
