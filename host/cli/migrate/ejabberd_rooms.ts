// Counterpart: tools/ejabberd2prosody.lua (muc_room). Source of the options: ejabberd's mod_muc_room.erl, make_opts.

import type { StoreTable } from "../../core/types.ts";
import { text_of } from "../../util/byte_text.ts";
import { prep } from "../../util/jid.ts";
import { preserialize } from "../../util/stanza.ts";
import * as xml from "../../util/xml.ts";
import { Atom, Mapping, type Term, Tuple } from "./erlang_terms.ts";
import type { LeftList } from "./internal_source.ts";
import { is_affiliation, type MovedRoom } from "./rooms.ts";

/** A room of ejabberd's in Prosody's terms. */
export interface EjabberdRoom extends MovedRoom {
	readonly persistent: boolean;
	/** Its vCard, which has its avatar, as tables hold stanzas. */
	readonly vcard: ReturnType<typeof preserialize> | undefined;
}

/**
 * Options without a counterpart in Prosody, with the value that changes nothing; other values are reported.
 * Source: mod_muc_room.hrl, #config.
 */
const without_twin: { readonly [option: string]: readonly string[] } = {
	allow_query_users: ["true"],
	allow_visitor_nickchange: ["true"],
	allow_visitor_status: ["true"],
	allow_voice_requests: ["true"],
	allow_subscription: ["false"],
	captcha_protected: ["false"],
	captcha_whitelist: ["[]"],
	logging: ["false"],
	max_users: ["200"],
	public_list: ["true"],
	pubsub: ["", "[]"],
	subscribers: ["[]"],
	voice_request_min_interval: ["1800"],
};

/** Options that follow from others, or are only temporary. */
const of_no_interest: ReadonlySet<string> = new Set(["roles", "vcard_xupdate", "hibernation_time", "enable_hats"]);

function items(term: Term | undefined): readonly Term[] {
	return term instanceof Tuple ? term.items : Array.isArray(term) ? term : [];
}

/** A list of characters, as old versions have texts; undefined for every other list. */
function text_of_list(list: readonly Term[]): string | undefined {
	let text = "";
	for (const item of list) {
		if (typeof item !== "number" || !Number.isInteger(item) || item < 0 || item > 0x10ffff) return undefined;
		text += String.fromCodePoint(item);
	}
	// Characters above 127 were bytes of UTF-8 then
	return [...text].every((character) => character <= "\xff") ? text_of(Buffer.from(text, "latin1")) : text;
}

function text(term: Term | undefined): string {
	if (typeof term === "string") return term;
	if (Array.isArray(term)) return text_of_list(term) ?? "";
	if (typeof term === "number") return String(term);
	if (term instanceof Atom) return term.name;
	return "";
}

/** A value in few words, to be compared and shown. */
function shown(term: Term | undefined): string {
	if (term instanceof Tuple) return `{${term.items.map(shown).join(",")}}`;
	if (Array.isArray(term)) return term.length === 0 ? "[]" : (text_of_list(term) ?? `[${term.map(shown).join(",")}]`);
	return text(term);
}

/** The bare JID of `{User, Server, Resource}`; undefined where it is none. */
function bare_jid(term: Term | undefined): string | undefined {
	const [user, server] = items(term);
	const domain = text(server);
	const name = text(user);
	return prep(name === "" ? domain : `${name}@${domain}`);
}

/** The options of a room by name. */
function options_of(term: Term | undefined): Map<string, Term> {
	const options = new Map<string, Term>();
	if (term instanceof Mapping) for (const [key, value] of term.entries) options.set(text(key), value);
	for (const option of items(term)) {
		const [name, value] = items(option);
		if (name !== undefined && value !== undefined) options.set(text(name), value);
	}
	return options;
}

/** Who may send private messages, by the words of old versions and of new ones; undefined where Prosody has no word for it. */
function private_messages(options: ReadonlyMap<string, Term>): string | undefined {
	const allowed = text(options.get("allow_private_messages") ?? options.get("allowpm"));
	if (allowed === "false" || allowed === "none") return "none";
	if (allowed === "participants") return "participant";
	if (allowed === "moderators") return "moderator";
	return text(options.get("allow_private_messages_from_visitors")) === "nobody" ? "participant" : undefined;
}

/** Pairs of a list of tuples, or of a map, as newer versions have the same. */
function pairs(term: Term | undefined): readonly (readonly [Term | undefined, Term | undefined])[] {
	if (term instanceof Mapping) return term.entries;
	return items(term).map((pair) => {
		const [first, second] = items(pair);
		return [first, second];
	});
}

/** Who set the subject: the nick, which newer versions have together with the JID. */
function author_of(term: Term | undefined): string {
	return text(term instanceof Tuple ? term.items[0] : term);
}

function subject_of(term: Term | undefined): string | undefined {
	if (text(term) !== "") return text(term);
	for (const entry of items(term)) {
		const [kind, , value] = items(entry);
		if (text(kind) === "text" && text(value) !== "") return text(value);
	}
	return undefined;
}

/** Roles whose presence is shown; undefined for all of them, as rooms are anyway. */
function broadcast_of(term: Term | undefined): StoreTable | undefined {
	if (term === undefined) return undefined;
	const named = new Set(items(term).map(text));
	const roles = ["moderator", "participant", "visitor"].filter((role) => named.has(role));
	return roles.length === 3 ? undefined : Object.fromEntries(roles.map((role) => [role, true]));
}

/** Hats of those who have some: by JID, each with its title, which newer versions keep apart. */
function hats_of(options: ReadonlyMap<string, Term>): Map<string, StoreTable> {
	const titles = new Map<string, string>();
	for (const [uri, described] of pairs(options.get("hats_defs"))) {
		titles.set(text(uri), text(described instanceof Tuple ? described.items[0] : described));
	}
	const hats = new Map<string, StoreTable>();
	for (const [who, list] of pairs(options.get("hats_users"))) {
		const jid = bare_jid(who);
		if (jid === undefined) continue;
		const own: StoreTable = {};
		for (const hat of items(list)) {
			const [uri = hat, title] = hat instanceof Tuple ? hat.items : [];
			own[text(uri)] = { active: true, title: title === undefined ? (titles.get(text(uri)) ?? "") : text(title) };
		}
		if (Object.keys(own).length > 0) hats.set(jid, own);
	}
	return hats;
}

/**
 * Reads a record `{muc_room, {Name, Service}, Options}`. What has no place in a room of Prosody's is counted in `left`.
 * @returns undefined where it is no room
 */
export function ejabberd_room(record: Term, left: LeftList): EjabberdRoom | undefined {
	const [kind, where, given] = items(record);
	const [name, service] = items(where);
	const jid = prep(`${text(name)}@${text(service)}`);
	if (text(kind) !== "muc_room" || jid === undefined || given === undefined) return undefined;
	const options = options_of(given);
	const said = (option: string): string => text(options.get(option));
	const is = (option: string): boolean => said(option) === "true";
	const filled = (option: string): string | undefined => (said(option) === "" ? undefined : said(option));

	const who = new Map<string, string>();
	const more = new Map<string, StoreTable>();
	for (const [person, given_affiliation] of pairs(options.get("affiliations"))) {
		const [affiliation = given_affiliation, reason] = given_affiliation instanceof Tuple ? given_affiliation.items : [];
		const person_jid = bare_jid(person);
		const affiliation_name = text(affiliation);
		if (person_jid === undefined || !is_affiliation(affiliation_name)) {
			if (affiliation_name !== "none") left.add("affiliation", "not of a JID, or not one of Prosody's");
			continue;
		}
		who.set(person_jid, affiliation_name);
		if (text(reason) !== "") more.set(person_jid, { reason: text(reason) });
	}
	for (const [person, hats] of hats_of(options)) {
		more.set(person, { ...more.get(person), hats });
		if (options.has("hats_defs")) left.add("hats' colours", "Prosody's hats have none");
	}

	const subject = subject_of(options.get("subject"));
	const author = author_of(options.get("subject_author"));
	const private_to = private_messages(options);
	if (said("allow_private_messages_from_visitors") === "moderators") {
		left.add("option allow_private_messages_from_visitors = moderators", "Prosody has no such option");
	}
	// In ejabberd, newcomers may speak even in a moderated room, unless members_by_default says otherwise.
	const is_moderated = is("moderated") && said("members_by_default") === "false";
	const data: StoreTable = {
		name: filled("title"),
		description: filled("description"),
		language: filled("lang"),
		persistent: is("persistent") || undefined,
		hidden: said("public") === "false" || undefined,
		password: is("password_protected") ? filled("password") : undefined,
		members_only: is("members_only") || undefined,
		allow_member_invites: is("allow_user_invites") || undefined,
		changesubject: is("allow_change_subj") || undefined,
		moderated: is_moderated || undefined,
		whois: said("anonymous") === "false" ? "anyone" : "moderators",
		presence_broadcast: broadcast_of(options.get("presence_broadcast")),
		allow_pm: private_to,
		archiving: options.has("mam") ? is("mam") : undefined,
		subject,
		subject_from: subject === undefined || author === "" ? undefined : `${jid}/${author}`,
	};
	for (const [option, value] of options) {
		const usual = without_twin[option];
		const is_known = usual !== undefined || of_no_interest.has(option) || known_options.has(option);
		if (!is_known) left.add(`option ${option}`, "it is not known");
		else if (usual !== undefined && !usual.includes(shown(value))) {
			left.add(`option ${option} = ${shown(value).slice(0, 40)}`, "Prosody has no such option");
		}
	}
	const vcard = said("vcard") === "" ? undefined : xml.parse(said("vcard"));
	if (said("vcard") !== "" && vcard === undefined) left.add("vCard", "it is not well-formed");
	return {
		jid,
		data,
		affiliations: who,
		affiliation_data: more,
		persistent: is("persistent"),
		vcard: vcard && preserialize(vcard),
	};
}

/** Options that are read above. */
const known_options: ReadonlySet<string> = new Set([
	"affiliations",
	"allow_change_subj",
	"allow_private_messages",
	"allow_private_messages_from_visitors",
	"allow_user_invites",
	"allowpm",
	"anonymous",
	"description",
	"hats_defs",
	"hats_users",
	"lang",
	"mam",
	"members_by_default",
	"members_only",
	"moderated",
	"password",
	"password_protected",
	"persistent",
	"presence_broadcast",
	"public",
	"subject",
	"subject_author",
	"title",
	"vcard",
]);
