-- Counterpart: util/human/units.lua
-- Numbers with SI prefixes.

local abs, ceil, floor, log, max, min = math.abs, math.ceil, math.floor, math.log, math.max, math.min
local format = string.format

local large = { "k", "M", "G", "T", "P", "E", "Z", "Y" }
local small = { "m", "μ", "n", "p", "f", "a", "z", "y" }

-- What to divide a number by and the prefix that says so, nil if none; base "b" counts in powers of 1024.
local function adjust(number, base)
	local power, prefixes, round, step = 1000, large, floor, 1
	if base == "b" then
		power = 1024
	elseif number < 1 then
		prefixes, round, step = small, ceil, -1
	end
	local exponent = max(0, min(8, round(abs(log(abs(number), power)))))
	local prefix = prefixes[exponent]
	if not prefix then
		return 1, nil
	elseif base == "b" then
		prefix = (prefix == "k" and "K" or prefix) .. "i"
	end
	if step < 0 then
		-- Literals are exact where powers are not.
		return tonumber("1e-" .. format("%d", exponent * 3)), prefix
	end
	return base == "b" and 1024.0 ^ exponent or tonumber("1e" .. format("%d", exponent * 3)), prefix
end

local function format_number(number, unit, base)
	if number == 0 then
		return format("%.3g %s%s", number, "", unit)
	end
	local divisor, prefix = adjust(number, base)
	return format("%.3g %s%s", number / divisor, prefix or "", unit)
end

return { adjust = adjust, format = format_number }
