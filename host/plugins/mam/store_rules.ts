// Counterpart: plugins/mod_mam/mod_mam.lua (should_store)

import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import { is_stanza, type Stanza } from "../../util/stanza.ts";

const calls = ["urn:xmpp:jingle-message:0", "urn:xmpp:jingle-message:1"];

/** Whether a message is one for archives, and why. */
export function should_store(stanza: Stanza): [boolean, string] {
	const { type, to } = stanza.attr;
	const has = (name: string | undefined, xmlns?: string): boolean => stanza.get_child(name, xmlns) !== undefined;
	// These are of the moment by definition
	if (type === "headline") return [false, "headline"];
	// What one's own client could not deliver, but not what one's account was told, as of notifications
	if (type === "error") return [to !== undefined && jid.resource(to) !== undefined, "bounce"];
	// Rooms have archives of their own
	if (type === "groupchat") return [false, "groupchat"];
	if (has("no-store", ns.hints) || has("no-permanent-store", ns.hints)) return [false, "hint"];
	if (has("store", ns.hints)) return [true, "hint"];
	if (has("body")) return [true, "body"];
	if (has("subject")) return [true, "subject"];
	if (has("encryption", ns.eme)) return [true, "encrypted"];
	if (has(undefined, ns.receipts)) return [true, "receipt"];
	if (has(undefined, ns.chat_markers)) return [true, "marker"];
	const is_invite = has("x", ns.conference) || stanza.get_child("x", ns.muc_user)?.get_child("invite") !== undefined;
	if (is_invite) return [true, "invite"];
	if (calls.some((xmlns) => has(undefined, xmlns))) return [true, "jingle call"];
	return [false, "default"];
}

/** Whether an element is an id that claims to be of an account's archive. */
function is_id_of(tag: Stanza, username: string, host: string): boolean {
	if (tag.name !== "stanza-id" || tag.attr["xmlns"] !== ns.stanza_id) return false;
	const by = jid.prepped_split(tag.attr["by"] ?? "");
	return by.resource === undefined && by.host === host && by.node === username;
}

/** Whether a stanza has such an id; without an array of all that is in it, since each message is looked at several times. */
function has_id_of(stanza: Stanza, username: string, host: string): boolean {
	for (const child of stanza.children) if (is_stanza(child) && is_id_of(child, username, host)) return true;
	return false;
}

/** Whether a stanza has an id that claims to be of some account of a host. */
export function claims_id_on(stanza: Stanza, host: string): boolean {
	for (const tag of stanza.childtags("stanza-id", ns.stanza_id))
		if (jid.prepped_split(tag.attr["by"] ?? "").host === host) return true;
	return false;
}

/** The stanza without ids that claim to be of an account's archive; a copy where there are some. */
export function without_forged_ids(
	stanza: Stanza,
	username: string | undefined,
	host: string,
	copy: (stanza: Stanza) => Stanza,
): Stanza {
	if (username === undefined || !has_id_of(stanza, username, host)) return stanza;
	return copy(stanza).maptags((tag) => (is_id_of(tag, username, host) ? undefined : tag));
}
