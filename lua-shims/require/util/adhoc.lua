-- Counterpart: util/adhoc.lua
-- Handlers for commands (XEP-0050) of two steps: a form goes out, its answer comes in.

-- The step in which the filled-in form is back, or in which the asker gave up.
local function answered(form, result_handler, data)
	if data.action == "cancel" then
		return { status = "canceled" }
	end
	local fields, err = form:data(data.form)
	return result_handler(fields, err, data)
end

local function ask(form)
	return { status = "executing", actions = { "next", "complete", default = "complete" }, form = form }, "executing"
end

local function new_simple_form(form, result_handler)
	return function(_, data, state)
		if state or data.form then
			return answered(form, result_handler, data)
		end
		return ask(form)
	end
end

local function new_initial_data_form(form, initial_data, result_handler)
	return function(_, data, state)
		if state or data.form then
			return answered(form, result_handler, data)
		end
		local values, err = initial_data(data)
		if type(err) == "string" then
			err = { type = "cancel", condition = "internal-server-error", err }
		end
		if type(err) == "table" then
			return { status = "error", error = err }
		end
		return ask({ layout = form, values = values })
	end
end

return { new_simple_form = new_simple_form, new_initial_data_form = new_initial_data_form }
