local paths = require "util.paths"
local report = require "report"

for _, case in ipairs({
	{ "/etc/prosody", "x" }, { "/etc/prosody/", "x/y" }, { "/etc", "/abs" }, { "/etc", "./x" }, { "/etc//", ".//x" }, { "/etc", "../x" },
	{ "rel", "x" }, { "", "x" }, { "/etc", "" }, { "/", "x" },
}) do
	report.line("resolve " .. case[1] .. " " .. case[2], paths.resolve_relative_path(case[1], case[2]))
end
report.line("resolve nothing", paths.resolve_relative_path("/etc", nil))
for _, glob in ipairs({ "*.lua", "a?b", "a.b-c", "[x]", "", "%d", "a_b" }) do
	report.line("glob " .. glob, paths.glob_to_pattern(glob))
end
report.line("join", paths.join("a"), paths.join("a", "b"), paths.join("a", "b", "c"), paths.join("a", "b", "c", "d"), paths.join("/", "a"))
