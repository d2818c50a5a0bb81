local jsonschema = require "util.jsonschema"
local json = require "util.json"

local function fits(schema, data)
	return (jsonschema.validate(schema, data))
end
local schemas = {
	true, false, {}, { type = "string" }, { type = "number" }, { type = "integer" }, { type = "object" }, { type = "array" }, { type = "null" },
	{ type = { "string", "integer" } }, { type = "boolean" }, { enum = { "a", 1, true } }, { minLength = 2 }, { maxLength = 2 }, { multipleOf = 2 },
	{ minimum = 1, maximum = 5 }, { exclusiveMinimum = 1, exclusiveMaximum = 5 }, { allOf = { { type = "number" }, { minimum = 2 } } },
	{ anyOf = { { type = "string" }, { minimum = 2 } } }, { oneOf = { { type = "integer" }, { minimum = 2 } } }, { ["not"] = { type = "string" } },
	{ ["if"] = { type = "string" }, ["then"] = { minLength = 3 } }, { ["if"] = { type = "integer" }, ["then"] = { minimum = 3 }, ["else"] = { type = "string" } },
	{ const = "abc" }, { maxItems = 1 }, { minItems = 2 }, { required = { "a" } }, { properties = { a = { type = "integer" } } },
	{ properties = { a = true }, additionalProperties = false }, { additionalProperties = { type = "string" } }, { propertyNames = { maxLength = 1 } },
	{ uniqueItems = true }, { prefixItems = { { type = "string" }, { type = "integer" } } }, { items = { type = "string" } },
	{ prefixItems = { { type = "integer" } }, items = { type = "string" } }, { contains = { type = "string" } },
	{ ["$ref"] = "#/definitions/x", definitions = { x = { type = "string" } } }, { ["$ref"] = "#" }, { ["$ref"] = "#/nowhere" },
	{ type = "object", properties = { a = { ["$ref"] = "#/definitions/y" } }, definitions = { y = { enum = { 1 } } } },
}
local values = {
	"a", "abc", "", 0, 1, 2, 3, 4.5, -1, 5, true, false, json.null, {}, { "a" }, { "a", 1 }, { 1, "a" }, { "a", "a" }, { 1, 2, 3 }, { a = 1 }, { a = "x" },
	{ a = 1, b = "y" }, { long = "x" }, { 1, a = 2 }, { a = {} },
}
for index, schema in ipairs(schemas) do
	local line = {}
	for position, value in ipairs(values) do
		line[position] = fits(schema, value) and 1 or 0
	end
	compare("schema " .. index, nil, table.concat(line))
end
compare("known", "true false", fits({ type = "string" }, "x"), fits({ type = "string" }, 1))
ours_only("errors", '{{["error"]="missing required property",["instanceLocation"]="/a/b",["schemaLocation"]="/a/required"},{["error"]="a property did not match subschema",["instanceLocation"]="/a",["schemaLocation"]="/a"}}', function()
	local _, errors = jsonschema.validate({ properties = { a = { required = { "b" } } } }, { a = {} })
	return errors
end)
ours_only("patterns", "false true false true", function()
	return fits({ luaPattern = "^%d+$" }, "x"), fits({ luaPattern = "^%d+$" }, "5"), fits({ luaPatternProperties = { ["^x"] = { type = "integer" } } }, { x1 = "y" }), fits({ luaPatternProperties = { ["^x"] = true }, additionalProperties = false }, { x1 = "y" })
end)
ours_only("dependent", "false true false true", function()
	local required = { dependentRequired = { a = { "b" } } }
	local schema = { dependentSchemas = { a = { minItems = 1 } } }
	return fits(required, { a = 1 }), fits(required, { a = 1, b = 2 }), fits(schema, { a = 1 }), fits(schema, { b = 1 })
end)
ours_only("how many", "true false false", function()
	local schema = { contains = { type = "string" }, minContains = 2, maxContains = 3 }
	return fits(schema, { "a", "b", 1 }), fits(schema, { "a", 1 }), fits(schema, { "a", "b", "c", "d" })
end)
ours_only("large integers", "true", function()
	return fits({ type = "integer" }, 1700000000000)
end)
ours_only("characters", "true", function()
	return fits({ maxLength = 2 }, "äö")
end)
