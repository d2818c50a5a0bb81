local x509 = require "util.x509"
local function certificate(names)
	local cert = {}
	function cert:extensions() return { ["2.5.29.17"] = names } end
	function cert:subject() return {} end
	return cert
end
local cert = certificate {
	dNSName = { "example.com", "*.wild.example", "XN--BCHER-KVA.example" },
	["1.3.6.1.5.5.7.8.5"] = { "chat.example", "user@other.example", "Münster.example" },
	["1.3.6.1.5.5.7.8.7"] = { "_xmpp-server.srv.example", "_xmpp-server.*.srv2.example", "_imap.mail.example" },
}
for _, host in ipairs { "example.com", "EXAMPLE.com", "a.wild.example", "a.b.wild.example", "wild.example", "bücher.example", "chat.example", "other.example", "münster.example", "srv.example", "x.srv2.example", "mail.example", "" } do
	show(host, x509.verify_identity(host, "_xmpp-server", cert), x509.verify_identity(host, "_xmpp-client", cert), x509.verify_identity(host, nil, cert), x509.verify_identity(host, "_imap", cert))
end
local found = {}
for name, services in pairs(x509.get_identities(cert)) do
	local list = {}
	for service in pairs(services) do list[#list + 1] = service end
	table.sort(list)
	found[#found + 1] = name .. "=" .. table.concat(list, "+")
end
table.sort(found)
show(table.concat(found, " "))
show(x509.pem2der("no pem"))
show(x509.pem2der("-----BEGIN CERTIFICATE-----\nYWJj\r\nZGVm\n-----END CERTIFICATE-----\nrest"))
show(x509.pem2der("-----BEGIN A-----\nYWJj\n-----END B-----"))
