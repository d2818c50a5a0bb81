local roles = require "util.roles"
local report = require "report"

local function policies(role)
	local list = {}
	for action, policy in role:policies() do list[#list + 1] = action .. "=" .. tostring(policy) end
	table.sort(list)
	return list
end

local guest = roles.new({ name = "guest", priority = 15, permissions = { read = true, write = false } })
local user = roles.new({ name = "user", priority = 25, inherits = { guest }, default = true, description = "Users",
	permissions = { write = true } })
local admin = roles.new({ name = "admin", priority = 50, inherits = { user } })
local odd = roles.new({ name = "odd", inherits = { guest, admin }, permissions = { delete = false } })

for _, role in ipairs({ guest, user, admin, odd }) do
	report.line(role.name, role.priority, role.default, role.description, role:may("read"), role:may("write"), role:may("delete"), role:may("x"),
		type(role.id), roles.is_role(role), policies(role))
end
report.line("set", admin:set_permission("delete", true), admin:may("delete"), user:may("delete"))
report.line("set again", admin:set_permission("delete", true))
report.line("set otherwise", admin:set_permission("delete", false))
report.line("overwrite", admin:set_permission("delete", false, true), admin:may("delete"))
report.line("inherited", odd:may("write"), admin:set_permission("x", true), odd:may("x"))

local clone = admin:clone({ name = "copy" })
clone:set_permission("y", true)
report.line("clone", clone.name, clone.priority, clone:may("x"), clone:may("y"), admin:may("y"), clone.id ~= admin.id, clone:may("read"))
report.line("clone with permissions", policies(admin:clone({ permissions = { z = true } })))
report.line("bare clone", guest:clone().name, policies(guest:clone()))

report.line("text", (tostring(guest):gsub("%[.-%]", "[id]")), (tostring(roles.new({})):gsub("%[.-%]", "[id]", 1)))
report.line("is a role", roles.is_role({}), roles.is_role("x"), roles.is_role(nil))
local fields = {}
for key in pairs(user) do fields[#fields + 1] = tostring(key) end
table.sort(fields)
report.line("fields", fields)
local frozen = getmetatable(user).__freeze(user)
report.line("frozen", frozen.name, frozen.priority, frozen.default, frozen.description, frozen.permissions, #frozen.inherits)

-- A role sees which role it was asked about
local seen = {}
local asked = roles.new({ name = "asked", inherits = { { may = function(role, action, context)
	seen[#seen + 1] = role.name .. action .. tostring(context)
end } } })
report.line("asked", asked:may("a", "c"), asked:clone({ name = "other" }):may("b"), seen)
