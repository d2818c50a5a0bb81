-- Counterpart: mime.lua of LuaSocket
-- Base64 and quoted-printable (RFC 2045), at once or as filters of ltn12.

local base64 = require "util.encodings".base64
local ltn12 = require "ltn12"

local mime = { encodet = {}, decodet = {} }

-- These take what was left over, and the next piece, nil for the end; they give what can be said by now, and what is left over. With
-- one argument all of it is said.
local function in_groups(size, convert)
	return function(left, ...)
		if select("#", ...) == 0 then
			return left and left ~= "" and convert(left) or nil, nil
		end
		local piece = ...
		if piece == nil then
			local rest = left and convert(left) or ""
			return rest ~= "" and rest or nil, nil
		end
		local all = (left or "") .. piece
		local ready = #all - #all % size
		return convert(all:sub(1, ready)), all:sub(ready + 1)
	end
end

mime.b64 = in_groups(3, function(text) return base64.encode(text) end)
mime.unb64 = in_groups(4, function(text) return base64.decode(text) or "" end)

local function quoted(char)
	return ("=%02X"):format(char:byte())
end

local function to_quoted(text, marker)
	local lines = {}
	for line, ending in text:gmatch("([^\r\n]*)(\r?\n?)") do
		line = line:gsub("[^\32-\60\62-\126\t]", quoted)
		if line:find("[ \t]$") then
			-- A blank at the end of a line would get lost.
			line = line:gsub(".$", quoted) .. (ending == "" and "=\r\n" or "")
		end
		lines[#lines + 1] = line .. (ending ~= "" and (marker or "\r\n") or "")
	end
	return table.concat(lines)
end

local function from_quoted(text)
	return (text:gsub("=[ \t]*\r?\n", ""):gsub("=(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

function mime.qp(text, _, marker)
	return text and to_quoted(text, marker) or nil, nil
end

function mime.unqp(text)
	return text and from_quoted(text) or nil, nil
end

-- Quoted-printable is put together at the end, where it is known what ends a line.
local function whole(convert)
	return function(...)
		local extra, parts = ..., {}
		return function(piece)
			if piece then
				parts[#parts + 1] = piece
				return ""
			end
			local text = table.concat(parts)
			parts = {}
			return text ~= "" and convert(text, extra) or nil
		end
	end
end

mime.encodet["base64"] = function() return ltn12.filter.cycle(mime.b64, "") end
mime.decodet["base64"] = function() return ltn12.filter.cycle(mime.unb64, "") end
mime.encodet["quoted-printable"] = whole(function(text, mode) return to_quoted(text, mode == "binary" and "=0D=0A" or nil) end)
mime.decodet["quoted-printable"] = whole(from_quoted)

local function chooser(makers)
	return function(name, ...)
		local make = makers[name] or error("unknown key (" .. tostring(name) .. ")", 2)
		return make(...)
	end
end
mime.encode, mime.decode = chooser(mime.encodet), chooser(mime.decodet)

return mime
