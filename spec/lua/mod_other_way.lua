--% requires: s2sout-pre-connect-event
-- Leads streams with other servers elsewhere.

local basic, manual = require "net.resolvers.basic", require "net.resolvers.manual";

module:hook("s2sout-pre-connect", function (event)
	if event.session.to_host == "one.example" then
		event.resolver = basic.new("127.0.0.1", 5999, "tcp", {});
	elseif event.session.to_host == "tls.example" then
		event.resolver = basic.new("tls.example", 5998, "tcp", { servername = "tls.example" });
	elseif event.session.to_host == "many.example" then
		event.resolver = manual.new({ { "tcp4", "192.0.2.1", 5269 }, { "tcp6", "2001:db8::1", 5270 } });
	end
end);
