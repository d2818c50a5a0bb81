-- Counterpart: util/datetime.lua
-- XEP-0082: XMPP Date and Time Profiles. Counts days itself, in floats: that holds beyond 2038 and in any time zone.

local floor, tointeger = math.floor, math.tointeger
local find, format, match = string.find, string.format, string.match
local time_now = os.time
local tonumber = tonumber

local day_seconds = 86400.0

-- The proleptic Gregorian calendar in years that begin in March, eras of 400 years.
local function date_of(days)
	days = days + 719468.0
	local era = days // 146097
	local day_of_era = days - era * 146097
	local year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
	local day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
	local month = (5 * day_of_year + 2) // 153
	local day = day_of_year - (153 * month + 2) // 5 + 1
	local year = year_of_era + era * 400
	if month < 10 then
		return year, month + 3, day
	end
	return year + 1, month - 9, day
end

-- The days from 1970-01-01; months beyond 12 count on into the next years.
local function days_of(year, month, day)
	year = year + (month - 1) // 12
	month = (month - 1) % 12 + 1
	if month <= 2 then
		year = year - 1
		month = month + 12
	end
	local era = year // 400
	local year_of_era = year - era * 400
	local day_of_year = (153 * (month - 3) + 2) // 5 + day - 1
	return era * 146097.0 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468
end

local function date_text(separator, days)
	local year, month, day = date_of(days)
	return format("%04.0f%s%02.0f%s%02.0f", year, separator, month, separator, day)
end

local function time_text(seconds)
	return format("%02.0f:%02.0f:%02.0f", seconds // 3600, seconds // 60 % 60, seconds % 60)
end

-- Days, whole seconds of the day, and millionths as text, which is empty where there are none.
local function split(t)
	t = t or time_now()
	local whole = floor(t) * 1.0
	local fraction = ""
	if t ~= whole then
		fraction = format(".%06d", floor((t - whole) * 1000000))
	end
	local days = whole // day_seconds
	return days, whole - days * day_seconds, fraction
end

local function date(t)
	return date_text("-", (split(t)))
end

local function datetime(t)
	local days, seconds, fraction = split(t)
	return date_text("-", days) .. "T" .. time_text(seconds) .. fraction .. "Z"
end

local function time(t)
	local _, seconds, fraction = split(t)
	return time_text(seconds) .. fraction
end

-- XEP-0091, in whole seconds.
local function legacy(t)
	local days, seconds = split(t)
	return date_text("", days) .. "T" .. time_text(seconds)
end

-- Seconds since 1970 of a date with a time, with or without separators and zone; nil if it is none.
local function parse(text)
	if not text then
		return nil
	end
	local year, month, day, hour, minute, second, zone =
		match(text, "^(%d%d%d%d)%-?(%d%d)%-?(%d%d)T(%d%d):(%d%d):(%d%d%.?%d*)([Z+%-]?.*)$")
	if not year then
		return nil
	end
	local offset = 0
	if zone ~= "" and zone ~= "Z" then
		local sign, hours, minutes = match(zone, "([+%-])(%d%d):?(%d*)")
		if not sign then
			return nil
		end
		offset = tonumber(hours) * 3600
		if #minutes == 2 then
			offset = offset + tonumber(minutes) * 60
		end
		if sign == "-" then
			offset = -offset
		end
	end
	local days = days_of(tonumber(year), tonumber(month), tonumber(day))
	local seconds = days * day_seconds + tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second) - offset
	-- A fraction, even none of its own, makes a float.
	return not find(second, ".", 1, true) and tointeger(seconds) or seconds
end

return {
	date = date,
	datetime = datetime,
	time = time,
	legacy = legacy,
	parse = parse,
}
