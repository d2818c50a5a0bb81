local pubsub = require "util.pubsub"
local errors = require "util.error"
local cache = require "util.cache"
local report = require "report"

-- Version 0.12.3 gives one failure as an error, 13 as a condition with a context, ours as both; the same is said.
local function line(name, ok, result, context, ...)
	if errors.is_err(result) then
		result, context = result.pubsub_condition, { field = result.text:match(": (.*)$") }
	end
	report.line(name, ok, result, context, ...)
end

local function bare(jid)
	return jid and jid:match("^[^/]*")
end

local log -- what callbacks were told

local function told(name, ...)
	local out = { name }
	for i = 1, select("#", ...) do
		out[#out + 1] = report.dump((select(i, ...)))
	end
	log[#log + 1] = table.concat(out, " ")
end

local function flush()
	for _, text in ipairs(log) do print("  " .. text) end
	log = {}
end
log = {}

local function new_store(broken)
	local store = { nodes = {}, broken = broken }
	function store:set(node, data)
		if self.broken then return nil, "disk full" end
		self.nodes[node] = data
		told("store", node, data and { config = data.config, subscribers = data.subscribers, affiliations = data.affiliations })
		return true
	end
	function store:get(node) return self.nodes[node] end
	function store:users() return pairs(self.nodes) end
	return store
end

local function new_service(config)
	config.broadcaster = function(event, node, subscribers, item, actor, node_obj, service)
		told("broadcast", event, node, subscribers, item, actor, node_obj and node_obj.name, service ~= nil)
	end
	config.normalize_jid = bare
	local service = pubsub.new(config)
	for _, event in ipairs({
		"node-created", "node-deleted", "node-purged", "item-published", "item-published/n", "item-retracted",
		"subscription-added", "subscription-removed",
	}) do
		service.events.add_handler(event, function(data)
			told("event " .. event, data.node, data.actor, data.id, data.item, data.jid, data.normalized_jid, data.options,
				data.service == service)
		end)
	end
	return service
end

local function subscriptions(name, ok, list)
	if ok then
		table.sort(list, function(a, b) return a.node .. a.jid < b.node .. b.jid end)
	end
	line(name, ok, list)
end

local owner, other, third = "owner@a/r", "other@a/r", "third@a/r"

do
	print("# defaults")
	local service = new_service({})
	line("create", service:create("n", owner))
	line("create by the service", service:create("n", true))
	line("create again", service:create("n", true))
	line("config", service:get_node_config("n", true))
	line("config of another", service:get_node_config("n", other))
	line("config of none", service:get_node_config("x", true))
	line("publish", service:publish("n", true, "1", "one"))
	line("publish of another", service:publish("n", other, "2", "two"))
	line("publish to none", service:publish("x", true, "2", "two"))
	line("items", service:get_items("n", other))
	line("items of none", service:get_items("x", other))
	line("last", service:get_last_item("n", other))
	line("last of none", service:get_last_item("x", true))
	line("nodes", service:get_nodes(other))
	line("subscribe to none", service:add_subscription("x", other, other))
	line("no nodestore", service:delete("n", true))
	line("delete again", service:delete("n", true))
	flush()
end

do
	print("# who may what")
	local actions = {
		"create", "publish", "retract", "get_nodes", "subscribe", "unsubscribe", "get_subscription", "get_subscriptions", "get_items",
		"subscribe_other", "unsubscribe_other", "get_subscription_other", "get_subscriptions_other", "be_subscribed",
		"be_unsubscribed", "set_affiliation", "delete", "configure", "get_configuration", "fly",
	}
	local service = new_service({
		get_affiliation = function(jid, node, action)
			if action ~= "fly" and jid == "service-owner@a" then return "owner" end
			if node == "n" and jid == "odd@a" then return "odd" end
		end,
		access_models = {
			friends = function(actor) return actor == "friend@a" and "member" or nil end,
		},
	})
	service.affiliations["service-publisher@a"] = "publisher"
	service:create("n", true)
	for _, affiliation in ipairs({ "outcast", "none", "member", "publisher", "owner" }) do
		service:set_affiliation("n", true, affiliation .. "@a", affiliation)
	end
	local function matrix(title)
		for _, jid in ipairs({
			"outcast@a", "none@a", "member@a", "publisher@a/r", "owner@a", "service-owner@a", "service-publisher@a", "odd@a", "friend@a", "x@a",
		}) do
			for _, node in ipairs({ "n", "missing" }) do
				local may = {}
				for i, action in ipairs(actions) do may[i] = service:may(node, jid, action) and "1" or "0" end
				line(title .. " " .. jid .. " " .. node, table.concat(may))
			end
		end
	end
	matrix("open")
	for _, model in ipairs({ "whitelist", "friends", "unknown" }) do
		service:set_node_config("n", true, { access_model = model })
		matrix(model)
	end
	line("capabilities of another", service:set_node_capabilities("n", "member@a", {}))
	line("capabilities of none", service:set_node_capabilities("x", true, {}))
	line("capabilities", service:set_node_capabilities("n", "owner@a", { member = { publish = true, get_items = false }, none = {} }))
	matrix("of the node")
	line("the service", service:may("n", true, "fly"))
	line("equal", service:jids_equal("a@b/c", "a@b/d"), service:jids_equal("a@b/c", "a@c/c"))
	line("default", service:get_default_affiliation("n", "friend@a"), service:get_default_affiliation("missing", "friend@a"))
	log = {}
end

do
	print("# subscriptions")
	local service = new_service({ subscriber_filter = function(subscribers, node, event)
		told("filter", node, event)
		return subscribers
	end })
	service:create("n", true)
	service:create("m", true)
	line("own", service:add_subscription("n", other, other))
	line("own with options", service:add_subscription("n", other, other, { deliver = false }))
	line("own bare", service:add_subscription("n", other, "other@a"))
	line("of another", service:add_subscription("n", other, third))
	line("by the service", service:add_subscription("n", true, third))
	line("two nodes", service:add_subscription("m", third, third))
	flush()
	line("get", service:get_subscription("n", other, other))
	line("get of another", service:get_subscription("n", other, third))
	line("get of none", service:get_subscription("x", other, other))
	line("get nothing", service:get_subscription("m", other, other))
	subscriptions("list own", service:get_subscriptions(nil, other, other))
	subscriptions("list of a node", service:get_subscriptions("n", third, third))
	subscriptions("list of another", service:get_subscriptions("n", other, third))
	subscriptions("list all", service:get_subscriptions(nil, true, nil))
	subscriptions("list all of a node", service:get_subscriptions("n", true, nil))
	subscriptions("list of a missing node", service:get_subscriptions("x", true, nil))
	subscriptions("list of nobody", service:get_subscriptions(nil, true, "nobody@a"))
	line("publish", service:publish("n", true, "1", "one"))
	flush()
	line("remove of another", service:remove_subscription("n", other, third))
	line("remove", service:remove_subscription("n", other, other))
	line("remove again", service:remove_subscription("n", other, other))
	line("remove from none", service:remove_subscription("x", other, other))
	subscriptions("what is left", service:get_subscriptions(nil, true, nil))
	line("outcasts are not subscribed", service:set_affiliation("n", true, "other@a", "outcast"))
	line("they cannot be", service:add_subscription("n", true, other))
	line("their subscription", service:get_subscription("n", true, "other@a"))
	line("closed to most", service:set_node_config("n", true, { access_model = "whitelist" }))
	subscriptions("what is left then", service:get_subscriptions(nil, true, nil))
	table.sort(log) -- those who were removed are told in any order
	flush()
	line("delete", service:delete("m", true))
	line("purge", service:purge("n", true, true))
	flush()

	local eager = new_service({ autocreate_on_subscribe = true, autocreate_on_publish = true })
	line("subscribe to a new node", eager:add_subscription("n", other, other))
	line("publish to a new node", eager:publish("p", other, "1", "one"))
	line("publish to a new node by the service", eager:publish("p", true, "1", "one", { max_items = 5, access_model = "whitelist" }))
	line("its config", eager:get_node_config("p", true))
	flush()
end

do
	print("# items")
	local service = new_service({
		node_defaults = { publish_model = "open", max_items = 3 },
		max_items = 4,
		itemcheck = function(item) return item ~= "bad" end,
		check_node_config = function(node, actor, config)
			told("check", node, actor, config.max_items)
			return config.max_items == "max" or config.max_items <= 4
		end,
		itemstore = function(config, node)
			told("itemstore", node, config.max_items, config.persist_items)
			return cache.new(config.max_items == "max" and 4 or config.max_items)
		end,
	})
	line("too large", service:create("n", true, { max_items = 5 }))
	line("create", service:create("n", true, { title = "The node" }))
	for i = 1, 5 do
		line("publish " .. i, service:publish("n", other, "id" .. i, "item" .. i))
	end
	flush()
	line("bad", service:publish("n", other, "id9", "bad"))
	line("all", service:get_items("n", other))
	line("some", service:get_items("n", other, { "id5", "id1", "id3" }))
	line("one", service:get_items("n", other, "id4"))
	line("at most", service:get_items("n", other, nil, { max = 2 }))
	line("at most of some", service:get_items("n", other, { "id5", "id3", "id4" }, { max = 2 }))
	line("last", service:get_last_item("n", other))
	line("retract of another", service:retract("n", other, "id5", "gone"))
	line("retract", service:retract("n", true, "id5", "gone"))
	line("retract in silence", service:retract("n", true, "id4"))
	line("retract again", service:retract("n", true, "id4", "gone"))
	line("retract from none", service:retract("x", true, "id4", "gone"))
	line("all then", service:get_items("n", other))
	flush()
	line("config too large", service:set_node_config("n", true, { max_items = 9 }))
	line("config of another", service:set_node_config("n", other, { max_items = 1 }))
	line("config of none", service:set_node_config("x", true, { max_items = 1 }))
	line("more", service:set_node_config("n", true, { max_items = "max", title = "Renamed" }))
	for i = 6, 10 do service:publish("n", other, "id" .. i, "item" .. i) end
	log = {}
	line("all of more", service:get_items("n", other))
	line("fewer", service:set_node_config("n", true, { max_items = 1 }))
	line("all of fewer", service:get_items("n", other))
	line("met", service:publish("n", other, "id11", "x", { max_items = 1 }))
	line("not met", service:publish("n", other, "id12", "x", { max_items = 2 }))
	line("only defaults", service:publish("n", other, "id13", "x", { _defaults_only = true, max_items = 2 }))
	line("kept no more", service:set_node_config("n", true, { persist_items = false }))
	line("all of none", service:get_items("n", other))
	line("last of none", service:get_last_item("n", other))
	line("publish", service:publish("n", other, "id14", "x"))
	line("retract", service:retract("n", true, "id14", "gone"))
	line("purge", service:purge("n", true))
	line("kept again", service:set_node_config("n", true, { persist_items = true }))
	line("all of none", service:get_items("n", other))
	line("last of none", service:get_last_item("n", other))
	line("publish", service:publish("n", other, "id15", "x"))
	line("purge of another", service:purge("n", other, true))
	line("purge of none", service:purge("x", true, true))
	line("purge", service:purge("n", true, true))
	line("all of none", service:get_items("n", other))
	flush()

	local odd = new_service({ itemstore = function()
		return {
			set = function(_, id) if id == "fail" then return nil end return id == nil and "chosen" or true end,
			get = function(_, id) return id ~= "missing" and id or nil end,
			clear = function() told("cleared") end,
		}
	end })
	odd:create("n", true)
	line("a store that fails", odd:publish("n", true, "fail", "x"))
	line("a store that chooses", odd:publish("n", true, nil, "x"))
	line("a store that cannot retract", odd:retract("n", true, "fail", "x"))
	line("a store that clears", odd:purge("n", true))
	line("deleting", odd:delete("n", true))
	flush()
end

do
	print("# publishers")
	local service = new_service({})
	for _, model in ipairs({ "open", "subscribers", "publishers", "odd" }) do
		service:create(model, true, { publish_model = model })
		service:add_subscription(model, other, other)
		line(model .. " to a subscriber", service:publish(model, other, "1", "x"))
		line(model .. " to a stranger", service:publish(model, third, "1", "x"))
		service:set_affiliation(model, true, third, "publisher")
		line(model .. " to a publisher", service:publish(model, third, "1", "x"))
	end
	log = {}
end

do
	print("# stored nodes")
	local store = new_store()
	store.nodes = {
		n = { name = "n", config = { max_items = 2 }, subscribers = { [other] = true, ["other@a"] = { a = 1 } }, affiliations = {} },
		m = { name = "m", subscribers = { [other] = true }, affiliations = { ["owner@a"] = "owner" } },
		k = { name = "k", config = { persist_items = false }, subscribers = {}, affiliations = {} },
	}
	local service = new_service({ nodestore = store, node_defaults = { access_model = "whitelist" } })
	subscriptions("list", service:get_subscriptions(nil, true, nil))
	line("config", service:get_node_config("m", owner))
	line("kept", service:publish("m", owner, "1", "x"))
	line("not kept", service:publish("k", true, "1", "x"))
	line("items", service:get_items("m", owner))
	line("no items", service:get_items("k", true))
	line("create", service:create("j", true, { title = "j" }))
	line("subscribe", service:add_subscription("j", true, other))
	line("affiliation", service:set_affiliation("j", true, other, "member"))
	line("subscribe as a member", service:add_subscription("j", other, other))
	line("configure", service:set_node_config("j", true, { title = "k" }))
	line("unsubscribe", service:remove_subscription("j", other, other))
	flush()
	store.broken = true
	line("create fails", service:create("h", true))
	line("it is not there", service.nodes.h)
	line("subscribe fails", service:add_subscription("j", other, other))
	line("no subscription", service:get_subscription("j", other, other))
	line("affiliation fails", service:set_affiliation("j", true, other, "owner"))
	line("no affiliation", service.nodes.j.affiliations)
	line("configure fails", service:set_node_config("j", true, { title = "l" }))
	line("title", select(2, service:get_node_config("j", true)).title)
	line("delete fails", service:delete("j", true))
	flush()
	store.broken = false
	line("delete", service:delete("m", true))
	flush()
end

do
	print("# at random")
	local state = 1
	local function random(n)
		state = (state * 75 + 74) % 65537
		return state % n + 1
	end
	local nodes, jids = { "n", "m", "o" }, { owner, other, third, "other@a", "outcast@a", true }
	local models, affiliations = { "open", "whitelist" }, { "outcast", "none", "member", "publisher", "owner" }
	local service = new_service({ nodestore = new_store(), autocreate_on_publish = true })
	local steps = {
		function(node, actor) return "create", service:create(node, actor) end,
		function(node, actor) return "create", service:create(node, actor == other and true or actor, { access_model = models[random(2)] }) end,
		function(node, actor) if random(4) > 1 then return "skip" end return "delete", service:delete(node, actor) end,
		function(node, actor) return "publish", service:publish(node, actor, "id" .. random(9), "item" .. random(9)) end,
		function(node, actor) return "retract", service:retract(node, actor, "id" .. random(9), random(2) == 1 and "gone" or nil) end,
		function(node, actor) return "subscribe", service:add_subscription(node, actor, actor == true and other or actor) end,
		function(node, actor) return "subscribe another", service:add_subscription(node, actor, jids[random(5)]) end,
		function(node, actor) return "unsubscribe", service:remove_subscription(node, actor, jids[random(5)]) end,
		function(node, actor) return "affiliation", service:set_affiliation(node, actor, jids[random(5)], affiliations[random(5)]) end,
		function(node, actor) return "items", service:get_items(node, actor) end,
		function(node, actor) return "last", service:get_last_item(node, actor) end,
		function(node, actor) return "configure", service:set_node_config(node, actor, { access_model = models[random(2)], max_items = random(6) }) end,
	}
	local function config_line(name, ok, result, ...)
		if errors.is_err(result) then result = result.pubsub_condition end
		line("at random " .. name, ok, result, ...)
	end
	for _ = 1, 250 do
		local node, actor = nodes[random(3)], jids[random(6)]
		local step = steps[random(#steps)]
		config_line(step(node, actor))
		-- Several subscribers may be removed in any order, and the node be stored after each.
		for i = #log, 1, -1 do
			if log[i]:match("^store") then table.remove(log, i) end
		end
		table.sort(log)
		flush()
		local node_obj = service.nodes[node]
		if node_obj then line("node", node_obj.subscribers, node_obj.affiliations, node_obj.config) end
		if random(20) == 1 then subscriptions("subscriptions", service:get_subscriptions(nil, true, nil)) end
	end
end

if pubsub.new({}).get_node_metadata then
	print("# since 13")
	local service = new_service({ metadata_subset = { "title", "access_model" } })
	service:create("n", true, { title = "The node", description = "hidden" })
	service:set_affiliation("n", true, "outcast@a", "outcast")
	line("metadata", service:get_node_metadata("n", other))
	line("metadata of none", service:get_node_metadata("x", true))
	line("metadata for an outcast", service:get_node_metadata("n", "outcast@a"))
	line("no metadata", new_service({}):get_node_metadata("x", other))
end
