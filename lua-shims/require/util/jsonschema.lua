-- Counterpart: util/jsonschema.lua
-- Whether data fits a JSON schema. validate(schema, data) answers true, or false and a list of what did not fit, each as
-- { schemaLocation, instanceLocation, error }; of alternatives that were tried there may be some in it as well.

local json_null = require "util.json".null
local resolve_pointer = require "util.jsonpointer".resolve
local ipairs, next, pairs, tostring, type = ipairs, next, pairs, tostring, type
local insert = table.insert
local match, sub = string.match, string.sub
local type_of_number, utf8_len = math.type, utf8.len

local validate

-- Where something is: in the schema, in the data, and the list of errors.
-- Answers what validate answers for something that does not fit.
local function fail(errors, schema_location, location, message)
	insert(errors, { schemaLocation = schema_location, instanceLocation = location, error = message })
	return false, errors
end

local function has_type(wanted, data)
	if wanted == nil then
		return true
	elseif type(wanted) == "table" then
		for _, one in ipairs(wanted) do
			if has_type(one, data) then
				return true
			end
		end
		return false
	elseif wanted == "integer" then
		return type_of_number(data) == "integer"
	elseif wanted == "null" then
		return data == json_null
	elseif (wanted == "object" or wanted == "array") and type(data) == "table" then
		local key = next(data)
		return key == nil or type(key) == (wanted == "object" and "string" or "number")
	end
	return type(data) == wanted
end

local function check_keys(schema, data, _, at, where, errors)
	if type(data) ~= "table" then
		return true
	elseif schema.type == "object" then
		for key in pairs(data) do
			if type(key) ~= "string" then
				return fail(errors, at .. "/type", where, "'object' had non-string keys")
			end
		end
	elseif schema.type == "array" then
		for key in pairs(data) do
			if type_of_number(key) ~= "integer" then
				return fail(errors, at .. "/type", where, "'array' had non-integer keys")
			end
		end
	end
	return true
end

local function check_enum(schema, data, _, at, where, errors)
	if schema.enum == nil then
		return true
	end
	for _, value in ipairs(schema.enum) do
		if value == data then
			return true
		end
	end
	return fail(errors, at .. "/enum", where, "not one of the enumerated values")
end

local function check_string(schema, data, _, at, where, errors)
	if type(data) ~= "string" then
		return true
	end
	if schema.maxLength or schema.minLength then
		local length = utf8_len(data) or #data
		if schema.maxLength and length > schema.maxLength then
			return fail(errors, at .. "/maxLength", where, "string too long")
		elseif schema.minLength and length < schema.minLength then
			-- PARITY: the location names the other limit.
			return fail(errors, at .. "/maxLength", where, "string too short")
		end
	end
	if schema.luaPattern and not match(data, schema.luaPattern) then
		return fail(errors, at .. "/luaPattern", where, "string does not match pattern")
	end
	return true
end

local function check_number(schema, data, _, at, where, errors)
	if type(data) ~= "number" then
		return true
	elseif schema.multipleOf and (data == 0 or data % schema.multipleOf ~= 0) then
		-- PARITY: zero is a multiple of nothing, and the location names another keyword.
		return fail(errors, at .. "/luaPattern", where, "not a multiple")
	elseif schema.maximum and not (data <= schema.maximum) then
		return fail(errors, at .. "/maximum", where, "number exceeds maximum")
	elseif schema.exclusiveMaximum and not (data < schema.exclusiveMaximum) then
		return fail(errors, at .. "/exclusiveMaximum", where, "number exceeds exclusive maximum")
	elseif schema.minimum and not (data >= schema.minimum) then
		return fail(errors, at .. "/minimum", where, "number below minimum")
	elseif schema.exclusiveMinimum and not (data > schema.exclusiveMinimum) then
		return fail(errors, at .. "/exclusiveMinimum", where, "number below exclusive minimum")
	end
	return true
end

-- How many of a list of schemas fit; stops at the first that does (`wanted` true) or does not (false), or at none (nil).
local function count_fitting(schemas, data, root, at, where, errors, wanted)
	local count = 0
	for index, schema in ipairs(schemas) do
		local fits = validate(schema, data, root, at .. index, where, errors)
		if fits then
			count = count + 1
		end
		if fits == wanted then
			break
		end
	end
	return count
end

local function check_alternatives(schema, data, root, at, where, errors)
	local all, one, any = schema.allOf, schema.oneOf, schema.anyOf
	if all and count_fitting(all, data, root, at .. "/allOf/", where, errors, false) < #all then
		return fail(errors, at .. "/allOf", where, "did not match all subschemas")
	end
	-- PARITY: no slash before the number.
	if one and count_fitting(one, data, root, at .. "/oneOf", where, errors, nil) ~= 1 then
		return fail(errors, at .. "/oneOf", where, "did not match exactly one subschema")
	end
	if any and count_fitting(any, data, root, at .. "/anyOf/", where, errors, true) == 0 then
		return fail(errors, at .. "/anyOf", where, "did not match any subschema")
	end
	return true
end

local function check_conditions(schema, data, root, at, where, errors)
	if schema["not"] ~= nil and validate(schema["not"], data, root, at .. "/not", where, errors) then
		return fail(errors, at .. "/not", where, "did match subschema")
	end
	if schema["if"] ~= nil then
		local branch = validate(schema["if"], data, root, at .. "/if", where, errors) and "then" or "else"
		if schema[branch] ~= nil and not validate(schema[branch], data, root, at .. "/" .. branch, where, errors) then
			return fail(errors, at .. "/" .. branch, where, "did not match subschema")
		end
	end
	if schema.const ~= nil and schema.const ~= data then
		return fail(errors, at .. "/const", where, "did not match constant value")
	end
	return true
end

local function check_required(schema, data, root, at, where, errors)
	if schema.maxItems and #data > schema.maxItems then
		return fail(errors, at .. "/maxItems", where, "too many items")
	elseif schema.minItems and #data < schema.minItems then
		return fail(errors, at .. "/minItems", where, "too few items")
	end
	for _, key in ipairs(schema.required or {}) do
		if data[key] == nil then
			return fail(errors, at .. "/required", where .. "/" .. tostring(key), "missing required property")
		end
	end
	for key, others in pairs(schema.dependentRequired or {}) do
		if data[key] ~= nil then
			for _, other in ipairs(others) do
				if data[other] == nil then
					return fail(errors, at .. "/dependentRequired", where, "missing dependent required property")
				end
			end
		end
	end
	if schema.propertyNames ~= nil then
		for key in pairs(data) do
			local place = where .. "/" .. tostring(key)
			if not validate(schema.propertyNames, key, root, at .. "/propertyNames", place, errors) then
				return fail(errors, at .. "/propertyNames", place, "a property name did not match subschema")
			end
		end
	end
	return true
end

local function check_properties(schema, data, root, at, where, errors)
	local seen = {}
	for key, inner in pairs(schema.properties or {}) do
		local schema_place, place = at .. "/" .. tostring(key), where .. "/" .. tostring(key)
		if data[key] ~= nil and not validate(inner, data[key], root, schema_place, place, errors) then
			return fail(errors, schema_place, place, "a property did not match subschema")
		end
		seen[key] = true
	end
	for pattern, inner in pairs(schema.luaPatternProperties or {}) do
		for key, value in pairs(data) do
			if type(key) == "string" and match(key, pattern) then
				if not validate(inner, value, root, at .. "/luaPatternProperties", where, errors) then
					local place = where .. "/" .. key
					return fail(errors, at .. "/luaPatternProperties/" .. pattern, place, "a property did not match subschema")
				end
				seen[key] = true
			end
		end
	end
	if schema.additionalProperties ~= nil then
		local schema_place = at .. "/additionalProperties"
		for key, value in pairs(data) do
			local place = where .. "/" .. tostring(key)
			if not seen[key] and not validate(schema.additionalProperties, value, root, schema_place, place, errors) then
				return fail(errors, schema_place, place, "additional property did not match subschema")
			end
		end
	end
	for key, inner in pairs(schema.dependentSchemas or {}) do
		if data[key] ~= nil and not validate(inner, data, root, at .. "/dependentSchemas/" .. key, where, errors) then
			return fail(errors, at .. "/dependentSchemas", where .. "/" .. tostring(key), "did not match dependent subschema")
		end
	end
	return true
end

local function check_items(schema, data, root, at, where, errors)
	if schema.uniqueItems then
		local seen = {}
		for _, value in pairs(data) do
			if seen[value] then
				return fail(errors, at .. "/uniqueItems", where, "had duplicate items")
			end
			seen[value] = true
		end
	end
	local prefix = 0
	for index, inner in ipairs(schema.prefixItems or {}) do
		if data[index] == nil then
			break
		end
		local schema_place, place = at .. "/prefixItems/" .. index, where .. "/" .. index
		if not validate(inner, data[index], root, schema_place, place, errors) then
			return fail(errors, schema_place, place, "did not match subschema")
		end
		prefix = index
	end
	if schema.items ~= nil then
		for index = prefix + 1, #data do
			local place = where .. "/" .. index
			if not validate(schema.items, data[index], root, at, place, errors) then
				return fail(errors, at .. "/prefixItems/" .. index, place, "did not match subschema")
			end
		end
	end
	if schema.contains ~= nil then
		local found = 0
		for index = 1, #data do
			local place = where .. "/" .. index
			if validate(schema.contains, data[index], root, at .. "/contains", place, errors) then
				found = found + 1
			else
				fail(errors, at .. "/contains", place, "did not match subschema")
			end
		end
		if found < (schema.minContains or 1) then
			return fail(errors, at .. "/minContains", where, "too few matches")
		elseif found > (schema.maxContains or math.huge) then
			return fail(errors, at .. "/maxContains", where, "too many matches")
		end
	end
	return true
end

local checks = { check_keys, check_enum, check_string, check_number, check_alternatives, check_conditions }
local table_checks = { check_required, check_properties, check_items }

function validate(schema, data, root, at, where, errors)
	if type(schema) == "boolean" then
		return schema
	end
	if root == nil then
		root, at, where, errors = schema, "", "", {}
	end

	local reference = schema["$ref"]
	if reference and sub(reference, 1, 1) == "#" then
		local referenced = resolve_pointer(root, sub(reference, 2))
		-- One that refers to itself would never end.
		if referenced ~= nil and referenced ~= root and referenced ~= schema then
			if not validate(referenced, data, root, reference, where, errors) then
				return fail(errors, at .. "/$ref", where, "Subschema failed validation")
			end
		end
	end
	if not has_type(schema.type, data) then
		return fail(errors, at .. "/type", where, "unexpected type")
	end
	for index = 1, #checks do
		if not checks[index](schema, data, root, at, where, errors) then
			return false, errors
		end
	end
	if type(data) == "table" then
		for index = 1, #table_checks do
			if not table_checks[index](schema, data, root, at, where, errors) then
				return false, errors
			end
		end
	end
	return true
end

return { xml_t = {}, validate = validate }
