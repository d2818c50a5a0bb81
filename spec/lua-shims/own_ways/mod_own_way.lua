-- Makes connections to other servers itself, where own_way_port says, or none, with a queue of Prosody 13's kind.
local new_outgoing = require "core.s2smanager".new_outgoing;
local addclient = require "net.server".addclient;
local get_service = require "core.portmanager".get_service;
local queue = require "util.queue";
local st = require "util.stanza";

local port = module:get_option_number("own_way_port");
local sessions = {};
local opening = {};

function opening.onconnect(conn)
	local listener = get_service("s2s").listener;
	conn:setlistener(listener);
	listener.register_outgoing(conn, sessions[conn]);
	listener.onconnect(conn);
end

function opening.ondisconnect(conn)
	sessions[conn] = nil;
end

module:hook("route/remote", function (event)
	local session = new_outgoing(event.from_host, event.to_host);
	session.sendq = queue.new(10);
	session.sendq:push(st.clone(event.stanza));
	if port then
		local conn = addclient("127.0.0.64", port, opening, "*a");
		sessions[conn] = session;
		session.conn = conn;
	end
	return true;
end, -2);
