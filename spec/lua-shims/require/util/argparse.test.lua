local argparse = require "util.argparse"

local function parse(settings, ...)
	local arguments = { ... }
	local options, why, which = argparse.parse(arguments, settings)
	return options, why, which, arguments
end
compare("nothing", "{} nil nil {}", parse(nil))
compare("flags", nil, parse(nil, "--foo", "--no-bar", "--key=value"))
compare("arguments", nil, parse(nil, "--foo", "bar", "--baz"))
compare("end of options", nil, parse(nil, "--foo", "--", "--bar"))
compare("short", nil, parse({ short_params = { h = "help" } }, "-h", "x"))
compare("unknown short", nil, parse({ short_params = {} }, "-h"))
compare("value", nil, parse({ value_params = { foo = true } }, "--foo", "bar", "x"))
compare("value missing", nil, parse({ value_params = { foo = true } }, "--foo"))
compare("short value", nil, parse({ short_params = { f = "foo" }, value_params = { foo = true } }, "-f", "bar"))
ours_only("dashes", '{["a_b"]=true,["c_d"]="x"}', function()
	return (parse({ value_params = { c_d = true } }, "--a-b", "--c-d=x"))
end)
ours_only("lists", '{["xs"]={"1","2"}}', function()
	return (parse({ array_params = { xs = true } }, "--xs", "1", "--xs=2"))
end)
ours_only("strict", '{["aa"]=true} nil "param-not-found" "--bb"', function()
	local options = parse({ strict = true, kv_params = { aa = true } }, "--aa")
	local none, why, which = parse({ strict = true, kv_params = { aa = true } }, "--bb")
	return options, none, why, which
end)
ours_only("mixed", '{"x","y",["aa"]=true}', function()
	return (parse({ stop_on_positional = false }, "x", "--aa", "y"))
end)
