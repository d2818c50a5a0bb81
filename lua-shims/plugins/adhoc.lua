-- Counterpart: plugins/adhoc/adhoc.lib.lua, for modules that offer commands where no Prosody is installed
-- The commands themselves are executed by the host's own mod_adhoc.
local st = require "util.stanza"

local permissions = { admin = true, global_admin = true, local_user = true, any = true, check = true }

local function cmdtag(command, status, sessionid, action)
	local attr = { xmlns = "http://jabber.org/protocol/commands", node = command.node, status = status }
	attr.sessionid, attr.action = sessionid, action
	return st.stanza("command", attr)
end

-- Makes a command, for module:provides("adhoc", …).
local function new(name, node, handler, permission)
	if not permissions[permission] then
		error(("the command %s needs a permission (admin, global_admin, local_user, any or check), not %s"):format(node, permission), 2)
	end
	return { name = name, node = node, handler = handler, permission = permission, cmdtag = cmdtag }
end

return { new = new }
