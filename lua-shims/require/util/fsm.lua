-- Counterpart: util/fsm.lua
-- State machines: a description of states and transitions, and instances that have a method for each transition.
-- Around a transition these events are fired: transition, leave/STATE and transition/NAME, of which each may refuse it by
-- answering something; then enter/STATE, transitioned/NAME and transitioned.

local events = require "util.events"
local assert, error, getmetatable, ipairs, pairs, setmetatable, type =
	assert, error, getmetatable, ipairs, pairs, setmetatable, type

local fsm = {}
local fsm_mt = { __index = fsm }

-- What a handler answered, which refuses the transition.
local function ask(fire, event)
	local answer = fire("transition", event)
	if answer == nil and event.from ~= event.to then
		answer = fire("leave/" .. event.from, event)
	end
	if answer == nil then
		answer = fire("transition/" .. event.name, event)
	end
	return answer
end

local function tell(fire, event)
	if event.from ~= event.to then
		fire("enter/" .. event.to, event)
	end
	if event.name then
		fire("transitioned/" .. event.name, event)
	end
	fire("transitioned", event)
end

-- The method of instances: answers true, or nil and what a handler answered.
local function transition_method(name)
	return function(self, attr)
		local states = self.fsm.states
		local to = states[self.state][name] or states["*"][name]
		if not to then
			error("Invalid state transition: " .. self.state .. " cannot " .. name)
		end
		local event = {
			instance = self,
			name = name,
			from = self.state,
			from_attr = self.state_attr,
			to = to,
			to_attr = attr,
		}
		local fire = self.fsm.events.fire_event
		local refused = ask(fire, event)
		if refused ~= nil then
			return nil, refused
		end
		self.state, self.state_attr = to, attr
		tell(fire, event)
		return true
	end
end

local function add_transition(states, transition)
	local sources = transition.from
	if type(sources) ~= "table" then
		sources = { sources }
	end
	local name, to = transition.name, transition.to
	for _, from in ipairs(sources) do
		states[from] = states[from] or {}
		states[to] = states[to] or {}
		if states[from][name] then
			error("Duplicate transition in FSM specification: " .. name .. " from " .. from)
		end
		states[from][name] = to
	end
end

-- Of { default_state, transitions = { { name, from (a state, "*" or a list), to } }, and handlers of events:
-- state_handlers by state, transition_handlers by name, handlers by event }.
local function new(description)
	local states = { ["*"] = {} }
	if description.default_state then
		states[description.default_state] = {}
	end
	local methods = {}
	for _, transition in ipairs(description.transitions or {}) do
		add_transition(states, transition)
		methods[transition.name] = transition_method(transition.name)
	end
	local bus = events.new()
	for state, handler in pairs(description.state_handlers or {}) do
		bus.add_handler("enter/" .. state, handler)
	end
	for name, handler in pairs(description.transition_handlers or {}) do
		bus.add_handler("transition/" .. name, handler)
	end
	bus.add_handlers(description.handlers or {})
	return setmetatable({
		default_state = description.default_state,
		states = states,
		events = bus,
		_instance_mt = { __index = methods },
	}, fsm_mt)
end

-- An instance in a state, the default one if none is given.
function fsm:init(state, attr)
	state = assert(state or self.default_state, "no initial state specified")
	if not self.states[state] then
		error("Invalid initial state: " .. state)
	end
	local instance = setmetatable({ fsm = self, state = state, state_attr = attr }, self._instance_mt)
	if state ~= self.default_state then
		tell(self.events.fire_event, { instance = instance, from = self.default_state, to = state, to_attr = attr })
	end
	return instance
end

function fsm:is_instance(value)
	return getmetatable(value) == self._instance_mt
end

local function is_fsm(value)
	return getmetatable(value) == fsm_mt
end

return { new = new, is_fsm = is_fsm }
