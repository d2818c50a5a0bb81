-- Prosody 0.12 has no such library.
local has_library, fsm = pcall(require, "util.fsm")
local calls = {}
local function note(name)
	return function(event)
		calls[#calls + 1] = name .. " " .. tostring(event.name) .. " " .. tostring(event.from) .. ">" .. event.to .. " " .. tostring(event.to_attr)
	end
end
local function noted()
	local list = calls
	calls = {}
	return list
end

local machine, door
if has_library then
	machine = fsm.new({
		default_state = "closed",
		transitions = {
			{ name = "open", from = { "closed", "ajar" }, to = "open" },
			{ name = "close", from = "open", to = "closed" },
			{ name = "knock", from = "*", to = "closed" },
		},
		state_handlers = { open = note("enter") },
		transition_handlers = {
			close = function(event)
				return event.to_attr == "no" and "refused" or nil
			end,
		},
		handlers = { transitioned = note("done"), ["leave/open"] = note("leave"), transition = note("any") },
	})
	door = machine:init()
end
ours_only("default state", '"closed" true true false', function()
	return door.state, fsm.is_fsm(machine), machine:is_instance(door), machine:is_instance(machine)
end)
ours_only("transition", 'true "open" "x" {"any open closed>open x","enter open closed>open x","done open closed>open x"}', function()
	return door:open("x"), door.state, door.state_attr, noted()
end)
ours_only("not from here", "true", function()
	return fails(door.open, door)
end)
ours_only("refused", 'nil "refused" "open"', function()
	local ok, why = door:close("no")
	return ok, why, door.state
end)
ours_only("leaves", 'true "closed" {"any close open>closed no","leave close open>closed no","any close open>closed nil","leave close open>closed nil","done close open>closed nil"}', function()
	return door:close(), door.state, noted()
end)
ours_only("from anywhere", 'true "closed" {"any knock closed>closed nil","done knock closed>closed nil"}', function()
	return door:knock(), door.state, noted()
end)
ours_only("another first state", '"open" 5 {"enter nil closed>open 5","done nil closed>open 5"}', function()
	local other = machine:init("open", 5)
	return other.state, other.state_attr, noted()
end)
ours_only("bad descriptions", "true true true", function()
	local twice = { transitions = { { name = "a", from = "x", to = "y" }, { name = "a", from = "x", to = "z" } } }
	return fails(fsm.new, twice), fails(machine.init, machine, "nowhere"), fails(function()
		fsm.new({}):init()
	end)
end)
