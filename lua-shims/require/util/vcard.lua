-- Counterpart: util/vcard.lua
-- vCards as tables, read from and written to text (RFC 2426), vcard-temp (XEP-0054) and, written only, vCard 4 (RFC 6351).
-- A vCard is a list of items; an item has its `name` and parameters as fields, its values as a list.

local st = require "util.stanza"

local xmlns_vcard_temp = "vcard-temp"
local xmlns_vcard4 = "urn:ietf:params:xml:ns:vcard-4.0"
local xmlns_unsupported = "http://zash.se/protocol/vcardlib"

local function words(text)
	local list = {}
	for word in text:gmatch("%S+") do list[#list + 1] = word end
	return list
end

-- The DTD of XEP-0054: items that are mere text, or whose value, or values, are in child elements; `types` are flags in empty
-- elements, `props` parameters in elements of their own, `verbatim` parameters that the text form always has.
local address_types = words "HOME WORK POSTAL PARCEL DOM INTL PREF"
local media = { value = "BINVAL", props = { "TYPE" }, verbatim = { ENCODING = { "b" } } }
local vcard_items = {
	N = { values = words "FAMILY GIVEN MIDDLE PREFIX SUFFIX" },
	ADR = { values = words "POBOX EXTADD STREET LOCALITY REGION PCODE CTRY", types = address_types },
	LABEL = { value = "LINE", types = address_types },
	TEL = { value = "NUMBER", types = words "HOME WORK VOICE FAX PAGER MSG CELL VIDEO BBS MODEM ISDN PCS PREF" },
	EMAIL = { value = "USERID", types = words "HOME WORK INTERNET PREF X400" },
	GEO = { values = words "LAT LON" },
	ORG = { values = words "ORGNAME ORGUNIT", repeat_last = true },
	CATEGORIES = { values = words "KEYWORD", repeat_last = true },
	KEY = { value = "CRED", props = { "TYPE" } },
	CLASS = { names = words "PUBLIC PRIVATE CONFIDENTIAL" },
	PHOTO = media,
	LOGO = media,
	SOUND = media,
}
for _, name in ipairs(words [[VERSION FN NICKNAME BDAY JABBERID MAILER TZ TITLE ROLE AGENT NOTE PRODID REV SORTSTRING UID URL DESC]]) do
	vcard_items[name] = "text"
end

-- What vCard 4 puts the value of an item in; an item of another kind is marked as unsupported.
local vcard4_items = {
	n = words "family given middle prefix suffix",
	adr = words "pobox ext street locality region code country",
}
for _, name in ipairs(words "kind xml fn nickname gender tel email tz title role org categories note prodid version") do
	vcard4_items[name] = "text"
end
for _, name in ipairs(words "source photo impp geo logo member related sound uid url key fburl caladruri caluri") do
	vcard4_items[name] = "uri"
end

-- A list of vCards, and not a single one, has items no sooner than two levels down.
local function is_list(vcards)
	return vcards[1] ~= nil and vcards[1].name == nil
end

-- Writes one vCard, or a list of them below a common element.
local function to_element(vcards, xmlns, name, list_name, add_item)
	if is_list(vcards) then
		local list = st.stanza(list_name, { xmlns = xmlns })
		for i = 1, #vcards do
			list:add_child(to_element(vcards[i], xmlns, name, list_name, add_item))
		end
		return list
	end
	local vcard = st.stanza(name, { xmlns = xmlns })
	for i = 1, #vcards do
		vcard:add_child(add_item(vcards[i]))
	end
	return vcard
end

-- vcard-temp

local function contains_upper(list, wanted)
	for _, text in ipairs(list) do
		if text:upper() == wanted then return true end
	end
	return false
end

local function item_to_xep54(item)
	local element = st.stanza(item.name, { xmlns = xmlns_vcard_temp })
	local definition = vcard_items[item.name]
	if definition == "text" then
		return element:text(item[1])
	elseif not definition then
		return element
	end

	local given = definition.types and item.TYPE
	if type(given) == "table" then
		for _, flag in ipairs(definition.types) do
			if contains_upper(given, flag) then element:tag(flag):up() end
		end
	elseif given then
		element:tag(given:upper()):up()
	end
	for _, prop in ipairs(definition.props or {}) do
		for _, text in ipairs(item[prop] or {}) do
			element:text_tag(prop, text)
		end
	end
	if definition.value then
		element:text_tag(definition.value, item[1])
	elseif definition.values then
		local names = definition.values
		for i = 1, #item do
			element:text_tag(names[i] or definition.repeat_last and names[#names], item[i])
		end
	end
	return element
end

local function to_xep54(vcards)
	return to_element(vcards, xmlns_vcard_temp, "vCard", "xCard", item_to_xep54)
end

local function values_from_xep54(element, definition, item)
	if definition.value then
		item[1] = element:get_child_text(definition.value) or ""
	elseif definition.values and definition.repeat_last then
		for i, child in ipairs(element.tags) do
			item[i] = child:get_text() or ""
		end
	elseif definition.values then
		for i, name in ipairs(definition.values) do
			item[i] = element:get_child_text(name) or ""
		end
	elseif definition.names then
		for _, name in ipairs(definition.names) do
			if element:get_child(name) then
				item[1] = name
				return
			end
		end
	end
end

-- Gives nil for an element that is no item of a vCard.
local function item_from_xep54(element)
	local definition = vcard_items[element.name]
	if not definition then return nil end
	local item = { name = element.name }
	if definition == "text" then
		item[1] = element:get_text()
		return item
	end
	values_from_xep54(element, definition, item)
	for name, value in pairs(definition.verbatim or {}) do
		item[name] = value
	end
	for _, flag in ipairs(definition.types or {}) do
		if element:get_child(flag) then
			item.TYPE = item.TYPE or {}
			item.TYPE[#item.TYPE + 1] = flag:lower()
		end
	end
	for _, prop in ipairs(definition.props or {}) do
		local text = element:get_child_text(prop)
		if text then
			item[prop] = item[prop] or {}
			item[prop][#item[prop] + 1] = text
		end
	end
	return item
end

local function vcard_from_xep54(element)
	local vcard = {}
	for _, child in ipairs(element.tags) do
		vcard[#vcard + 1] = item_from_xep54(child)
	end
	return vcard
end

-- Gives the vCard of a <vCard/>, the list of vCards of an <xCard/>, or nil and "wrong-xmlns".
local function from_xep54(element)
	if element.attr.xmlns ~= xmlns_vcard_temp then
		return nil, "wrong-xmlns"
	elseif element.name == "vCard" then
		return vcard_from_xep54(element)
	elseif element.name == "xCard" then
		local vcards = {}
		for i, child in ipairs(element.tags) do
			vcards[i] = vcard_from_xep54(child)
		end
		return vcards
	end
end

-- Text

-- While a line is taken apart, control characters stand for the separators that were not escaped.
local colon, semicolon, comma = "\29", "\30", "\31"
local unescaped = {
	["\\\\"] = "\\", ["\\n"] = "\n", ["\\t"] = "\t", ["\\:"] = ":", ["\\;"] = ";", ["\\,"] = ",",
	[":"] = colon, [";"] = semicolon, [","] = comma,
}
local separators = { [colon] = ":", [semicolon] = ";", [comma] = "," }

local function restored(text)
	return (text:gsub("[\29-\31]", separators))
end

-- Parameters by upper-case name: true for a bare one, else its values as a list that is a set too.
local function read_parameters(text)
	local parameters = {}
	for name, equals, values in text:gmatch(semicolon .. "([^=" .. semicolon .. "]+)(=?)([^" .. semicolon .. "]*)") do
		local list = true
		if equals == "=" then
			list = {}
			for value in values:gmatch("[^" .. comma .. "]+") do
				list[#list + 1] = value
				list[value] = true
			end
		end
		parameters[name:upper()] = list
	end
	return parameters
end

local function item_from_text(name, parameters, value)
	local definition = vcard_items[name]
	local item = { name = name }
	if definition == "text" then
		item[1] = restored(value)
		return item
	end
	local given = parameters.TYPE
	for _, flag in ipairs(definition.types or {}) do
		if type(given) == "table" and given[flag:lower()] then
			item.TYPE = flag:lower()
		end
	end
	for _, prop in ipairs(definition.props or {}) do
		local values = parameters[prop]
		if type(values) == "table" then
			item[prop] = values[#values]
		else
			item[prop] = values
		end
	end
	if definition.value then
		item[1] = restored(value)
	elseif definition.values then
		for part in (semicolon .. value):gmatch(semicolon .. "([^" .. semicolon .. "]*)") do
			item[#item + 1] = restored(part)
		end
	end
	return item
end

-- Gives the list of the vCards in a text; lines that are none of a vCard are passed over.
local function from_text(text)
	text = text:gsub("\r\n", "\n"):gsub("\n ", "")
	local vcards, current = {}, nil
	for line in text:gmatch("[^\n]+") do
		line = line:gsub("\\?[\\nt:;,]", unescaped)
		local name, parameters, value = line:match("^([-%a]+)(\30?[^\29]*)\29(.*)$")
		if name == "BEGIN" and value == "VCARD" then
			current = {}
			vcards[#vcards + 1] = current
		elseif name == "END" and value == "VCARD" then
			current = nil
		elseif current and vcard_items[name] then
			current[#current + 1] = item_from_text(name, read_parameters(parameters), value)
		end
	end
	return vcards
end

local function escaped(text)
	return (text:gsub("[,:;\\]", "\\%0"):gsub("\n", "\\n"))
end

local function item_to_text(item)
	local values, names = {}, {}
	for i = 1, #item do
		values[i] = escaped(item[i])
	end
	for name in pairs(item) do
		if type(name) == "string" and name ~= "name" then names[#names + 1] = name end
	end
	table.sort(names)
	local line = item.name
	for _, name in ipairs(names) do
		local value = item[name]
		line = ("%s;%s=%s"):format(line, name, type(value) == "table" and table.concat(value, ",") or tostring(value))
	end
	return line .. ":" .. table.concat(values, ";")
end

local function to_text(vcards)
	local lines = {}
	if vcards[1] and vcards[1].name then
		lines[1] = "BEGIN:VCARD"
		for i = 1, #vcards do
			lines[#lines + 1] = item_to_text(vcards[i])
		end
		lines[#lines + 1] = "END:VCARD"
	else
		for i = 1, #vcards do
			lines[i] = to_text(vcards[i])
		end
	end
	return table.concat(lines, "\n")
end

-- vCard 4

local function item_to_vcard4(item)
	local name = item.name:lower()
	local element = st.stanza(name, { xmlns = xmlns_vcard4 })
	local definition = vcard4_items[name]
	if definition == "text" then
		element:text_tag("text", item[1])
	elseif definition == "uri" then
		local is_base64 = item.ENCODING and item.ENCODING[1] == "b"
		element:text_tag("uri", is_base64 and "data:;base64," .. item[1] or item[1])
	elseif definition then
		for i, part in ipairs(definition) do
			element:text_tag(part, item[i])
		end
	else
		element:tag("unsupported", { xmlns = xmlns_unsupported })
	end
	return element
end

local function to_vcard4(vcards)
	return to_element(vcards, xmlns_vcard4, "vcard", "vcards", item_to_vcard4)
end

return { from_text = from_text, to_text = to_text, from_xep54 = from_xep54, to_xep54 = to_xep54, to_vcard4 = to_vcard4 }
