-- Adds services and fields as modules of Prosody do

module:add_item("external_service", {
	type = "sip", transport = "tcp", port = 5060, secret = "shared";
	credentials_cb = function (service, item, secret)
		service.username = "romeo";
		service.password = secret .. " " .. item.type;
	end;
});

module:hook("external_service/services", function (event)
	local services = event.services;
	services[#services + 1] = { type = "relay", transport = "udp", port = 2 };
end);

module:add_item("server-info-fields", {
	{ name = "motto", type = "text-single", value = "But soft!" };
	{ var = "spoken", type = "list-multi", value = { "en", "it" } };
});
