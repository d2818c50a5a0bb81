// Counterpart: plugins/muc/register.lib.lua (XEP-0045 §7.10)

import type { Session } from "../host/core/types.ts";
import type { Field, FieldValues, ParsedValues } from "../host/util/dataforms.ts";
import { get_type, new_form } from "../host/util/dataforms.ts";
import { resourceprep } from "../host/util/encodings.ts";
import type { Result, StanzaError } from "../host/util/error.ts";
import { failed, ok, stanza_error } from "../host/util/error.ts";
import { bare, resource } from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as st from "../host/util/stanza.ts";
import type { DiscoInfoEvent, PreChangeEvent, PreJoinEvent, SetAffiliationEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { is_visible_nick } from "./nick.ts";
import type { AffiliationData, Room } from "./types.ts";
import { refuse, refuse_in_room, sender_of } from "./util.lib.ts";

declare module "../host/core/types.ts" {
	interface ItemTypes {
		/** A field that modules add to the registration form of rooms. */
		"muc-registration-field": Field;
	}
}

/** Reserved nicks. Options: allow_unaffiliated_register, enforce_registered_nickname, muc_registration_include_form. */
export const register = feature("register", (module) => {
	const allow_unaffiliated = module.get_option_boolean("allow_unaffiliated_register", false);
	const enforce_nick = module.get_option_boolean("enforce_registered_nickname", false);
	const include_form = module.get_option_boolean("muc_registration_include_form", false);
	const form = new_form({
		fields: [
			{ name: "FORM_TYPE", type: "hidden", value: ns.muc_register },
			{ name: "muc#register_roomnick", type: "text-single", required: true, label: "Nickname" },
		],
	});
	module.handle_items(
		"muc-registration-field",
		({ item }) => void form.fields.push(item),
		({ item }) => {
			const index = form.fields.findIndex((field) => field.name === item.name);
			if (index >= 0) form.fields.splice(index, 1);
		},
	);

	module.hook("muc-set-affiliation", forget_reserved_nicks);
	module.hook("muc-disco#info", add_feature);
	module.hook("muc-occupant-pre-join", enforce_nick_policy);
	module.hook("muc-occupant-pre-change", enforce_nick_policy);
	module.hook("muc-disco#info/x-roomuser-item", tell_own_nick);

	/** Bare JIDs by the nick that they have reserved; made when it is asked for. */
	function get_reserved_nicks(room: Room): Map<string, string> {
		if (room._reserved_nicks) return room._reserved_nicks;
		const reserved = new Map<string, string>();
		for (const [jid, affiliation, data] of room.each_affiliation()) {
			// Prosody keeps the nick of somebody who is banned
			if (affiliation === "outcast") continue;
			if (data?.reserved_nickname !== undefined) reserved.set(data.reserved_nickname, jid);
		}
		room._reserved_nicks = reserved;
		return reserved;
	}

	/** The nick that a bare JID has reserved; the nick alone, not the occupant JID. */
	function get_registered_nick(room: Room, jid: string | undefined): string | undefined {
		return jid === undefined ? undefined : room._affiliation_data.get(jid)?.reserved_nickname;
	}

	/** The bare JID that has reserved a nick. */
	function get_registered_jid(room: Room, nick: string | undefined): string | undefined {
		return nick === undefined ? undefined : get_reserved_nicks(room).get(nick);
	}

	/** Answers a jabber:iq:register query to the room. */
	function handle_register_iq(room: Room, origin: Session, stanza: Stanza): true {
		const user = bare(sender_of(stanza)) ?? "";
		const affiliation = room.get_affiliation(user);
		if (affiliation === "outcast") return refuse(origin, stanza, "auth", "forbidden");
		if (affiliation === undefined && !allow_unaffiliated) return refuse(origin, stanza, "auth", "registration-required");
		if (stanza.attr["type"] === "get") {
			origin.send(describe(room, user, stanza));
		} else {
			const done = stanza.first_tag?.get_child("remove") ? unregister(room, user) : register_nick(room, user, origin, stanza);
			origin.send(done.ok ? st.reply(stanza) : st.error_reply_from(stanza, done.error));
		}
		return true;
	}

	/** The answer to whoever asks for their registration: the registered nick, or the form to register one. */
	function describe(room: Room, user: string, stanza: Stanza): Stanza {
		const reply = st.reply(stanza).query(ns.register);
		const nick = get_registered_nick(room, user);
		if (nick === undefined) return reply.add_child(form.form());
		reply.tag("registered").up().text_tag("username", nick);
		const data = room.get_affiliation_data(user);
		if (include_form && data) reply.add_child(form.form(shown_values(data), "result"));
		return reply;
	}

	/** The part of an affiliation's data that the form has fields for and can show. */
	function shown_values(data: AffiliationData): FieldValues {
		const values: FieldValues = {};
		for (const { name } of form.fields) {
			const value = name === undefined ? undefined : data[name];
			if (name === undefined || value === undefined || (typeof value === "object" && !Array.isArray(value))) continue;
			values[name] = Array.isArray(value) ? value.map(String) : typeof value === "bigint" ? String(value) : value;
		}
		return values;
	}

	/** Gives up the nick, and the membership; admins and owners stay what they are. */
	function unregister(room: Room, user: string): Result<true, StanzaError> {
		const affiliation = room.get_affiliation(user);
		return room.set_affiliation(true, user, affiliation === "member" ? undefined : affiliation, undefined, false);
	}

	function read_form(stanza: Stanza): Result<ParsedValues, StanzaError> {
		const refuse = (text: string) => failed(stanza_error("modify", "bad-request", text));
		const submitted = stanza.first_tag?.get_child("x", ns.data);
		if (submitted === undefined) return refuse("Missing dataform");
		const type = get_type(submitted);
		if (!type.ok) return refuse(`Error with form: ${type.error}`);
		if (type.value !== ns.muc_register) return refuse("Error in form");
		const { data, errors } = form.data(submitted);
		if (errors === undefined) return ok(data);
		const complaints = Object.entries(errors).map(([name, error]) => `${name}: ${error}`);
		return refuse(`Error in form: ${complaints.join("")}`);
	}

	function register_nick(room: Room, user: string, origin: Session, stanza: Stanza): Result<true, StanzaError> {
		const submitted = read_form(stanza);
		if (!submitted.ok) return submitted;
		const wanted = submitted.value["muc#register_roomnick"];
		const nick = typeof wanted === "string" ? resourceprep(wanted, true) : undefined;
		if (nick === undefined || !is_visible_nick(nick)) return failed(stanza_error("modify", "bad-request", "Invalid Nickname"));

		const occupant = room.get_occupant_by_nick(`${room.jid}/${nick}`);
		const owner = get_registered_jid(room, nick);
		if ((occupant && occupant.bare_jid !== user) || (owner !== undefined && owner !== user)) {
			return failed(stanza_error("cancel", "conflict"));
		}
		if (enforce_nick) kick_other_nicks(room, user, nick);
		if (get_registered_nick(room, user) === nick) return ok(true);

		const affiliation_data: AffiliationData = { reserved_nickname: nick };
		module.fire_event("muc-registration-submitted", {
			room,
			origin,
			stanza,
			submitted_data: submitted.value,
			affiliation_data,
		});
		const done = room.set_affiliation(true, user, room.get_affiliation(user) ?? "member", undefined, affiliation_data);
		if (done.ok) module.log("debug", "Saved nick registration for %s: %s", user, nick);
		return done;
	}

	/** Removes the user's occupants with other nicks than the one that the user has to have from now on. */
	function kick_other_nicks(room: Room, user: string, nick: string): void {
		for (const [occupant_jid, occupant] of [...room.each_occupant()]) {
			if (occupant.bare_jid === user && occupant_jid !== `${room.jid}/${nick}`) room.set_role(true, occupant_jid, undefined);
		}
	}

	function forget_reserved_nicks({ room }: SetAffiliationEvent): void {
		room._reserved_nicks = undefined;
	}

	function add_feature({ reply }: DiscoInfoEvent): void {
		reply.tag("feature", { var: ns.register }).up();
	}

	/** Refuses nicks that others have reserved. Where the option says so, makes people use their own reserved nick. */
	function enforce_nick_policy(event: PreJoinEvent | PreChangeEvent): true | undefined {
		const { room, stanza } = event;
		const from = sender_of(stanza);
		const requested = resource(stanza.attr["to"]);
		const owner = get_registered_jid(room, requested);
		if (owner !== undefined && owner !== bare(from)) {
			module.log("debug", "%s attempted to use nick %s reserved by %s", from, requested, owner);
			return refuse_in_room(event, "cancel", "conflict");
		}
		const reserved = enforce_nick ? get_registered_nick(room, bare(from)) : undefined;
		if (reserved === undefined) return undefined;
		if (event.occupant) {
			// Whoever joins gets the reserved nick, whatever was asked for
			event.occupant.nick = `${bare(event.occupant.nick)}/${reserved}`;
		} else if (event.dest_occupant.nick !== `${bare(event.dest_occupant.nick)}/${reserved}`) {
			module.log("debug", "Attempt by %s to join as %s, but their reserved nick is %s", from, requested, reserved);
			return refuse_in_room(event, "cancel", "not-acceptable");
		}
		return undefined;
	}

	/** XEP-0045 §7.12: what is my reserved nick here? */
	function tell_own_nick({ room, stanza, reply }: DiscoInfoEvent): void {
		const name = get_registered_nick(room, bare(sender_of(stanza)));
		if (name !== undefined) reply.tag("identity", { category: "conference", type: "text", name }).up();
	}

	return { methods: { get_registered_nick, get_registered_jid, handle_register_iq } };
});
