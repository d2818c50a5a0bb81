-- Counterpart: util/roles.lua
-- Roles of users: what they may do, by name of the action, themselves or by the roles that they inherit.

local new_short_id = require "util.id".short

-- Where a role holds its permissions, out of sight of those who walk its fields.
local permissions_key = {}

local methods = {}
local role_mt = { __index = methods, __name = "role" }

local function is_role(value)
	return getmetatable(value) == role_mt
end

-- Makes the function that answers true, false, or nil where no policy says anything; `role` may be one that inherits this one.
local function new_may(permissions, inherited)
	return function(role, action, context)
		local policy = permissions[action]
		if policy == nil and inherited then
			for i = 1, #inherited do
				policy = inherited[i].may(role, action, context)
				if policy ~= nil then break end
			end
		end
		return policy
	end
end

-- Takes `name`, and optionally `description`, `default`, `priority`, `inherits` (roles) and `permissions`; `overrides` goes first.
local function new(base_config, overrides)
	local config = setmetatable(overrides or {}, { __index = base_config })
	local permissions = {}
	for action, policy in pairs(config.permissions or config[permissions_key] or {}) do
		permissions[action] = policy
	end
	return setmetatable({
		id = new_short_id(),
		name = config.name,
		description = config.description,
		default = config.default,
		priority = config.priority,
		inherits = config.inherits,
		may = new_may(permissions, config.inherits),
		[permissions_key] = permissions,
	}, role_mt)
end

function methods:clone(overrides)
	return new(self, overrides)
end

-- Gives true, or false and a reason where another policy is there that is not to be overwritten.
function methods:set_permission(action, policy, overwrite)
	local permissions = self[permissions_key]
	local before = permissions[action]
	if before ~= nil and before ~= policy and overwrite ~= true then
		return false, "policy-already-exists"
	end
	permissions[action] = policy
	return true
end

local function list_policies(role, list)
	for action, policy in pairs(role[permissions_key]) do
		list[#list + 1] = { action, policy }
	end
	for _, inherited in ipairs(role.inherits or {}) do
		list_policies(inherited, list)
	end
	return list
end

-- Goes through actions and policies, the role's own and then the inherited.
function methods:policies()
	local list, i = list_policies(self, {}), 0
	return function()
		i = i + 1
		if list[i] then
			return list[i][1], list[i][2]
		end
	end
end

-- What is kept of it in a store.
function role_mt:__freeze()
	return {
		id = self.id,
		name = self.name,
		description = self.description,
		default = self.default,
		priority = self.priority,
		inherits = self.inherits,
		permissions = self[permissions_key],
	}
end

function role_mt:__tostring()
	return ("role<[%s] %s>"):format(self.id or "nil", self.name or "[no name]")
end

local function next_field(role, key)
	local value
	repeat
		key, value = next(role, key)
	until key ~= permissions_key
	return key, value
end

function role_mt:__pairs()
	return next_field, self, nil
end

return { is_role = is_role, new = new }
