-- Counterpart: util/argparse.lua
-- Options of a command line.

-- Reads `--name=value`, `--name value` (of those in `value_params` and `array_params`), `--name`, `--no-name` and `-n` (those in
-- `short_params`) into a table by name, with an underscore for each hyphen; the rest is its list. Takes what it reads out of `arg`.
-- Gives nil, "param-not-found" or "missing-value", and the text concerned.
local function parse(arg, config)
	config = config or {}
	local short_params, value_params = config.short_params or {}, config.value_params or {}
	local array_params, kv_params = config.array_params or {}, config.kv_params or {}
	local stop_on_positional = config.stop_on_positional ~= false
	local options = {}

	while arg[1] do
		local text = arg[1]
		local dashes = text:match("^%-%-?")
		if not dashes then
			if stop_on_positional then break end
			options[#options + 1] = table.remove(arg, 1)
		elseif text == "--" then
			table.remove(arg, 1)
			break
		else
			local param = table.remove(arg, 1):sub(#dashes + 1)
			if #param == 1 then
				param = short_params[param]
			end
			if not param then
				return nil, "param-not-found", text
			end

			local name, value = param:match("^[^=]*"):gsub("%-", "_"), nil
			if value_params[name] or array_params[name] then
				value = param:match("^[^=]*=(.*)$") or table.remove(arg, 1)
				if not value then
					return nil, "missing-value", text
				end
			else
				local before, after = param:match("^([^=]+)=(.+)$")
				if before then
					name, value = before, after
				elseif param:match("^no%-") then
					name, value = param:sub(4), false
				else
					name, value = param, true
				end
				name = name:gsub("%-", "_")
				if config.strict and not kv_params[name] then
					return nil, "param-not-found", text
				end
			end
			if array_params[name] then
				options[name] = options[name] or {}
				table.insert(options[name], value)
			else
				options[name] = value
			end
		end
	end

	if stop_on_positional then
		for i = 1, #arg do
			options[i] = arg[i]
		end
	end
	return options
end

return { parse = parse }
