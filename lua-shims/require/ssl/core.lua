-- Counterpart: ssl/core of LuaSec (ssl.c), as far as connections of the host are asked what TLS agreed on

return {
	-- What is known of the TLS of a socket, or one field of it.
	info = function (socket, field)
		local all = socket:info()
		if field then
			return all and all[field]
		end
		return all
	end,
}
