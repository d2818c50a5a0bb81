local strbitop = require "util.strbitop"

for _, pair in ipairs { { "hello", "hello" }, { "hello", "     " }, { "hello", "a" }, { "", "x" }, { "x", "" }, { "\0\255\170", "\255\0" }, { "ab", "abcdef" } } do
	compare("operations", nil, strbitop.sand(pair[1], pair[2]), strbitop.sor(pair[1], pair[2]), strbitop.sxor(pair[1], pair[2]))
end
compare("xor", '"HELLO"', strbitop.sxor("hello", " "))
ours_only("prefixes", "0 8 15 16 1", function()
	return strbitop.common_prefix_bits("\255", "\0"), strbitop.common_prefix_bits("a\255", "a\0"), strbitop.common_prefix_bits("a\1", "a\0"), strbitop.common_prefix_bits("ab", "ab"), strbitop.common_prefix_bits("\192", "\128")
end)
