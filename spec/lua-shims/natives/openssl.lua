local bignum, cipher, digest, hmac = require "openssl.bignum", require "openssl.cipher", require "openssl.digest", require "openssl.hmac"
local kdf, pkey, rand = require "openssl.kdf", require "openssl.pkey", require "openssl.rand"

-- The name that an error gives a function is left out, and what OpenSSL says of itself.
local function refused(f, ...)
	return (problem(f, ...):gsub(" to F", ""):gsub("^([%w:_]+): .*error:%x+.*", "%1: refused"))
end

local function hex(bytes)
	return bytes and (bytes:gsub(".", function (c) return ("%02x"):format(c:byte()) end))
end

-- digests
show(hex(digest.new():final("abc")), hex(digest.new("sha256"):update("a", "bc"):final()), hex(digest.new("SHA512"):final("", "x")))
show(refused(digest.new, "nope"), type(digest.new()))
show(hex(hmac.new("key"):final("data")), hex(hmac.new("k\0y", "sha256"):update("da"):final("ta")), hex(hmac.new("", "sha384"):final()))
show(refused(hmac.new), refused(hmac.new, "k", "nope"))
show(#rand.bytes(20), rand.bytes(20) ~= rand.bytes(20), rand.uniform(2) < 2, rand.ready())

-- keys from keys
show(hex(kdf.derive { type = "HKDF", outlen = 42, salt = "salt", key = "key", info = "info", md = "sha256" }))
show(hex(kdf.derive { type = "PBKDF2", outlen = 16, salt = "salt", pass = "pass", iter = 7, md = "sha1" }))
show(refused(kdf.derive, { type = "HKDF" }))

-- ciphers
local key, iv = ("k"):rep(16), ("i"):rep(16)
local function aes() return cipher.new("AES-128-CBC") end
local secret = aes():encrypt(key, iv):final("hello")
show(hex(secret), aes():decrypt(key, iv):final(secret), (aes():decrypt(key, iv):final(secret:sub(1, -2) .. "x")))
show(hex(aes():encrypt(key, iv, false):final(("x"):rep(16))), (aes():encrypt(key, iv, false):final("x")))
local running = aes():encrypt(key, iv)
show(hex(running:update("0123456789", "0123456789")), hex(running:final()))
show(refused(cipher.new, "nope"), refused(function () aes():encrypt("short", iv) end))
local gcm = cipher.new("aes-128-gcm"):encrypt(key, ("i"):rep(12))
local hidden = gcm:final("hello")
local tag = gcm:getTag(16)
show(hex(hidden), hex(tag), hex(gcm:getTag(8)))
local function open(with)
	local it = cipher.new("aes-128-gcm"):decrypt(key, ("i"):rep(12))
	it:setTag(with)
	return (it:final(hidden))
end
show(open(tag), open(("x"):rep(16)))

-- numbers
show(bignum.new(255):tohex(), bignum.new(256):toHex(), bignum.new("0xff"), bignum.fromBinary("\1\0"), bignum.new(-5), hex(bignum.new(256):toBinary()))
show(bignum.new(2) ^ 100, bignum.new(7) % 3, bignum.new(-7) % 3, bignum.new(7) * 6 - 2, bignum.new(7) / 2, -bignum.new(3), bignum.new(3) == bignum.new(3), bignum.new(3) < bignum.new(4), bignum.new(12):todec())

-- keys that sign
local rsa, ec = pkey.new(rsa_pem), pkey.new(ec_pem)
show(rsa:type(), ec:type(), rsa:toPEM("public") == tostring(rsa), type(rsa))
show(rsa:toPEM("private"):match("^[^\n]*"), select("#", rsa:toPEM("public", "private")), ec:toPEM("public"))
local signature = rsa:sign(digest.new("sha256"):update("signed"))
show(hex(signature))
local public = pkey.new(rsa:toPEM("public"))
show(public:verify(signature, digest.new("sha256"):update("sig", "ned")), public:verify(signature, digest.new("sha256"):update("other")))
show(public:verify("short", digest.new("sha256"):update("signed")), public:verify(signature, digest.new("sha512"):update("signed")))
show(ec:verify(ec:sign(digest.new("sha256"):update("x")), digest.new("sha256"):update("x")))
show(refused(public.sign, public, digest.new("sha256")):match("^pkey:sign"))
show((pcall(pkey.new, "garbage")), refused(rsa.sign, rsa, "text"))
local numbers = rsa:getParameters()
show(numbers.e, numbers.n, hex(ec:getParameters().pub_key:toBinary()), ec:getParameters().priv_key, public:getParameters().d)
