-- Counterpart: util/openmetrics.lua
-- A registry of metrics and their text form, after draft-richih-opsawg-openmetrics-00: families of counters, gauges,
-- histograms and summaries, each with a metric for every combination of labels.

local array = require "util.array"
local log = require "util.logger".init("util.openmetrics")
local multitable = require "util.multitable"
local now = require "util.time".now
local concat, insert, pack, unpack = table.concat, table.insert, table.pack, table.unpack
local format, gsub = string.format, string.gsub
local assert, error, ipairs, pairs, select, setmetatable = assert, error, ipairs, pairs, select, setmetatable

-- A family of which the first labels are given already.
local proxy_mt = { __name = "metric_proxy" }
proxy_mt.__index = proxy_mt

local function new_metric_proxy(family, with_labels)
	return setmetatable({
		_family = family,
		with_labels = function(self, ...)
			return with_labels(self._family, ...)
		end,
		with_partial_label = function(self, label)
			return new_metric_proxy(self._family, function(_, ...)
				return self:with_labels(label, ...)
			end)
		end,
	}, proxy_mt)
end

-- Text form

local function escape(text)
	text = gsub(text, "\\", "\\\\")
	text = gsub(text, '"', '\\"')
	return (gsub(text, "\n", "\\n"))
end

local function escape_comment(text)
	text = gsub(text, "\\", "\\\\")
	return (gsub(text, "\n", "\\n"))
end

local function escape_name(name)
	name = gsub(name, "/", "__")
	name = gsub(name, "[^A-Za-z0-9_]", "_")
	return (gsub(name, "^[^A-Za-z_]", "_%0"))
end

local function add_label(labels, name, value)
	-- PARITY: values are escaped twice.
	labels[#labels + 1] = escape_name(name) .. '="' .. escape(escape(value)) .. '"'
end

local function sample_text(name, label_keys, label_values, extra_labels, value)
	local labels = {}
	for index, key in ipairs(label_keys or {}) do
		add_label(labels, key, label_values[index])
	end
	for key, label in pairs(extra_labels or {}) do
		add_label(labels, key, label)
	end
	local shown = ""
	if labels[1] then
		shown = "{" .. concat(labels, ",") .. "}"
	end
	return escape_name(name) .. shown .. " " .. format("%.17g", value) .. "\n"
end

-- The bound of a bucket as text.
local function render_histogram_le(bound)
	if bound == math.huge then
		return "+Inf"
	end
	return format("%.14g", bound)
end

-- Families

local family_mt = { __name = "metric_family" }
family_mt.__index = family_mt

local function new_family(backend, kind, name, unit, description, label_keys, extra)
	local make = assert(backend[kind], "statistics backend does not support " .. kind .. " metrics families")
	label_keys = label_keys or {}
	if kind == "histogram" then
		local bounds = extra and extra.buckets
		if not bounds then
			error("no buckets given for histogram metric")
		end
		-- PARITY: the list of the caller itself gets the bucket for everything.
		bounds = array(bounds):push(math.huge)
		local make_histogram = make
		function make(...)
			return make_histogram(bounds, ...)
		end
	end
	local data
	if #label_keys == 0 then
		data = make(name, nil, extra)
	else
		data = multitable.new()
	end
	return setmetatable({
		family_name = name,
		type_ = kind,
		unit = unit,
		description = description,
		label_keys = label_keys,
		user_labels = #label_keys,
		extra = extra,
		data = data,
		_metric_ctor = make,
	}, family_mt)
end

function family_mt:new_metric(labels)
	return self._metric_ctor(self.family_name, labels, self.extra)
end

function family_mt:clear()
	for _, metric in self:iter_metrics() do
		metric:reset()
	end
end

-- The metric for these values of the labels, made where there is none.
function family_mt:with_labels(...)
	local count = select("#", ...)
	if count ~= self.user_labels then
		error("number of labels passed to with_labels does not match number of label keys")
	elseif count == 0 then
		return self.data
	end
	local metric = self.data:get(...)
	if not metric then
		local values = pack(...)
		metric = self:new_metric(values)
		values[count + 1] = metric
		self.data:set(unpack(values, 1, count + 1))
	end
	return metric
end

function family_mt:with_partial_label(label)
	return new_metric_proxy(self, function(family, ...)
		return family:with_labels(label, ...)
	end)
end

-- Walks over the metrics with the lists of their label values.
function family_mt:iter_metrics()
	local count = #self.label_keys
	if count == 0 then
		local data = self.data
		return function()
			local metric = data
			data = nil
			if metric then
				return {}, metric
			end
		end
	end
	local step, state = multitable.iter(self.data, unpack({}, 1, count))
	return function()
		local values = pack(step(state))
		local metric = values[count + 1]
		if metric == nil then
			return nil
		end
		values[count + 1], values.n = nil, count
		return values, metric
	end
end

-- Registry

local registry_mt = { __name = "metric_registry" }
registry_mt.__index = registry_mt

-- `backend` makes metrics: functions (name, label values, extra) by kind, those of histograms with the buckets before.
local function new_metric_registry(backend)
	return setmetatable({ families = {}, backend = backend }, registry_mt)
end

local function same_shape(first, second)
	if first.type_ ~= second.type_ or #first.label_keys ~= #second.label_keys then
		return false
	end
	for index, key in ipairs(first.label_keys) do
		if key ~= second.label_keys[index] then
			return false
		end
	end
	return true
end

-- Answers the family that was there before if it looks the same; otherwise the new one takes its place, as when a module
-- comes back in another version.
function registry_mt:register_metric_family(name, family)
	local existing = self.families[name]
	if existing then
		if same_shape(family, existing) then
			return existing
		end
		log("debug", "replacing incompatible existing metric family %s", name)
	end
	self.families[name] = family
	return family
end

for _, kind in ipairs { "gauge", "counter", "histogram", "summary" } do
	registry_mt[kind] = function(self, name, unit, description, labels, extra)
		if unit and unit ~= "" then
			name = name .. "_" .. unit
		end
		return self:register_metric_family(name, new_family(self.backend, kind, name, unit, description, labels, extra))
	end
end

function registry_mt:get_metric_families()
	return self.families
end

-- Everything as text.
function registry_mt:render()
	local lines = {}
	for name, family in pairs(self:get_metric_families()) do
		local shown = escape_name(name)
		insert(lines, "# HELP " .. shown .. " " .. escape_comment(family.description) .. "\n")
		insert(lines, "# UNIT " .. shown .. " " .. escape_comment(family.unit or "") .. "\n")
		insert(lines, "# TYPE " .. shown .. " " .. family.type_ .. "\n")
		for label_values, metric in family:iter_metrics() do
			for suffix, extra_labels, value in metric:iter_samples() do
				insert(lines, sample_text(name .. suffix, family.label_keys, label_values, extra_labels, value))
			end
		end
	end
	insert(lines, "# EOF\n")
	return concat(lines)
end

-- A function to call when something is over, which gives the metric the seconds since now.
local function timed(metric)
	local start = now()
	local submit = assert(metric.sample or metric.set, "metric type cannot be used with timed()")
	return function()
		submit(metric, now() - start)
	end
end

return {
	new_metric_proxy = new_metric_proxy,
	new_metric_registry = new_metric_registry,
	render_histogram_le = render_histogram_le,
	timed = timed,
}
