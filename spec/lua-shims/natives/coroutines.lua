-- Yields wherever the machine may have to go on in the middle of an instruction.
local yield = coroutine.yield
local mt = {}
for _, name in ipairs { "add", "sub", "mul", "div", "mod", "idiv", "pow", "band", "bor", "bxor", "shl", "shr", "concat" } do
	mt["__" .. name] = function() return yield(name) end
end
mt.__unm = function() return yield("unm") end
mt.__bnot = function() return yield("bnot") end
mt.__len = function() return yield("len") end
mt.__eq = function() return yield("eq") end
mt.__lt = function() return yield("lt") end
mt.__le = function() return yield("le") end
mt.__index = function(_, key) return yield("index " .. tostring(key)) end
mt.__newindex = function(_, key, value) yield("newindex " .. tostring(key) .. tostring(value)) end
mt.__call = function(_, value) return yield("call " .. tostring(value)) end
local a, b = setmetatable({}, mt), setmetatable({}, mt)

local function run(f)
	local co = coroutine.create(f)
	local answer = 10
	local seen = {}
	while true do
		local results = table.pack(coroutine.resume(co, answer))
		for index = 1, results.n do
			seen[#seen + 1] = tostring(results[index])
		end
		if coroutine.status(co) == "dead" then
			show(table.concat(seen, " "))
			return
		end
		answer = answer + 1
	end
end

run(function() return a + 1, 1 - a, a * 2, a / 2, a % 2, a // 2, a ^ 2 end)
run(function() return a & 1, a | 1, a ~ 1, a << 1, a >> 1, -a, ~a, #a end)
run(function() return a .. "x", "x" .. a, "x" .. "y" .. a .. "z", a .. b .. "end" end)
run(function() return a == b, a ~= b, a < b, a <= b, a > b, not (a >= b) end)
run(function() if a == b then return "equal" else return "different" end end)
run(function() local x = a < b and "less" or "not less" return x end)
run(function() return a.field, a[1], a.x end)
run(function() a.field = 5 a[2] = "two" return "set" end)
run(function() return a(1), (a(2)) end)
run(function() return pcall(a.method, a) end)
run(function() for i, v in function(_, i) i = i + 1 if i < 4 then return i, yield("iteration " .. i) end end, nil, 0 do yield(i .. "=" .. tostring(v)) end return "done" end)
run(function() local t = { yield(1), yield(2), x = yield(3), yield(4) } return #t, t[1], t[2], t[3], t.x end)
run(function(...) return select("#", ...), pcall(function() yield("inside") error("out", 0) end) end)
run(function() return xpcall(function() yield("x") error("handled", 0) end, function(e) return e .. "!" end) end)
run(function() local ok, e = pcall(pcall, error, "deep") yield("between") return ok, e end)
run(function() return table.concat({ yield("a"), yield("b") }, "-") end)
run(function() local function deep(n) if n == 0 then return yield("bottom") end return (deep(n - 1)) + 1 end return deep(100) end)
run(function() local function tail(n) if n == 0 then return yield("tail") end return tail(n - 1) end return tail(10000) end)
run(function() goto next do yield("never") end ::next:: local i = 0 repeat i = i + 1 yield(i) until i == 3 while i > 0 do i = i - 1 if i == 1 then break end end return i end)
run(function() local inner = coroutine.wrap(function() for i = 1, 2 do yield("inner" .. i) end return "inner end" end) yield(inner()) yield(inner()) return inner() end)
run(function() for i = 3, 1, -1 do yield(i) end for i = 1.0, 2 do yield(i) end return "loops" end)

local counter = 0
local function closures()
	local list = {}
	for i = 1, 3 do
		local kept = i * 10
		list[i] = function() kept = kept + 1 return i, kept end
	end
	return list
end
local list = closures()
show(list[1](), list[1](), list[2](), list[3]())
show(select(2, list[1]()), select(2, list[2]()))
local function many(...) return select("#", ...), (select(-1, ...)) end
show(many(table.unpack({}, 1, 200)), many(1, nil, nil))
local function endless() return 1 + endless() end
show((select(2, pcall(endless))):match("stack overflow"))
local loop = setmetatable({}, {})
getmetatable(loop).__index = loop
show((select(2, pcall(function() return loop.x end))):match("loop"))
local deep = setmetatable({}, { __index = function(t, k) return t[k] end })
show((select(2, pcall(function() return deep.x end))):match("overflow"))
local calls = 0
coroutine.wrap(function()
	debug.sethook(function(event) calls = calls + 1 end, "", 100)
	for _ = 1, 1000 do counter = counter + 1 end
	debug.sethook()
end)()
show(calls > 5, (debug.gethook()))
