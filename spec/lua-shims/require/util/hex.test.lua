local hex = require "util.hex"

local every = {}
for code = 0, 255 do
	every[code + 1] = string.char(code)
end
every = table.concat(every)
compare("encode", '"0001ff0a41"', hex.encode("\0\1\255\nA"))
compare("every byte", "true", hex.decode(hex.encode(every)) == every)
compare("decode", '"\\x00\\xffA"', hex.decode("00fF41"))
compare("leaves out", '"ABC"', hex.decode("41:42 43\n"))
compare("odd", nil, hex.decode("414"), hex.decode("zz"), hex.decode(""))
compare("old names", "true true", hex.to == hex.encode, hex.from == hex.decode)
