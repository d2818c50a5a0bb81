// No counterpart: Prosody's rooms hear of every occupant's end from the server itself.

import type { IqError, ModuleApi } from "../host/core/types.ts";
import * as id from "../host/util/id.ts";
import * as jid from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import type { MucEvents } from "./events.ts";
import type { Room, RoomFinder } from "./types.ts";

/** How many occupants are asked in a second, so that the other server and its clients are not flooded. */
const pings_a_second = 50;
/** How often some of them are asked, in seconds. */
const tick = 0.1;
/** How long an answer may take, in seconds. An occupant who does not answer in time stays. */
const patience = 60;

/** Conditions that say that a client is gone, or its whole server. */
const gone: ReadonlySet<string> = new Set([
	"gone",
	"item-not-found",
	"recipient-unavailable",
	"redirect",
	"remote-server-not-found",
	"remote-server-timeout",
]);

/** Whether the other side answered with an error. Anything else is a mistake in our own code. */
function is_iq_error(error: unknown): error is IqError {
	return error instanceof Error && error.name === "IqError";
}

/**
 * Finds occupants who left while there was no connection to their server, so that it could not tell. Everybody is pinged (XEP-0199)
 * once the connection is back, and the occupants of a restored room when it is restored. Whoever is gone leaves with status 333.
 */
export function load(module: ModuleApi, rooms: RoomFinder): void {
	/** The real JIDs that are still to be pinged, by room. */
	const waiting = new Map<string, string[]>();
	let is_connected = false;
	let is_ticking = false;

	module.hook("component-uplink-connected", find_ghosts);
	module.hook("component-uplink-disconnected", wait_for_uplink);
	module.hook("muc-room-restored", note_occupants);
	module.hook("muc-room-destroyed", forget_room);

	function find_ghosts(): void {
		is_connected = true;
		for (const room of rooms.live_rooms()) note_occupants({ room });
		start_ticking();
	}

	function wait_for_uplink(): void {
		is_connected = false;
	}

	function forget_room({ room }: MucEvents["muc-room-destroyed"]): void {
		waiting.delete(room.jid);
	}

	/** Notes the occupants of other servers, to be pinged. */
	function note_occupants({ room }: { room: Room }): void {
		const remote: string[] = [];
		for (const [, occupant] of room.each_occupant()) {
			for (const [real_jid] of occupant.each_session()) {
				if (!module.server.hosts.has(jid.host(real_jid) ?? "")) remote.push(real_jid);
			}
		}
		if (remote.length === 0) return;
		waiting.set(room.jid, remote);
		start_ticking();
	}

	function start_ticking(): void {
		if (is_ticking || !is_connected || waiting.size === 0) return;
		is_ticking = true;
		module.add_timer(tick, () => {
			ask_some(pings_a_second * tick);
			if (is_connected && waiting.size > 0) return tick;
			is_ticking = false;
			return undefined;
		});
	}

	function ask_some(count: number): void {
		for (let asked = 0; asked < count; asked++) {
			const [next] = waiting;
			if (next === undefined) return;
			const [room_jid, real_jids] = next;
			const real_jid = real_jids.pop();
			if (real_jid === undefined) waiting.delete(room_jid);
			else ask(room_jid, real_jid);
		}
	}

	function ask(room_jid: string, real_jid: string): void {
		const ping = st.iq({ type: "get", id: id.short(), from: room_jid, to: real_jid }).tag("ping", { xmlns: ns.ping }).reset();
		module.send_iq(ping, undefined, patience).then(
			() => {},
			(error: unknown) => {
				if (is_iq_error(error)) judge(room_jid, real_jid, error);
				else module.log("error", "Pinging %s failed: %s", real_jid, error instanceof Error ? error.stack : error);
			},
		);
	}

	function judge(room_jid: string, real_jid: string, error: IqError): void {
		if (error.stanza === undefined) return;
		if (gone.has(error.condition)) {
			const room = rooms.get_room_from_jid(room_jid);
			if (room) room.handle_kickable(module.server.hosts.get(module.host) ?? unreachable(), error.stanza);
			return;
		}
		// A client that does not know pings gives the same answer as a server gives for a client that is gone. A message tells the two
		// apart: where the client is gone, its server must return it (RFC 6121 §8.5.3.2.1), and the room then removes the occupant. Where
		// the client is there, it shows nothing, since the message is empty.
		module.send(st.message({ type: "groupchat", from: room_jid, to: real_jid }));
	}

	function unreachable(): never {
		throw new Error(`${module.host} is not served`);
	}
}
