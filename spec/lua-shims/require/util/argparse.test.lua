local parse = require "util.argparse".parse
local report = require "report"

local function try(config, ...)
	local arg = { ... }
	local options, err, where = parse(arg, config)
	report.line(table.concat({ ... }, " "), options, err, where)
end

local config = {
	short_params = { v = "verbose", c = "config" },
	value_params = { config = true, log_level = true },
}
for _, set in ipairs({ false, config }) do
	local c = set or nil
	try(c)
	try(c, "word")
	try(c, "--flag")
	try(c, "--flag", "word", "--other")
	try(c, "--no-flag")
	try(c, "--key=value", "rest")
	try(c, "--", "--flag")
	try(c, "-v")
	try(c, "-c", "file", "x")
	try(c, "-x")
	try(c, "--config", "file", "word")
	try(c, "--config=file")
	try(c, "--config")
	try(c, "--a=b=c")
	try(c, "-")
	try(c, "--=x")
	try(c, "a", "b", "--c")
end

local newer = {}
newer.array_params = { list = true }
if type(parse({ "--list", "a" }, newer).list) == "table" then
	print("# since 13")
	for _, set in ipairs({ false, config }) do
		try(set or nil, "--two-words", "--no-two-words")
		try(set or nil, "--log-level", "debug")
	end
	try(newer, "--list", "a", "--list=b", "--x")
	try(newer, "--list")
	try(config, "--config=")
	local all = { stop_on_positional = false }
	try(all, "a", "--b", "c", "--", "--d")
	local strict = { strict = true, kv_params = { known = true }, value_params = { value = true }, short_params = { k = "known" } }
	try(strict, "--known")
	try(strict, "--unknown")
	try(strict, "--known=x", "-k")
	try(strict, "--value", "x")
	try(strict, "--no-known")
end
