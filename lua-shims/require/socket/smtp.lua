-- Counterpart: socket/smtp.lua of LuaSocket
-- Sends mail (RFC 5321). In an async context `send` gives the outcome; outside of one the mail is sent in the background, and the log
-- says where that fails.

local async = require "util.async"
local ltn12 = require "ltn12"
local mime = require "mime"
local socket = require "socket"
local log = require "util.logger".init("smtp")

local smtp = { SERVER = "localhost", PORT = 25, TIMEOUT = 60, DOMAIN = "localhost", ZONE = "-0000" }

-- Whether a line can be said to the server: nothing in it ends it.
local function checked(line)
	if line:find("[\r\n]") then
		return nil, "line ends are not allowed here"
	end
	return line
end

-- The answer to a command: its code and text, or nil and the reason where the code does not match.
local function check(conn, pattern)
	local line, problem = conn:receive()
	if not line then
		return nil, problem
	end
	local code, mark, text = line:match("^(%d%d%d)(.?)(.*)$")
	local all = { text }
	while mark == "-" do
		line, problem = conn:receive()
		if not line then
			return nil, problem
		end
		code, mark, text = line:match("^(%d%d%d)(.?)(.*)$")
		all[#all + 1] = text
	end
	if not code then
		return nil, "the server says something else than SMTP"
	elseif not code:match("^" .. pattern .. "$") then
		return nil, code .. " " .. table.concat(all, " ")
	end
	return code, table.concat(all, "\n")
end

local function say(try, conn, line, pattern)
	try(conn:send(try(checked(line)) .. "\r\n"))
	return try(check(conn, pattern))
end

-- Logs in with what the server offers.
local function log_in(try, conn, extensions, mail)
	if extensions:find("AUTH[^\n]+LOGIN") then
		say(try, conn, "AUTH LOGIN", "3..")
		say(try, conn, (mime.b64(mail.user)), "3..")
		say(try, conn, (mime.b64(mail.password)), "2..")
	elseif extensions:find("AUTH[^\n]+PLAIN") then
		say(try, conn, "AUTH PLAIN " .. mime.b64("\0" .. mail.user .. "\0" .. mail.password), "2..")
	else
		try(nil, "authentication not supported")
	end
end

local function recipients(rcpt)
	return type(rcpt) == "table" and rcpt or { rcpt }
end

local function deliver(mail)
	local conn = (mail.create or socket.tcp)()
	local try = socket.newtry(function () conn:close() end)
	conn:settimeout(smtp.TIMEOUT)
	try(conn:connect(mail.server or smtp.SERVER, mail.port or smtp.PORT))
	try(check(conn, "2.."))
	local _, extensions = say(try, conn, "EHLO " .. (mail.domain or smtp.DOMAIN), "2..")
	if mail.user and mail.password then
		log_in(try, conn, extensions, mail)
	end
	local function path(address)
		return address:match("^<.*>$") and address or "<" .. address .. ">"
	end
	say(try, conn, "MAIL FROM:" .. path(mail.from), "2..")
	for _, rcpt in ipairs(recipients(mail.rcpt)) do
		say(try, conn, "RCPT TO:" .. path(rcpt), "2..")
	end
	say(try, conn, "DATA", "3..")
	local pieces = {}
	try(ltn12.pump.all(mail.source, (ltn12.sink.table(pieces))))
	-- Lines end with both characters, and one that begins with a dot gets another one.
	local text = table.concat(pieces):gsub("\r?\n", "\r\n"):gsub("\r\n%.", "\r\n.."):gsub("^%.", "..")
	try(conn:send(text))
	try(conn:send("\r\n.\r\n"))
	try(check(conn, "2.."))
	say(try, conn, "QUIT", "2..")
	conn:close()
	return 1
end

local protected = socket.protect(deliver)

function smtp.send(mail)
	if async.ready() then
		return protected(mail)
	end
	async.runner(function ()
		local ok, problem = protected(mail)
		if not ok then
			log("error", "Mail to %s was not sent: %s", table.concat(recipients(mail.rcpt), ", "), problem)
		end
	end):run(true)
	return 1
end

-- Names that are not written with one capital letter a word.
local known_names = { ["mime-version"] = "MIME-Version", ["message-id"] = "Message-ID", ["content-id"] = "Content-ID" }

local function header_text(headers)
	local lines = {}
	for name, value in pairs(headers) do
		lines[#lines + 1] = (known_names[name] or name:gsub("%f[%a]%a", string.upper)) .. ": " .. value
	end
	return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

local boundaries = 0
local function new_boundary()
	boundaries = boundaries + 1
	return ("%s%05d==%05u"):format(os.date("%d%m%Y%H%M%S"), math.random(0, 99999), boundaries)
end

-- The pieces of a message as they are asked for: its headers and its body, which is a text, a source, or parts.
local function pieces_of(message, give)
	local headers = {}
	for name, value in pairs(message.headers or {}) do
		headers[name:lower()] = value
	end
	local body = message.body
	if type(body) == "table" then
		local boundary = new_boundary()
		headers["content-type"] = (headers["content-type"] or "multipart/mixed") .. '; boundary="' .. boundary .. '"'
		give(header_text(headers))
		if body.preamble then
			give(body.preamble .. "\r\n")
		end
		for _, part in ipairs(body) do
			give("\r\n--" .. boundary .. "\r\n")
			pieces_of(part, give)
		end
		give("\r\n--" .. boundary .. "--\r\n\r\n")
		if body.epilogue then
			give(body.epilogue .. "\r\n")
		end
		return
	end
	headers["content-type"] = headers["content-type"] or 'text/plain; charset="iso-8859-1"'
	give(header_text(headers))
	if type(body) == "function" then
		for piece in body do
			give(piece)
		end
	else
		give(body or "")
	end
end

-- A source of a message with the date and the version of MIME.
function smtp.message(message)
	local headers = {}
	for name, value in pairs(message.headers or {}) do
		headers[name:lower()] = value
	end
	headers.date = headers.date or os.date("!%a, %d %b %Y %H:%M:%S ") .. (message.zone or smtp.ZONE)
	headers["x-mailer"] = headers["x-mailer"] or socket._VERSION
	headers["mime-version"] = "1.0"
	local pieces = {}
	pieces_of({ headers = headers, body = message.body }, function (piece) pieces[#pieces + 1] = piece end)
	local position = 0
	return function ()
		position = position + 1
		return pieces[position]
	end
end

return smtp
