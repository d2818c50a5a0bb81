-- Counterpart: util/interpolation.lua
-- Templates: {name} is a value, escaped; {name!} is not escaped; {a.b} is a field of a value; {name|filter} goes through
-- a function. {name#…} repeats the rest for each item of a list and {name%…} for each pair of a table, with {idx} and
-- {item}; {name?…} is a default, {name&…} shows the rest if there is a value and {name~…} if there is none.

local find, gmatch, gsub, match, sub = string.find, string.gmatch, string.gsub, string.match, string.sub
local concat = table.concat
local ipairs, pairs, setmetatable, tostring, type = ipairs, pairs, setmetatable, tostring, type

-- Name, an exclamation mark, an operator, where it ends.
local reference = "^([%a_][%w_.]*)(!?)(%p?)()"

local function look_up(values, name)
	local value = values[name]
	if value or not find(name, ".", 2, true) then
		return value
	end
	value = values
	for part in gmatch(name, "[^.]+") do
		value = value[part]
		if not value then
			break
		end
	end
	return value
end

-- `pattern` finds a reference with its brackets, `escape` makes text safe, `filters` are functions by name.
local function new(pattern, escape, filters)
	local render

	local function repeat_for(each, t, template, values)
		local scope = setmetatable({}, { __index = values })
		local parts, size = {}, 0
		for index, item in each(t) do
			scope.idx, scope.item = index, item
			size = size + 1
			parts[size] = render(template, scope)
		end
		return concat(parts)
	end

	-- Nil leaves the brackets and what is in them as they are.
	local function fill(block, values)
		block = sub(block, 2, -2)
		local name, raw, operator, rest = match(block, reference)
		if not name then
			return nil
		end
		local value = look_up(values, name)
		while filters and operator == "|" do
			local filter
			filter, raw, operator, rest = match(block, reference, rest)
			filter = filters[filter]
			if filter and value ~= nil then
				value = filter(value)
			end
		end
		if operator == "#" or operator == "%" then
			if type(value) ~= "table" then
				return ""
			end
			return repeat_for(operator == "#" and ipairs or pairs, value, sub(block, rest), values)
		elseif operator == "&" or operator == "~" then
			if (operator == "&") ~= not not value then
				return ""
			end
			return render(sub(block, rest), values)
		elseif operator == "?" and not value then
			return render(sub(block, rest), values)
		elseif value == nil then
			return nil
		end
		if type(value) ~= "string" then
			value = tostring(value)
		end
		if raw == "!" then
			return value
		end
		return escape(value)
	end

	function render(template, values)
		return (gsub(template, pattern, function(block)
			return fill(block, values)
		end))
	end
	return render
end

return { new = new }
