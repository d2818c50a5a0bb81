-- Counterpart: plugins/muc/util.lib.lua, for modules that ask for it where no Prosody is installed
local affiliations = { outcast = -1, none = 0, member = 1, admin = 2, owner = 3 }
local roles = { none = 0, visitor = 1, participant = 2, moderator = 3 }

-- What an error says that comes from somebody who is not there any more.
local gone = {}
for condition in ([[
	gone internal-server-error item-not-found jid-malformed recipient-unavailable redirect remote-server-not-found
	remote-server-timeout service-unavailable
]]):gmatch("%S+") do
	gone[condition] = true
end

-- The namespaces that only rooms speak in, as mod_muc knows them.
local filtered = module:shared("muc/filtered-namespaces")

local function is_kickable_error(stanza)
	local _, condition = stanza:get_error()
	-- one that does not say anything counts, too
	return condition == nil or gone[condition]
end

local function add_filtered_namespace(xmlns)
	filtered[xmlns] = true
end

local function filter_muc_x(stanza)
	return stanza:maptags(function(tag)
		if filtered[tag.attr.xmlns] then
			return nil
		end
		return tag
	end)
end

-- A condition for room:broadcast.
local function only_with_min_role(role)
	local least = roles[role]
	return function(_, occupant)
		return roles[occupant.role or "none"] >= least or nil
	end
end

return {
	valid_affiliations = affiliations,
	valid_roles = roles,
	is_kickable_error = is_kickable_error,
	add_filtered_namespace = add_filtered_namespace,
	filter_muc_x = filter_muc_x,
	only_with_min_role = only_with_min_role,
}
