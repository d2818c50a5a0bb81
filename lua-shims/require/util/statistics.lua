-- Counterpart: util/statistics.lua
-- Metrics that keep their values until somebody asks for them. Their samples are walked over as suffix, labels and value.

local now = require "util.time".now
local openmetrics = require "util.openmetrics"
local ipairs, setmetatable = ipairs, setmetatable

-- An iterator over a list of { suffix, labels, value }.
local function walk(samples)
	local index = 0
	return function()
		index = index + 1
		local sample = samples[index]
		if sample then
			return sample[1], sample[2], sample[3]
		end
	end
end

local gauge = {}
local gauge_mt = { __index = gauge }

function gauge:set(value)
	self.value = value
end

function gauge:add(delta)
	self.value = self.value + delta
end

function gauge:reset()
	self.value = 0
end

function gauge:iter_samples()
	return walk { { "", nil, self.value } }
end

local function new_gauge()
	return setmetatable({ value = 0 }, gauge_mt)
end

local counter = {}
local counter_mt = { __index = counter }

function counter:set(value)
	self.value = value
end

function counter:add(delta)
	self.value = (self.value or 0) + delta
end

function counter:reset()
	self.value = 0
end

function counter:iter_samples()
	return walk { { "_created", nil, self._created }, { "_total", nil, self.value } }
end

local function new_counter()
	return setmetatable({ _created = now(), value = 0 }, counter_mt)
end

local histogram = {}
local histogram_mt = { __index = histogram }

-- Each bucket counts all values up to its bound.
function histogram:sample(value)
	for _, bucket in ipairs(self) do
		if value <= bucket.threshold then
			bucket.count = bucket.count + 1
		end
	end
	self._sum = self._sum + value
	self._count = self._count + 1
end

function histogram:reset()
	self._created, self._sum, self._count = now(), 0, 0
	for _, bucket in ipairs(self) do
		bucket.count = 0
	end
end

function histogram:iter_samples()
	local samples = {
		{ "_created", nil, self._created },
		{ "_sum", nil, self._sum },
		{ "_count", nil, self._count },
	}
	for index, bucket in ipairs(self) do
		samples[3 + index] = { "_bucket", { le = bucket.threshold_s }, bucket.count }
	end
	return walk(samples)
end

local function new_histogram(bounds)
	local self = { _created = now(), _sum = 0, _count = 0 }
	for index, bound in ipairs(bounds) do
		self[index] = { threshold = bound, threshold_s = openmetrics.render_histogram_le(bound), count = 0 }
	end
	return setmetatable(self, histogram_mt)
end

local summary = {}
local summary_mt = { __index = summary }

function summary:sample(value)
	self._sum = self._sum + value
	self._count = self._count + 1
end

function summary:reset()
	self._created, self._sum, self._count = now(), 0, 0
end

function summary:iter_samples()
	return walk {
		{ "_created", nil, self._created },
		{ "_sum", nil, self._sum },
		{ "_count", nil, self._count },
	}
end

local function new_summary()
	return setmetatable({ _created = now(), _sum = 0, _count = 0 }, summary_mt)
end

local backend = { gauge = new_gauge, counter = new_counter, histogram = new_histogram, summary = new_summary }

local function new()
	return { metric_registry = openmetrics.new_metric_registry(backend) }
end

return { new = new }
