local colours = require "util.termcolours"

local names = {
	"reset", "normal", "bright", "bold", "dim", "dark", "underscore", "underline", "underlined", "blink", "reverse", "hidden",
	"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "red background", "white background", "fuchsia",
	"lime", "purple", "aqua", "olive", "navy", "teal", "silver", "maroon", "gray", "gray background", "c0ffee", "808080",
	"c0ffee background", "nothing",
}
for _, name in ipairs(names) do
	compare("style " .. name, nil, colours.getstyle(name))
end
compare("styles", '"1;31"', colours.getstyle("bold", "red"))
compare("string", '"\\x1b[1mx\\x1b[0m" "x"', colours.getstring("1", "x"), colours.getstring(nil, "x"))
for code = 0, 50 do
	compare("html " .. code, nil, (colours.tohtml("a\27[" .. code .. ";1mb\27[0mc")))
end
