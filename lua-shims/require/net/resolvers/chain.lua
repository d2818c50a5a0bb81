-- Counterpart: net/resolvers/chain.lua
-- The targets of several resolvers, one after the other.

local chain = {}
local chain_mt = { __index = chain }

function chain:next(callback)
	local resolver = self.resolvers[1]
	if not resolver then
		return callback(nil)
	end
	resolver:next(function (kind, ...)
		self.last_error = resolver.last_error
		if kind then
			return callback(kind, ...)
		end
		if self.resolvers[1] == resolver then
			table.remove(self.resolvers, 1)
		end
		self:next(callback)
	end)
end

return {
	new = function (resolvers)
		return setmetatable({ resolvers = resolvers }, chain_mt)
	end,
}
