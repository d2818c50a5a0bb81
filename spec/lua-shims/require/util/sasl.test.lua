local sasl = require "util.sasl"
local report = require "report"

local function offered(handler)
	local names = {}
	for name in pairs(handler:mechanisms()) do names[#names + 1] = name end
	table.sort(names)
	return names
end

local any = function() end
report.line("nothing", offered(sasl.new("r", {})))
report.line("plain", offered(sasl.new("r", { plain = any })))
report.line("plain_test", offered(sasl.new("r", { plain_test = any })))
report.line("scram", offered(sasl.new("r", { scram_sha_1 = any })), offered(sasl.new("r", { scram_sha_256 = any })))
report.line("anonymous", offered(sasl.new("r", { anonymous = any })))
report.line("external", offered(sasl.new("r", { external = any })))
report.line("unknown", offered(sasl.new("r", { other = any })))
report.line("given", offered(sasl.new("r", { plain = any, mechanisms = { PLAIN = true } })))
report.line("binding", offered(sasl.new("r", { plain = any, cb = { ["tls-unique"] = any } })), offered(sasl.new("r", { plain = any, cb = { other = any } })))

local handler = sasl.new("r", { plain_test = any }, { user = "data" })
report.line("select", handler.realm, handler:select("OTHER"), handler.selected, handler:select("PLAIN"), handler.selected, handler:select("PLAIN"))
local clone = handler:clean_clone()
report.line("clone", clone.realm, clone.selected, clone.profile == handler.profile)
report.line("add a binding", handler:add_cb_handler("tls-unique", any) == handler, type(handler.profile.cb["tls-unique"]))

sasl.registerMechanism("X-TEST", { "x_test" }, function(self, message) return "success", self.realm .. message end)
local test = sasl.new("r", { x_test = any })
report.line("own mechanism", offered(test), test:select("X-TEST"), test:process("!"))
report.call("no name", sasl.registerMechanism, nil, {}, any)
report.call("no backends", sasl.registerMechanism, "X", nil, any)
report.call("no function", sasl.registerMechanism, "X", {}, nil)

local function authenticate(title, profile, mechanism, ...)
	for _, message in ipairs({ ... }) do
		local one = sasl.new("realm", profile)
		one:select(mechanism)
		report.call(title .. " " .. report.dump(message), function() return one:process(message) end)
		report.line("  name", one.username)
	end
end

local asked = {}
local tested = { plain_test = function(_, username, password, realm)
	asked[#asked + 1] = username .. "|" .. password .. "|" .. realm
	if username == "disabled" then return true, false elseif username == "unknown" then return false, nil end
	return password == "secret", true
end }
authenticate("plain", tested, "PLAIN", "\0user\0secret", "x\0user\0secret", "\0user\0wrong", "\0USER\0secret", "\0disabled\0secret",
	"\0unknown\0secret", "", "user", "\0user", "\0\0secret", "\0user\0", "\0us er\0secret", "\0user\0sec\1ret", "\0ußer\0secret", "\0user\0secret\0more")
report.line("asked", asked)
authenticate("plain by password", { plain = function(_, username) return username == "user" and "secret" or "x", username ~= "gone" or nil end },
	"PLAIN", "\0user\0secret", "\0other\0secret", "\0gone\0secret")
authenticate("plain with a name of another kind", { nodeprep = false, plain = function() return "secret", true end }, "PLAIN", "\0A@b\0secret")
authenticate("plain with own prep", { nodeprep = function(name) return name:gsub("^(.)$", "%1x") end, plain = function() return "secret", true end },
	"PLAIN", "\0a\0secret")
local tries = 0
local anonymous = sasl.new("realm", { anonymous = function(_, username, realm)
	tries = tries + 1
	return tries == 3 and type(username) == "string" and realm == "realm"
end })
anonymous:select("ANONYMOUS")
report.line("anonymous", anonymous:process(""), tries, anonymous.username == anonymous.username:lower(), #anonymous.username > 8)

local states = { yes = true, no = false, old = "expired" }
authenticate("external", { external = function(name) return name, states[name] end }, "EXTERNAL", "yes", "no", "old", "", "other")

if sasl.new("r", { oauthbearer = any }):select("OAUTHBEARER") then
	print("# since 13")
	report.line("bearer", offered(sasl.new("r", { oauthbearer = any })))
	report.line("userdata", handler.userdata, clone.userdata)
	report.line("newer binding", offered(sasl.new("r", { scram_sha_1 = any, cb = { ["tls-exporter"] = any } })))
	authenticate("oauthbearer", { oauthbearer = function(_, token, realm, authzid)
		if token == "good" then return "user", true, { scope = "x" } elseif token == "disabled" then return "user", false end
		if token == "scoped" then return nil, nil, { status = "insufficient_scope" } end
		return nil, nil
	end }, "OAUTHBEARER", "n,,\1auth=Bearer good\1\1", "n,a=user@x,\1auth=Bearer good\1\1", "n,,\1host=h\1auth=Bearer good\1\1",
		"n,,\1auth=Bearer bad\1\1", "n,,\1auth=Bearer scoped\1\1", "n,,\1auth=Bearer disabled\1\1", "n,,\1auth=Basic x\1\1", "n,,\1host=x\1\1", "\1", "", "x",
		"y,,\1auth=Bearer good\1\1", "n,,\1auth=Bearer good\1")
end
