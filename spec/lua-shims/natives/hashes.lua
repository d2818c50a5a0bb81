local hashes = require "util.hashes"
local hmac = require "util.hmac"
for _, name in ipairs { "sha1", "sha256", "sha512", "md5" } do
	show(name, hashes[name]("Grüße\0\255", true), hashes[name]("", false))
	if hashes["hmac_" .. name] then
		show(name, hashes["hmac_" .. name]("key\0\255", "data", true), hashes["hmac_" .. name]("", ""))
	end
end
show(hashes.hmac_sha1(("k"):rep(200), ("d"):rep(1000), true), hmac.sha256("a", "b", true), hmac.md5("a", "b", true))
show(hashes.pbkdf2_hmac_sha1("pass\0", "salt", 10), hashes.pbkdf2_hmac_sha256("pass", "sa\255lt", 3), hashes.scram_Hi_sha1("a", "b", 1))
show(hashes.equals("a", "a"), hashes.equals("a", "b"), hashes.equals("a", "ab"), hashes.equals("\255", "\254"))
show(hashes.sha1(hashes.sha1("a")), hashes.sha256(12), hashes.version)
show(problem(hashes.sha1), problem(hashes.hmac_sha1, "a"), problem(hashes.hmac_sha1, {}, "b"), problem(hashes.pbkdf2_hmac_sha1, "a", "b"))
