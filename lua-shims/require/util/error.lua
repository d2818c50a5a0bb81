-- Counterpart: util/error.lua
-- Errors as values: type and condition as in stanza errors, a text, and the context in which they came up.

local new_id = require "util.id".short
local getmetatable, next, pairs, setmetatable, type = getmetatable, next, pairs, setmetatable, type
local format = string.format

local error_mt = { __name = "error" }
local with_traceback = false

function error_mt:__tostring()
	return format("error<%s:%s:%s>", self.type, self.condition, self.text or "")
end

local function is_error(value)
	return getmetatable(value) == error_mt
end

local function configure(options)
	if options.auto_inject_traceback ~= nil then
		with_traceback = options.auto_inject_traceback
	end
end

-- Of a key of the registry, of a table with the fields, or of anything else, which makes an undefined condition.
local function new(e, context, registry, source)
	if is_error(e) then
		return e
	end
	local template = registry and registry[e] or type(e) == "table" and e or {}
	context = context or {}
	if with_traceback then
		context.traceback = require "util.debug".get_traceback_table(nil, 2)
	end
	return setmetatable({
		instance_id = new_id(),
		type = template.type or "cancel",
		condition = template.condition or "undefined-condition",
		text = template.text,
		code = template.code,
		extra = template.extra,
		context = context,
		source = source,
	}, error_mt)
end

-- Registries may be written briefly: { type, condition, text, condition in the namespace of the application }.
local function expand(namespace, registry)
	local expanded = {}
	for name, template in pairs(registry) do
		local entry = { type = template[1], condition = template[2], text = template[3] }
		if namespace and template[4] then
			entry.extra = { namespace = namespace, condition = template[4] }
		end
		expanded[name] = entry
	end
	return expanded
end

-- init(source, registry) or init(source, namespace, registry): the functions below with a registry of their own.
local function init(source, namespace, registry)
	if type(namespace) == "table" then
		namespace, registry = nil, namespace
	end
	local _, first = next(registry)
	if type(first) == "table" and type((next(first))) == "number" then
		registry = expand(namespace, registry)
	end

	local function wrap(e, context)
		if is_error(e) then
			return e
		end
		local wrapped = new(registry[e] or {}, context, registry, source)
		wrapped.context.wrapped_error = e
		return wrapped
	end

	return {
		source = source,
		registry = registry,
		new = function(e, context)
			return new(e, context, registry, source)
		end,
		coerce = function(ok, e, ...)
			if ok then
				return ok, e, ...
			end
			return nil, wrap(e)
		end,
		wrap = wrap,
		is_error = is_error,
	}
end

-- Makes an error of the second result where the first says that there is one.
local function coerce(ok, e, ...)
	if ok or is_error(e) then
		return ok, e, ...
	end
	return ok, new({}, { wrapped_error = e }), ...
end

-- Where an error says that something is gone or elsewhere, its element holds the new place.
local function new_place(element, condition)
	local has_place = condition == "gone" or condition == "redirect"
	return has_place and element:get_child_text(condition, "urn:ietf:params:xml:ns:xmpp-stanzas") or nil
end

local function from_stanza(stanza, context, source)
	local element = stanza:get_child("error")
	local kind, condition, text, tag = stanza:get_error()
	local place = element and new_place(element, condition)
	local made = { type = kind, condition = condition, text = text }
	if place or tag then made.extra = { uri = place, tag = tag } end
	local where = context or {}
	where.stanza = stanza
	where.by = element and element.attr.by or stanza.attr.from
	return new(made, where, nil, source)
end

return {
	new = new,
	init = init,
	coerce = coerce,
	is_error = is_error,
	is_err = is_error,
	from_stanza = from_stanza,
	configure = configure,
}
