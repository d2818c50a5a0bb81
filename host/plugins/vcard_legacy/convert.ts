// Counterpart: plugins/mod_vcard_legacy.lua (vcard_to_pep, and back)

import { base64_decode } from "../../util/encodings.ts";
import { sha1 } from "../../util/hashes.ts";
import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";

/** Elements that have the same name in both forms, but for its case, and what holds the text in the newer one. */
const simple: ReadonlyMap<string, "text" | "uri" | "date"> = new Map([
	["nickname", "text"],
	["title", "text"],
	["role", "text"],
	["categories", "text"],
	["note", "text"],
	["url", "uri"],
	["bday", "date"],
]);

/** The parts of a name and of a postal address, in the older form and in the newer. */
const name_parts = [
	["FAMILY", "surname"],
	["GIVEN", "given"],
	["MIDDLE", "additional"],
	["PREFIX", "prefix"],
	["SUFFIX", "suffix"],
] as const;
const address_parts = [
	["POBOX", "pobox"],
	["EXTADD", "ext"],
	["STREET", "street"],
	["LOCALITY", "locality"],
	["REGION", "region"],
	["PCODE", "code"],
	["CTRY", "country"],
] as const;

/** A photo as it is published (XEP-0084). */
export interface Avatar {
	/** SHA-1 in hexadecimal. */
	readonly hash: string;
	readonly data: Stanza;
	readonly metadata: Stanza;
}

function item(id: string): Stanza {
	return st.stanza("item", { xmlns: ns.pubsub, id });
}

/** Says whether something is of home or of work, in the newer form. */
function add_place(card: Stanza, of: Stanza): Stanza {
	card.tag("parameters").tag("type");
	if (of.get_child("HOME")) card.text_tag("text", "home");
	else if (of.get_child("WORK")) card.text_tag("text", "work");
	return card.up().up();
}

/** The same in the older form. */
function add_old_place(card: Stanza, of: Stanza): Stanza {
	const place = of.get_child("parameters")?.get_child("type")?.get_child_text("text");
	if (place === "home") card.tag("HOME").up();
	else if (place === "work") card.tag("WORK").up();
	return card;
}

/** The photo of a card in the older form; undefined where it has none, or none that can be read. */
export function avatar_of(vcard_temp: Stanza): Avatar | undefined {
	let avatar: Avatar | undefined;
	for (const photo of vcard_temp.childtags("PHOTO")) {
		const payload = photo.get_child_text("BINVAL");
		const bytes = payload === undefined ? undefined : base64_decode(payload);
		// Divergence: Prosody fails on what is no base64, and answers nothing
		if (payload === undefined || bytes === undefined) continue;
		const hash = sha1(bytes, true);
		const info = { bytes: String(bytes.length), id: hash, type: photo.get_child_text("TYPE") };
		avatar = {
			hash,
			metadata: item(hash).tag("metadata", { xmlns: ns.avatar_metadata }).tag("info", info).reset(),
			data: item(hash).tag("data", { xmlns: ns.avatar_data }).text(payload).reset(),
		};
	}
	return avatar;
}

/** A card in the older form as an item with the newer form. */
export function to_vcard4(vcard_temp: Stanza): Stanza {
	const card = item("current").tag("vcard", { xmlns: ns.vcard4 });
	card.tag("fn").text_tag("text", vcard_temp.get_child_text("FN")).up();
	const name = vcard_temp.get_child("N");
	card.tag("n");
	for (const [old, part] of name_parts) card.text_tag(part, name?.get_child_text(old));
	card.up();
	for (const tag of vcard_temp.childtags()) {
		const kind = simple.get(tag.name.toLowerCase());
		if (kind !== undefined) {
			const text = tag.get_text();
			if (text !== undefined) card.tag(tag.name.toLowerCase()).text_tag(kind, text).up();
		} else add_vcard4(card, tag);
	}
	return card.reset();
}

function add_vcard4(card: Stanza, tag: Stanza): void {
	switch (tag.name) {
		case "EMAIL": {
			const text = tag.get_child_text("USERID");
			if (text !== undefined) add_place(card.tag("email").text_tag("text", text), tag).up();
			break;
		}
		case "TEL": {
			const text = tag.get_child_text("NUMBER");
			// Divergence: without a number, Prosody puts the parameters beside what should hold them
			if (text !== undefined) add_place(card.tag("tel").text_tag("uri", `tel:${text}`), tag).up();
			break;
		}
		case "ORG": {
			const text = tag.get_child_text("ORGNAME");
			if (text !== undefined) card.tag("org").text_tag("text", text).up();
			break;
		}
		case "DESC": {
			const text = tag.get_text();
			if (text !== undefined) card.tag("note").text_tag("text", text).up();
			break;
		}
		case "ADR":
			card.tag("adr");
			for (const [old, part] of address_parts) card.text_tag(part, tag.get_child_text(old));
			add_place(card, tag).up();
			break;
		case "JABBERID":
			card
				.tag("impp")
				.text_tag("uri", `xmpp:${tag.get_text() ?? ""}`)
				.up();
			break;
	}
}

/** Adds what a card in the newer form says to one in the older form. */
export function add_from_vcard4(card: Stanza, vcard4: Stanza): void {
	card.text_tag("FN", vcard4.get_child("fn")?.get_child_text("text"));
	const name = vcard4.get_child("n");
	card.tag("N");
	for (const [old, part] of name_parts) card.text_tag(old, name?.get_child_text(part));
	card.up();
	for (const tag of vcard4.childtags()) {
		const kind = simple.get(tag.name);
		if (kind !== undefined) {
			const text = tag.get_child_text(kind);
			if (text !== undefined) card.text_tag(tag.name.toUpperCase(), text);
		} else add_vcard_temp(card, tag);
	}
}

function add_vcard_temp(card: Stanza, tag: Stanza): void {
	switch (tag.name) {
		case "email": {
			const text = tag.get_child_text("text");
			if (text !== undefined) add_old_place(card.tag("EMAIL").text_tag("USERID", text).tag("INTERNET").up(), tag).up();
			break;
		}
		case "tel": {
			const text = tag.get_child_text("uri");
			if (text === undefined) break;
			const number = text.startsWith("tel:") ? text.slice("tel:".length) : text;
			add_old_place(card.tag("TEL").text_tag("NUMBER", number), tag).up();
			break;
		}
		case "adr":
			card.tag("ADR");
			for (const [old, part] of address_parts) card.text_tag(old, tag.get_child_text(part));
			add_old_place(card, tag).up();
			break;
		case "impp": {
			const uri = tag.get_child_text("uri");
			if (uri?.startsWith("xmpp:")) card.text_tag("JABBERID", uri.slice("xmpp:".length));
			break;
		}
		case "org":
			card.tag("ORG").text_tag("ORGNAME", tag.get_child_text("text")).up();
			break;
	}
}
