-- Counterpart: util/x509.lua
-- Whom a certificate is for. Certificates are LuaSec's objects, or what has their methods: `extensions`, `subject`.

local encodings = require "util.encodings"
local nameprep, base64 = encodings.stringprep.nameprep, encodings.base64
local to_ascii, to_unicode = encodings.idna.to_ascii, encodings.idna.to_unicode

local oid = {
	common_name = "2.5.4.3",
	alternative_names = "2.5.29.17",
	xmpp_address = "1.3.6.1.5.5.7.8.5",
	service_name = "1.3.6.1.5.5.7.8.7",
}

local function alternative_names(cert)
	if cert.setencode then
		cert:setencode("utf8")
	end
	return cert:extensions()[oid.alternative_names] or {}
end

-- Whether a DNS name of a certificate covers a host: the same one, or `*.` in place of the host's first label.
local function covers(name, host)
	name = name:lower()
	if name == host then
		return true
	end
	return name:sub(1, 2) == "*." and name:sub(3) == host:match("^[^.]+%.(.*)$")
end

local function any(list, accepts)
	for _, name in ipairs(list or {}) do
		if accepts(name) then
			return true
		end
	end
	return false
end

-- Whether a certificate is for a host (RFC 6120 13.7, RFC 9525), and for a service such as "_xmpp-server" there.
local function verify_identity(host, service, cert)
	local names = alternative_names(cert)
	if service == "_xmpp-client" or service == "_xmpp-server" then
		local prepared = nameprep(host)
		local function is_host(name)
			local own = not name:find("[@/]") and nameprep(name)
			return own and own == prepared
		end
		if any(names[oid.xmpp_address], is_host) then
			return true
		end
	end
	local ascii = to_ascii(host)
	ascii = ascii and ascii:lower()
	if not ascii then
		return false
	end
	if service then
		local wanted = service:gsub("^_?", "_", 1)
		local function is_service(name)
			local offered, domain = name:match("^(_[^.]+)%.(.*)")
			return offered == wanted and covers(domain, ascii)
		end
		if any(names[oid.service_name], is_service) then
			return true
		end
	end
	return any(names.dNSName, function(name)
		return covers(name, ascii)
	end)
end

-- All hosts that a certificate is for, each with the services there; `*` is any.
local function get_identities(cert)
	local found = {}
	local function add(name, ...)
		if not name then
			return
		end
		found[name] = found[name] or {}
		for _, service in ipairs { ... } do
			found[name][service] = true
		end
	end
	local names = alternative_names(cert)
	for _, name in ipairs(names.dNSName or {}) do
		local wildcard, domain = name:match("^(%*?%.?)(.*)$")
		if wildcard ~= "*." then
			wildcard, domain = "", name
		end
		local prepared = nameprep(domain)
		local readable = prepared and to_unicode(prepared)
		add(readable and wildcard .. readable, "*")
	end
	for _, name in ipairs(names[oid.xmpp_address] or {}) do
		add(nameprep(name), "xmpp-client", "xmpp-server")
	end
	for _, name in ipairs(names[oid.service_name] or {}) do
		local service, domain = name:match("^_([^.]+)%.(.*)")
		add(service and nameprep(domain), service)
	end
	for _, part in ipairs(cert:subject()) do
		local name = part.oid == oid.common_name and nameprep(part.value)
		add(name and to_ascii(name) and name, "*")
	end
	return found
end

-- The bytes of what is in a PEM text, and what it says that these are.
local function pem2der(pem)
	local kind, data = pem:match("%-%-%-%-%-BEGIN ([A-Z ]+)%-%-%-%-%-\r?\n([%w+/=\r\n]*)\r?\n%-%-%-%-%-END %1%-%-%-%-%-")
	if kind then
		return base64.decode(data), kind
	end
end

-- A PEM text of bytes; they are a certificate unless told otherwise.
local function der2pem(data, kind)
	kind = (kind or "certificate"):upper()
	local lines = base64.encode(data):gsub(("."):rep(64), "%0\n"):gsub("\n$", "")
	return ("-----BEGIN %s-----\n%s\n-----END %s-----\n"):format(kind, lines, kind)
end

return {
	verify_identity = verify_identity,
	get_identities = get_identities,
	pem2der = pem2der,
	der2pem = der2pem,
}
