local basexx = require "basexx"
local report = require "report"

-- RFC 4648, section 10
for _, text in ipairs({ "", "f", "fo", "foo", "foob", "fooba", "foobar", "\0\255\254\0" }) do
	local base32, base64, url64, hex = basexx.to_base32(text), basexx.to_base64(text), basexx.to_url64(text), basexx.to_hex(text)
	report.line("of " .. report.dump(text), base32, base64, url64, hex)
	report.line("back", basexx.from_base32(base32) == text, basexx.from_base64(base64) == text, basexx.from_url64(url64) == text,
		basexx.from_hex(hex) == text)
end
report.line("lower", basexx.from_base32("mzxw6"), basexx.from_hex("666f6f"))
report.line("without padding", basexx.from_base32("MZXW6YQ"), basexx.from_base64("Zm8"))
report.line("wrong", basexx.from_base32("M1"))
report.line("wrong", basexx.from_base64("Zm9v!"))
report.line("wrong", basexx.from_url64("Zm+v"))
report.line("wrong", basexx.from_hex("6g"))
report.line("ignored", basexx.from_base32("MZ-XW 6", "- "), basexx.from_base64("Zm\n9v", "\n"), basexx.from_hex("66:6f", ":"))
