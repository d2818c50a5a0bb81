-- Counterpart: util/hex.lua

local char, format, gsub, lower = string.char, string.format, string.gsub, string.lower

local digits_of, byte_of = {}, {}
for code = 0, 255 do
	local byte, digits = char(code), format("%02x", code)
	digits_of[byte] = digits
	byte_of[digits] = byte
end

local function encode(bytes)
	return (gsub(bytes, ".", digits_of))
end

-- Whatever stands between pairs of digits is left out.
local function decode(digits)
	return (gsub(lower(digits), "%X*(%x%x)%X*", byte_of))
end

return {
	encode = encode,
	decode = decode,
	-- As they were called before 0.12.
	to = encode,
	from = decode,
}
