-- Prints values in a line, bytes that are not printable as numbers; what the tests beside this file print is compared.
function show(...)
	local shown = {}
	for index = 1, select("#", ...) do
		local value = select(index, ...)
		if type(value) == "string" then
			value = value:gsub("[^\32-\126]", function(byte)
				return ("\\%03d"):format(byte:byte())
			end)
		end
		shown[index] = tostring(value)
	end
	print(table.concat(shown, " | "))
end

-- The error of a call, without where it was raised and which name it gives the function.
function problem(f, ...)
	local ok, message = pcall(f, ...)
	if ok then
		return "no error"
	end
	return (tostring(message):gsub("^[^:]*:%d+: ", ""):gsub("'[%w_.?]+'", "F"))
end
