// Counterpart: plugins/muc/history.lib.lua

import { datetime, now } from "../host/util/datetime.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as st from "../host/util/stanza.ts";
import { tonumber } from "../host/util/tonumber.ts";
import { parse_history } from "./asked_history.ts";
import type { ConfigSubmittedEvent, GetHistoryEvent, MucEvents, SessionNewEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { number } from "./kinds.ts";
import type { HistoryEntry, Room } from "./types.ts";

const default_history_length = 20;

/** How many bytes the message has when it is sent, without the recipient's JID. */
function text_length(entry: HistoryEntry): number {
	if (entry.chars === undefined) {
		const { head, tail } = st.serialise_for_many(entry.stanza);
		entry.chars = Buffer.byteLength(head) + " to=''".length + Buffer.byteLength(tail);
	}
	return entry.chars;
}

/** The newest messages that stay within what was asked for, oldest first. */
function select(history: readonly HistoryEntry[], event: GetHistoryEvent): readonly HistoryEntry[] {
	const { maxchars, maxstanzas = history.length, since } = event;
	const recipient_length = Buffer.byteLength(event.to);
	let chars = 0;
	let first = history.length;
	while (first > 0) {
		const entry = history[first - 1];
		if (entry === undefined) break;
		if (maxchars !== undefined) {
			chars += text_length(entry) + recipient_length;
			if (chars > maxchars) break;
		}
		// Divergence: timestamps are whole seconds, so a message of the same second may be later. Prosody leaves it out
		if (since !== undefined && Math.floor(since) > entry.timestamp) break;
		if (history.length - first + 1 > maxstanzas) break;
		first--;
	}
	return history.slice(first);
}

/** Decided by the hints of XEP-0334; otherwise messages with a body, encrypted ones (XEP-0380) and chat markers (XEP-0333) are kept. */
function is_historic({ stanza }: MucEvents["muc-message-is-historic"]): boolean | undefined {
	if (stanza.get_child("no-store", ns.hints) || stanza.get_child("no-permanent-store", ns.hints)) return false;
	if (stanza.get_child("store", ns.hints)) return true;
	if (stanza.get_child("body") || stanza.get_child("encryption", ns.eme) || stanza.get_child(undefined, ns.chat_markers)) {
		return true;
	}
	return undefined;
}

/** The backlog of a room, kept in memory. Option: max_history_messages. */
export const history = feature("history", (module) => {
	const longest = module.get_option_integer("max_history_messages", Number.POSITIVE_INFINITY, 0);
	module.hook("muc-config-form", add_fields, 70 - 5);
	module.hook("muc-config-submitted/muc#roomconfig_historylength", take_length);
	module.hook("muc-config-submitted/muc#roomconfig_defaulthistorymessages", take_default_messages);
	// Last, so that an archive can give its messages instead
	module.hook("muc-get-history", give_history, -1);
	// Before the subject, at 20
	module.hook("muc-occupant-session-new", send_to_new_session, 50);
	module.hook("muc-add-history", remember, -1);
	module.hook("muc-broadcast-message", add_message);
	module.hook("muc-message-is-historic", is_historic, -1);

	/** The last second in which something was said, and how stamps show it. */
	let last = { timestamp: 0, stamp: "" };

	/** How many messages the room remembers. */
	function get_historylength(room: Room): number {
		// A stored value may come from a time when the setter did not check it
		const wanted = Math.max(0, room._data.history_length ?? default_history_length);
		return Math.min(wanted, longest);
	}

	/** Sets how many; undefined is the default of 20. */
	function set_historylength(room: Room, length: number | string | undefined): true {
		const number = tonumber(length);
		if (length !== undefined && number === undefined) throw new TypeError(`Length not a valid number: ${length}`);
		// Divergence: with a negative length, Prosody goes into an endless loop
		const wanted = number === undefined ? undefined : Math.max(0, number);
		room._data.history_length = wanted === default_history_length ? undefined : wanted;
		// PARITY: says that it has changed something even where it has not
		return true;
	}

	/** How many messages a client gets that asks for no certain number. */
	function get_defaulthistorymessages(room: Room): number {
		return room._data.default_history_messages ?? default_history_length;
	}

	/** PARITY: does not say whether it has changed something, so a change is never announced. */
	function set_defaulthistorymessages(room: Room, number: number | undefined): void {
		const wanted = Math.min(number ?? default_history_length, room._data.history_length ?? default_history_length);
		room._data.default_history_messages = wanted === default_history_length ? undefined : wanted;
	}

	/** Sends the history that a joining presence asks for to its sender. */
	function send_history(room: Room, stanza: Stanza): void {
		const asked = parse_history(stanza);
		const to = stanza.attr["from"];
		if (to === undefined) return;
		if (asked.maxchars === undefined && asked.maxstanzas === undefined && asked.since === undefined) {
			asked.maxstanzas = get_defaulthistorymessages(room);
		}
		const event: GetHistoryEvent = { room, stanza, to, ...asked, next_stanza: () => undefined };
		module.fire_event("muc-get-history", event);
		for (let message = event.next_stanza(); message !== undefined; message = event.next_stanza()) room.route_stanza(message);
	}

	function add_fields({ room, form }: MucEvents["muc-config-form"]): void {
		const number_field = { type: "text-single", datatype: "xs:integer" } as const;
		form.fields.push(
			{
				...number_field,
				name: "muc#roomconfig_historylength",
				label: "Maximum number of history messages returned by room",
				desc: "Specify the maximum number of previous messages that should be sent to users when they join the room",
				value: get_historylength(room),
			},
			{
				...number_field,
				name: "muc#roomconfig_defaulthistorymessages",
				label: "Default number of history messages returned by room",
				desc: "Specify the number of previous messages sent to new users when they join the room",
				value: get_defaulthistorymessages(room),
			},
		);
	}

	function take_length({ room, value, status_codes }: ConfigSubmittedEvent): void {
		if (set_historylength(room, typeof value === "number" ? value : undefined)) status_codes.add("104");
	}

	function take_default_messages({ room, value }: ConfigSubmittedEvent): void {
		set_defaulthistorymessages(room, typeof value === "number" ? value : undefined);
	}

	function give_history(event: GetHistoryEvent): true | undefined {
		const remembered = event.room._history;
		if (remembered === undefined) return undefined;
		const chosen = select(remembered, event).values();
		event.next_stanza = () => {
			const { value } = chosen.next();
			if (value === undefined) return undefined;
			const message = st.clone(value.stanza);
			message.attr["to"] = event.to;
			return message;
		};
		return true;
	}

	function send_to_new_session({ room, stanza }: SessionNewEvent): void {
		send_history(room, stanza);
	}

	function remember({ room, stanza }: MucEvents["muc-add-history"]): true | undefined {
		const length = get_historylength(room);
		if (length === 0) {
			room._history = undefined;
			return undefined;
		}
		const timestamp = now();
		if (timestamp !== last.timestamp) last = { timestamp, stamp: datetime(timestamp) };
		const remembered = st.clone(stanza);
		remembered.attr["to"] = "";
		remembered.tag("delay", { xmlns: ns.delay, from: room.jid, stamp: last.stamp }).up();
		room._history ??= [];
		room._history.push({ stanza: remembered, timestamp });
		if (room._history.length > length) room._history.splice(0, room._history.length - length);
		return true;
	}

	/** Fires a separate event for adding, so that a handler can take that over without hiding the message from others. */
	function add_message({ room, stanza }: MucEvents["muc-broadcast-message"]): void {
		if (module.fire_event("muc-message-is-historic", { room, stanza })) module.fire_event("muc-add-history", { room, stanza });
	}

	function set_defaults(room: Room): void {
		room.set_historylength(module.get_option_integer("muc_room_default_history_length", room.get_historylength(), 0));
	}

	return {
		data: { history_length: number, default_history_messages: number },
		methods: { get_historylength, set_historylength, send_history },
		set_defaults,
	};
});
