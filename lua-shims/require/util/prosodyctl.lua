-- Counterpart: util/prosodyctl.lua
-- What modules say to somebody at a terminal (`prosodyctl mod_x …`), and accounts as prosodyctl changes them.

local encodings = require "util.encodings"
local usermanager = require "core.usermanager"
local nodeprep, nameprep = encodings.stringprep.nodeprep, encodings.stringprep.nameprep

local function show_message(text, ...)
	print(text:format(...))
end

local function show_usage(usage, description)
	print("Usage: prosodyctl " .. usage)
	if description then
		print(" " .. description)
	end
end

-- Runs a change of an account whose name and host are in `params`, after they are prepared and looked at.
local function with_account(params, must_exist, change)
	local user, host = nodeprep(params.user or ""), nameprep(params.host or "")
	if not user or user == "" then
		return false, "invalid-username"
	elseif not host or not prosody.hosts[host] or prosody.hosts[host].type ~= "local" then
		return false, "no-such-host"
	end
	if must_exist ~= nil and (usermanager.user_exists(user, host) or false) ~= must_exist then
		return false, must_exist and "no-such-user" or "user-exists"
	end
	local ok, problem = change(user, host)
	if not ok then
		return false, problem
	end
	return true
end

return {
	show_message = show_message,
	show_warning = show_message,
	show_usage = show_usage,
	show_module_configuration_help = function (name)
		print("See https://prosody.im/doc/modules/" .. name)
	end,
	adduser = function (params)
		return with_account(params, nil, function (user, host)
			return usermanager.create_user(user, params.password, host)
		end)
	end,
	user_exists = function (params)
		return with_account(params, nil, function (user, host)
			return usermanager.user_exists(user, host), "no-such-user"
		end)
	end,
	passwd = function (params)
		return with_account(params, true, function (user, host)
			return usermanager.set_password(user, params.password, host, nil)
		end)
	end,
	deluser = function (params)
		return with_account(params, true, function (user, host)
			return usermanager.delete_user(user, host)
		end)
	end,
	-- Whoever asks runs in the server.
	isrunning = function () return true, true end,
	getpid = function () return true, require "util.pposix".getpid() end,
}
