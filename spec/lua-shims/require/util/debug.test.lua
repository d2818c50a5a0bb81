local var_debug = require "util.debug"

local function variables(...)
	local list = {}
	for index = 1, select("#", ...), 2 do
		local name, value = select(index, ...)
		list[#list + 1] = { name = name, value = value }
	end
	return list
end

compare("none", "nil", var_debug.string_from_var_table {})
compare("variables", '"{ a = 1, b = true }"', var_debug.string_from_var_table(variables("a", 1, "b", true, "(temp)", 3)))
compare("secrets", nil, var_debug.string_from_var_table(variables("new_password", "x", "pwd", "y", "passing", "z")))
compare("long ones", nil, (var_debug.string_from_var_table(variables("a", ("x"):rep(80), "b", ("y"):rep(50), "c", 1), 65, "  ")))

local up = "value"
local function f(parameter)
	local inner = parameter .. up
	return var_debug.get_locals_table(nil, 1), inner
end
compare("locals", '"parameter" "p" "inner" "pvalue"', (function()
	local locals = f("p")
	return locals[1].name, locals[1].value, locals[2].name, locals[2].value
end)())
compare("upvalues", '"up" "value"', (function()
	for _, upvalue in ipairs(var_debug.get_upvalues_table(f)) do
		if upvalue.name == "up" then
			return upvalue.name, upvalue.value
		end
	end
end)())
compare("no function", "{}", var_debug.get_upvalues_table(nil))
compare("traceback", "true true", (function()
	local text = var_debug.traceback("message")
	return text:find("^message\nstack traceback:\n") ~= nil, text:find("(0)", 1, true) ~= nil
end)())
compare("traceback of something else", "nil", var_debug.traceback(5))
