-- Serves pages, and asks for them.
local http = require "net.http";
local server = require "net.http.server";
local errors = require "net.http.errors";
local files = require "net.http.files";
local promise = require "util.promise";
local async = require "util.async";
local timer = require "util.timer";

module:depends("http");

local function show(event, path)
	local request, response = event.request, event.response;
	response.headers.content_type = "text/plain";
	response.headers.x_seen = request.headers.x_test or "none";
	assert(request.method == "GET" and request.path:find("^/served/show/"), request.path);
	assert(type(request.ip) == "string" and request.secure == false and request.conn:ip() == request.ip);
	assert(response.request == request and request.body == "");
	return "path " .. path .. " query " .. (request.url.query or "none");
end

local big = ("0123456789"):rep(100000);

module:provides("http", {
	title = "A canary";
	route = {
		["GET /show/*"] = show;
		["GET /text"] = "just text";
		["GET /code"] = 418;
		["GET /table"] = function() return { status_code = 201, headers = { x_more = "yes" }, body = "made" }; end;
		["GET /nothing"] = function() return nil; end;
		["GET /error"] = function() error("on purpose"); end;
		["GET /condition"] = function() return require "util.error".new({ type = "auth", condition = "forbidden", code = 403 }); end;
		["GET /later"] = function()
			return promise.new(function(resolve) timer.add_task(0.01, function() resolve("later\0\255"); end); end);
		end;
		["GET /waits"] = function()
			local wait, done = async.waiter();
			timer.add_task(0.01, done);
			wait();
			return "waited";
		end;
		["GET /waits-and-fails"] = function()
			local wait, done = async.waiter();
			timer.add_task(0.01, done);
			wait();
			error("after waiting");
		end;
		["GET /by-hand"] = function(event)
			local response = event.response;
			response.status_code = 202;
			local destroyed;
			response.on_destroy = function(gone) destroyed = gone == response; end;
			response:send("by hand");
			assert(destroyed and response.finished);
			return true;
		end;
		["GET /big"] = function() return big; end;
		["GET /file"] = function(event)
			local position = 1;
			local source = { read = function(_, bytes) local piece = big:sub(position, position + bytes - 1); position = position + #piece; return piece ~= "" and piece or nil; end; close = function() end };
			event.response.headers.content_length = #big;
			return event.response:send_file(source);
		end;
		["POST /echo"] = function(event) return event.request.headers.content_type .. " " .. #event.request.body .. " " .. event.request.body; end;
		["GET /files/*"] = files.serve({ path = module:get_directory(), mime_map = { lua = "text/x-lua" } });
	};
});

server.add_handler("GET /anywhere", function() return "anywhere"; end);

function module.unload()
	server.remove_handler("GET /anywhere");
end

function url(path)
	return module:http_url("served", "/served") .. (path or "");
end

-- Asks for a page of our own, with a callback.
function ask(path, options, done)
	return http.request(url(path), options, function(body, code, response, request)
		done(body, code, response and response.headers and response.headers["content-type"], request and request.method);
	end);
end

-- The same with a promise.
function promised(path, options)
	return http.request(url(path), options):next(function(response) return response.code .. " " .. response.body; end);
end

function refused()
	return http.request("http://127.0.0.1:1/"):next(nil, function(err) return err.condition .. "/" .. err.type; end);
end

function http_error(code)
	local err = errors.new(code);
	return err.type .. " " .. err.condition .. " " .. err.code .. " " .. err.text;
end
