-- Counterpart: socket/http.lua of LuaSocket, ssl/https.lua of LuaSec
-- Requests by the host's client. In an async context they give their answer; outside of one they are refused.

local async = require "util.async"
local client = require "net.http"
local ltn12 = require "ltn12"
local promise = require "util.promise"

local http = { TIMEOUT = 60, USERAGENT = "LuaSocket 3.0.0" }

-- Asks; gives code, headers, status line and body, or nil and the reason.
local function ask(url, options)
	if not async.ready() then
		return nil, "not offered here: the server would wait (see util.async)"
	end
	local answer = async.wait_for(promise.new(function (resolve)
		client.request(url, options, function (body, code, response)
			resolve({ body = body, code = code, response = response })
		end)
	end))
	if type(answer.code) ~= "number" or answer.code == 0 then
		return nil, tostring(answer.body)
	end
	local headers = {}
	for name, value in pairs(answer.response and answer.response.headers or {}) do
		headers[name:gsub("_", "-")] = value
	end
	return answer.code, headers, ("HTTP/1.1 %d"):format(answer.code), answer.body
end

local function read_all(source)
	local pieces = {}
	ltn12.pump.all(source, (ltn12.sink.table(pieces)))
	return table.concat(pieces)
end

-- `request(url[, body])` gives body, code, headers and status; `request { url = …, sink = … }` gives 1 in place of the body.
function http.request(given, body)
	if type(given) ~= "table" then
		local headers = body and { ["Content-Type"] = "application/x-www-form-urlencoded" } or nil
		local code, answer_headers, status, text = ask(given, { method = body and "POST" or "GET", body = body, headers = headers })
		if not code then
			return nil, answer_headers
		end
		return text, code, answer_headers, status
	end
	local headers = {}
	for name, value in pairs(given.headers or {}) do
		headers[name] = value
	end
	if given.user then
		headers.Authorization = "Basic " .. require "util.encodings".base64.encode(given.user .. ":" .. (given.password or ""))
	end
	local code, answer_headers, status, text = ask(given.url, {
		method = given.method or "GET",
		headers = headers,
		body = given.source and read_all(given.source) or nil,
	})
	if not code then
		return nil, answer_headers
	end
	if given.sink then
		given.sink(text)
		given.sink(nil)
	end
	return 1, code, answer_headers, status
end

return http
