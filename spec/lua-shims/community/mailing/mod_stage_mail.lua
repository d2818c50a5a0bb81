-- Has mod_email send what a client says.

module:depends("email");

module:hook("iq-set/host/urn:test:mail:mail", function (event)
	local mail = event.stanza:get_child("mail", "urn:test:mail");
	local ok, problem = module:send_email({ to = mail.attr.to, subject = "From a client", body = mail:get_text() });
	module:log("info", "Mail: %s %s", tostring(ok), tostring(problem));
	event.origin.send(require "util.stanza".reply(event.stanza));
	return true;
end);
