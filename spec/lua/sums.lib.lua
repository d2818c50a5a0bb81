-- A library of mod_dependant, which sees that module's globals.
local name = module.name;

local function add(a, b)
	return a + b;
end

return { add = add; name = name; };
