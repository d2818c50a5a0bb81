-- Counterpart: util/presence.lua
-- Which of a user's sessions messages to the bare address go to.

-- Gives the available sessions of the highest priority that is not negative.
local function select_top_resources(user)
	local highest, top = 0, {}
	for _, session in pairs(user.sessions) do
		local priority = session.presence and session.priority
		if not priority or priority < highest then
			-- gets none
		elseif priority > highest then
			highest, top = priority, { session }
		else
			top[#top + 1] = session
		end
	end
	return top
end

-- Keeps them in the user's `top_resources`, which is nil when there are none.
local function recalc_resource_map(user)
	if user then
		local top = select_top_resources(user)
		user.top_resources = top[1] and top or nil
	end
end

return { select_top_resources = select_top_resources, recalc_resource_map = recalc_resource_map }
