-- Counterpart: net/websocket/frames.lua
-- Frames of WebSocket (RFC 6455 section 5), read from a string or from what util.dbuffer makes, and built.

local random_bytes = require "util.random".bytes
local xor = require "util.strbitop".sxor

local s_char, floor = string.char, math.floor

local function flag(byte, value)
	return byte % (value * 2) >= value
end

-- Whole numbers of any size, most significant byte first.
local function read_number(data, from, to)
	local number = 0
	for i = from, to do
		number = number * 256.0 + data:byte(i)
	end
	return math.tointeger(number) or number
end

local function write_number(number, length)
	local bytes = {}
	for i = length, 1, -1 do
		bytes[i] = s_char(number % 256)
		number = floor(number / 256)
	end
	return table.concat(bytes)
end

-- Gives what the head of a frame says and how long it is; nothing where it is not all there.
local function parse_header(frame)
	local available = frame:len()
	if available < 2 then return end
	local first, second = frame:byte(1, 2)
	local header = {
		FIN = flag(first, 0x80),
		RSV1 = flag(first, 0x40),
		RSV2 = flag(first, 0x20),
		RSV3 = flag(first, 0x10),
		opcode = first % 16,
		MASK = flag(second, 0x80),
		length = second % 128,
	}
	local key_at = 3
	if header.length == 126 then
		key_at = 5
	elseif header.length == 127 then
		key_at = 11
	end
	local header_length = key_at - 1 + (header.MASK and 4 or 0)
	if available < header_length then return end
	if key_at > 3 then
		header.length = read_number(frame, 3, key_at - 1)
	end
	if header.MASK then
		header.key = frame:sub(key_at, key_at + 3)
	end
	return header, header_length
end

-- Gives what a frame holds, from a position on.
local function parse_body(frame, header, position)
	local data = frame:sub(position, position + header.length - 1)
	return header.MASK and xor(data, header.key) or data
end

-- Gives a frame and where it ends; nil, nil and the head where it is not all there.
local function parse(frame)
	local header, header_length = parse_header(frame)
	if not header or frame:len() < header_length + header.length then
		return nil, nil, header
	end
	header.data = parse_body(frame, header, header_length + 1)
	return header, header_length + header.length
end

-- Builds a frame of `opcode`, `data`, and the flags FIN, RSV1, RSV2, RSV3 and MASK; the last with `key` or one by chance.
local function build(frame)
	local data, opcode = frame.data or "", frame.opcode
	assert(opcode and opcode >= 0 and opcode <= 15, "Invalid WebSocket opcode")
	assert(opcode < 8 or #data <= 125, "WebSocket control frames MUST have a payload length of 125 bytes or less.")

	local first = opcode + (frame.FIN and 0x80 or 0) + (frame.RSV1 and 0x40 or 0) + (frame.RSV2 and 0x20 or 0) + (frame.RSV3 and 0x10 or 0)
	local second, length = #data, ""
	if #data > 65535 then
		second, length = 127, write_number(#data, 8)
	elseif #data > 125 then
		second, length = 126, write_number(#data, 2)
	end
	local key = ""
	if frame.MASK then
		key = frame.key or random_bytes(4)
		second, data = second + 0x80, xor(data, key)
	end
	return s_char(first, second) .. length .. key .. data
end

-- Gives the code and the reason of a close frame's data, as far as they are there.
local function parse_close(data)
	if #data < 2 then
		return nil, nil
	end
	return read_number(data, 1, 2), #data > 2 and data:sub(3) or nil
end

local function build_close(code, reason, mask)
	assert(not reason or #reason <= 123, "Close reason must be <=123 bytes")
	return build({ opcode = 8, FIN = true, MASK = mask, data = write_number(code, 2) .. (reason or "") })
end

return {
	parse_header = parse_header,
	parse_body = parse_body,
	parse = parse,
	build = build,
	parse_close = parse_close,
	build_close = build_close,
}
