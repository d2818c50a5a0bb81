-- Counterpart: util-src/struct.c
-- Numbers and texts as bytes, by formats: > and < (byte order), ! (alignment), x (padding), b B h H i I l L T (integers),
-- f d (floats), c (so many bytes) and s (text that a zero ends). Numbers are floats, exact up to 53 bits.

local byte, char, find, format, match, rep, sub =
	string.byte, string.char, string.find, string.format, string.match, string.rep, string.sub
local string_pack, string_unpack = string.pack, string.unpack
local concat, unpack_list = table.concat, table.unpack
local error, tonumber, type = error, tonumber, type

local max_integer_size = 32
local default_alignment = 8

local fixed_sizes = { b = 1, B = 1, h = 2, H = 2, l = 8, L = 8, T = 8, f = 4, d = 8, x = 1 }
local integers = { b = true, B = true, h = true, H = true, l = true, L = true, T = true, i = true, I = true }

-- A list of { letter, size, little endian, alignment } in order.
local function parse(layout)
	local options, count = {}, 0
	local little, alignment = true, 1
	local position = 1
	while position <= #layout do
		local letter, digits, next_position = match(layout, "^(.)(%d*)()", position)
		local takes_number = find("iIc!", letter, 1, true)
		if not takes_number then
			digits, next_position = "", position + 1
		end
		position = next_position
		local number = tonumber(digits)
		if letter == ">" or letter == "<" then
			little = letter == "<"
		elseif letter == "!" then
			alignment = number or default_alignment
			if alignment < 1 or alignment & (alignment - 1) ~= 0 then
				error(format("alignment %d is not a power of 2", alignment), 3)
			end
		elseif letter ~= " " then
			local size = fixed_sizes[letter]
			if letter == "i" or letter == "I" then
				size = number or 4
				if size > max_integer_size then
					error(format("integral size %d is larger than limit of %d", size, max_integer_size), 3)
				end
			elseif letter == "c" then
				size = number or 1
			elseif letter == "s" then
				size = 0
			elseif not size then
				error(format("bad argument #1 (invalid format option '%s')", letter), 3)
			end
			count = count + 1
			options[count] = { letter, size, little, alignment }
		end
	end
	return options, count
end

-- How many bytes stand before an option at a position so that it is aligned.
local function padding(option, position)
	local letter, size, alignment = option[1], option[2], option[4]
	if size == 0 or letter == "c" then
		return 0
	end
	if size > alignment then
		size = alignment
	end
	return -position % size
end

local function pack_integer(number, size, little)
	local bytes = {}
	for index = 1, size do
		local low = number % 256
		bytes[little and index or size + 1 - index] = char(low // 1 | 0)
		number = (number - low) // 256
	end
	return concat(bytes)
end

local function unpack_integer(text, position, size, little, signed)
	local number = 0.0
	for index = 1, size do
		local digit = byte(text, little and position + size - index or position + index - 1)
		-- The sign goes with the first byte, so that small negative numbers stay exact.
		if signed and index == 1 and digit >= 128 then
			digit = digit - 256
		end
		number = number * 256 + digit
	end
	return number
end

local function float_format(letter, little)
	return (little and "<" or ">") .. letter
end

local function number_argument(value, index)
	local number = tonumber(value)
	if not number then
		error(format("bad argument #%d to 'pack' (number expected, got %s)", index, type(value)), 3)
	end
	return number
end

local function pack(layout, ...)
	local options, count = parse(layout)
	local values = { ... }
	local parts, used, length = {}, 0, 0
	for index = 1, count do
		local option = options[index]
		local letter, size, little = option[1], option[2], option[3]
		local text
		if letter == "x" then
			text = "\0"
		else
			used = used + 1
			local value = values[used]
			if integers[letter] then
				local number = number_argument(value, used + 1)
				if number < 0 then
					-- Towards zero, as C converts.
					number = -(-number // 1)
				else
					number = number // 1
				end
				text = pack_integer(number, size, little)
			elseif letter == "f" or letter == "d" then
				text = string_pack(float_format(letter, little), number_argument(value, used + 1))
			else
				if type(value) ~= "string" and type(value) ~= "number" then
					error(format("bad argument #%d to 'pack' (string expected, got %s)", used + 1, type(value)), 2)
				end
				text = "" .. value
				if size > #text then
					error(format("bad argument #%d to 'pack' (string too short)", used + 1), 2)
				elseif size > 0 then
					text = sub(text, 1, size)
				end
				if letter == "s" then
					text = text .. "\0"
				end
			end
		end
		local zeros = padding(option, length)
		parts[index] = rep("\0", zeros) .. text
		length = length + zeros + #text
	end
	return concat(parts)
end

-- The values, and the position behind them.
local function unpack(layout, text, position)
	local options, count = parse(layout)
	position = position or 1
	if position > #text + 1 or position < 1 then
		error("bad argument #3 to 'unpack' (initial position out of string)", 2)
	end
	local values, found = {}, 0
	for index = 1, count do
		local option = options[index]
		local letter, size, little = option[1], option[2], option[3]
		position = position + padding(option, position - 1)
		if letter == "c" and size == 0 then
			size = values[found]
			if type(size) ~= "number" then
				error("format 'c0' needs a previous size", 2)
			end
			size = size // 1 | 0
			found = found - 1
		end
		if size > #text - position + 1 then
			error("bad argument #2 to 'unpack' (data string too short)", 2)
		end
		local value
		if integers[letter] then
			value = unpack_integer(text, position, size, little, find(letter, "%l") ~= nil)
		elseif letter == "f" or letter == "d" then
			value = string_unpack(float_format(letter, little), text, position)
		elseif letter == "c" then
			value = sub(text, position, position + size - 1)
		elseif letter == "s" then
			local zero = find(text, "\0", position, true)
			if not zero then
				error("unfinished string in data", 2)
			end
			value = sub(text, position, zero - 1)
			size = #value + 1
		end
		if value ~= nil then
			found = found + 1
			values[found] = value
		end
		position = position + size
	end
	values[found + 1] = position
	return unpack_list(values, 1, found + 1)
end

local function size_of(layout)
	local options, count = parse(layout)
	local length = 0
	for index = 1, count do
		local option = options[index]
		if option[1] == "s" then
			error("bad argument #1 to 'size' (option 's' has no fixed size)", 2)
		elseif option[1] == "c" and option[2] == 0 then
			error("bad argument #1 to 'size' (option 'c0' has no fixed size)", 2)
		end
		length = length + padding(option, length) + option[2]
	end
	return length
end

return { pack = pack, unpack = unpack, size = size_of }
