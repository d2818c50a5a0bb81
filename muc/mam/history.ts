// Counterpart: plugins/mod_muc_mam.lua (history on join)

import type { ArchiveItem, ArchiveQuery, ModuleApi } from "../../host/core/types.ts";
import { datetime } from "../../host/util/datetime.ts";
import { node } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { type Waiting, waiting_for } from "../../host/util/waiting.ts";
import { parse_history } from "../asked_history.ts";
import type { GetHistoryEvent, MucEvents } from "../events.ts";
import { number } from "../kinds.ts";
import type { HistoryEntry, Room } from "../types.ts";
import { archive_of, groupchat, hide_sender, type RoomArchives } from "./archive.ts";

/** What a room that is made for somebody gives at most to those who ask for nothing else. */
const usual_length = 20;

/** How many messages a joining client gets at most. Divergence: a negative number means none; in Prosody it means all. */
function wanted(room: Room, maxstanzas = Number.POSITIVE_INFINITY): number {
	return Math.max(0, Math.floor(Math.min(maxstanzas, room.get_historylength())));
}

/** How many messages a client gets that asks for no certain number. */
function usual_of(room: Room | undefined): number {
	const key: string = "default_history_messages";
	const own = room?._data[key];
	return number.is(own) ? own : usual_length;
}

/** Whether the room itself remembers enough. */
function is_enough({ _history: remembered }: Room, limit: number): boolean {
	return remembered !== undefined && remembered.length >= limit;
}

/** Messages of an archive that were looked for between turns. */
interface Looked {
	readonly limit: number;
	readonly since: number | undefined;
	/** What the room remembered last when they were looked for. */
	readonly last: HistoryEntry | undefined;
	/** Newest first; undefined where they could not be read. */
	items: readonly ArchiveItem[] | undefined;
}

/** Whether what was looked for has all that is wanted. */
function has_all(looked: Looked, limit: number, since: number | undefined): boolean {
	if (looked.limit < limit) return false;
	return looked.since === undefined ? since === undefined : since !== undefined && looked.since <= since;
}

/** What a room remembers of what was said since messages were looked for, newest first. */
function* said_since({ _history: remembered = [] }: Room, { last, items = [] }: Looked): Generator<Stanza> {
	const known = new Set(items.map(({ id }) => id));
	for (const entry of remembered.toReversed()) {
		if (entry === last) return;
		const is_known = [...entry.stanza.childtags("stanza-id", ns.stanza_id)].some(({ attr }) => known.has(attr["id"] ?? ""));
		if (!is_known) yield st.clone(entry.stanza);
	}
}

/** Makes a message of the archive one that a joining client gets. */
function as_history(room: Room, message: Stanza, { id, when }: ArchiveItem): Stanza {
	message.reset();
	message.tag("delay", { xmlns: ns.delay, from: room.jid, stamp: datetime(when) }).up();
	message.tag("stanza-id", { xmlns: ns.stanza_id, by: room.jid, id }).up();
	hide_sender(room, message);
	return message;
}

/** Gives joining clients messages from the archive where the room itself remembers too few. */
export function load(module: ModuleApi, { store, is_enabled }: RoomArchives): void {
	/** What was found for the presences of those who enter. */
	const found_for = new WeakMap<Stanza, Looked>();
	/** What is being looked for, by room and by what is wanted: many may enter at once. */
	const coming = new Map<string, { readonly looked: Looked; readonly done: Promise<void> }>();

	module.hook("muc-before-entering", look_ahead);
	module.hook("muc-get-history", give_history, 1);

	function query_for(limit: number, since: number | undefined): ArchiveQuery {
		return { limit, reverse: true, with: groupchat, ...(since === undefined ? {} : { start: since }) };
	}

	/** Looks in the archive before somebody enters, where everybody would have to wait for the answer. */
	function look_ahead({ room_jid, stanza, ...event }: MucEvents["muc-before-entering"]): Waiting<undefined> | undefined {
		const user = node(room_jid);
		if (!(store.is_far || store.takes_long?.(user))) return undefined;
		const room = event.room();
		if (room === false || (room && !is_enabled(room))) return undefined;
		const { maxchars, maxstanzas, since } = parse_history(stanza);
		if (maxstanzas === 0 || maxchars === 0) return undefined;
		const is_unasked = maxchars === undefined && maxstanzas === undefined && since === undefined;
		const at_most = is_unasked ? usual_of(room) : maxstanzas;
		const limit = room === undefined ? Math.max(0, Math.floor(at_most ?? usual_length)) : wanted(room, at_most);
		if (limit === 0 || (room && is_enough(room, limit))) return undefined;
		const one = look(user, limit, since, room?._history?.at(-1));
		return waiting_for(one.done).go_on(() => {
			found_for.set(stanza, one.looked);
			return undefined;
		});
	}

	function look(
		user: string | undefined,
		limit: number,
		since: number | undefined,
		last: HistoryEntry | undefined,
	): { readonly looked: Looked; readonly done: Promise<void> } {
		const key = JSON.stringify([user, limit, since]);
		const known = coming.get(key);
		if (known !== undefined) return known;
		const looked: Looked = { limit, since, last, items: undefined };
		const done = store.find_later(user, query_for(limit, since)).then((found) => {
			coming.delete(key);
			if (found.ok) looked.items = found.value.items;
			else module.log("error", "Could not fetch history: %s", found.error.text);
		});
		const one = { looked, done };
		coming.set(key, one);
		return one;
	}

	/** The messages for a client that asks for them now, newest first; undefined where they cannot be read. */
	function messages(
		room: Room,
		looked: Looked | undefined,
		limit: number,
		since: number | undefined,
	): Iterable<Stanza> | undefined {
		if (looked !== undefined) return looked.items && messages_of(room, looked, since);
		const found = store.find(archive_of(room), query_for(limit, since));
		if (found.ok) return found.value.items.map((item) => as_history(room, item.stanza, item));
		module.log("error", "Could not fetch history: %s", found.error.text);
		return undefined;
	}

	function* messages_of(room: Room, looked: Looked, since = 0): Generator<Stanza> {
		yield* said_since(room, looked);
		// Others may have asked for the same
		for (const item of looked.items ?? []) {
			if (item.when >= Math.floor(since)) yield as_history(room, st.clone(item.stanza), item);
		}
	}

	function give_history(event: GetHistoryEvent): true | undefined {
		const { room, stanza, to, since, maxstanzas } = event;
		if (!is_enabled(room)) return undefined;
		let { maxchars } = event;
		if (maxstanzas === 0 || maxchars === 0) return undefined;
		const limit = wanted(room, maxstanzas);
		if (is_enough(room, limit)) return undefined;
		const found = found_for.get(stanza);
		const all = messages(room, found && has_all(found, limit, since) ? found : undefined, limit, since);
		if (all === undefined) return undefined;
		/** Newest first. */
		const history: Stanza[] = [];
		for (const message of all) {
			if (history.length >= limit) break;
			message.attr["to"] = to;
			if (maxchars !== undefined) {
				maxchars -= Buffer.byteLength(message.toString());
				if (maxchars < 0) break;
			}
			history.push(message);
		}
		event.next_stanza = () => history.pop();
		return true;
	}
}
