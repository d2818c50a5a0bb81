-- Counterpart: util/sslconfig.lua
-- TLS settings from several places, laid one over the other and brought into the form that LuaSec takes.

local resolve_path = require "util.paths".resolve_relative_path
local concat, insert = table.concat, table.insert
local error, ipairs, pairs, rawget, rawset, setmetatable, sub, type =
	error, ipairs, pairs, rawget, rawset, setmetatable, string.sub, type

-- Lists and sets of flags become one set, in which false takes away what an earlier setting gave.
local function merge_flags(config, field, given)
	local flags = rawget(config, field) or {}
	if type(given) ~= "table" then
		given = { given }
	end
	for key, value in pairs(given) do
		if type(value) == "boolean" then
			flags[key] = value
		else
			flags[value] = true
		end
	end
	rawset(config, field, flags)
end

local mergers = { options = merge_flags, verifyext = merge_flags }

local function flag_list(flags)
	local list = {}
	for flag, wanted in pairs(flags) do
		if wanted then
			insert(list, flag)
		end
	end
	return list
end

local function colon_list(list)
	if type(list) == "table" then
		return concat(list, ":")
	end
	return list
end

local function path(value, config)
	if type(value) == "string" then
		return resolve_path(rawget(config, "_basedir"), value)
	end
	return nil
end

-- Parameters may stand in the setting itself.
local function path_or_text(value, config)
	if type(value) == "string" and sub(value, 1, 10) == "-----BEGIN" then
		return value
	end
	return path(value, config)
end

local finishers = {
	options = flag_list,
	verifyext = flag_list,
	ciphers = colon_list,
	curveslist = colon_list,
	ciphersuites = colon_list,
	key = path,
	certificate = path,
	cafile = path,
	capath = path,
	dhparam = path_or_text,
}

local protocols = { "sslv2", "sslv3", "tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3" }
-- "tlsv1_2+" → how many older ones are left out.
local older_than = {}
for index, name in ipairs(protocols) do
	older_than[name .. "+"] = index - 1
end

-- Names that begin with an underscore belong to the object itself.
local function is_internal(field)
	return sub(field, 1, 1) == "_"
end

local function apply(config, settings)
	rawset(config, "_cache", nil)
	if type(settings) == "table" then
		for field, value in pairs(settings) do
			if not is_internal(field) then
				(mergers[field] or rawset)(config, field, value)
			end
		end
	end
	return config
end

local function final(config)
	local output = {}
	for field, value in pairs(config) do
		if not is_internal(field) then
			local finish = finishers[field]
			if finish then
				value = finish(value, config)
			end
			output[field] = value
		end
	end
	local left_out = older_than[output.protocol]
	if left_out then
		output.protocol = "sslv23"
		for index = 1, left_out do
			insert(output.options, "no_" .. protocols[index])
		end
	end
	return output
end

-- What the factory makes of it, once until the settings change.
local function build(config)
	local context = rawget(config, "_cache")
	if context then
		return context, nil
	end
	local message
	context, message = rawget(config, "_context_factory")(final(config), config)
	if context then
		rawset(config, "_cache", context)
	end
	return context, message
end

local methods = { apply = apply, final = final, build = build }
local config_mt = {
	__index = methods,
	__newindex = function()
		error("SSL config objects cannot be modified directly. Use :apply()")
	end,
}

-- `context_factory(settings, config)` is for build(), `basedir` the folder that paths are seen from.
local function new(context_factory, basedir)
	return setmetatable({ _context_factory = context_factory, _basedir = basedir, options = {} }, config_mt)
end

function methods.clone(config)
	local copy = new()
	for field, value in pairs(config) do
		rawset(copy, field, value)
	end
	return copy
end

return { apply = apply, final = final, new = new, _new = new }
