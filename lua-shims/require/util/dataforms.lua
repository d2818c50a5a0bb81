-- Counterpart: util/dataforms.lua
-- Data forms (XEP-0004) with validation (XEP-0122): a layout is a list of fields, written to a form and read from its answer.

local st = require "util.stanza"
local jid_prep = require "util.jid".prep
local datetime = require "util.datetime"

local xmlns_forms = "jabber:x:data"
local xmlns_validate = "http://jabber.org/protocol/xdata-validate"
local xmlns_media = "urn:xmpp:media-element"

local value_missing = "Required value missing"

local form_methods = {}
local form_mt = { __index = form_methods }

local function new(layout)
	return setmetatable(layout, form_mt)
end

local function digits(number)
	return ("%d"):format(number)
end

local function add_value(form, text)
	form:tag("value"):text(text):up()
end

local function add_values(form, texts)
	for _, text in ipairs(texts) do
		add_value(form, text)
	end
end

-- How a field of each type writes its value; a type that is not here writes none.
local write_value = {
	["fixed"] = add_value,
	["jid-single"] = add_value,
	["text-single"] = add_value,
	["text-private"] = add_value,
	["list-single"] = add_value,
	["jid-multi"] = add_values,
	["list-multi"] = add_values,
	["boolean"] = function(form, value)
		add_value(form, value and "1" or "0")
	end,
	["text-multi"] = function(form, value)
		for line in value:gmatch("[^\r\n]+") do
			add_value(form, line)
		end
	end,
	["hidden"] = function(form, value)
		if type(value) == "table" then -- an element
			form:tag("value"):add_child(value):up()
		else
			add_value(form, value)
		end
	end,
}

local function number_as_value(number, field, field_type)
	local datatype = field.datatype
	if datatype == "xs:dateTime" then
		return datetime.datetime(number)
	elseif field_type == "boolean" then
		return number ~= 0
	elseif datatype == "xs:double" or datatype == "xs:decimal" then
		return ("%f"):format(number)
	end
	return digits(number)
end

local function add_validation(form, field)
	form:tag("validate", { xmlns = xmlns_validate, datatype = field.datatype })
	local least, most = field.range_min, field.range_max
	if least or most then
		form:tag("range", { min = least and tostring(least), max = most and tostring(most) }):up()
	end
	form:up()
end

-- Writes the options, and gives the values of those that are chosen beforehand.
local function add_options(form, options)
	local chosen = {}
	for _, option in ipairs(options) do
		local label, value = option, option
		if type(option) == "table" then
			label, value = option.label, option.value
			if option.default then
				chosen[#chosen + 1] = value
			end
		end
		form:tag("option", { label = label }):tag("value"):text(value):up():up()
	end
	return chosen
end

local function add_media(form, media)
	form:tag("media", { xmlns = xmlns_media, height = digits(media.height), width = digits(media.width) })
	for _, source in ipairs(media) do
		form:tag("uri", { type = source.type }):text(source.uri):up()
	end
	form:up()
end

local function add_field(form, field, given, formtype)
	local field_type = field.type or "text-single"
	local is_form, is_submit = formtype == "form", formtype == "submit"

	form:tag("field", { type = field_type, var = field.var or field.name, label = not is_submit and field.label or nil })
	if field.desc and not is_submit then
		form:text_tag("desc", field.desc)
	end
	if field.datatype and is_form then
		add_validation(form, field)
	end

	local is_list = field_type == "list-single" or field_type == "list-multi"
	local value, options = field.value, field.options
	if given ~= nil then
		if is_form and is_list and type(given) == "table" then
			-- What is given for a list may be the list of options itself.
			value, options = nil, given
		else
			value = given
		end
	end
	if options and is_form then
		local chosen = add_options(form, options)
		if not value and is_list then
			if field_type == "list-single" then value = chosen[1] else value = chosen end
		end
	end

	if type(value) == "number" then
		value = number_as_value(value, field, field_type)
	end
	local write = write_value[field_type]
	if value ~= nil and write then
		write(form, value)
	end

	if field.media then
		add_media(form, field.media)
	end
	if field.required and is_form then
		form:tag("required"):up()
	end
	form:up()
end

-- Builds the <x/> of a type ("form" by default) with the data given by name of field, else with what the layout holds.
function form_methods.form(layout, data, formtype)
	formtype = formtype or "form"
	local form = st.stanza("x", { xmlns = xmlns_forms, type = formtype })
	if formtype == "cancel" then
		return form
	end
	if formtype ~= "submit" then
		if layout.title then form:tag("title"):text(layout.title):up() end
		if layout.instructions then form:tag("instructions"):text(layout.instructions):up() end
	end
	for _, field in ipairs(layout) do
		local given
		if data and field.name ~= nil then given = data[field.name] end
		add_field(form, field, given, formtype)
	end
	return form
end

-- Readers take the <field/> and whether it must hold something, and give its value, or what is wrong with it.

local function read_text(tag, required)
	local text = tag:get_child_text("value")
	-- An empty text counts as missing, as HTML has it; XEP-0004 leaves that open.
	if required and (text == nil or text == "") then
		return nil, value_missing
	end
	return text
end

local function read_texts(tag, required)
	local texts = {}
	for value in tag:childtags("value") do
		texts[#texts + 1] = value:get_text()
	end
	if texts[1] ~= nil then
		return texts
	elseif required then
		return nil, value_missing
	end
end

local function read_lines(tag, required)
	local lines, err = read_texts(tag, required)
	return lines and table.concat(lines, "\n"), err
end

local function read_jid(tag, required)
	local text, err = read_text(tag, required)
	if not text then return text, err end
	local jid = jid_prep(text)
	if not jid then
		return nil, "Invalid JID: " .. text
	end
	return jid
end

local function read_jids(tag, required)
	local jids, wrong = {}, {}
	for value in tag:childtags("value") do
		local text = value:get_text()
		local jid = jid_prep(text)
		if jid then
			jids[#jids + 1] = jid
		elseif text then
			wrong[#wrong + 1] = "Invalid JID: " .. text
		end
	end
	if jids[1] then
		return jids, wrong[1] and table.concat(wrong, "\n") or nil
	elseif required then
		return nil, value_missing
	end
end

local booleans = { ["1"] = true, ["true"] = true, ["0"] = false, ["false"] = false }

local function read_boolean(tag, required)
	local text, err = read_text(tag, required)
	if not text then return text, err end
	local value = booleans[text]
	if value == nil then
		return nil, "Invalid boolean representation:" .. text
	end
	return value
end

local readers = {
	["text-single"] = read_text,
	["text-private"] = read_text,
	["list-single"] = read_text,
	["list-multi"] = read_texts,
	["text-multi"] = read_lines,
	["jid-single"] = read_jid,
	["jid-multi"] = read_jids,
	["boolean"] = read_boolean,
	["hidden"] = function(tag) return tag:get_child_text("value") end,
}

-- Validators take what was read, and give true and the value meant, or false and what is wrong.

local function validate_integer(text, field)
	local number = tonumber(text)
	if not number then
		return false, "not a number"
	elseif number % 1 ~= 0 then
		return false, "not an integer"
	elseif (field.range_max and number > field.range_max) or (field.range_min and number < field.range_min) then
		return false, "out of bounds"
	end
	return true, number
end

local validators = {
	["xs:integer"] = validate_integer,
	["pubsub:integer-or-max"] = function(text, field)
		if text == "max" then
			return true, text
		end
		return validate_integer(text, field)
	end,
	["xs:dateTime"] = function(text)
		local time = datetime.parse(text)
		if not time then
			return false, "invalid timestamp"
		end
		return true, time
	end,
}

local function read_field(field, tag)
	local reader = readers[field.type]
	if not reader then return end
	local value, err = reader(tag, field.required)
	local validate = field.datatype and validators[field.datatype]
	if value == nil or not validate then
		return value, err
	end
	local valid, result = validate(value, field)
	if not valid then
		return nil, result
	end
	return result, err
end

-- Reads a submitted form. Gives the values by name of field, the errors by name (nil when there are none), and which fields
-- were there. A field that is missing keeps its value of `current`.
function form_methods.data(layout, stanza, current)
	local tags = {}
	for tag in stanza:childtags("field") do
		local var = tag.attr.var
		if var and not tags[var] then
			tags[var] = tag
		end
	end

	local data, errors, present = {}, {}, {}
	for _, field in ipairs(layout) do
		local name = field.name
		local tag = tags[field.var or name or ""]
		if name == nil then
			-- only shown, nothing to read
		elseif tag then
			present[name] = true
			data[name], errors[name] = read_field(field, tag)
		elseif current and current[name] ~= nil then
			data[name] = current[name]
		elseif field.required then
			errors[name] = value_missing
		end
	end
	return data, next(errors) ~= nil and errors or nil, present
end

-- The FORM_TYPE of a form, "" for a form without one, nil and the reason for what is no form.
local function get_type(form)
	if not st.is_stanza(form) then
		return nil, "not a stanza object"
	elseif form.name ~= "x" or form.attr.xmlns ~= xmlns_forms then
		return nil, "not a dataform element"
	end
	for field in form:childtags("field") do
		if field.attr.var == "FORM_TYPE" then
			return field:get_child_text("value")
		end
	end
	return ""
end

return { new = new, get_type = get_type }
