-- The keys are made for this test.
local rsa_pem = [[
-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAJgMCe6C4gia37eJ
MQsAoZfjxd2LbdAeGW6vOCB0r7inm6qxU8r1+UwG5DydIy+tfIV6cTOFN5xKGbF/
DjoPtte59q52mwKPq/AsiIu4qbidGz5o9qBD2WKFJZY91dN9HSTKQyNDKfwG9C6z
Jqd1LuFR5TEqyx1mCvGGYPJLw17HAgMBAAECgYBdUW47C+tsupk6DSKjjRSgo3RK
YAva4s5bJ4F8MgGzhHM/FSzHcaY7KjOknBD/byvwxFB7/XQ/IR+Z19BEhGaEGGQb
igmYONatKdzCFhc+cOGgKyc9Gp35eoEvAmRJCnk+ADOA/ua5MnFeVph9EZotOG6J
4+zNz06CnCOrIRNTaQJBAMqkuss5t6mTWwak/qz4X9iG5F2o/6j3PLYoIXu73qf8
e79cyXSR2H0ABj/CFnej+bTD04a8beima0J/3n+SYw0CQQDAFNV0xyryOJibW/lt
khFwn+2wjIn65eOw3nOFE5bPoHg0bnLKoYg//PLkwJsVfZ+E3s25MiTYLjQvJ5Gr
miQjAkEArqUeH7wUn99Rmf5lR2mgIRrQgi/+dv7togggI2Wc1aZyeFBdh0uTCtgU
iqqZdm8p7DLBgOOwzctvsZZGiif9mQJAGiA7UGDutHeCOk9uQ7sEaD84gzT6Z4fx
SlNXfxhFAQSglPEY5/rEn392Qir4bRnjIp1zeecaH9VY/7jwFVkn5QJAbLQ15bqq
dOxexc0y99nOa1Gv3PDYGbVPM3b/mpy2D+iVXc+HcFSj4lW9LMpzmNWUYzphoRtH
R2jLPbyqgFDGxA==
-----END PRIVATE KEY-----
]]
local ec_pem = [[
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgx5OVFTD9bsccO/4/
6bGWo38JPIx7MrK+Rq6WfZbruruhRANCAARi+hKf02vEaoMstaPlFPZBR3rveVPe
1yAGaYY/BFE+ZjPmkCemjY+8o4R0oiWmnQ9XO5894imDEHp5OP5ldZce
-----END PRIVATE KEY-----
]]
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
