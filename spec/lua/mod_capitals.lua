-- Says everything back in capitals.
module:set_global();

module:provides("net", {
	default_port = 5999; private = true;
	listener = {
		onconnect = function(conn)
			conn:write("hello " .. conn:ip() .. "\n");
		end;
		onincoming = function(conn, data)
			if data:find("bye", 1, true) then
				conn:write("bye\n");
				conn:close();
			else
				conn:write(data:upper());
			end
		end;
	};
});
