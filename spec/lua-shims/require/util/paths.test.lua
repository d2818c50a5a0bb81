local paths = require "util.paths"

for _, case in ipairs { { "/a/b", "c" }, { "/a/b//", "./c" }, { "/a", "/c" }, { "a", ".//c/d" }, { "/", "x" }, { "/a", "" }, { "/a", "../b" } } do
	compare("relative", nil, paths.resolve_relative_path(case[1], case[2]))
end
compare("no path", "nil", paths.resolve_relative_path("/a", nil))
for _, glob in ipairs { "*.cfg.lua", "a?b", "[x]-(y)%", "plain", "" } do
	compare("glob", nil, (paths.glob_to_pattern(glob)))
end
compare("match", '"conf.d/x.cfg.lua"', ("conf.d/x.cfg.lua"):match(paths.glob_to_pattern("conf.d/*.cfg.lua")))
compare("join", '"a" "a/b" "a/b/c" "a/b/c/d/e"', paths.join("a"), paths.join("a", "b"), paths.join("a", "b", "c"), paths.join("a", "b", "c", "d", "e"))
compare("lua path", "true true", (function()
	-- Where modules may not change it, nothing is to be seen.
	if not pcall(function()
		package.path = package.path
	end) then
		return true, true
	end
	paths.complement_lua_path("/plugins")
	local once = package.path
	paths.complement_lua_path("/plugins")
	return package.path:find(";/plugins/share/lua/5.%d/%?.lua;/plugins/share/lua/5.%d/%?/init.lua$") ~= nil, package.path == once
end)())
