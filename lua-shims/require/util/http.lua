-- Counterpart: util/http.lua
-- Texts of HTTP: what is escaped in URLs and forms, lists of tokens, paths, and the Forwarded header.

local hex_of, char_of = {}, {}
for code = 0, 255 do
	local char, hex = string.char(code), ("%%%02x"):format(code)
	hex_of[char] = hex
	char_of[hex] = char
	char_of[hex:upper()] = char
end

local function urlencode(text)
	return text and (text:gsub("[^%w.~_-]", hex_of))
end

local function urldecode(text)
	return text and (text:gsub("%%%x%x", char_of))
end

local function encode_pair(name, value)
	return (urlencode(name) .. "=" .. urlencode(value)):gsub("%%20", "+")
end

-- Takes a list of fields with `name` and `value`, or a map.
local function formencode(form)
	local pairs_out = {}
	if form[1] then
		for i, field in ipairs(form) do
			pairs_out[i] = (encode_pair(field.name, field.value))
		end
	else
		for name, value in pairs(form) do
			pairs_out[#pairs_out + 1] = (encode_pair(name, value))
		end
	end
	return table.concat(pairs_out, "&")
end

-- Gives a list of fields that is a map too; or a text, where the form was none.
local function formdecode(text)
	if not text:find("=", 1, true) then
		return urldecode(text)
	end
	local form = {}
	for name, value in text:gmatch("([^=&]*)=([^&]*)") do
		name, value = urldecode((name:gsub("%+", " "))), urldecode((value:gsub("%+", " ")))
		form[#form + 1] = { name = name, value = value }
		form[name] = value
	end
	return form
end

-- Whether a header's list has a token, in whatever case.
local function contains_token(field, token)
	local list = "," .. field:gsub("[ \t]", ""):lower() .. ","
	return list:find("," .. token:lower() .. ",", 1, true) ~= nil
end

-- Gives the path with a slash before it, and behind it if it is a folder's.
local function normalize_path(path, is_dir)
	local has_slash = path:sub(-1) == "/"
	if is_dir and not has_slash then
		path = path .. "/"
	elseif has_slash and not is_dir then
		path = path:sub(1, -2)
	end
	return path:sub(1, 1) == "/" and path or "/" .. path
end

-- Reads a Forwarded header (RFC 7239): a map for each hop; nil for no text, false for a wrong one.
local function parse_forwarded(header)
	if type(header) ~= "string" then
		return nil
	end
	local hops, hop = {}, {}
	for key, quote, value, delimiter in header:gmatch('(%w+)%s*=%s*("?)([^,;"]+)%2%s*(.?)') do
		if quote == '"' then
			value = value:gsub("\\(.)", "%1")
		end
		hop[key:lower()] = value
		if delimiter == "" or delimiter == "," then
			hops[#hops + 1] = hop
			hop = {}
			if delimiter == "" then break end
		elseif delimiter ~= ";" then
			return false
		end
	end
	return hops
end

return {
	urlencode = urlencode,
	urldecode = urldecode,
	formencode = formencode,
	formdecode = formdecode,
	contains_token = contains_token,
	normalize_path = normalize_path,
	parse_forwarded = parse_forwarded,
}
