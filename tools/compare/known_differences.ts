// No counterpart: what this server does otherwise than Prosody on purpose, for `enjamb compare`.

import { account_differences } from "./accounts/differences.ts";
import { mended_differences } from "./mended_differences.ts";
import type { Difference, KnownDifference, PlayStep } from "./types.ts";

/** Whether the element that a difference is about, on the side that has it, is a form field of one of these names. */
function is_field(difference: Difference, ...names: string[]): boolean {
	const element = difference.subject ?? difference.reference ?? "";
	return difference.path.endsWith("/x/field") && names.some((name) => element.includes(`var='${name}'`));
}

function sends(step: PlayStep): string {
	return step.kind === "send" ? step.xml : "";
}

/** Where Prosody throws in the middle of its work, and what is sent here. */
const failing_requests: readonly { id: string; what: string; is_met(xml: string): boolean; answer: RegExp }[] = [
	{
		id: "join-without-nick",
		what: "the first join to a room without a nick",
		is_met: (xml) => /^<presence [^>]*to='[^'/]+'[^>]*><x xmlns='http:\/\/jabber.org\/protocol\/muc'/.test(xml),
		answer: /<jid-malformed /,
	},
	{
		id: "list-of-nothing",
		what: "a query for a list of affiliations or roles that does not say which",
		is_met: (xml) => /^<iq [^>]*type='get'[^>]*><query xmlns='http:\/\/jabber.org\/protocol\/muc#admin'\/>/.test(xml),
		answer: /<bad-request /,
	},
	{
		id: "foreign-invitation",
		what: "an element in muc#user that is named like an invitation but of another namespace",
		is_met: (xml) => /<(invite|decline) [^>]*xmlns=/.test(xml),
		answer: /<bad-request /,
	},
	{
		id: "voice-request-of-outsider",
		what: "voice requests of those who are not in the room",
		is_met: (xml) => xml.startsWith("<message ") && xml.includes("http://jabber.org/protocol/muc#request"),
		answer: /<not-acceptable /,
	},
	{
		id: "unknown-whois",
		what: "values for who may see real JIDs that the form does not offer",
		is_met: (xml) => xml.includes("var='muc#roomconfig_whois'") && !/<value>(moderators|anyone)<\/value>/.test(xml),
		answer: /^<iq [^>]*type='result'/,
	},
	{
		id: "no-broadcast-roles",
		what: "a form that leaves no role whose presence is shown",
		is_met: (xml) => /var='muc#roomconfig_presencebroadcast'(\/>|><\/field>)/.test(xml),
		answer: /^<iq [^>]*type='result'|<status code='104'|^<presence /,
	},
];

/**
 * Every difference to a Prosody that is accepted, with its reason. `enjamb compare` counts and shows them apart.
 *
 * Others cannot be met by a play: an error that is sent as a private message to nobody gets no answer, whether Prosody fails on it or
 * not; what is saved, and whether, shows only in storage; with `enforce_registered_nickname`, Prosody puts a second client that is given
 * the reserved nick in place of the first one, which hears nothing more, and on files Prosody 13 counts no messages of an archive and
 * does not say which ids it does not know (spec/scansion/configured shows both); a registered nick that is in the room already matters only where the option
 * `enforce_registered_nickname` is on, as the value "admin" does for `restrict_room_creation`; on a negative length of history
 * Prosody hangs at the next message; and where rooms lie in files, one whose name no file can have is refused with resource-constraint,
 * and one whose texts are no UTF-8 shows them as they were probably meant, where Prosody fails on both.
 *
 * Nor what needs an account that is registered: Prosody takes an empty password for a new one, so that nobody can log in any more, and keeps
 * requests for subscriptions also for accounts that there are not.
 *
 * Nor what is said while clients log in: Prosody tells those whose account there is that their proof is wrong, and others nothing,
 * which shows who has an account; here both hear the same. Where SASL2 differs, login_differences.ts says.
 *
 * Nor can what is no stanza: a comment, processing instruction, DOCTYPE or entity in a stream is answered with restricted-xml, and a
 * header for stanzas of another namespace with invalid-namespace (RFC 6120 §4.9.3), where Prosody says not-well-formed or takes it;
 * white space before the header of a restarted stream is allowed.
 */
export const known_differences: readonly KnownDifference[] = [
	...mended_differences,
	...account_differences,
	{
		id: "failing-lua-answered",
		reason:
			"Where a module in Lua fails on a stanza, Prosody sends nothing and the sender waits; this host answers with internal-server-error.",
		only_also: true,
		shown_by: "muc_failing_requests.scs",
		matches: ({ kind, subject_stanza }) =>
			kind === "extra stanza" && subject_stanza?.get_error()?.condition === "internal-server-error",
	},
	{
		id: "own-name-and-version",
		reason: "The server says that it is Enjamb, with its own version.",
		shown_by: "im_version.scs",
		matches: ({ path }, step) => sends(step).includes("jabber:iq:version") && /^iq\/query\/(name|version|os)$/.test(path),
	},
	{
		id: "0.12-restricted-private-messages",
		reason: "Prosody 13 lets owners restrict private messages; 0.12 has no such fields in the configuration form.",
		reference: "0.12",
		shown_by: "muc_config_form.scs",
		matches: (difference) =>
			difference.kind === "extra element" && is_field(difference, "muc#roomconfig_allowpm", "{xmpp:prosody.im}muc#allow_modpm"),
	},
	{
		id: "0.12-archiving-label",
		reason: "Prosody 13 names the field for archiving in the configuration form otherwise than 0.12.",
		reference: "0.12",
		shown_by: "muc_config_form.scs",
		matches: ({ path, reference }) => path === "iq/query/x/field@label" && reference === "Enable archiving?",
	},
	{
		id: "0.12-reasons-in-lists",
		reason: "Prosody 13 keeps the reason of an affiliation and shows it in lists; 0.12 forgets it.",
		reference: "0.12",
		shown_by: "muc_affiliations.scs",
		matches: ({ kind, path }) => kind === "extra element" && path === "iq/query/item/reason",
	},
	{
		id: "0.12-private-message-settings",
		reason:
			"Prosody 13 knows the fields that restrict private messages, so that changing them is announced (104); 0.12 does not.",
		reference: "0.12",
		shown_by: "muc_private_message_refused.scs",
		matches: ({ kind, subject }, step) =>
			(kind === "extra stanza" || kind === "extra element") &&
			/allowpm|allow_modpm/.test(sends(step)) &&
			(subject ?? "").includes("<status code='104'"),
	},
	{
		id: "0.12-unrestricted-private-messages",
		reason: "Prosody 13 restricts private messages where owners say so; 0.12 always delivers them.",
		reference: "0.12",
		shown_by: "muc_private_message_refused.scs",
		matches: ({ kind, path, reference, subject }, step) =>
			path === "message" &&
			/^<message [^>]*to='[^'/]+\/[^']+'/.test(sends(step)) &&
			((kind === "extra stanza" && (subject ?? "").includes("Private messages are restricted")) ||
				(kind === "missing stanza" && /^<message (?!.*type='(groupchat|error)')/.test(reference ?? ""))),
	},
	{
		id: "0.12-room-avatars",
		reason: "Prosody 13 has avatars of rooms, which it keeps in vCards; 0.12 has none.",
		reference: "0.12",
		shown_by: "muc_avatar.scs",
		matches: ({ kind, path, subject }, step) =>
			(kind === "extra element" && /^<(feature|field) [^>]*var='(vcard-temp|muc#roominfo_avatarhash)'/.test(subject ?? "")) ||
			(kind === "extra stanza" && (subject ?? "").includes("<x xmlns='vcard-temp:x:update'>")) ||
			(sends(step).includes("<vCard ") && (path.startsWith("iq") || (subject ?? "").includes("<status code='104'/>"))),
	},
	{
		id: "13-first-avatar-stays",
		reason:
			"Prosody 13 goes on telling the hash of the first avatar that it saw of a room, until the room leaves its memory; the new one is told here.",
		reference: "13",
		shown_by: "muc_avatar_changed.scs",
		matches: ({ kind, path, subject_stanza }) =>
			kind === "text" && path === "presence/x/photo" && /@conference\./.test(subject_stanza?.attr["from"] ?? ""),
	},
	{
		id: "13-longer-stamps",
		reason:
			"Prosody 13 keeps fractions of seconds in archives, which 0.12 fails to read; here they have whole seconds, so that the way back to either is open. Shorter stamps let more messages fit into the size that a client limits history to. What is asked for from within a second on includes all of that second.",
		reference: "13",
		shown_by: "mam_short_stamps.scs",
		matches: ({ kind, subject }, step) =>
			kind === "extra stanza" && sends(step).includes(" maxchars='") && (subject ?? "").includes("<delay "),
	},
	{
		id: "complete-room-list",
		reason:
			"Prosody takes its list of public rooms for complete as soon as there is one room on it, and leaves out those that were never changed; all are listed here.",
		shown_by: "muc_room_list.scs",
		matches: ({ kind, path }, step) =>
			kind === "extra element" && path === "iq/query/item" && /^<iq [^>]*to='[^'@]+'/.test(sends(step)),
	},
	{
		id: "ended-room-listed",
		reason:
			"Prosody goes on listing a public room that ended with a request to it, such as the kick of its last occupant, since it saves the room once more when it is gone already.",
		shown_by: "muc_ended_room_listed.scs",
		matches: ({ kind, path }, step) =>
			kind === "missing element" && path === "iq/query/item" && /^<iq [^>]*to='[^'@]+'/.test(sends(step)),
	},
	{
		id: "reserving-is-no-kick",
		reason:
			"In Prosody everybody can remove an occupant by reserving its nick for somebody else: it looks only afterwards at who asks.",
		shown_by: "muc_reserve_refused.scs",
		matches: ({ kind, reference }, step) =>
			kind === "missing stanza" &&
			sends(step).includes("http://jabber.org/protocol/muc#admin") &&
			(reference ?? "").includes("<reason>This nickname is reserved</reason>"),
	},
	{
		id: "13-reasons-of-refused-changes",
		reason:
			"Prosody 13 keeps the reason of a change of an affiliation, and the nick that it reserves, also when it refuses the change; 0.12 keeps no reasons at all.",
		reference: "13",
		shown_by: "muc_reason_kept.scs",
		matches: ({ kind, path }) => (kind === "text" || kind === "missing element") && path === "iq/query/item/reason",
	},
	{
		id: "archive-pages-between",
		reason:
			"Prosody's storage in memory, going from one message of an archive towards another, only stops where it comes upon that; if it is behind, or not there at all, it goes on to the end. Its databases and all storage here find nothing between such two, or say that there is none.",
		shown_by: "mam_empty_pages.scs",
		matches: ({ kind, path, reference }, step) =>
			/<before>[^<]+<\/before>.*<after>|<after>.*<before>[^<]|var='before-id'><value>\$\{/.test(sends(step)) &&
			((kind === "missing stanza" && (reference ?? "").includes("<result ")) || /^iq(@type$|\/fin|\/error)/.test(path)),
	},
	{
		id: "archive-pages-below-none",
		reason: "Prosody says of an archive that all of it was on a page, where the page was to have fewer messages than none.",
		shown_by: "mam_empty_pages.scs",
		matches: ({ path }, step) => path === "iq/fin@complete" && /<max>-[0-9]+<\/max>/.test(sends(step)),
	},
	{
		id: "odd-history-lengths",
		reason:
			"Who joins and asks for fewer messages than none, or for a fraction of one, gets no more than that; Prosody then sends all that its archive has.",
		shown_by: "mam_odd_history.scs",
		matches: ({ kind, reference }, step) =>
			kind === "missing stanza" && /maxstanzas='(-|\d*\.)/.test(sends(step)) && (reference ?? "").includes("<delay "),
	},
	{
		id: "nick-change-alone",
		reason:
			"Prosody takes a temporary room for empty while its only occupant changes nick, and destroys it beneath the occupant.",
		shown_by: "muc_nick_change_alone.scs",
		// What follows in a play that meets this cannot be told apart; random plays avoid it.
		matches: ({ path }, step) => path === "message" && sends(step).includes("to='solo@conference."),
	},
	{
		id: "13-refused-private-messages",
		reason:
			"Prosody 13 fails with an error in its code on private messages of people without an affiliation, where they may come from others only: nobody is told that it was not delivered. 0.12 restricts none.",
		reference: "13",
		shown_by: "muc_private_message_refused.scs",
		matches: ({ kind, subject }) =>
			kind === "extra stanza" && (subject ?? "").includes("Private messages are restricted from non-members"),
	},
	{
		id: "13-unknown-sources-of-private-messages",
		reason:
			"Prosody 13 takes any value for who may send private messages, and then fails on all such messages; only values of the form are taken here.",
		reference: "13",
		shown_by: "muc_failing_requests.scs",
		matches: ({ kind, reference }, step) =>
			kind === "missing stanza" &&
			sends(step).includes("var='muc#roomconfig_allowpm'") &&
			(reference ?? "").includes("<status code='104'/>"),
	},
	{
		id: "archived-host-room",
		reason:
			"Prosody fails with an error in its code on what is said in a room that the service itself is, as long as that room is archived; it is heard here.",
		shown_by: "muc_host_room_archive.scs",
		matches: ({ kind }, step) => kind === "extra stanza" && /^<message [^>]*to='[^'@/]+'/.test(sends(step)),
	},
	{
		id: "0.12-empty-registrations",
		reason:
			"Prosody 13 refuses a registration form that leaves out the nick; 0.12 fails with an error in its code, and answers nothing.",
		reference: "0.12",
		shown_by: "muc_register_empty.scs",
		matches: ({ kind, subject }, step) =>
			kind === "extra stanza" &&
			sends(step).includes("http://jabber.org/protocol/muc#register") &&
			(subject ?? "").includes("<bad-request "),
	},
	...failing_requests.map(({ id, what, is_met, answer }) => ({
		id,
		reason: `Prosody fails with an error in its code on ${what}, and answers nothing.`,
		shown_by: "muc_failing_requests.scs",
		matches: ({ kind, subject }: Difference, step: PlayStep) =>
			kind === "extra stanza" && is_met(sends(step)) && answer.test(subject ?? ""),
	})),
];

/** The same for rooms that are a component of a real Prosody (`--uplink`). */
export const uplink_differences: readonly KnownDifference[] = [
	{
		id: "language-of-the-stream",
		reason:
			"Prosody gives each stanza that comes over a stream the stream's language where it has none of its own, what a component's rooms say included; its own rooms say nothing of a language.",
		matches: ({ path, reference, subject }) =>
			/^(message|presence|iq)@xml:lang$/.test(path) && reference === undefined && subject === "en",
	},
	{
		id: "resource-taken-over",
		reason:
			"A client that takes over a resource gets the presence by which the one before left the rooms: the rooms hear of the end only after the new one is there, and the address is the same.",
		matches: ({ kind, path, subject_stanza }, step) =>
			step.kind === "connect" && kind === "extra stanza" && path === "presence" && subject_stanza?.attr["type"] === "unavailable",
	},
	{
		id: "errors-to-accounts",
		reason:
			"Prosody stamps requests for presence with the account's address, and its own rooms answer the client that asked; the answer of a component goes to that address, and so to all clients of the account that are available.",
		matches: ({ kind, path, reference, subject }, step) =>
			/^<presence [^>]*type='(un)?subscribed?'/.test(sends(step)) &&
			path === "presence" &&
			/^(missing|extra) stanza$/.test(kind) &&
			/^<presence [^>]*type='error'/.test(reference ?? subject ?? ""),
	},
];

/** What is known where clients come from other servers: `compare --servers`. */
export const servers_differences: readonly KnownDifference[] = [
	{
		id: "iq-without-payload",
		reason:
			"A request without a payload that another server lets through makes Prosody fail with a Lua error, so that nobody answers it (RFC 6120 §8.2.3).",
		matches: ({ kind, subject_stanza }, step) =>
			kind === "extra stanza" &&
			/^<iq [^>]*type='(?:get|set)'[^>]*(?:\/>|><\/iq>)$/.test(sends(step)) &&
			subject_stanza?.get_error()?.condition === "service-unavailable",
	},
];
