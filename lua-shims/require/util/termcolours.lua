-- Counterpart: util/termcolours.lua
-- Colours on a terminal, by ANSI codes, and the same in HTML.

local floor = math.floor
local concat = table.concat
local find, format, gmatch, gsub, sub = string.find, string.format, string.gmatch, string.gsub, string.sub
local ipairs, select, setmetatable, tonumber, type = ipairs, select, setmetatable, tonumber, type
local write = io and io.write

local codes = {
	reset = 0, normal = 0, bright = 1, bold = 1, dim = 2, dark = 2, underscore = 4, underline = 4, underlined = 4,
	blink = 5, reverse = 7, hidden = 8,
}
local css = {
	[1] = "font-weight: bold", [2] = "opacity: 0.5", [4] = "text-decoration: underline", [8] = "visibility: hidden",
}
for index, name in ipairs { "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white" } do
	local code = 29 + index
	codes[name], codes[name .. " background"] = code, code + 10
	-- The same spaces as Prosody's, which somebody may compare with.
	local space = (name == "magenta" or name == "white") and " " or ""
	css[code] = "color:" .. space .. name
	css[code + 10] = "background-color:" .. space .. name
end
css[33] = "color:#FFD700" -- yellow that can be read on white

-- The nearest of a terminal's 256 colours.
local function nearest(red, green, blue)
	if red == green and green == blue then
		return floor(red * 3 / 32) + 232
	end
	return 16 + floor(red * 3 / 128) * 36 + floor(green * 3 / 128) * 6 + floor(blue * 3 / 128)
end

local function code_of_rgb(style)
	if type(style) ~= "string" or find(style, "%x%x%x%x%x%x") ~= 1 then
		return nil
	end
	local kind = sub(style, 7) == " background" and "48;5;" or "38;5;"
	local red, green, blue = tonumber(sub(style, 1, 2), 16), tonumber(sub(style, 3, 4), 16), tonumber(sub(style, 5, 6), 16)
	return format("%s%d", kind, nearest(red, green, blue))
end

-- The names of CSS that are no colours of a terminal.
for name, rgb in
	gmatch(
		"fuchsia=ff00ff lime=00ff00 purple=800080 aqua=00ffff olive=808000 navy=000080 teal=008080 silver=c0c0c0 "
			.. "maroon=800000 gray=808080",
		"(%a+)=(%x+)"
	)
do
	codes[name], codes[name .. " background"] = code_of_rgb(rgb), code_of_rgb(rgb .. " background")
end
setmetatable(codes, {
	__index = function(_, style)
		return code_of_rgb(style)
	end,
})

-- The codes of styles by name ("bold", "red background") or of colours as "c0ffee", for the other functions.
local function getstyle(...)
	local found, size = {}, 0
	for index = 1, select("#", ...) do
		local code = codes[(select(index, ...))]
		if code then
			size = size + 1
			found[size] = code
		end
	end
	return concat(found, ";")
end

local function getstring(style, text)
	if not style then
		return text
	end
	return "\27[" .. style .. "m" .. text .. "\27[0m"
end

local current = "0"
local function setstyle(style)
	style = style or "0"
	if style ~= current then
		write("\27[" .. style .. "m")
		current = style
	end
end

local function to_span(ansi_codes)
	if ansi_codes == "0" then
		return "</span>"
	end
	local rules, size = {}, 0
	for code in gmatch(ansi_codes, "[^;]+") do
		local rule = css[tonumber(code)]
		if rule then
			size = size + 1
			rules[size] = rule
		end
	end
	return "</span><span style='" .. concat(rules, ";") .. "'>"
end

local function tohtml(text)
	return gsub(text, "\27%[(.-)m", to_span)
end

return { getstring = getstring, getstyle = getstyle, setstyle = setstyle, tohtml = tohtml }
