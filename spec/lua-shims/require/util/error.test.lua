local errors = require "util.error"

local function without_id(e)
	if type(e) ~= "table" then
		return e
	end
	local copy = {}
	for key, value in pairs(e) do
		copy[key] = value
	end
	copy.instance_id = type(e.instance_id)
	return copy
end

local plain = errors.new({ type = "auth", condition = "forbidden", text = "No", code = 7, extra = { 1 } }, { a = 1 })
compare("new", nil, without_id(plain))
compare("tostring", '"error<auth:forbidden:No>" "error<cancel:undefined-condition:>"', tostring(plain), tostring(errors.new("x")))
compare("new of an error", "true", rawequal(errors.new(plain), plain))
compare("is_error", "true false false true", errors.is_error(plain), errors.is_error {}, errors.is_error("x"), errors.is_err(plain))
compare("registry", nil, without_id(errors.new("e1", nil, { e1 = { condition = "gone" } }, "src")))
compare("coerce", "1 2 nil", errors.coerce(1, 2, nil))
compare("coerce a failure", nil, (function()
	local ok, e, more = errors.coerce(nil, "why", "more")
	return ok, without_id(e), more
end)())

local long = errors.init("src", { broken = { type = "wait", condition = "resource-constraint", text = "Later" } })
compare("init", nil, without_id(long.new("broken")), without_id(long.new("unknown")), without_id(long.wrap("unknown", { x = 1 })))
compare("init coerce", nil, (function()
	local ok, e = long.coerce(nil, "broken")
	return ok, without_id(e), long.coerce(true, 5)
end)())
local brief = errors.init("src", "urn:x", { broken = { "wait", "gone", "Text", "own-condition" }, other = { "auth", "forbidden" } })
compare("brief registry", nil, brief.source, brief.registry, without_id(brief.new("broken")), without_id(brief.wrap("other")))
compare("brief without namespace", nil, errors.init("s", { a = { "auth", "forbidden", "t", "own" } }).registry)

local function stanza(condition, with_error)
	return {
		attr = { from = "someone" },
		get_error = function()
			return "cancel", condition, "text", nil
		end,
		get_child = function()
			return with_error and {
				attr = { by = "somebody" },
				get_child_text = function()
					return "xmpp:elsewhere"
				end,
			}
		end,
	}
end
local function of_stanza(...)
	local e = errors.from_stanza(stanza(...))
	return e.type, e.condition, e.text, e.extra, e.context.by
end
compare("from_stanza", '"cancel" "gone" "text" {["uri"]="xmpp:elsewhere"} "somebody"', of_stanza("gone", true))
compare("from_stanza without uri", '"cancel" "forbidden" "text" nil "somebody"', of_stanza("forbidden", true))
ours_only("from_stanza without error", '"cancel" "undefined-condition" "text" nil "someone"', function()
	return of_stanza(nil, nil)
end)
