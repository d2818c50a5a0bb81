local datetime = require "util.datetime"

compare("date", '"1970-01-01" "2022-11-27"', datetime.date(0), datetime.date(1669507200))
compare("datetime", '"1970-01-01T00:00:00Z" "2006-10-19T12:55:39Z"', datetime.datetime(0), datetime.datetime(1161262539))
compare("time", '"00:00:00" "12:55:39"', datetime.time(0), datetime.time(1161262539))
compare("legacy", '"19700101T00:00:00" "20061019T12:55:39"', datetime.legacy(0), datetime.legacy(1161262539))
ours_only("millionths", '"2006-10-19T12:55:39.250000Z" "12:55:39.250000"', function()
	return datetime.datetime(1161262539.25), datetime.time(1161262539.25)
end)
ours_only("whole seconds", '"2006-10-19" "20061019T12:55:39"', function()
	return datetime.date(1161262539.25), datetime.legacy(1161262539.25)
end)
compare("now", "true", math.abs(datetime.parse(datetime.datetime()) - os.time()) < 5)

compare("parse", "1161262539 1161262539", datetime.parse("2006-10-19T12:55:39Z"), datetime.parse("20061019T12:55:39"))
compare("zones", "1161262539 1161262539 1161262539", datetime.parse("2006-10-19T13:55:39+01:00"), datetime.parse("2006-10-19T09:25:39-0330"), datetime.parse("2006-10-19T13:55:39+01"))
ours_only("fractions", "1161262539.25", function()
	return datetime.parse("2006-10-19T12:55:39.25Z")
end)
ours_only("integers", '"integer" "float"', function()
	return math.type(datetime.parse("2006-10-19T12:55:39Z")), math.type(datetime.parse("2006-10-19T12:55:39.0Z"))
end)
for _, text in ipairs {
	"", "hello world", "2006-10-19T", "2006-10-19", "2006-10-19T12:55:39X", "2006-10-19T12:55:39Zjunk", "2006-10-19T12:55:39+1",
	"2006-13-19T12:55:39Z", "2006-02-31T12:55:39Z", "2006-10-19T25:61:61Z", "1969-12-31T23:00:00Z", "1900-01-01T00:00:00Z",
	"2040-02-29T00:00:00Z", "2100-03-01T00:00:00Z", "2000-02-29T23:59:60Z", "2006-00-00T00:00:00Z", "9999-12-31T23:59:59Z",
} do
	compare("parse " .. text, nil, (datetime.parse(text)))
end
compare("parse nothing", "nil", (datetime.parse(nil)))
local time = -3000000000.0
for _ = 1, 300 do
	time = time + 37654321 + pseudo_random(9999) * 7
	compare("any time", nil, datetime.datetime(time), datetime.parse(datetime.datetime(time)), datetime.legacy(time), datetime.date(time))
end

-- What is given may be a numeral, and must not be anything else.
compare("numerals", '"2006-10-19T12:55:39Z" "2006-10-19" "12:55:39"', datetime.datetime("1161262539"), datetime.date("0x453776cb"), datetime.time(1161262539.0))
for _, write in ipairs { datetime.datetime, datetime.time, datetime.date, datetime.legacy } do
	compare("no time", "true true true true true true true", fails(write, {}), fails(write, true), fails(write, "today"), fails(write, print), fails(write, 1 / 0), fails(write, 0 / 0), fails(write, 1e30))
	compare("years", nil, write(-1), write(-62000000000), write(-62200000000), write(-99999999999), write(253402300800), write(10000000000000), write(-10000000000000))
end
compare("no time to read", "true true true nil", fails(datetime.parse, 5), fails(datetime.parse, {}), fails(datetime.parse, true), (datetime.parse(false)))
compare("no values", "0 0", select("#", datetime.parse("today")), select("#", datetime.parse(nil)))
compare("kinds of numbers", '"integer" "integer" "integer"', math.type(datetime.parse("2006-10-19T12:55:39Z")), math.type(datetime.parse("2006-10-19T12:55:39+01:30.5")), math.type(datetime.parse("20061019T12:55:39")))
compare("after the zone", nil, datetime.parse("2006-10-19T12:55:39Z\n\0\255"), datetime.parse("2006-10-19T12:55:39\255"), datetime.parse("2006-10-19T12:55:39Z+02:00"))
compare("other digits", "nil", datetime.parse("٢٠٠٦-10-19T12:55:39Z"), datetime.parse(" 2006-10-19T12:55:39Z"))
ours_only("fractions of all kinds", '"float" 1161262539 1161262539.0999999 -0.5 "1969-12-31T23:59:59.500000Z"', function()
	return math.type(datetime.parse("20061019T12:55:39.")), datetime.parse("20061019T12:55:39."), datetime.parse("2006-10-19T12:55:39.1Z"), datetime.parse("1969-12-31T23:59:59.5Z"), datetime.datetime(-0.5)
end)
ours_only("false is now", "10 17", function()
	return #datetime.date(false), #datetime.legacy(false)
end)
ours_only("numerals with fractions", '"2006-10-19T12:55:39.250000Z" "2006-10-19"', function()
	return datetime.datetime("1161262539.25"), datetime.date("1161262539.25")
end)
