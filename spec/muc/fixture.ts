// No counterpart: a room with all its features, on a module that only records.

import { ns } from "../../host/util/ns.ts";
import type { Attributes, Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { create_full_library } from "../../muc/features.ts";
import type { RoomLibrary } from "../../muc/muc.lib.ts";
import type { Room } from "../../muc/types.ts";
import { FakeModule, type FakeModuleOptions, FakeSession, no_rooms } from "./fake_module.ts";

/** Rooms are open at once, and without XEP-0421 ids, which only stand in the way of reading. */
const plain = { muc_room_locking: false, muc_occupant_id: false, muc_vcard: false };

/** One room, and who is in it; what happened on the way in is forgotten. */
export class TestRoom {
	readonly module: FakeModule;
	readonly library: RoomLibrary;
	readonly room: Room;
	private readonly clients = new Map<string, FakeSession>();

	constructor(setup: FakeModuleOptions = {}) {
		this.module = new FakeModule({ ...setup, options: { ...plain, ...setup.options } });
		this.library = create_full_library(this.module, no_rooms);
		this.room = this.library.new_room("room@muc.example.org");
	}

	/** The session of a real full JID. */
	client(jid: string): FakeSession {
		const client = this.clients.get(jid) ?? new FakeSession(jid);
		this.clients.set(jid, client);
		return client;
	}

	/** Sends a presence to a nick, or to the room where there is none. */
	presence(jid: string, nick: string | undefined, attr: Attributes = {}, ...children: Stanza[]): void {
		const to = nick === undefined ? this.room.jid : `${this.room.jid}/${nick}`;
		const stanza = st.presence({ from: jid, to, ...attr });
		for (const child of children) stanza.add_child(child);
		if (nick === undefined) this.room.handle_presence_to_room(this.client(jid), stanza);
		else this.room.handle_presence_to_occupant(this.client(jid), stanza);
	}

	/** Asks to enter. */
	enter(jid: string, nick: string): void {
		const x = st.stanza("x", { xmlns: ns.muc });
		if (this.room.has_occupant()) {
			this.presence(jid, nick, {}, x);
			return;
		}
		const stanza = st.presence({ from: jid, to: `${this.room.jid}/${nick}` });
		stanza.add_child(x);
		this.room.handle_first_presence(this.client(jid), stanza);
	}

	/** Has several enter, and forgets what was sent. */
	fill(...occupants: [jid: string, nick: string][]): void {
		for (const [jid, nick] of occupants) this.enter(jid, nick);
		this.forget();
	}

	/** Sends a message to the room, or to a nick. */
	message(jid: string, attr: Attributes, body?: string, nick?: string): Stanza {
		const to = nick === undefined ? this.room.jid : `${this.room.jid}/${nick}`;
		const stanza = st.message({ from: jid, to, ...attr }, body);
		if (nick === undefined) this.room.handle_message_to_room(this.client(jid), stanza);
		else this.room.handle_message_to_occupant(this.client(jid), stanza);
		return stanza;
	}

	/** Sends a muc#admin query with one item, or without. */
	admin(jid: string, type: "get" | "set", item: Attributes | undefined, reason?: string): Stanza[] {
		const stanza = st.iq({ from: jid, to: this.room.jid, type, id: "admin" }).query(ns.muc_admin);
		if (item !== undefined) stanza.tag("item", { xmlns: ns.muc_admin, ...item });
		if (reason !== undefined) stanza.text_tag("reason", reason, { xmlns: ns.muc_admin });
		if (type === "get") this.room.handle_admin_query_get_command(this.client(jid), stanza);
		else this.room.handle_admin_query_set_command(this.client(jid), stanza);
		return this.client(jid).take();
	}

	/** What was sent to a JID, in brief; forgets it. */
	got(jid: string): string[] {
		return [...this.module.take(jid), ...this.client(jid).take()].map(brief);
	}

	forget(): void {
		this.module.take();
		this.module.broadcasts.length = 0;
		for (const client of this.clients.values()) client.take();
	}
}

/** A stanza in one line: what it is, whom it is about, and what the room says about it. */
export function brief(stanza: Stanza): string {
	const { type, from } = stanza.attr;
	const parts = [stanza.name, type, from?.replace(/^[^/]*\//, "/")].filter((part) => part !== undefined);
	const x = stanza.get_child("x", ns.muc_user);
	for (const item of x?.childtags("item") ?? []) {
		const { affiliation, role, jid, nick } = item.attr;
		parts.push([affiliation, role, jid, nick === undefined ? undefined : `nick=${nick}`].filter((part) => part).join(","));
		const actor = item.get_child("actor");
		if (actor) parts.push(`by=${actor.attr["nick"] ?? ""}${actor.attr["jid"] ? `(${actor.attr["jid"]})` : ""}`);
		const reason = item.get_child_text("reason");
		if (reason !== undefined) parts.push(`because=${reason}`);
	}
	const codes = [...(x?.childtags("status") ?? [])].map((status) => status.attr["code"]);
	if (codes.length > 0) parts.push(codes.join("+"));
	const error = stanza.get_error();
	if (error) parts.push(`${error.type}/${error.condition}`);
	for (const text of ["body", "subject", "status"]) {
		const found = stanza.get_child_text(text);
		if (found !== undefined) parts.push(`${text}=${found}`);
	}
	return parts.join(" ");
}
