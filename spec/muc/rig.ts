// No counterpart: a room with all features and no server, for the specs of the features.

import type { Session } from "../../host/core/types.ts";
import type { Field } from "../../host/util/dataforms.ts";
import { bare } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import type { Attributes, Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { create_full_library } from "../../muc/features.ts";
import type { RoomLibrary } from "../../muc/muc.lib.ts";
import type { Affiliation, Room, RoomData } from "../../muc/types.ts";
import { FakeSession } from "./fake_session.ts";
import { type ModuleSetup, no_rooms, type RecordedModule, recorded_module } from "./recorded_module.ts";

export const room_jid = "room@muc.example.org";
/** The owner of the rig's room. */
export const owner = "owner@example.org/desk";

/** What a room says about itself in service discovery. */
export interface Disco {
	/** Lines such as `conference/text/Name`. */
	identities: string[];
	features: string[];
	/** Values of the information form by field name; undefined where the field has no value. */
	form: Map<string, string | undefined>;
}

/** One room of one component, with what it sends recorded in `module`. */
export class Rig {
	readonly module: RecordedModule;
	readonly library: RoomLibrary;
	readonly room: Room;
	/** Every broadcast message, before it is sent. */
	readonly messages: Stanza[] = [];
	private readonly sessions = new Map<string, FakeSession>();

	/** @param owners bare JIDs of those who own the room */
	constructor(setup: ModuleSetup = {}, data: RoomData = {}, owners: readonly string[] = [bare(owner) ?? owner]) {
		this.module = recorded_module({ ...setup, options: { muc_vcard: false, ...setup.options } });
		this.library = create_full_library(this.module, no_rooms);
		this.room = this.library.new_room(room_jid, data);
		for (const jid of owners) this.room._affiliations.set(jid, "owner");
		this.module.hook("muc-broadcast-message", ({ stanza }) => void this.messages.push(st.clone(stanza)), 1000);
	}

	/** The one session of a full JID. */
	session(full_jid: string): FakeSession {
		const session = this.sessions.get(full_jid) ?? new FakeSession(full_jid);
		this.sessions.set(full_jid, session);
		return session;
	}

	affiliate(jid: string, affiliation: Affiliation): void {
		this.room._affiliations.set(jid, affiliation);
	}

	/** The presence that enters the room; `build` adds to its `<x/>`. */
	presence(full_jid: string, nick: string, build: (x: Stanza) => void = () => undefined): Stanza {
		const x = st.stanza("x", { xmlns: ns.muc });
		build(x);
		return st.presence({ from: full_jid, to: `${room_jid}/${nick}` }).add_child(x);
	}

	/** Sends that presence; answers with the error that came back, as `type/condition`. */
	join(full_jid: string, nick: string, build?: (x: Stanza) => void): string | undefined {
		return this.deliver(full_jid, this.presence(full_jid, nick, build), (origin, stanza) =>
			this.room.handle_presence_to_occupant(origin, stanza),
		);
	}

	/** Sends a message to the room. */
	say(full_jid: string, build: (message: Stanza) => void): string | undefined {
		const message = st.message({ from: full_jid, to: room_jid, type: "groupchat", id: "m1" });
		build(message);
		return this.deliver(full_jid, message, (origin, stanza) => this.room.handle_message_to_room(origin, stanza));
	}

	/** Sends a private message. */
	whisper(full_jid: string, nick: string, body: string): string | undefined {
		const message = st.message({ from: full_jid, to: `${room_jid}/${nick}`, type: "chat", id: "p1" }, body);
		return this.deliver(full_jid, message, (origin, stanza) => this.room.handle_message_to_occupant(origin, stanza));
	}

	/** Hands a stanza to the room; answers with the error that its sender got, through its session or the router. */
	deliver(full_jid: string, stanza: Stanza, handle: (origin: Session, stanza: Stanza) => unknown): string | undefined {
		const origin = this.session(full_jid);
		const before = this.module.sent.length;
		handle(origin, stanza);
		const routed = this.module.sent.slice(before).filter((sent) => sent.attr["to"] === full_jid);
		const error = [...origin.sent, ...routed].find((sent) => sent.attr["type"] === "error")?.get_error();
		origin.sent.splice(0);
		return error && `${error.type}/${error.condition}`;
	}

	/** Sends a presence to a nick, or to the room where there is none. */
	show(jid: string, nick: string | undefined, attr: Attributes = {}, ...children: Stanza[]): void {
		const to = nick === undefined ? this.room.jid : `${this.room.jid}/${nick}`;
		const stanza = st.presence({ from: jid, to, ...attr });
		for (const child of children) stanza.add_child(child);
		if (nick === undefined) this.room.handle_presence_to_room(this.session(jid), stanza);
		else this.room.handle_presence_to_occupant(this.session(jid), stanza);
	}

	/** Asks to enter. */
	enter(jid: string, nick: string): void {
		const x = st.stanza("x", { xmlns: ns.muc });
		if (this.room.has_occupant()) {
			this.show(jid, nick, {}, x);
			return;
		}
		const stanza = st.presence({ from: jid, to: `${this.room.jid}/${nick}` });
		stanza.add_child(x);
		this.room.handle_first_presence(this.session(jid), stanza);
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
		if (nick === undefined) this.room.handle_message_to_room(this.session(jid), stanza);
		else this.room.handle_message_to_occupant(this.session(jid), stanza);
		return stanza;
	}

	/** Sends a muc#admin query with one item, or without. */
	admin(jid: string, type: "get" | "set", item: Attributes | undefined, reason?: string): Stanza[] {
		const stanza = st.iq({ from: jid, to: this.room.jid, type, id: "admin" }).query(ns.muc_admin);
		if (item !== undefined) stanza.tag("item", { xmlns: ns.muc_admin, ...item });
		if (reason !== undefined) stanza.text_tag("reason", reason, { xmlns: ns.muc_admin });
		if (type === "get") this.room.handle_admin_query_get_command(this.session(jid), stanza);
		else this.room.handle_admin_query_set_command(this.session(jid), stanza);
		return this.session(jid).take();
	}

	/** What was sent to a JID, in brief; forgets it. */
	got(jid: string): string[] {
		return [...this.module.take(jid), ...this.session(jid).take()].map(brief);
	}

	forget(): void {
		this.module.take();
		this.module.broadcasts.length = 0;
		for (const session of this.sessions.values()) session.take();
	}

	/** The configuration form as its fields, those without a name by their value. */
	fields(actor = owner): Map<string, Field> {
		const { fields } = this.room.get_form_layout(actor);
		return new Map(fields.map((field) => [field.name ?? String(field.value), field]));
	}

	/** Submits some fields of the configuration form; answers with the status codes that were announced. */
	submit(values: { [field: string]: string | string[] }, actor = owner): string[] {
		const form = st.stanza("x", { xmlns: ns.data, type: "submit" });
		for (const [name, value] of Object.entries({ FORM_TYPE: ns.muc_roomconfig, ...values })) {
			form.tag("field", { var: name });
			for (const text of typeof value === "string" ? [value] : value) form.text_tag("value", text);
			form.up();
		}
		const iq = st.iq({ from: actor, to: room_jid, type: "set", id: "c1" }).query(ns.muc_owner).add_child(parsed(form));
		const before = this.messages.length;
		this.room.process_form(this.session(actor), iq.reset());
		this.session(actor).sent.splice(0);
		return this.messages
			.slice(before)
			.flatMap((message) => [...(message.get_child("x", ns.muc_user)?.childtags("status") ?? [])])
			.map((status) => status.attr["code"] ?? "");
	}

	/** What the room says about itself. */
	disco(node?: string): Disco {
		const iq = st.iq({ from: owner, to: room_jid, type: "get", id: "d1" }).tag("query", { xmlns: ns.disco_info, node });
		const query = this.room.get_disco_info(iq.reset()).get_child("query", ns.disco_info);
		const fields = [...(query?.get_child("x", ns.data)?.childtags("field") ?? [])];
		return {
			identities: [...(query?.childtags("identity") ?? [])].map(
				({ attr }) => `${attr["category"]}/${attr["type"]}/${attr["name"]}`,
			),
			features: [...(query?.childtags("feature") ?? [])].map(({ attr }) => attr["var"] ?? ""),
			form: new Map(fields.map((field) => [field.attr["var"] ?? "", field.get_child_text("value")])),
		};
	}
}

/**
 * A room that nobody owns yet, and that is open at once; without XEP-0421's ids, which only stand in the way of reading.
 * What happened on the way in can be forgotten.
 */
export function open_room(setup: ModuleSetup = {}): Rig {
	const options = { muc_room_locking: false, muc_occupant_id: false, ...setup.options };
	return new Rig({ ...setup, options }, {}, []);
}

/** An element as it would come from the network, where each carries its namespace. */
export function parsed(element: Stanza, inherited?: string): Stanza {
	const xmlns = element.attr["xmlns"] ?? inherited;
	const copy = st.stanza(element.name, { ...element.attr, xmlns });
	for (const child of element.children) copy.append_parsed(child instanceof st.Stanza ? parsed(child, xmlns) : String(child));
	return copy;
}

/** Nicks and types of the presences among stanzas, as `nick`, or `-nick` for who is gone, with status codes. */
export function presences(stanzas: readonly Stanza[]): string[] {
	return stanzas
		.filter(({ name }) => name === "presence")
		.map((presence) => {
			const nick = presence.attr["from"]?.slice(`${bare(presence.attr["from"])}/`.length);
			const codes = [...(presence.get_child("x", ns.muc_user)?.childtags("status") ?? [])].map(({ attr }) => attr["code"]);
			return [presence.attr["type"] === "unavailable" ? `-${nick}` : nick, ...codes].join(" ");
		});
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
