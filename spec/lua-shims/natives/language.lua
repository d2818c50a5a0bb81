local function try(code, ...)
	local f, e = load(code, "=c")
	if not f then
		return "compile: " .. e
	end
	return select(2, pcall(f, ...))
end
show(try "local x <const> = 5 return x + 1")
show(try "local x <const>, y <const> = 5, 6; local s = '<const>' --[[ <const> ]] -- <close>\n return x + y, s, [[local z <const>]]")
show(try "local a<const> = 1 local function f() return a end return f()")
show(try "goto done do return 1 end ::done:: return 2", try "for i = 1, 3 do if i == 2 then goto continue end assert(i ~= 2) ::continue:: end return 'looped'")
show(try "return 7 // 2, 7 % 3, 1 << 4, 5 & 3, 5 | 3, 5 ~ 3, ~5, 'a' .. 'b'", try "return 0x10, 1e2, 0xA.8p1, 3 == 3.0")
show(try "local t = { 1, 2, [10] = 3, x = 4, f = function() end } local n = 0 for _ in pairs(t) do n = n + 1 end return n, #t")
show(try "return select('#', ...), ...", try "local function f(...) local a, b = ... return a, b, select('#', ...) end return f(1, nil, nil)")
show(try "return \"\\x41\\u{20AC}\\z   \n  x\\065\\n\"", try "return 'a\\\nb'", try "x = = 1", try "return 1 +", try "for", try "local s = 'unfinished", try "goto nowhere")
local order = {}
for _, v in ipairs { "a", "b", nil, "d" } do order[#order + 1] = v end
for k, v in pairs { 10, 20, 30, x = 1 } do order[#order + 1] = tostring(k) .. "=" .. v end
show(table.concat(order, " "))
show(#{ 1, 2, 3, nil }, #{ n = 1 }, rawlen { 1, 2 }, rawlen "abc", rawequal("a", "a"), rawget(setmetatable({}, { __index = { a = 1 } }), "a"), next {}, type(next), next { 5 })
local removed = { 1, 2, 3, 4, 5 }
for k in pairs(removed) do removed[k] = nil end
show(next(removed), #removed)
local made, other = function() return 1 end, {}
for i = 1, 2 do other[i] = function() return i end end
show(other[1] ~= other[2], other[1](), other[2](), made == made)

local co = coroutine.create(function(a, b)
	local c = coroutine.yield(a + b)
	local d = coroutine.yield(c * 2)
	return "done", d
end)
show(coroutine.resume(co, 1, 2))
show(coroutine.resume(co, 5))
show(coroutine.status(co), coroutine.resume(co, "x"))
show(coroutine.status(co), coroutine.resume(co))
show(coroutine.isyieldable(), coroutine.wrap(function() return coroutine.isyieldable() end)(), type(coroutine.running()), select(2, coroutine.running()))
local wrapped = coroutine.wrap(function() for i = 1, 2 do coroutine.yield(i) end end)
show(wrapped(), wrapped(), wrapped(), problem(wrapped))
show(problem(coroutine.wrap(function() error("inside") end)), select(2, coroutine.resume(coroutine.create(function() error({ code = 5 }) end))).code)
show(select("#", coroutine.resume(coroutine.create(function() return end))), coroutine.resume(coroutine.create(function() return pcall(coroutine.yield, 1) end)))
local closing = coroutine.create(function() coroutine.yield(1) end)
coroutine.resume(closing)
show(coroutine.close(closing), coroutine.status(closing), coroutine.close(coroutine.create(print)))
local failing = coroutine.create(function() error("broken", 0) end)
coroutine.resume(failing)
show(coroutine.close(failing))
show(problem(coroutine.close, coroutine.running()), problem(coroutine.close, 1) ~= "no error")
local co2 = coroutine.wrap(function() local ok, e = pcall(function() coroutine.yield("in pcall") error("after") end) coroutine.yield(ok, (e:gsub("^.-:%d+: ", ""))) for k in pairs({ 1 }) do coroutine.yield(k) end table.sort({ 3, 1, 2 }, function(a, b) return a < b end) return "end" end)
show(co2()) show(co2()) show(co2()) show(co2())

show(pcall(error, "message", 0), pcall(error, { 1 }), select("#", pcall(error)), pcall(function() error() end), xpcall(function() error("x", 0) end, function(m) return m .. "!" end), xpcall(function(...) return ... end, print, 1, 2))
show(problem(function() local x = nil; x.y = 1 end), problem(function() local x = 5; x() end), problem(function() return #5 end), problem(function() return {} .. "x" end), problem(function() return nil < 1 end), problem(function() undefined_function() end))
show(problem(setmetatable, 1, {}), problem(setmetatable, setmetatable({}, { __metatable = "locked" }), {}), getmetatable(setmetatable({}, { __metatable = "locked" })), getmetatable("").__index.rep == string.rep, assert(1, 2), problem(assert, false, "why"), problem(assert, nil), problem(assert))
local mt = { __add = function(a, b) return "add" end, __concat = function() return "concat" end, __eq = function() return true end, __lt = function() return true end, __le = function() return false end, __len = function() return 42 end, __call = function(_, x) return x end, __unm = function() return "unm" end, __tostring = function() return "text" end, __index = function(_, k) return k end, __idiv = function() return "idiv" end, __band = function() return "band" end, __name = "Mine" }
local a, b = setmetatable({}, mt), setmetatable({}, mt)
show(a + 1, 1 + a, a .. "x", a == b, a < b, a <= b, #a, a(7), -a, tostring(a), a.key, a // 1, a & 1, "x" .. a, 1 .. a, a ~= b, a > b)
show(table.pack(1, nil, 3).n, table.unpack({ 1, 2, 3 }, 2), table.unpack({ 1, 2 }, 1, 3), select(-1, 1, 2), select(2, "a", "b"), problem(select, 0), table.concat(table.move({ 1, 2, 3 }, 1, 3, 2), ","), (unpack or table.unpack)({ 1 }))
local list = { "c", "a", "b", "end", "and" }
table.sort(list)
show(table.concat(list, " "), table.remove(list), table.remove(list, 1), table.insert(list, 1, "x"), table.concat(list, " "), table.remove({}), problem(table.insert, {}, 5, 1), problem(table.insert, {}, 1, 2, 3), problem(table.sort, { 1, "x" }))
table.sort(list, function(x, y) return x > y end)
show(table.concat(list, " "))
show(type(collectgarbage("count")), math.type(collectgarbage("count")), collectgarbage(), collectgarbage("collect"), collectgarbage("isrunning"), type(collectgarbage("step")))
show(debug.getinfo(1, "l").currentline > 0, debug.getinfo(1, "S").short_src ~= nil, debug.getinfo(print).what, debug.getinfo(show, "S").what, type(debug.traceback()), debug.traceback("msg"):match("^msg\nstack traceback:\n") ~= nil, debug.traceback({}) ~= nil, debug.getinfo(100))
show(debug.getinfo(problem, "u").nparams, debug.getinfo(problem, "u").isvararg, debug.getinfo(1, "n") ~= nil, debug.getlocal(1, 1) ~= nil, debug.getupvalue(try, 1) ~= nil)
show(load("return 1")(), load("syntax error here") == nil, load(function() return nil end) ~= nil, select(2, load("x =", "=name")), select(2, load("x =", "@file.lua")), select(2, load("x = ", "x = ")), load("return a", "n", "t", { a = 5 })(), load("return 1", "n", "b"))
local parts = { "return ", "1 + ", "2" }
show(load(function() return table.remove(parts, 1) end)(), tostring(nil), tostring(true), tostring(print):match("^builtin") or tostring(print):match("^function"), type(io), type(os), _G ~= nil, _VERSION:match("^Lua 5"))
show(string.format("%5.2f|%d|%s|%q", 3.14159, 42, "x", "a\nb"))
