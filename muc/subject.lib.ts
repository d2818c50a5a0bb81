// Counterpart: plugins/muc/subject.lib.lua

import { datetime, now } from "../host/util/datetime.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as st from "../host/util/stanza.ts";
import type { DiscoInfoEvent, GroupchatEvent, SessionNewEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { number, table, text } from "./kinds.ts";
import { add_info, yes_no } from "./settings.ts";
import type { Room } from "./types.ts";
import { refuse, role_rank, valid_roles } from "./util.lib.ts";

/** What else is known of a subject: its language, and the id of who set it (XEP-0421). */
interface SubjectDetails {
	lang?: string;
	occupant_id?: string;
}

// Divergence: Prosody leaves out everything but the sender and the subject
function subject_message(
	from: string,
	subject: string | undefined,
	{ lang, occupant_id }: SubjectDetails = {},
	id?: string,
): Stanza {
	const message = st.message({ from, type: "groupchat", id, "xml:lang": lang }).text_tag("subject", subject);
	if (occupant_id !== undefined) message.tag("occupant-id", { xmlns: ns.occupant_id, id: occupant_id }).up();
	return message;
}

function read_details(said: Stanza): SubjectDetails {
	const subject_lang = said.get_child_attr("subject", undefined, "xml:lang");
	const lang = subject_lang ?? said.attr["xml:lang"];
	const occupant_id = said.get_child_attr("occupant-id", ns.occupant_id, "id");
	return { ...(lang === undefined ? {} : { lang }), ...(occupant_id === undefined ? {} : { occupant_id }) };
}

/** The room's subject (XEP-0045 §7.2.15, §8.1), and whether everybody may set it, not only moderators. */
export const subject = feature("subject", (module) => {
	const changesubject = yes_no("changesubject", {
		field: "muc#roomconfig_changesubject",
		label: "Allow anyone to set the room's subject",
		desc: "Choose whether anyone, or only moderators, may set the room's subject",
		default: (given) => module.get_option_boolean("muc_room_default_change_subject", given),
	});
	module.hook("muc-disco#info", tell);
	module.hook("muc-config-form", changesubject.add_field, 80 - 1);
	module.hook("muc-config-submitted/muc#roomconfig_changesubject", changesubject.take_field);
	// After the history, at 50: the subject ends what a joining client gets
	module.hook("muc-occupant-session-new", send_to_new_session, 20);
	module.hook("muc-occupant-groupchat", take_subject, 20);

	/** Who set the subject (an occupant JID, or the room's for nobody) and what it is; Lua sees two values. */
	function get_subject(room: Room): [from: string, subject: string | undefined] {
		return [room._data.subject_from ?? room.jid, room._data.subject];
	}

	/** What is known about the present subject; undefined where Prosody has set another one since. */
	function get_details(room: Room): SubjectDetails | undefined {
		const { subject_details, subject_time } = room._data;
		return subject_details?.time === subject_time ? subject_details : undefined;
	}

	/**
	 * Sets the subject and tells the room; empty takes it away. `said` is the message that asks for it, of which id, language and
	 * occupant id stay. True where that changed something.
	 */
	function set_subject(room: Room, from: string, subject: string | undefined, said?: Stanza): boolean {
		const wanted = subject === "" ? undefined : subject;
		const [old_from, old_subject] = get_subject(room);
		if (old_subject === wanted && old_from === from) return false;
		room._data.subject_from = from;
		room._data.subject = wanted;
		const time = now();
		room._data.subject_time = time;
		const details = said === undefined ? {} : read_details(said);
		if (Object.keys(details).length > 0) room._data.subject_details = { time, ...details };
		else delete room._data.subject_details;
		room.broadcast_message(subject_message(from, wanted, details, said?.attr["id"]));
		return true;
	}

	/** Sends the subject to one JID, with the time when it was set, in seconds since 1970. */
	function send_subject(room: Room, to: string | undefined, time?: number): void {
		const message = subject_message(...get_subject(room), get_details(room));
		message.attr["to"] = to;
		if (time !== undefined) message.tag("delay", { xmlns: ns.delay, from: room.jid, stamp: datetime(time) }).up();
		room.route_stanza(message);
	}

	function tell(event: DiscoInfoEvent): void {
		add_info(event, { name: "muc#roomconfig_changesubject", type: "boolean" }, changesubject.get(event.room));
	}

	function send_to_new_session({ room, stanza }: SessionNewEvent): void {
		send_subject(room, stanza.attr["from"], room._data.subject_time);
	}

	function take_subject({ room, stanza, origin, occupant }: GroupchatEvent): true | undefined {
		const wanted = stanza.get_child("subject");
		if (wanted === undefined) return undefined;
		// XEP-0045 §8.1: with a body or a thread, it is a message that happens to have a subject
		if (stanza.get_child("body") || stanza.get_child("thread")) return undefined;
		const least = changesubject.get(room) ? valid_roles.participant : valid_roles.moderator;
		if (occupant === undefined || role_rank(occupant.role) < least) {
			return refuse(origin, stanza, "auth", "forbidden", "You are not allowed to change the subject");
		}
		set_subject(room, occupant.nick, wanted.get_text(), stanza);
		room.save();
		return true;
	}

	return {
		...changesubject,
		data: {
			...changesubject.data,
			subject: text,
			/** Occupant JID of who set the subject. */
			subject_from: text,
			/** Seconds since 1970. */
			subject_time: number,
			/** What Prosody does not keep about the subject; it belongs to the subject that was set at `time`. */
			subject_details: table<{ time: number; lang?: string; occupant_id?: string }>(),
		},
		methods: { ...changesubject.methods, get_subject, set_subject, send_subject },
	};
});
