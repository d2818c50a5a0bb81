// No counterpart: Prosody's rooms hear of every occupant's end from the server itself.

import type { IqError, ModuleApi } from "../host/core/types.ts";
import * as id from "../host/util/id.ts";
import * as jid from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import type { Room, RoomFinder } from "./types.ts";

/** How many occupants are asked in a second, so that the other server and its clients are not flooded. */
const pings_a_second = 50;
/** How often some of them are asked, in seconds. */
const tick = 0.1;
/** How many rooms are looked through in a second. */
const rooms_a_second = 500;
/** How long an answer may take, in seconds. An occupant who does not answer in time stays. */
const patience = 60;

/** How often somebody is asked who cannot be reached now, and how long until the second time, in seconds; from then on twice as long each time. */
const most_tries = 6;
const first_pause = 2;

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
 * Finds occupants who are gone though nobody said so: their server was killed, or there was no connection to it. Everybody with an account
 * on another server is pinged (XEP-0199) now and then, when a component's connection is back, and when a room is restored. Whoever is gone
 * leaves with status 333. Option: muc_occupant_ping_interval.
 */
export function load(module: ModuleApi, rooms: RoomFinder): void {
	const interval = module.get_option_period("muc_occupant_ping_interval", "10 minutes");
	/** The real JIDs that are still to be pinged, by room; undefined for a room that was not looked through yet. */
	const waiting = new Map<Room, string[] | undefined>();
	let is_connected = module.get_option_string("component_uplink") === undefined;
	let is_ticking = false;

	module.hook("component-uplink-connected", function find_ghosts() {
		is_connected = true;
		look_everywhere();
	});
	module.hook("component-uplink-disconnected", function wait_for_uplink() {
		is_connected = false;
	});
	module.server.cluster?.on_gone(look_everywhere);
	module.hook("muc-room-restored", ({ room, is_certain }) => {
		if (is_certain !== true) look_into(room);
	});
	module.hook("muc-room-destroyed", function forget_room({ room }) {
		waiting.delete(room);
	});
	if (interval > 0 && interval < Number.POSITIVE_INFINITY) {
		module.add_timer(interval, () => {
			look_everywhere();
			return interval;
		});
	}

	function look_everywhere(): void {
		for (const room of rooms.live_rooms()) waiting.set(room, undefined);
		start_ticking();
	}

	function look_into(room: Room): void {
		waiting.set(room, undefined);
		start_ticking();
	}

	/** Whether this server does not see when somebody's session ends. */
	function is_stranger(real_jid: string): boolean {
		const { cluster, delivery, hosts } = module.server;
		const host = hosts.get(jid.host(real_jid) ?? "");
		return host === undefined || (cluster !== undefined && host.type === "local" && !delivery.is_ours(real_jid));
	}

	/** The real JIDs of occupants of other servers, and of other nodes. */
	function strangers_in(room: Room): string[] {
		const strangers: string[] = [];
		for (const [, occupant] of room.each_occupant()) {
			for (const [real_jid] of occupant.each_session()) {
				if (is_stranger(real_jid)) strangers.push(real_jid);
			}
		}
		return strangers;
	}

	function start_ticking(): void {
		if (is_ticking || !is_connected || waiting.size === 0) return;
		is_ticking = true;
		module.add_timer(tick, () => {
			ask_some();
			if (is_connected && waiting.size > 0) return tick;
			is_ticking = false;
			return undefined;
		});
	}

	function ask_some(): void {
		let asked = 0;
		let looked = 0;
		for (const [room, known] of waiting) {
			if (looked >= rooms_a_second * tick) return;
			looked++;
			const strangers = known ?? strangers_in(room);
			while (asked < pings_a_second * tick) {
				const real_jid = strangers.pop();
				if (real_jid === undefined) break;
				ask(room.jid, real_jid);
				asked++;
			}
			if (strangers.length > 0) {
				waiting.set(room, strangers);
				return;
			}
			waiting.delete(room);
		}
	}

	function ask(room_jid: string, real_jid: string, tries = 1): void {
		const ping = st.iq({ type: "get", id: id.short(), from: room_jid, to: real_jid }).tag("ping", { xmlns: ns.ping }).reset();
		module.send_iq(ping, undefined, patience).then(
			() => {},
			(error: unknown) => {
				if (is_iq_error(error)) judge(room_jid, real_jid, error, tries);
				else module.log("error", "Pinging %s failed: %s", real_jid, error instanceof Error ? error.stack : error);
			},
		);
	}

	/** Such as while no node of the cluster serves the account, because its node has died. */
	function ask_again(room_jid: string, real_jid: string, tries: number): void {
		module.add_timer(first_pause * 2 ** (tries - 1), () => {
			const room = rooms.get_room_from_jid(room_jid);
			if (room !== undefined && room !== false && room._jid_nick.has(real_jid)) ask(room_jid, real_jid, tries + 1);
		});
	}

	function judge(room_jid: string, real_jid: string, error: IqError, tries: number): void {
		if (error.stanza === undefined) return;
		if (gone.has(error.condition)) {
			const room = rooms.get_room_from_jid(room_jid);
			if (room) room.handle_kickable(module.server.hosts.get(module.host) ?? unreachable(), error.stanza);
			return;
		}
		if (error.type === "wait" && tries < most_tries) {
			ask_again(room_jid, real_jid, tries);
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
