// Counterpart: plugins/muc/subject.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import { datetime } from "../host/util/datetime.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as st from "../host/util/stanza.ts";
import type { Room, RoomMethods } from "./types.ts";
import { role_rank, valid_roles } from "./util.lib.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** Whether every participant may set the subject, not only moderators. */
		get_changesubject(): boolean | undefined;
		/** True where that changed something. */
		set_changesubject(changesubject: boolean | undefined): boolean;
		/** Who set the subject (an occupant JID, or the room's for nobody) and what it is; Lua sees two values. */
		get_subject(): [from: string, subject: string | undefined];
		/** Sets the subject and tells the room; empty takes it away. True where that changed something. */
		set_subject(from: string, subject: string | undefined): boolean;
		/** Sends the subject to one JID, with the time since when it stands, in seconds since 1970. */
		send_subject(to: string | undefined, time?: number): void;
	}
}

function subject_message(from: string, subject: string | undefined): Stanza {
	return st.message({ from, type: "groupchat" }).text_tag("subject", subject);
}

function get_changesubject(room: Room): boolean | undefined {
	return room._data.changesubject;
}

function set_changesubject(room: Room, changesubject: boolean | undefined): boolean {
	const wanted = changesubject ? true : undefined;
	if (get_changesubject(room) === wanted) return false;
	room._data.changesubject = wanted;
	return true;
}

function get_subject(room: Room): [from: string, subject: string | undefined] {
	return [room._data.subject_from ?? room.jid, room._data.subject];
}

function set_subject(room: Room, from: string, subject: string | undefined): boolean {
	const wanted = subject === "" ? undefined : subject;
	const [old_from, old_subject] = get_subject(room);
	if (old_subject === wanted && old_from === from) return false;
	room._data.subject_from = from;
	room._data.subject = wanted;
	room._data.subject_time = Math.floor(Date.now() / 1000);
	room.broadcast_message(subject_message(from, wanted));
	return true;
}

function send_subject(room: Room, to: string | undefined, time: number | undefined): void {
	const message = subject_message(...get_subject(room));
	message.attr["to"] = to;
	if (time !== undefined) message.tag("delay", { xmlns: ns.delay, from: room.jid, stamp: datetime(time) }).up();
	room.route_stanza(message);
}

export const methods: Pick<
	RoomMethods,
	"get_changesubject" | "set_changesubject" | "get_subject" | "set_subject" | "send_subject"
> &
	ThisType<Room> = {
	get_changesubject() {
		return get_changesubject(this);
	},
	set_changesubject(changesubject) {
		return set_changesubject(this, changesubject);
	},
	get_subject() {
		return get_subject(this);
	},
	set_subject(from, subject) {
		return set_subject(this, from, subject);
	},
	send_subject(to, time) {
		send_subject(this, to, time);
	},
};

/** The room's subject (XEP-0045 §7.2.15, §8.1), and who may set it. */
export function load(module: ModuleApi): void {
	module.hook("muc-disco#info", ({ room, form, formdata }) => {
		form?.fields.push({ name: "muc#roomconfig_changesubject", type: "boolean" });
		if (formdata) formdata["muc#roomconfig_changesubject"] = get_changesubject(room);
	});
	module.hook(
		"muc-config-form",
		({ room, form }) => {
			form.fields.push({
				name: "muc#roomconfig_changesubject",
				type: "boolean",
				label: "Allow anyone to set the room's subject",
				desc: "Choose whether anyone, or only moderators, may set the room's subject",
				value: get_changesubject(room),
			});
		},
		80 - 1,
	);
	module.hook("muc-config-submitted/muc#roomconfig_changesubject", ({ room, value, status_codes }) => {
		if (set_changesubject(room, value === true)) status_codes.add("104");
	});

	// After the history, at 50: the subject ends what a joining client gets
	module.hook(
		"muc-occupant-session-new",
		({ room, stanza }) => send_subject(room, stanza.attr["from"], room._data.subject_time),
		20,
	);

	module.hook(
		"muc-occupant-groupchat",
		({ room, stanza, origin, occupant }) => {
			const subject = stanza.get_child("subject");
			if (subject === undefined) return undefined;
			// XEP-0045 §8.1: with a body or a thread, it is a message that happens to have a subject
			if (stanza.get_child("body") || stanza.get_child("thread")) return undefined;
			const rank = role_rank(occupant?.role);
			const least = get_changesubject(room) ? valid_roles.participant : valid_roles.moderator;
			if (occupant === undefined || rank < least) {
				origin.send(st.error_reply(stanza, "auth", "forbidden", "You are not allowed to change the subject"));
				return true;
			}
			set_subject(room, occupant.nick, subject.get_text());
			room.save();
			return true;
		},
		20,
	);
}
