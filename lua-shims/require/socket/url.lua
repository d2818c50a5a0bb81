-- Counterpart: socket/url.lua of LuaSocket
-- URLs in parts (RFC 2396), and relative ones resolved.

local url = { _VERSION = "URL 1.0.3" }

local function hex_of(format)
	return function(char)
		return (format:format(char:byte()))
	end
end
local lower_hex, upper_hex = hex_of("%%%02x"), hex_of("%%%02X")

local function char_of(hex)
	return string.char(tonumber(hex, 16))
end

function url.escape(text)
	return (text:gsub("[^A-Za-z0-9_]", lower_hex))
end

function url.unescape(text)
	return (text:gsub("%%(%x%x)", char_of))
end

-- Escapes what may not stand in a segment of a path.
local function protected(segment)
	return (segment:gsub("[^A-Za-z0-9_%-%.!~%*'%(%):@&=%+%$,]", upper_hex))
end

-- Replaces the first match as long as there is one: what is replaced may make the next match.
local function replace_all(text, pattern, replacement)
	local count
	repeat
		text, count = text:gsub(pattern, replacement, 1)
	until count == 0
	return text
end

-- Resolves `.` and `..`; an empty segment, as in `http://`, is one to stay.
local function without_dots(path)
	path = replace_all(path, "//", "/\1/")
	path = replace_all(path, "/%./", "/")
	-- Not to the end of matches but to that of changes: `../../..` makes itself again.
	local before
	repeat
		before = path
		path = path:gsub("[^/]+/%.%./([^/]+)", "%1", 1)
	until path == before
	path = path:gsub("[^/]+/%.%./*$", ""):gsub("/%.%.?$", "/"):gsub("^/%.%./", "/"):gsub("\1", "")
	return path
end

local function resolved_path(base, relative)
	if relative:sub(1, 1) == "/" then
		return without_dots(relative)
	end
	local folder = base:gsub("[^/]*$", "")
	if folder:sub(-1) ~= "/" then
		folder = folder .. "/"
	end
	return without_dots(folder .. relative)
end

-- Cuts what a pattern captures off a text; gives what is left, and the capture or nil.
local function cut(text, pattern)
	local first, last, part = text:find(pattern)
	if not first then return text, nil end
	return text:sub(1, first - 1) .. text:sub(last + 1), part
end

-- Gives the parts by name (scheme, authority, userinfo, user, password, host, port, path, params, query, fragment), those that are
-- missing as in `default`; or nil and the reason.
function url.parse(text, default)
	local parts = {}
	for name, value in pairs(default or {}) do parts[name] = value end
	if not text or text == "" then
		return nil, "invalid url"
	end

	local rest, part = cut(text, "^(%w[%w%+%-%.]*):")
	parts.scheme = part or parts.scheme
	rest, part = cut(rest, "^//([^/]*)")
	parts.authority = part or parts.authority
	rest, part = cut(rest, "#(.*)$")
	parts.fragment = part or parts.fragment
	rest, part = cut(rest, "%?(.*)")
	parts.query = part or parts.query
	rest, part = cut(rest, ";(.*)")
	parts.params = part or parts.params
	if rest ~= "" then
		parts.path = rest
	end

	local authority = parts.authority
	if not authority then return parts end
	authority, part = cut(authority, "^([^@]*)@")
	parts.userinfo = part or parts.userinfo
	authority, part = cut(authority, ":([^:%]]*)$")
	parts.port = part or parts.port
	if authority ~= "" then
		parts.host = authority:match("^%[(.+)%]$") or authority
	end
	if parts.userinfo then
		parts.user, part = cut(parts.userinfo, ":([^:]*)$")
		parts.password = part or parts.password
	end
	return parts
end

local function build_authority(parts)
	local host = parts.host
	if not host then
		return parts.authority
	elseif host:find(":", 1, true) then -- an IPv6 address
		host = "[" .. host .. "]"
	end
	if parts.port then
		host = host .. ":" .. tostring(parts.port)
	end
	local userinfo = parts.userinfo
	if parts.user then
		userinfo = parts.user
		if parts.password then userinfo = userinfo .. ":" .. parts.password end
	end
	return userinfo and userinfo .. "@" .. host or host
end

function url.build(parts)
	local text = parts.path or ""
	if parts.params then text = text .. ";" .. parts.params end
	if parts.query then text = text .. "?" .. parts.query end
	local authority = build_authority(parts)
	if authority then text = "//" .. authority .. text end
	if parts.scheme then text = parts.scheme .. ":" .. text end
	if parts.fragment then text = text .. "#" .. parts.fragment end
	return text
end

-- Resolves a relative URL against a base, which may be given in its parts.
function url.absolute(base, relative)
	local base_parts = base
	if type(base) == "table" then
		base = url.build(base_parts)
	else
		base_parts = url.parse(base)
	end
	local parts = url.parse(relative)
	if not base_parts or (parts and parts.scheme) then
		return without_dots(relative)
	elseif not parts then
		return without_dots(base)
	end

	parts.scheme = base_parts.scheme
	if not parts.authority then
		parts.authority = base_parts.authority
		if parts.path then
			parts.path = resolved_path(base_parts.path or "", parts.path)
		else
			parts.path = base_parts.path
			if not parts.params then
				parts.params = base_parts.params
				parts.query = parts.query or base_parts.query
			end
		end
	end
	return without_dots(url.build(parts))
end

-- Gives the unescaped segments, and whether the path begins and ends with a slash (1 or nil).
function url.parse_path(path)
	path = path or ""
	local segments = {}
	for segment in path:gmatch("[^/]+") do
		segments[#segments + 1] = url.unescape(segment)
	end
	if path:sub(1, 1) == "/" then segments.is_absolute = 1 end
	if path:sub(-1) == "/" then segments.is_directory = 1 end
	return segments
end

-- Builds a path of segments, which are escaped unless `unsafe`.
function url.build_path(segments, unsafe)
	local out = {}
	for i = 1, #segments do
		out[i] = unsafe and segments[i] or protected(segments[i])
	end
	local path = table.concat(out, "/")
	if out[1] and segments.is_directory then path = path .. "/" end
	if segments.is_absolute then path = "/" .. path end
	return path
end

return url
