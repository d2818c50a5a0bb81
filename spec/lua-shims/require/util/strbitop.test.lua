local strbitop = require "util.strbitop"
local report = require "report"

for _, case in ipairs({ { "hello", "world" }, { "hello", "\255" }, { "hello", "\0" }, { "hello", "ab" }, { "", "x" }, { "x", "" }, { "\240\15\170", "\15\240\85\1" } }) do
	report.line("on " .. report.dump(case), strbitop.sand(case[1], case[2]), strbitop.sor(case[1], case[2]), strbitop.sxor(case[1], case[2]))
end
if strbitop.common_prefix_bits then
	print("# since 13")
	for _, case in ipairs({ { "", "" }, { "a", "" }, { "a", "a" }, { "a", "b" }, { "ab", "ac" }, { "\0\0", "\0\128" }, { "\0\0", "\0\1" }, { "abc", "abcd" }, { "\255", "\127" } }) do
		report.line("common " .. report.dump(case), strbitop.common_prefix_bits(case[1], case[2]))
	end
end
