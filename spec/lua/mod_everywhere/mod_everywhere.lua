-- Loaded once, with a part on each host.
module:set_global();

local hosts_seen = {};

function module.add_host(module)
	hosts_seen[#hosts_seen + 1] = module.host;
	module:hook("everywhere", function () return module.host; end);
	function module.unload()
		hosts_seen[#hosts_seen + 1] = "-" .. module.host;
	end
end

function seen()
	return table.concat(hosts_seen, " ");
end
