-- Counterpart: stringy.c of lua-stringy, which configurations of container images split lists with

local M = {}

-- The part of a text that is searched: from `first` to before `last`, counted from the end where they are negative.
local function window(text, first, last)
	local start = first and first - 1 or 0
	if start < 0 then start = #text + start + 1 end
	local stop = last and last - 1 or #text
	if stop < 0 then stop = #text + stop + 1 end
	return text:sub(start + 1, stop), start
end

-- Only the separator's first character counts.
function M.split(text, separator)
	local character = separator:sub(1, 1)
	local parts, from = {}, 1
	local at = character ~= "" and text:find(character, from, true)
	while at do
		parts[#parts + 1] = text:sub(from, at - 1)
		from = at + 1
		at = text:find(character, from, true)
	end
	parts[#parts + 1] = text:sub(from)
	return parts
end

function M.strip(text)
	return (text:match("^%s*(.-)%s*$"))
end

function M.startswith(text, beginning)
	return text:sub(1, #beginning) == beginning
end

function M.endswith(text, ending)
	return ending == "" or text:sub(-#ending) == ending
end

function M.find(text, part, first, last)
	local searched, before = window(text, first, last)
	local at = searched:find(part, 1, true)
	return at and at + before
end

function M.count(text, part, first, last)
	if part == "" then return 0 end
	local searched = window(text, first, last)
	local count, _, to = 0, searched:find(part, 1, true)
	while to do
		count = count + 1
		_, to = searched:find(part, to + 1, true)
	end
	return count
end

return M
