for _, time in ipairs { 0, 1, 86399, 951782400, 1709210096, 1735689599, 2147483647, -2, -86400 * 400, 1767225600 } do
	for letter in ("aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%"):gmatch(".") do
		io.write("")
		show(time, letter, os.date("!%" .. letter, time), os.date("%" .. letter, time))
	end
	local fields = os.date("!*t", time)
	show(fields.year, fields.month, fields.day, fields.hour, fields.min, fields.sec, fields.yday, fields.wday, fields.isdst)
	show(math.type(fields.year), os.time(os.date("*t", time)) == time)
end
for day = 0, 365 * 8, 3 do
	show(os.date("!%F %a %G-W%V-%u %U %W %j %y %g", day * 86400 + 1230768000))
end
show(os.date("!%Ec %EC %Ex %EX %Ey %EY %Od %Oe %OH %OI %Om %OM %OS %Ou %OU %OV %Ow %OW %Oy", 1700000000))
for _, format in ipairs { "%Ez", "%Q", "%", "%E", "%O", "%Oc", "%k", "%s", "x%" } do
	show(format, problem(os.date, format) ~= "no error")
end
show(os.date("!", 0), os.date("!plain %% text", 0), os.date("!*tx", 0).year, problem(os.date, "%c", 1.5), problem(os.date, "%c", "x"))
show(os.date("!%H", "3600"), os.date("!%c", 12.0), problem(os.date, "!%c", 1e300))
local function time(...)
	local fields = ...
	return os.time(fields), fields.year, fields.month, fields.day, fields.hour, fields.min, fields.sec, fields.wday, fields.yday, fields.isdst
end
show(time { year = 2024, month = 2, day = 29 })
show(time { year = 2024, month = 14, day = -3, hour = 25, min = 61, sec = 3601 })
show(time { year = 1970, month = 1, day = 1, hour = 0 })
show(problem(os.time, { year = 1969, month = 12, day = 31, hour = 23, min = 59, sec = 59 }))
show(time { year = 1969, month = 12, day = 31, hour = 23, min = 59, sec = 58 })
show(time { year = "2000", month = "0x1", day = 1.0 })
show(time { year = 99, month = 1, day = 1 })
for _, fields in ipairs { {}, { year = 2000, month = 1 }, { year = 2000, month = 1.5, day = 1 }, { year = "x", month = 1, day = 1 }, { year = 2000, month = 1, day = 1, sec = {} } } do
	show(problem(os.time, fields))
end
show(problem(os.time, 1), os.time() - os.time { year = 2020, month = 1, day = 1 } > 0, math.type(os.time()))
show(os.difftime(5, 3), os.difftime(1, 3.0), math.type(os.clock()), os.clock() >= 0)
show(os.getenv("PATH") ~= nil, os.getenv("NO_SUCH_VARIABLE"), os.setlocale(), os.setlocale("C"), os.setlocale(nil, "time"), os.setlocale("xx_XX"))
local name = os.tmpname()
show(io.open(name) ~= nil, os.rename(name, name .. "2"), os.rename(name, name .. "3") == nil, select(3, os.rename(name, "x")))
show(select(2, os.rename(name, "x")), os.remove(name .. "2"))
show((select(2, os.remove(name .. "2")):gsub("lua_%w+", "NAME")), select(3, os.remove("/tmp")) ~= nil)
