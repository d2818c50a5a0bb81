-- Counterpart: net/resolvers/manual.lua
-- Targets that are known: lists of kind, address, port and what else is to be known.

local manual = {}
local manual_mt = { __index = manual }

function manual:next(callback)
	local target = table.remove(self.targets, 1)
	if target then
		callback(table.unpack(target, 1, 4))
	else
		callback(nil)
	end
end

return {
	new = function (targets, conn_type, extra)
		return setmetatable({ targets = targets or {}, conn_type = conn_type, extra = extra }, manual_mt)
	end,
}
