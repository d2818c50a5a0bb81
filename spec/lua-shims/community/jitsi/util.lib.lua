-- What the room plugins of jitsi-contrib ask of the library that comes with Jitsi Meet, where that is not beside them.
local usermanager = require "core.usermanager";

local function is_healthcheck_room(room_jid)
	return room_jid:match("^__jicofo%-health%-check") ~= nil;
end

local function is_admin(jid)
	return usermanager.is_admin(jid, module.host);
end

local function extract_subdomain(room_node)
	return room_node:match("^%[([^%]]+)%](.+)$");
end

return { is_healthcheck_room = is_healthcheck_room, is_admin = is_admin, extract_subdomain = extract_subdomain };
