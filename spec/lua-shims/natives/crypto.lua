local ed_pem = [[
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIEaUPftG4h+w2DsFu2xE5mn46ROdTwFvxx/9q/Dkp8q/
-----END PRIVATE KEY-----
]]
local crypto = require "util.crypto"

local function hex(bytes)
	return bytes and (bytes:gsub(".", function (c) return ("%02x"):format(c:byte()) end))
end

local rsa, ec, ed = crypto.import_private_pem(rsa_pem), crypto.import_private_pem(ec_pem), crypto.import_private_pem(ed_pem)
for _, key in ipairs { rsa, ec, ed } do
	local public = crypto.import_public_pem(key:public_pem())
	show(key:get_type(), public:get_type(), key:public_pem(), public:public_pem() == key:public_pem(), hex(key:public_raw()), type(key))
	show(problem(public.private_pem, public))
end
show(ec:private_pem() == ec_pem, rsa:private_pem() == rsa_pem, ed:private_pem() == ed_pem)
show(crypto.import_private_pem(ec:public_pem()), crypto.import_public_pem(ec_pem), crypto.import_private_pem("foo"), crypto.import_public_pem(""))

-- signatures
show(hex(crypto.ed25519_sign(ed, "text")), crypto.ed25519_verify(ed, "text", crypto.ed25519_sign(ed, "text")), crypto.ed25519_verify(ed, "other", crypto.ed25519_sign(ed, "text")))
for _, bits in ipairs { "256", "384", "512" } do
	show(hex(crypto["rsassa_pkcs1_sha" .. bits .. "_sign"](rsa, "text")))
	for _, family in ipairs { "rsassa_pkcs1_sha", "rsassa_pss_sha", "ecdsa_sha" } do
		local key = family == "ecdsa_sha" and ec or rsa
		local sign, verify = crypto[family .. bits .. "_sign"], crypto[family .. bits .. "_verify"]
		if family ~= "rsassa_pss_sha" or bits ~= "512" then
			local public = crypto.import_public_pem(key:public_pem())
			show(family .. bits, verify(public, "text", sign(key, "text")), verify(public, "other", sign(key, "text")))
			show(problem(sign, public, "text"), problem(sign, ed, "text"))
		end
	end
end
local r, s = crypto.parse_ecdsa_signature(crypto.ecdsa_sha256_sign(ec, "text"), 32)
show(#r, #s, crypto.ecdsa_sha256_verify(ec, "text", crypto.build_ecdsa_signature(r, s)))
show(hex(crypto.build_ecdsa_signature("\0\0\1", "\255")), crypto.parse_ecdsa_signature("garbage", 32), hex((crypto.parse_ecdsa_signature("0\6\2\1\1\2\1\2", 2))))
show(hex(crypto.build_ecdsa_signature(("\255"):rep(66), ("\1"):rep(66))))

-- ciphers
local key, iv = ("k"):rep(16), ("i"):rep(12)
for _, name in ipairs { "aes_128_gcm", "aes_256_gcm" } do
	local encrypt, decrypt = crypto[name .. "_encrypt"], crypto[name .. "_decrypt"]
	local long = name == "aes_128_gcm" and key or key .. key
	show(hex(encrypt(long, iv, "text")), decrypt(long, iv, encrypt(long, iv, "text")))
	show(decrypt(long, iv, ("x"):rep(20)))
	show(problem(encrypt, "short", iv, "text"), problem(encrypt, long, "short", "text"), problem(decrypt, long, iv, "x"))
end
show(hex(crypto.aes_256_ctr_encrypt(key .. key, key, "text")), crypto.aes_256_ctr_decrypt(key .. key, key, crypto.aes_256_ctr_encrypt(key .. key, key, "text")))

-- agreeing on a secret
local one, two = crypto.generate_p256_keypair(), crypto.generate_p256_keypair()
local two_public = crypto.import_public_ec_raw(two:public_raw(), "P-256")
show(one:derive(two_public) == two:derive(crypto.import_public_pem(one:public_pem())), #one:derive(two_public), hex(ec:derive(ec)))
show(crypto.import_public_ec_raw("short", "P-256"), crypto.generate_ed25519_keypair():get_type(), problem(ed.derive, ed, ec))
