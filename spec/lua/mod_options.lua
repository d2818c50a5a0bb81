-- Reads options as the spec of module_options wants it.
function read(getter, name, ...)
	return module["get_option_" .. getter](module, name, ...)
end
