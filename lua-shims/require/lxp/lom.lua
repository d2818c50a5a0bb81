-- Counterpart: lxp/lom.lua of LuaExpat
-- Reads an XML document into plain tables: an element has its `tag`, its `attr` (the names as a list, the values by name) and its
-- children as a list. Namespaces are left as they are written.

local t_concat = table.concat

local entities = { lt = "<", gt = ">", amp = "&", quot = '"', apos = "'" }
local name_pattern = "^([%a_:\128-\255][%w_:%.%-\128-\255]*)()"

-- What was refused travels as an error with where it was found.
local function refuse(message, position)
	error({ message = message, position = position }, 0)
end

local function entity(name, position)
	local hex, decimal = name:match("^#x(%x+)$"), name:match("^#(%d+)$")
	local code = hex and tonumber(hex, 16) or tonumber(decimal)
	if code then
		local is_char = code == 9 or code == 10 or code == 13 or (code >= 32 and code < 0xD800) or (code > 0xDFFF and code < 0xFFFE)
			or (code > 0xFFFF and code < 0x110000)
		return is_char and utf8.char(code) or refuse("reference to invalid character number", position)
	end
	return entities[name] or refuse("undefined entity", position)
end

local function without_entities(text, position)
	if not text:find("&", 1, true) then
		return text
	end
	if text:gsub("&[^&;]*;", ""):find("&", 1, true) then
		refuse("not well-formed (invalid token)", position)
	end
	return (text:gsub("&([^;]*);", function(name) return entity(name, position) end))
end

local function read_attributes(xml, position)
	local attr = {}
	while true do
		local after = xml:match("^%s+()", position)
		local name, value_at = xml:match("^([%a_:\128-\255][%w_:%.%-\128-\255]*)%s*=%s*()", after or position)
		if not name or not after then
			return attr, after or position
		end
		local value, next_position = xml:match('^"([^"<]*)"()', value_at)
		if not value then
			value, next_position = xml:match("^'([^'<]*)'()", value_at)
		end
		if not value then
			refuse("not well-formed (invalid token)", value_at)
		elseif attr[name] then
			refuse("duplicate attribute", after)
		end
		attr[#attr + 1] = name
		attr[name] = without_entities(value:gsub("[\t\r\n]", " "), value_at)
		position = next_position
	end
end

-- What may stand where no element is expected: comments and processing instructions. A document type is refused, since what it
-- may define has no end.
local function skip_misc(xml, position)
	while true do
		local after = xml:match("^%s+()", position) or xml:match("^<!%-%-.-%-%->()", position) or xml:match("^<%?.-%?>()", position)
		if not after then
			return position
		end
		position = after
	end
end

local function add_text(element, text)
	local last = #element
	if text == "" then
		return
	elseif type(element[last]) == "string" then
		element[last] = element[last] .. text
	else
		element[last + 1] = text
	end
end

local function read_start(xml, position)
	local name, after = xml:match(name_pattern, position)
	if not name then
		refuse("not well-formed (invalid token)", position)
	end
	local attr
	attr, after = read_attributes(xml, after)
	local closing, next_position = xml:match("^(/?)>()", after)
	if not closing then
		refuse(after > #xml and "unclosed token" or "not well-formed (invalid token)", after)
	end
	return { tag = name, attr = attr }, closing == "/", next_position
end

local function read_document(xml)
	local position = skip_misc(xml, 1)
	local stack, depth, root = {}, 0, nil
	while position <= #xml do
		local mark = xml:find("<", position, true) or #xml + 1
		if mark > position then
			if depth == 0 then
				refuse(root and "junk after document element" or "not well-formed (invalid token)", position)
			end
			local text = xml:sub(position, mark - 1):gsub("\r\n?", "\n")
			add_text(stack[depth], without_entities(text, position))
			position = mark
		elseif xml:find("^<[!?]", position) then
			local data, after = xml:match("^<!%[CDATA%[(.-)%]%]>()", position)
			if data and depth > 0 then
				add_text(stack[depth], (data:gsub("\r\n?", "\n")))
			else
				after = skip_misc(xml, position)
				if after == position then refuse("not well-formed (invalid token)", position) end
			end
			position = after
		elseif xml:sub(position + 1, position + 1) == "/" then
			local name, after = xml:match("^</([^%s>]*)%s*>()", position)
			if not name then
				refuse("not well-formed (invalid token)", position)
			elseif depth == 0 or stack[depth].tag ~= name then
				refuse("mismatched tag", position + 2)
			end
			stack[depth] = nil
			depth = depth - 1
			position = depth == 0 and skip_misc(xml, after) or after
		else
			if root and depth == 0 then
				refuse("junk after document element", position)
			end
			local element, is_empty
			element, is_empty, position = read_start(xml, position + 1)
			if depth > 0 then
				stack[depth][#stack[depth] + 1] = element
			end
			root = root or element
			if not is_empty then
				depth = depth + 1
				stack[depth] = element
			elseif depth == 0 then
				position = skip_misc(xml, position)
			end
		end
	end
	if not root or depth > 0 then
		refuse("no element found", position)
	end
	return root
end

-- All of what is given as a text, as a list of pieces, or by a function or file that hands them out.
local function all_of(source)
	if type(source) == "string" then
		return source
	end
	local pieces, next_piece = {}, source
	if type(source) == "table" and not source.read then
		return t_concat(source)
	elseif type(source) ~= "function" then
		if type(source) ~= "table" and type(source) ~= "userdata" then
			error("Bad argument #1 to parse: expected a string, a table, a function or a file, but got " .. type(source), 3)
		end
		next_piece = function()
			local line = source:read()
			return line and line .. "\n"
		end
	end
	for piece in next_piece do
		pieces[#pieces + 1] = piece
	end
	return t_concat(pieces)
end

-- Gives the document's element; or nil, what is wrong, and where: line, column and byte.
local function parse(source)
	local xml = all_of(source)
	local ok, result = pcall(read_document, xml)
	if ok then
		return result
	elseif type(result) ~= "table" then
		error(result, 0)
	end
	local before = xml:sub(1, result.position - 1)
	local _, lines = before:gsub("\n", "")
	return nil, result.message, lines + 1, #before:match("[^\n]*$") + 1, result.position
end

-- The first element with this tag, in the order of the document; nil when there is none.
local function find_elem(element, tag)
	if element.tag == tag then
		return element
	end
	for i = 1, #element do
		local found = type(element[i]) == "table" and find_elem(element[i], tag)
		if found then
			return found
		end
	end
	return nil
end

-- Goes through the child elements, or those with this tag.
local function list_children(element, tag)
	local i = 0
	return function()
		local child
		repeat
			i = i + 1
			child = element[i]
		until child == nil or (type(child) == "table" and (tag == nil or child.tag == tag))
		return child
	end
end

return { parse = parse, find_elem = find_elem, list_children = list_children }
