show(os.time() * 1000 > 1e12, math.type(os.time() * 1000), math.type(os.time() + 86400 * 365 * 50), 1700000000 * 1000, 1700000000 + 86400 * 365 * 50)
show(1700000000 * 1000000, 1700000000 * 1000 // 1000, 1700000000 * 1000 / 1000, 1700000000123 % 1000, -1700000000123 % 1000, 1700000000123 // 1000)
show(2147483647 + 1, -2147483648 - 1, 2147483648, -2147483649, 4294967296, 3000000000, 0x7fffffff + 1, 0xffffffff, 0xFFFFFFFFFFFF)
show(1e15, 2 ^ 53, 2 ^ 63, 1e100, 3.14159265358979, 100 // 1e0, 1e14, 123456789012345.0, 0.1, -0.0, 1e300 * 1e10, -1e300 * 1e10, 5 // 0.0, -5 // 0.0)
show(2147483648.0, 1700000000000.0, 5.0, 1e3, 2 ^ 31, 10 / 2, 3 * 1.0, 7 // 2, 7 // 2.0, 7 % 2.5)
show(math.maxinteger, math.mininteger, math.maxinteger + 1 == math.mininteger, math.mininteger // -1 == math.mininteger)
show(-7 % 3, 7 % -3, -7 // 2, 7 // -2, 5.5 % -2, -5.5 % 2, 5 % math.huge, -5 % math.huge, 5.0 % -math.huge, 0 % 5, -0 // 5)
show("10" + 1, "0x10" * 2, "1e1" + 0, 10 .. "", "10" // "3", -"2", "7" % 4, 2 ^ "3", " 5 " * 1)
show(3 | 4.0, 1 << 31, 1 << 32, 1 << 62, 1 << 63, 1 << 64, 1 << -1, -1 >> 1, -1 >> 32, -1 << 4, ~0, ~5, 0xF0 ~ 0xFF, -1 & 0xFFFFFFFF, 0xFFFFFFFF00 >> 8, 5 & -2)
show(1700000000000 & 0xFFFF, 1700000000000 | 1, 1700000000000 ~ 1700000000001, ~1700000000000, 1700000000000 >> 3, 1700000000000 << 3)
show(problem(function() return 1 // 0 end), problem(function() return 1 % 0 end), problem(function() return 1.5 | 1 end))
show(problem(function() return {} + 1 end), problem(function() return 1 < "2" end), problem(function() return 2 ^ 63 | 1 end))
show(1 // 0.0, -1 % 0.0 ~= -1 % 0.0, 0x7fffffffffffffff, 0xffffffffffffffff, 0x1p4, 0xA.8, 9223372036854775807, 9223372036854775808, 1e1, .5)
show(math.type(3000000000), math.type(3e9), math.type(2 ^ 31), math.type(9223372036854775808), math.type("1"), math.type(1 << 40), math.type(10 // 1))
show(1 == 1.0, 3000000000 == 3e9, 2 ^ 53 == 9007199254740992, 1 < 1.5, 3000000000 < 3e9 + 1, -1 < 0, "a" < "b", "Z" < "a", "end" < "z", "and" < "b", "" < "a", "a\0b" < "a\0c")
show("\u{ffff}" < "\u{10000}", "a" <= "a", "\xff" > "\xc3\xa4", "10" < "9", "while" > "until")

for i = 2147483646, 2147483649 do io.write("") show("up", i, math.type(i)) end
for i = 3000000000, 2999999998, -1 do show("down", i) end
for i = 1, 3 do show(i) end
for i = 1.0, 2 do show(i) end
for i = 1, 2, 0.5 do show(i) end
for i = 3, 1 do show("never", i) end
for i = 1, math.huge do if i > 2 then break end show(i) end
for i = 1, -math.huge do show("never", i) end
for i = -1, -math.huge, -1 do if i < -2 then break end show(i) end
for i = 1, 2.9 do show(i) end
for i = "1", 2 do show(i) end
show(problem(function() for i = 1, 2, 0 do end end), problem(function() for i = {}, 2 do end end), problem(function() for i = 1, {} do end end), problem(function() for i = 1, 2, "x" do end end))

show(math.floor(3e9), math.floor(3.7), math.floor(-3.2), math.ceil(3e9 + 0.5), math.ceil(-0.5), math.floor(1e100), math.floor(5), math.floor(-0.0))
show(math.tointeger(3e9), math.tointeger(3.5), math.tointeger(3), math.tointeger("8"), math.tointeger({}), math.tointeger(2 ^ 63), math.tointeger("x"))
show(math.abs(-3000000000), math.abs(-2.5), math.max(1, 2.5, 3000000000), math.min(1, -0.5), math.max(2, 2.0), math.fmod(-7, 3), math.fmod(7, -3), math.fmod(-7.5, 2), math.modf(3.7))
show(math.modf(-5), math.modf(math.huge), math.sqrt(2), math.exp(0), math.log(8, 2), math.log(100, 10), math.log(1), math.pi, math.huge, -math.huge)
show(math.ult(1, -1), math.ult(2, 1), math.type(1), math.type(1.0), math.deg(math.pi), math.rad(180), math.atan(1, 2), math.sin(1))
show(problem(math.floor), problem(math.floor, "x"), problem(math.floor, {}), problem(math.random, 0, -1), problem(math.random, 1, 2, 3), problem(math.fmod, 1, 0), problem(math.max))
show(math.floor("3.5"), math.abs("-4"), math.floor("7"), math.type(math.abs("-4")))
math.randomseed(42)
show(math.random(), math.random(10), math.random(-5, 5), math.random(1000), math.random(3000000000), math.random(1, 1))
math.randomseed(1, 2)
show(math.random(1 << 40), math.random(), math.random(255), math.random(7))
math.randomseed(os.time())
for _ = 1, 100 do local n = math.random(5) assert(n >= 1 and n <= 5 and math.type(n) == "integer") end

show(tostring(3000000000), tostring(3e9), tostring(1e15), tostring(-1e15), tostring(2 ^ 24), tostring(1 / 3), tostring(100000000000000), tostring(1e-5), tostring(123456.789e3))
show(tonumber("3000000000"), tonumber("0x10"), tonumber("1e3"), tonumber("  12  "), tonumber("12a"), tonumber(""), tonumber("0x"), tonumber("1 2"), tonumber("9223372036854775808"), tonumber("-0x10"))
show(tonumber("ff", 16), tonumber("zz", 36), tonumber("8", 8), tonumber("-ff", 16), tonumber("  7  ", 8), tonumber("", 10), tonumber("ffffffffff", 16), tonumber(12), tonumber(nil), tonumber({}), tonumber("inf"), tonumber("nan"))
show(problem(tonumber), problem(tonumber, 10, 16), problem(tonumber, "1", 1), problem(tonumber, "1", 99), tonumber("1e"), tonumber("0x1p4"), tonumber("1\0"), tonumber("١"))
show(("%d"):format(3000000000), ("%d"):format(3.0), ("%d"):format(-2 ^ 40), ("%x"):format(1700000000000), ("%5.1f|%-8d|%+d|%05d"):format(3.14159, 42, 7, -42), ("%g"):format(1e20), ("%s"):format(3000000000))
show(("%s|%s|%s"):format(1e15, 2 ^ 31, -0.0), ("%q"):format(1 / 3), ("%q"):format("a\0b\n\"\\\r1"), ("%i"):format(5), ("%.3s|%5s|%-5s|"):format("abcdef", "ab", "ab"), ("%c%c"):format(65, 0), ("%%"):format())
show(problem(string.format, "%d", 1.5), problem(string.format, "%d", "x"), problem(string.format, "%y", 1), problem(string.format, "%d"), ("%d"):format("10"), ("%s"):format(nil), ("%s"):format("a\0b"))
show(3000000000 .. "", 1e15 .. "", 2 ^ 53 .. "", 1700000000 * 1000 .. "ms", -0.0 .. "", 1.5 .. 2)
local t = { [3000000000] = "large", [1] = "one", [2.0] = "two", [2 ^ 53] = "float" }
show(t[3e9], t[3000000000], t[1.0], t[2], t[9007199254740992], #t)
show(#tostring(os.time() * 1000), ("x"):rep(3), ("x"):rep(0), ("x"):rep(-1), ("ab"):rep(3, ","), select("#", table.unpack({}, 1, 3)))
show(string.pack and #string.pack("i4", 100), utf8 and utf8.char(228, 8364), utf8.len("äö"), utf8.codepoint("ä", 1))
