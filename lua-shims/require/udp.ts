// Counterpart: LuaSocket's udp.c, as far as it sends: datagrams go out, and nobody waits for them

import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { LuaContext } from "../context.ts";
import { bytes_at, integer_at, make_library, text_at } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value } from "../vm/live_table.ts";
import { ObjectKind } from "../vm/userdata.ts";

/** The longest possible datagram, in bytes. */
const most_bytes = 65_507;

interface Udp {
	socket: Socket | undefined;
	peer: { readonly host: string; readonly port: number } | undefined;
	is_closed: boolean;
}

/** `host.udp`. */
export function udp_library(host: LuaContext): TValue {
	const log = host.server.logger("socket");
	const open = new Set<Udp>();
	host.server.events.add_handler("server-stopped", () => {
		for (const udp of open) close(udp);
		return undefined;
	});

	function close(udp: Udp): void {
		udp.is_closed = true;
		udp.socket?.close();
		udp.socket = undefined;
		open.delete(udp);
	}

	function send(udp: Udp, data: Buffer, peer: Udp["peer"]): TValue | readonly TValue[] {
		if (udp.is_closed) return [nil, string_value("closed")];
		if (peer === undefined) return [nil, string_value("not connected")];
		if (data.length > most_bytes) return [nil, string_value("message too long")];
		if (udp.socket === undefined) {
			udp.socket = createSocket(isIPv6(peer.host) ? "udp6" : "udp4").unref();
			udp.socket.on("error", (error) => log("warn", "A datagram was not sent: %s", error.message));
			open.add(udp);
		}
		udp.socket.send(Buffer.from(data), peer.port, peer.host, (error) => {
			if (error !== null) log("warn", "A datagram to [%s]:%d was not sent: %s", peer.host, peer.port, error.message);
		});
		return number_value(1);
	}

	const refused = (): readonly TValue[] => [nil, string_value("not offered: the server would wait for a datagram")];
	const kind: ObjectKind<Udp> = new ObjectKind<Udp>(host.vm, "udp{unconnected}", () => ({
		methods: {
			setpeername(udp, args) {
				const peer = text_at(args, 2, "setpeername");
				udp.peer = peer === "*" ? undefined : { host: peer, port: integer_at(args, 3, "setpeername") };
				return number_value(1);
			},
			send: (udp, args) => send(udp, bytes_at(args, 2, "send"), udp.peer),
			sendto: (udp, args) =>
				send(udp, bytes_at(args, 2, "sendto"), { host: text_at(args, 3, "sendto"), port: integer_at(args, 4, "sendto") }),
			settimeout: () => number_value(1),
			setoption: () => number_value(1),
			receive: refused,
			receivefrom: refused,
			setsockname: refused,
			close(udp) {
				close(udp);
				return number_value(1);
			},
		},
		metamethods: { __tostring: () => string_value("udp{unconnected}") },
	}));
	return make_library(host.vm, {
		new: (_args, L) => kind.value(L, { socket: undefined, peer: undefined, is_closed: false }),
	});
}
