-- Counterpart: util/import.lua
-- Defines the global function import(name, field…), which answers these fields of a module, or the module.

local unpack = table.unpack
local require, select, type = require, select, type

function _G.import(name, ...)
	local module = require(name)
	local count = select("#", ...)
	if type(module) ~= "table" or count == 0 then
		return module
	end
	local values = {}
	for index = 1, count do
		values[index] = module[(select(index, ...))]
	end
	return unpack(values, 1, count)
end
