-- Counterpart: util/sasl.lua
-- Authentication (RFC 4422) by a profile: functions that know how to check a password, give one, and so on. Each mechanism needs one
-- of some of them.

local methods = {}
local sasl_mt = { __index = methods }

local mechanisms = {}
local mechanisms_of_backend = {}
-- The channel bindings of mechanisms that are only offered where one of theirs is there.
local channel_bindings = {}

-- Adds a mechanism. `process` gets the SASL object and a message and answers with "challenge", "success" or "failure", and more.
local function registerMechanism(name, backends, process, bindings)
	assert(type(name) == "string", "name of a SASL mechanism: expected a string")
	assert(type(backends) == "string" or type(backends) == "table", "backends of a SASL mechanism: expected a string or a table")
	assert(type(process) == "function", "function of a SASL mechanism: expected a function")
	assert(bindings == nil or bindings == false or type(bindings) == "table", "channel bindings of a SASL mechanism: expected a table")
	mechanisms[name] = process
	if bindings then
		channel_bindings[name] = {}
		for _, binding in ipairs(bindings) do
			channel_bindings[name][binding] = true
		end
	end
	for _, backend in ipairs(type(backends) == "table" and backends or { backends }) do
		local names = mechanisms_of_backend[backend] or {}
		mechanisms_of_backend[backend] = names
		names[#names + 1] = name
	end
end

-- Makes what authenticates one client, for a realm (the host) and by a profile.
local function new(realm, profile, userdata)
	if not profile.mechanisms then
		local possible = {}
		for backend in pairs(profile) do
			for _, name in ipairs(mechanisms_of_backend[backend] or {}) do
				possible[name] = true
			end
		end
		profile.mechanisms = possible
	end
	return setmetatable({ profile = profile, realm = realm, mechs = profile.mechanisms, userdata = userdata }, sasl_mt)
end

-- Adds a function that gives the data of a channel binding.
function methods:add_cb_handler(name, handler)
	if type(self.profile.cb) ~= "table" then
		self.profile.cb = {}
	end
	self.profile.cb[name] = handler
	return self
end

-- Gives another for the same, that has not begun.
function methods:clean_clone()
	return new(self.realm, self.profile, self.userdata)
end

local function has_any(map, wanted)
	for name in pairs(map or {}) do
		if wanted[name] then return true end
	end
	return false
end

-- Gives the set of mechanisms that can be offered.
function methods:mechanisms()
	local offered = {}
	for name in pairs(self.mechs) do
		local bindings = channel_bindings[name]
		if not bindings or has_any(self.profile.cb, bindings) then
			offered[name] = true
		end
	end
	return offered
end

-- Chooses one, once; gives true where that is possible.
function methods:select(mechanism)
	if self.mechs[mechanism] and not self.selected then
		self.selected = mechanism
		return true
	end
end

function methods:process(message)
	return mechanisms[self.selected](self, message)
end

for _, name in ipairs({ "plain", "anonymous", "oauthbearer", "scram", "external" }) do
	require("util.sasl." .. name).init(registerMechanism)
end

return { registerMechanism = registerMechanism, new = new }
