// No counterpart: where Prosody harms people who rely on the specifications, and this host does not.

import type { Stanza } from "../../host/util/stanza.ts";
import type { Difference, KnownDifference, PlayStep } from "./types.ts";

function sends(step: PlayStep): string {
	return step.kind === "send" ? step.xml : "";
}

/** A condition for all that follows from what is sent to one room: what a room is after it, too, differs, so random plays avoid it. */
function in_room(name: string): KnownDifference["matches"] {
	return (_, step) => sends(step).includes(`to='${name}@conference.`);
}

function is_refused(stanza: Stanza | undefined, condition: string): boolean {
	return stanza?.get_error()?.condition === condition;
}

/** Whether an element that only the reference passes on says something in the name of a room. */
function is_forged({ kind, path, reference = "" }: Difference): boolean {
	if (kind !== "missing element") return false;
	const child = /^(?:message\/result\/forwarded\/)?(?:message|presence)\/([^/]+)$/.exec(path)?.[1];
	switch (child) {
		case "hats":
		case "moderated":
			return true;
		case "x":
			return /xmlns='(http:\/\/jabber\.org\/protocol\/muc#user|jabber:x:delay)'/.test(reference);
		case "delay":
		case "stanza-id":
			return /@conference\.[^']*'/i.test(reference);
		default:
			return reference.includes("<moderated ");
	}
}

/** Whether a stanza sets or tells a subject. */
function is_subject(stanza: Stanza | undefined): boolean {
	return stanza?.get_child("subject") !== undefined && stanza.get_child("body") === undefined;
}

export const mended_differences: readonly KnownDifference[] = [
	{
		id: "invitations-of-strangers",
		reason:
			"In Prosody whoever is not in a room, and nothing to it, can have it send invitations and declines to any address, and learns its password by inviting himself. Here such people may decline what they were invited to, and members who are not in the room invite without its password.",
		shown_by: "muc_invite_stranger.scs",
		matches({ kind, path, reference, subject, subject_stanza }, step) {
			if (!/<(invite|decline) /.test(sends(step))) return false;
			if (is_refused(subject_stanza, "forbidden")) return true;
			if (kind === "missing stanza") return /<(invite|decline) /.test(reference ?? "");
			return subject === undefined && path === "message/x/password";
		},
	},
	{
		id: "invited-bans",
		reason:
			"In Prosody members of a members-only room who may invite lift a ban by inviting who is banned; here only who may lift it, too.",
		shown_by: "muc_invite_banned.scs",
		matches: in_room("sauna"),
	},
	{
		id: "passwords-of-archives",
		reason:
			"Prosody lets everybody read the archive of a room with a password, without it; here those who are in the room, and its owners.",
		shown_by: "mam_password.scs",
		matches: (difference, step) =>
			in_room("strongroom")(difference, step) ||
			// In random plays, somebody who left such a room asks, and gets the refusal in place of Prosody's answer
			(sends(step).includes("xmlns='urn:xmpp:mam:2'") && is_refused(difference.subject_stanza, "forbidden")),
	},
	{
		id: "domain-bans-of-affiliated",
		reason:
			"Whoever bans a domain in Prosody throws out all of it, owners, members and himself included, though their own affiliations let them in again; they stay here.",
		shown_by: "muc_domain_ban.scs",
		matches: in_room("hedge"),
	},
	{
		id: "own-bans",
		reason: "Owners can ban themselves in Prosody, unless there is no other owner; XEP-0045 §9.1 has it refused with conflict.",
		shown_by: "muc_ban_oneself.scs",
		matches: in_room("crown"),
	},
	{
		id: "forged-words-of-rooms",
		reason:
			"Prosody passes on what people say in a room's name: roles and hats to everybody, ids and stamps of its archive in private and in presence, and that a moderator retracted a message. All that is taken out here.",
		shown_by: "muc_forged_words.scs",
		matches: is_forged,
	},
	{
		id: "several-items",
		reason:
			"Of several changes in one request, Prosody makes the first and answers as if it had made all; here all are made, or none (XEP-0045 §9.2 to §10.8).",
		shown_by: "muc_several_items.scs",
		matches: in_room("clerks"),
	},
	{
		id: "several-invitations",
		reason:
			"Of several invitations in one message Prosody sends the first, and leaves out that they continue a chat of two (XEP-0045 §7.9).",
		shown_by: "muc_invite_several.scs",
		matches({ kind, path, subject, subject_stanza }, step) {
			const xml = sends(step);
			if (/<invite .*<invite /.test(xml)) {
				if (is_refused(subject_stanza, "jid-malformed")) return true;
				if (kind === "missing stanza" || (kind === "extra stanza" && (subject ?? "").includes("<invite "))) return true;
			}
			return xml.includes("<continue ") && /^message\/x(\/invite\/continue|@continue|@thread)$/.test(path);
		},
	},
	{
		id: "values-of-forms",
		reason:
			"Prosody does not know the value `anyone` of XEP-0045 for who may send private messages, and drops them all then; and where presence is shown for a role that does not exist alone, it hides everybody.",
		shown_by: "muc_form_values.scs",
		matches: (difference, step) =>
			in_room("agora")(difference, step) ||
			// Prosody keeps the role, and shows it in the form from then on
			(difference.path === "iq/query/x/field/value" && />king<\/value>$/.test(difference.reference ?? "")),
	},
	{
		id: "full-jids-of-items",
		reason: "Prosody refuses full JIDs in changes of affiliations and roles; XEP-0045 §10.3 has them stand for their accounts.",
		shown_by: "muc_full_jid_items.scs",
		matches: in_room("smiths"),
	},
	{
		id: "removed-strangers-shown",
		reason:
			"Prosody does not tell those who stay who has to leave a room that becomes members-only, so that they go on seeing them (XEP-0045 §9.3).",
		shown_by: "muc_members_only_leaves.scs",
		matches: ({ kind, subject }) =>
			kind === "extra stanza" &&
			/^<presence [^>]*type='unavailable'/.test(subject ?? "") &&
			(subject ?? "").includes("<status code='322'/>"),
	},
	{
		id: "cancelled-rooms",
		reason:
			"A new room whose creator cancels its configuration stays closed to everybody else in Prosody; XEP-0045 §10.1.3 has it destroyed.",
		shown_by: "muc_create_cancel.scs",
		matches: in_room("pop-up"),
	},
	{
		id: "nicks-of-banned",
		reason:
			"In Prosody the nick of who is banned stays reserved, so that nobody else can use it, and nicks can be reserved that nobody may use since they cannot be seen.",
		shown_by: "muc_free_nicks.scs",
		matches: in_room("playhouse"),
	},
	{
		id: "13-nicks-of-refused-changes",
		reason: "Prosody 13 reserves the nick that comes with a change of an affiliation also where it refuses the change.",
		reference: "13",
		shown_by: "muc_refused_nick.scs",
		matches: in_room("bureau"),
	},
	{
		id: "details-of-subjects",
		reason: "Prosody leaves out the id, the language and the occupant id of the message by which a subject was set.",
		shown_by: "muc_subject_details.scs",
		matches: ({ path, reference, subject_stanza }) =>
			reference === undefined && is_subject(subject_stanza) && /^message(@id|@xml:lang|\/occupant-id)$/.test(path),
	},
	{
		id: "metadata-of-archives",
		reason:
			"Prosody announces all of urn:xmpp:mam:2#extended, but refuses to tell the first and the last message of an archive, and leaves out messages that it lacks without saying so.",
		shown_by: "mam_metadata.scs",
		matches({ kind, reference, subject_stanza }, step) {
			if (/^<iq [^>]*type='get'.*<metadata xmlns='urn:xmpp:mam:2'/.test(sends(step))) return true;
			if (!sends(step).includes("var='ids'")) return false;
			return (
				is_refused(subject_stanza, "item-not-found") || (kind === "missing stanza" && (reference ?? "").includes("<result "))
			);
		},
	},
	{
		id: "line-ends",
		reason:
			"Prosody writes carriage returns in texts, and tabs and line ends in attributes, as they are, so that readers get something else (XML 1.0 §2.11, §3.3.3).",
		shown_by: "im_line_ends.scs",
		matches: ({ kind, subject }) => (kind === "text" || kind === "attribute") && /[\t\r\n]/.test(subject ?? ""),
	},
	{
		id: "empty-parts-of-addresses",
		reason:
			"Prosody takes addresses with a part of which preparation leaves nothing, and answers from what is no address (RFC 6122 §2.1).",
		shown_by: "muc_empty_address_parts.scs",
		matches: (_, step) => /to='[^']*\/(?:\u00ad|\u034f)'/.test(sends(step)),
	},
];
