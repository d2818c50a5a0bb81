-- Counterpart: socket.lua of LuaSocket
-- The time, and connections that wait for nothing outside of an async context (see socket/tcp.lua).

local socket = { _VERSION = "LuaSocket 3.0.0", BLOCKSIZE = 2048 }

socket.gettime = require "util.time".now
socket.url = require "socket.url"

function socket.tcp()
	return require "host.tcp"()
end
socket.tcp4, socket.tcp6 = socket.tcp, socket.tcp

function socket.udp()
	return require "host.udp".new()
end
socket.udp4, socket.udp6 = socket.udp, socket.udp

-- Gives a connection, or nil and the reason.
function socket.connect(host, port)
	local it = socket.tcp()
	local ok, problem = it:connect(host, port)
	if not ok then
		return nil, problem
	end
	return it
end
socket.connect4, socket.connect6 = socket.connect, socket.connect

function socket.bind()
	return nil, "not offered: ports are opened with module:provides('net', …)"
end

-- Waits, in an async context.
function socket.sleep(seconds)
	local async = require "util.async"
	if not async.ready() then
		error("socket.sleep is not offered here: the server would wait (see util.async)", 2)
	end
	async.sleep(seconds)
end

-- All results but the first ones.
function socket.skip(count, ...)
	return select(count + 1, ...)
end

-- What `newtry` raises, so that `protect` knows it.
local exception_mt = { __tostring = function (exception) return tostring(exception[1]) end }

-- Makes a function that gives its arguments, or raises the second one where the first is false, after a finalizer has run.
function socket.newtry(finalizer)
	return function (...)
		if ... then
			return ...
		end
		if finalizer then
			pcall(finalizer)
		end
		error(setmetatable({ (select(2, ...)) }, exception_mt), 0)
	end
end
socket.try = socket.newtry()

local function unprotect(ok, ...)
	if ok then
		return ...
	end
	local exception = ...
	if getmetatable(exception) == exception_mt then
		return nil, exception[1]
	end
	error(exception, 0)
end

-- Makes a function that gives nil and the reason where one of `newtry` raises.
function socket.protect(run)
	return function (...)
		return unprotect(pcall(run, ...))
	end
end

-- Sources and sinks of ltn12.
local sources, sinks = {}, {}

sources["until-closed"] = function (it)
	local is_done = false
	return function ()
		if is_done then
			return nil
		end
		local piece, problem, partial = it:receive(socket.BLOCKSIZE)
		if piece then
			return piece
		elseif problem == "closed" then
			it:close()
			is_done = true
			return partial
		end
		return nil, problem
	end
end
sources.default = sources["until-closed"]

sources["by-length"] = function (it, length)
	return function ()
		if length <= 0 then
			return nil
		end
		local piece, problem = it:receive(math.min(socket.BLOCKSIZE, length))
		if not piece then
			return nil, problem
		end
		length = length - #piece
		return piece
	end
end

sinks["keep-open"] = function (it)
	return function (piece)
		if piece then
			return it:send(piece)
		end
		return 1
	end
end
sinks.default = sinks["keep-open"]

sinks["close-when-done"] = function (it)
	return function (piece)
		if piece then
			return it:send(piece)
		end
		it:close()
		return 1
	end
end

local function chooser(makers)
	return function (name, first, second)
		if type(name) ~= "string" then
			name, first, second = "default", name, first
		end
		local make = makers[name]
		if not make then
			error("unknown key (" .. tostring(name) .. ")", 3)
		end
		return make(first, second)
	end
end
socket.sourcet, socket.sinkt = sources, sinks
socket.source, socket.sink = chooser(sources), chooser(sinks)
socket.choose = chooser

local function refused()
	return nil, "not offered: the server would wait for the answer"
end
socket.dns = {
	gethostname = function () return require "util.pposix".uname().nodename end,
	toip = refused,
	tohostname = refused,
	getaddrinfo = refused,
	getnameinfo = refused,
}

return socket
