-- Keeps what it was told over a reload: a set and a function, as they are.
local set = require "util.set";

local kept = set.new({ "first" });
local count = function () return 1; end
local states = {};

states[#states + 1] = tostring(module.reloading) .. " " .. type(module.saved_state);

function module.load()
	states[#states + 1] = "load " .. tostring(module.reloading) .. " " .. type(module.saved_state and module.saved_state.count);
end

function module.unload()
	module:fire_event("keeping-unloaded", { reloading = module.reloading });
end

function module.save()
	return { kept = kept, count = function () return count() + 1; end, itself = kept };
end

function module.restore(saved)
	kept, count = saved.kept, saved.count;
	states[#states + 1] = "restore " .. tostring(saved.kept == saved.itself) .. " " .. tostring(module.reloading);
end

module:hook("module-reloaded", function (event)
	module:fire_event("keeping-reloaded", { module = event.module, reloading = module.reloading });
end);

function told()
	kept:add("more");
	return tostring(set.is_set == nil or set.is_set(kept)) .. " " .. tostring(count()) .. " | " .. table.concat(states, ", ") .. " | " .. tostring(module.reloading);
end
