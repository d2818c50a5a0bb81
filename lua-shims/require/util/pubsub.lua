-- Counterpart: util/pubsub.lua
-- The publish-subscribe service (XEP-0060) without any protocol: nodes, who may do what with them, who follows them, what they hold.
-- Callbacks and stores of its configuration connect it to the world. Methods give true and what was asked for, or false (nil when
-- a store or a check failed) and a condition.

local cache = require "util.cache"
local errors = require "util.error"
local new_events = require "util.events".new

local xmlns_errors = "http://jabber.org/protocol/pubsub#errors"

-- Each affiliation may what the one before it may, and more; outcasts stand apart.
local function capabilities_of(base, ...)
	local capabilities = {}
	for action in pairs(base) do
		capabilities[action] = true
	end
	for i = 1, select("#", ...) do
		capabilities[(select(i, ...))] = true
	end
	return capabilities
end

local outcast = capabilities_of({}, "be_unsubscribed", "get_subscription", "get_subscriptions")
local none = capabilities_of(outcast, "be_subscribed", "get_metadata", "get_nodes", "subscribe", "unsubscribe")
local member = capabilities_of(none, "get_items")
local publisher = capabilities_of(member, "get_configuration", "publish", "retract")
local owner = capabilities_of(publisher, "configure", "create", "delete", "set_affiliation", "subscribe_other", "unsubscribe_other",
	"get_subscription_other", "get_subscriptions_other")

local default_config = {
	max_items = 256,
	metadata_subset = {},
	capabilities = { outcast = outcast, none = none, member = member, publisher = publisher, owner = owner },
	itemstore = function(config) return cache.new(config.max_items) end,
	broadcaster = function() end,
	subscriber_filter = function(subscribers) return subscribers end,
	itemcheck = function() return true end,
	get_affiliation = function() end,
	normalize_jid = function(jid) return jid end,
}
local default_config_mt = { __index = default_config }

local default_node_config = {
	persist_items = true,
	max_items = 20,
	access_model = "open",
	publish_model = "publishers",
	send_last_published_item = "never",
}
local default_node_config_mt = { __index = default_node_config }

local methods = {}
local service_mt = { __index = methods }

-- Keeps a node in the store of nodes, if there is one. Gives whether that went well.
local function save_node(service, node)
	local store = service.config.nodestore
	if not store then return true end
	return store:set(node.name, {
		name = node.name,
		config = node.config,
		subscribers = node.subscribers,
		affiliations = node.affiliations,
	})
end

-- The index of subscriptions by bare address, then by address as subscribed, then by node.
local function index_subscription(service, node_name, jid)
	local normal_jid = service.config.normalize_jid(jid)
	local by_jid = service.subscriptions[normal_jid]
	if not by_jid then
		by_jid = {}
		service.subscriptions[normal_jid] = by_jid
	end
	local nodes = by_jid[jid]
	if not nodes then
		nodes = {}
		by_jid[jid] = nodes
	end
	nodes[node_name] = true
	return normal_jid
end

local function unindex_subscription(service, node_name, jid)
	local normal_jid = service.config.normalize_jid(jid)
	local by_jid = service.subscriptions[normal_jid]
	local nodes = by_jid and by_jid[jid]
	if nodes then
		nodes[node_name] = nil
		if next(nodes) == nil then
			by_jid[jid] = nil
		end
	end
	if by_jid and next(by_jid) == nil then
		service.subscriptions[normal_jid] = nil
	end
	return normal_jid
end

local function open_items(service, node_name)
	local items = service.config.itemstore(service.nodes[node_name].config, node_name)
	service.data[node_name] = items
	return items
end

local function clear_items(service, node_name)
	local items = service.data[node_name]
	if items and items.clear then
		items:clear()
		return true
	end
	return false
end

local function load_nodes(service)
	local store = service.config.nodestore
	if not store or not store.users then return end
	for node_name in store:users() do
		local node = store:get(node_name)
		node.config = setmetatable(node.config or {}, { __index = service.node_defaults })
		service.nodes[node_name] = node
		if node.config.persist_items then
			open_items(service, node_name)
		end
		for jid in pairs(node.subscribers) do
			index_subscription(service, node_name, jid)
		end
	end
end

local function new(config)
	config = config or {}
	local service = setmetatable({
		config = setmetatable(config, default_config_mt),
		node_defaults = setmetatable(config.node_defaults or {}, default_node_config_mt),
		affiliations = {},
		subscriptions = {},
		nodes = {},
		data = {},
		events = new_events(),
	}, service_mt)
	load_nodes(service)
	return service
end

-- Who may do what

function methods:jids_equal(jid1, jid2)
	local normalize = self.config.normalize_jid
	return normalize(jid1) == normalize(jid2)
end

-- What somebody without an affiliation counts as, by the access model of the node, or nil.
function methods:get_default_affiliation(node, actor)
	local node_obj = self.nodes[node]
	local access_model = node_obj and node_obj.config.access_model or self.node_defaults.access_model
	if access_model == "open" then
		return "member"
	elseif access_model == "whitelist" then
		return "outcast"
	end
	local access_models = self.config.access_models
	local check = access_models and access_models[access_model]
	return check and check(actor, node_obj) or nil
end

local function affiliation_of(service, node, node_obj, actor, action)
	local affiliation
	if node_obj then
		affiliation = node_obj.affiliations[actor] or node_obj.affiliations[service.config.normalize_jid(actor)]
	end
	return affiliation
		or service.affiliations[actor]
		or service.config.get_affiliation(actor, node, action)
		or service:get_default_affiliation(node, actor)
		or "none"
end

-- Whether an actor, or the service itself (true), may do something with a node. What the node says goes before what the service says.
function methods:may(node, actor, action)
	if actor == true then return true end
	local node_obj = self.nodes[node]
	local affiliation = affiliation_of(self, node, node_obj, actor, action)
	local of_node = node_obj and node_obj.capabilities and node_obj.capabilities[affiliation]
	local of_service = self.config.capabilities[affiliation]
	local answer
	if of_node then answer = of_node[action] end
	if answer == nil and of_service then answer = of_service[action] end
	return answer or false
end

-- The capability that acting on the subscription of a JID takes: one's own, or another's.
local function for_jid(service, actor, jid, capability)
	if actor == true or actor == jid or service:jids_equal(actor, jid) then
		return capability
	end
	return capability .. "_other"
end

-- The node, where the actor may do that with it; else nil and the condition. Who may not learns not even whether it exists.
local function permitted_node(service, node, actor, action)
	if not service:may(node, actor, action) then
		return nil, "forbidden"
	end
	local node_obj = service.nodes[node]
	if not node_obj then
		return nil, "item-not-found"
	end
	return node_obj
end

function methods:set_affiliation(node, actor, jid, affiliation)
	local node_obj, condition = permitted_node(self, node, actor, "set_affiliation")
	if not node_obj then return false, condition end
	jid = self.config.normalize_jid(jid)
	local before = node_obj.affiliations[jid]
	node_obj.affiliations[jid] = affiliation
	local saved = save_node(self, node_obj)
	if not saved then
		node_obj.affiliations[jid] = before
		return saved, "internal-server-error"
	end

	local _, subscription = self:get_subscription(node, true, jid)
	-- PARITY: a subscriber who may not be one any more is not unsubscribed; subscribing anew fails, and that is the answer.
	if not self:may(node, jid, subscription and "be_subscribed" or "be_unsubscribed") then
		local ok, err = self:add_subscription(node, true, jid)
		if not ok then
			return ok, err
		end
	end
	return true
end

-- Subscriptions

-- A node, made on the way where an option of the service says so. Answers the node and whether it was made, or nothing and what went
-- wrong, as `create` says it.
local function reach_node(self, node, option, config)
	local known = self.nodes[node]
	if known then return known, false end
	if not self.config[option] then return nil, false, "item-not-found" end
	local made, problem = self:create(node, true, config)
	if not made then return nil, made, problem end
	return self.nodes[node], true
end

function methods:add_subscription(node, actor, jid, options)
	if not self:may(node, actor, for_jid(self, actor, jid, "subscribe")) or not self:may(node, jid, "be_subscribed") then
		return false, "forbidden"
	end
	local node_obj, made, problem = reach_node(self, node, "autocreate_on_subscribe")
	if not node_obj then return made, problem end

	local before = node_obj.subscribers[jid]
	node_obj.subscribers[jid] = options or true
	local normal_jid = index_subscription(self, node, jid)
	local saved = save_node(self, node_obj)
	if not saved then
		node_obj.subscribers[jid] = before
		if not before then unindex_subscription(self, node, jid) end
		return saved, "internal-server-error"
	end
	self.events.fire_event("subscription-added", {
		service = self, node = node, jid = jid, normalized_jid = normal_jid, options = options,
	})
	return true
end

function methods:remove_subscription(node, actor, jid)
	if not self:may(node, actor, for_jid(self, actor, jid, "unsubscribe")) or not self:may(node, jid, "be_unsubscribed") then
		return false, "forbidden"
	end
	local node_obj = self.nodes[node]
	if not node_obj then
		return false, "item-not-found"
	end
	local before = node_obj.subscribers[jid]
	if not before then
		return false, "not-subscribed"
	end

	node_obj.subscribers[jid] = nil
	local normal_jid = unindex_subscription(self, node, jid)
	local saved = save_node(self, node_obj)
	if not saved then
		node_obj.subscribers[jid] = before
		index_subscription(self, node, jid)
		return saved, "internal-server-error"
	end
	self.events.fire_event("subscription-removed", { service = self, node = node, jid = jid, normalized_jid = normal_jid })
	return true
end

function methods:get_subscription(node, actor, jid)
	local node_obj, condition = permitted_node(self, node, actor, for_jid(self, actor, jid, "get_subscription"))
	if not node_obj then return false, condition end
	return true, node_obj.subscribers[jid]
end

-- Adds the subscriptions of one bare address to a list: those to one node, or to all.
local function list_subscriptions(service, list, by_jid, only_node)
	for jid, nodes in pairs(by_jid) do
		for node in pairs(nodes) do
			if only_node == nil or node == only_node then
				list[#list + 1] = { node = node, jid = jid, subscription = service.nodes[node].subscribers[jid] }
			end
		end
	end
end

-- Lists the subscriptions to a node, or to all nodes (nil), of a JID, or of everybody (nil).
function methods:get_subscriptions(node, actor, jid)
	if not self:may(node, actor, for_jid(self, actor, jid, "get_subscriptions")) then
		return false, "forbidden"
	elseif node and not self.nodes[node] then
		return false, "item-not-found"
	end
	local list = {}
	if jid == nil then
		for _, by_jid in pairs(self.subscriptions) do
			list_subscriptions(self, list, by_jid, node)
		end
	else
		list_subscriptions(self, list, self.subscriptions[self.config.normalize_jid(jid)] or {}, node)
	end
	return true, list
end

-- Nodes

local function acceptable(service, node, actor, config)
	local check = service.config.check_node_config
	return not check or check(node, actor, config)
end

function methods:create(node, actor, options)
	if not self:may(node, actor, "create") then
		return false, "forbidden"
	elseif self.nodes[node] then
		return false, "conflict"
	end
	local config = setmetatable(options or {}, { __index = self.node_defaults })
	if not acceptable(self, node, actor, config) then
		return false, "not-acceptable"
	end

	local node_obj = { name = node, config = config, subscribers = {}, affiliations = {} }
	self.nodes[node] = node_obj
	local saved = save_node(self, node_obj)
	if not saved then
		self.nodes[node] = nil
		return saved, "internal-server-error"
	end
	if config.persist_items then
		open_items(self, node)
	end

	self.events.fire_event("node-created", { service = self, node = node, actor = actor })
	if actor ~= true then
		local ok, err = self:set_affiliation(node, true, actor, "owner")
		if not ok then
			self.nodes[node] = nil
			self.data[node] = nil
			return ok, err
		end
	end
	return true
end

function methods:delete(node, actor)
	local node_obj, condition = permitted_node(self, node, actor, "delete")
	if not node_obj then return false, condition end
	self.nodes[node] = nil
	clear_items(self, node)
	self.data[node] = nil
	local store = self.config.nodestore
	if store then
		local ok, err = store:set(node, nil)
		if not ok then
			return ok, err
		end
	end
	self.events.fire_event("node-deleted", { service = self, node = node, actor = actor })
	self:broadcast("delete", node, node_obj.subscribers, nil, actor, node_obj)
	return true
end

function methods:get_nodes(actor)
	if not self:may(nil, actor, "get_nodes") then
		return false, "forbidden"
	end
	return true, self.nodes
end

function methods:set_node_capabilities(node, actor, capabilities)
	local node_obj, condition = permitted_node(self, node, actor, "configure")
	if not node_obj then return false, condition end
	node_obj.capabilities = capabilities
	return true
end

-- Subscribers that the new access model leaves outside are no subscribers any more.
local function remove_outsiders(service, node, node_obj)
	local outsiders = {}
	for jid in pairs(node_obj.subscribers) do
		if not service:may(node, jid, "be_subscribed") then
			outsiders[#outsiders + 1] = jid
		end
	end
	for i = 1, #outsiders do
		local ok, err = service:remove_subscription(node, true, outsiders[i])
		if not ok then
			return ok, err
		end
	end
	return true
end

function methods:set_node_config(node, actor, new_config)
	local node_obj, condition = permitted_node(self, node, actor, "configure")
	if not node_obj then return false, condition end
	setmetatable(new_config, { __index = self.node_defaults })
	if not acceptable(self, node, actor, new_config) then
		return false, "not-acceptable"
	end

	local old_config = node_obj.config
	node_obj.config = new_config
	local saved = save_node(self, node_obj)
	if not saved then
		node_obj.config = old_config
		return saved, "internal-server-error"
	end
	if old_config.access_model ~= new_config.access_model then
		local ok, err = remove_outsiders(self, node, node_obj)
		if not ok then
			node_obj.config = old_config
			return ok, err
		end
	end

	if old_config.persist_items ~= new_config.persist_items then
		if new_config.persist_items then
			open_items(self, node)
		else
			clear_items(self, node)
			self.data[node] = nil
		end
	elseif old_config.max_items ~= new_config.max_items and self.data[node] then
		local max_items = new_config.max_items
		if max_items == "max" then
			max_items = self.config.max_items
		end
		self.data[node]:resize(max_items)
	end
	return true
end

-- Gives a copy of the node's configuration, with what it has by default.
function methods:get_node_config(node, actor)
	local node_obj, condition = permitted_node(self, node, actor, "get_configuration")
	if not node_obj then return false, condition end
	local config = {}
	for name, value in pairs(default_node_config) do config[name] = value end
	for name, value in pairs(self.node_defaults) do config[name] = value end
	for name, value in pairs(node_obj.config) do config[name] = value end
	return true, config
end

-- Gives the part of the configuration that is for everybody's eyes.
function methods:get_node_metadata(node, actor)
	if not self:may(node, actor, "get_metadata") then
		return false, "forbidden"
	end
	local ok, config = self:get_node_config(node, true)
	if not ok then
		return ok, config
	end
	local metadata = {}
	for _, name in ipairs(self.config.metadata_subset) do
		metadata[name] = config[name]
	end
	return true, metadata
end

-- Items

local function may_publish(service, node, actor)
	if service:may(node, actor, "publish") then
		return true
	end
	local node_obj = service.nodes[node]
	local publish_model = node_obj and node_obj.config.publish_model
	return publish_model == "open" or (publish_model == "subscribers" and node_obj.subscribers[actor] ~= nil)
end

-- Version 0.12.3 of the original gives this failure as an error, 13 as a condition with the field's name beside it. Modules of both
-- make the same reply of an error that says it in both ways.
local function precondition_not_met(field)
	local err = errors.new({
		type = "cancel",
		condition = "conflict",
		text = "Field does not match: " .. field,
		extra = { namespace = xmlns_errors, condition = "precondition-not-met" },
	})
	err.pubsub_condition = "precondition-not-met"
	return false, err, { field = field }
end

-- Publishes an item. A node that does not exist is created with the requested configuration, where the service does that; one that
-- exists must have it, unless it is marked as `_defaults_only`.
function methods:publish(node, actor, id, item, requested_config)
	if not may_publish(self, node, actor) then
		return false, "forbidden"
	end
	local node_obj, made, problem = reach_node(self, node, "autocreate_on_publish", requested_config)
	if not node_obj then return made, problem end
	if not made and requested_config and not requested_config._defaults_only then
		for field, value in pairs(requested_config) do
			if node_obj.config[field] ~= value then
				return precondition_not_met(field)
			end
		end
	end
	if not self.config.itemcheck(item) then
		return nil, "invalid-item"
	end
	if node_obj.config.persist_items then
		local stored = (self.data[node] or open_items(self, node)):set(id, item)
		if not stored then
			return nil, "internal-server-error"
		elseif type(stored) == "string" then
			id = stored -- chosen by the store
		end
	end
	local event = { service = self, node = node, actor = actor, id = id, item = item }
	self.events.fire_event("item-published/" .. node, event)
	self.events.fire_event("item-published", event)
	self:broadcast("items", node, node_obj.subscribers, item, actor, node_obj)
	return true
end

function methods:broadcast(event, node, subscribers, item, actor, node_obj)
	local config = self.config
	return config.broadcaster(event, node, config.subscriber_filter(subscribers, node, event), item, actor, node_obj, self)
end

-- Takes an item back, and tells the subscribers so with what `retract` is.
function methods:retract(node, actor, id, retract)
	local node_obj, condition = permitted_node(self, node, actor, "retract")
	if not node_obj then return false, condition end
	local items = self.data[node]
	if items then
		if not items:get(id) then
			return false, "item-not-found"
		elseif not items:set(id, nil) then
			return nil, "internal-server-error"
		end
	end
	self.events.fire_event("item-retracted", { service = self, node = node, actor = actor, id = id })
	if retract then
		self:broadcast("retract", node, node_obj.subscribers, retract, actor, node_obj)
	end
	return true
end

function methods:purge(node, actor, notify)
	local node_obj, condition = permitted_node(self, node, actor, "retract")
	if not node_obj then return false, condition end
	if self.data[node] and not clear_items(self, node) then
		open_items(self, node)
	end
	self.events.fire_event("node-purged", { service = self, node = node, actor = actor })
	if notify then
		self:broadcast("purge", node, node_obj.subscribers, nil, actor, node_obj)
	end
	return true
end

-- Gives the items (with these ids, or all) as a list of ids that is also a map from id to item; no more than `resultspec.max`.
function methods:get_items(node, actor, ids, resultspec)
	local node_obj, condition = permitted_node(self, node, actor, "get_items")
	if not node_obj then return false, condition end
	local items = self.data[node]
	if not items then
		return false, "persistent-items-unsupported"
	end
	if type(ids) == "string" then
		ids = { ids }
	end
	local limit = resultspec and resultspec.max or math.huge
	local found, count = {}, 0
	if ids then
		for _, id in ipairs(ids) do
			local item = items:get(id)
			if item then
				count = count + 1
				found[count], found[id] = id, item
				if count >= limit then break end
			end
		end
	else
		for id, item in items:items() do
			count = count + 1
			found[count], found[id] = id, item
			if count >= limit then break end
		end
	end
	return true, found
end

-- Gives true, the id and the item that is newest; only true for a node that keeps none.
function methods:get_last_item(node, actor)
	local node_obj, condition = permitted_node(self, node, actor, "get_items")
	if not node_obj then return false, condition end
	local items = self.data[node]
	if not items then
		return true, nil
	end
	return true, items:head()
end

return { new = new }
