local crypto, jwt = require "util.crypto", require "util.jwt"
local public = {}
for name, pem in pairs { rsa = rsa_pem, ec = ec_pem } do
	public[name] = crypto.import_private_pem(pem):public_pem()
end
for _, name in ipairs { "RS256", "RS384", "RS512", "PS256", "PS384", "ES256" } do
	local private_key, public_key = name == "ES256" and ec_pem or rsa_pem, name == "ES256" and public.ec or public.rsa
	local sign, verify = jwt.init(name, private_key, public_key, { accept_expired = true })
	local token = sign { iat = 1000, exp = 2000 }
	local ok, payload = verify(token)
	show(name, ok, payload.iat, payload.exp, token:match("^[^.]*"), #token)
	show(verify(token:sub(1, -6) .. "AAAAA"))
	show(verify((token:gsub("%.[^.]*%.", ".e30."))))
	show(jwt.new_verifier(name, public_key)(token))
	show(verify("garbage"), (verify("e30.e30.AA")))
end
for _, name in ipairs { "RS256", "RS384", "RS512" } do
	show(jwt.new_signer(name, rsa_pem) { iat = 1 , exp = 2 } == jwt.new_signer(name, rsa_pem) { iat = 1, exp = 2 })
end
local hs = jwt.new_signer("HS256", "secret") { iat = 1000, exp = 2000 }
show(jwt.new_verifier("RS256", public.rsa, { accept_expired = true })(hs))
show(jwt.new_verifier("HS256", public.rsa, { accept_expired = true })(jwt.new_signer("RS256", rsa_pem) { iat = 1000, exp = 2000 }))
show(problem(jwt.new_signer, "RS256", public.rsa), (pcall(jwt.new_signer, "RS256", ec_pem)), (pcall(jwt.new_verifier, "RS256", "secret")), (pcall(jwt.new_signer, "XX1", "k")))
