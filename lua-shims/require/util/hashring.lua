-- Counterpart: util/hashring.lua
-- Consistent hashing: which node a key belongs to, so that few keys move when nodes come or go.

local insert, remove, sort = table.insert, table.remove, table.sort
local ipairs, pairs, rawset, setmetatable = ipairs, pairs, rawset, setmetatable

local hashring = {}

-- The hashes of all replicas in order, and under each of them its node.
local function build_ring(self)
	local ring = {}
	for _, name in ipairs(self.nodes) do
		for replica = 1, self.num_replicas do
			local hash = self.hash(name .. ":" .. replica)
			ring[hash] = name
			insert(ring, hash)
		end
	end
	sort(ring)
	return ring
end

local hashring_mt = {
	__index = function(self, key)
		-- Built when it is first needed after a change.
		if key == "ring" then
			local ring = build_ring(self)
			rawset(self, "ring", ring)
			return ring
		end
		return hashring[key]
	end,
}

-- `nodes` is the list of names and has the value of each under its name.
local function new(num_replicas, hash)
	return setmetatable({ nodes = {}, num_replicas = num_replicas, hash = hash }, hashring_mt)
end

function hashring:add_node(name, value)
	self.ring = nil
	if value == nil then
		value = true
	end
	self.nodes[name] = value
	insert(self.nodes, name)
	return true
end

-- A list of names or a table of values by name; those that are there already stay as they are.
function hashring:add_nodes(nodes)
	if nodes[1] then
		for _, name in ipairs(nodes) do
			if self.nodes[name] == nil then
				self:add_node(name)
			end
		end
	else
		for name, value in pairs(nodes) do
			if self.nodes[name] == nil then
				self:add_node(name, value)
			end
		end
	end
	return true
end

function hashring:remove_node(name)
	self.ring = nil
	if self.nodes[name] == nil then
		return false
	end
	for index, known in ipairs(self.nodes) do
		if known == name then
			self.nodes[name] = nil
			remove(self.nodes, index)
			return true
		end
	end
	return false
end

function hashring:remove_nodes(names)
	for _, name in ipairs(names) do
		self:remove_node(name)
	end
end

function hashring:clone()
	local copy = new(self.num_replicas, self.hash)
	for name, value in pairs(self.nodes) do
		copy.nodes[name] = value
	end
	return copy
end

-- The name of a key's node, and its value.
function hashring:get_node(key)
	local hash, ring = self.hash(key), self.ring
	local name = ring[ring[1]]
	for index = 1, #ring do
		if hash < ring[index] then
			name = ring[ring[index]]
			break
		end
	end
	return name, self.nodes[name]
end

return { new = new }
