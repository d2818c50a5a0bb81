// Counterpart: mod_cloud_notify.lua of prosody-modules (is_urgent, is_important)

import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";

const propose = "urn:xmpp:jingle-message:0";

/** Elements of which nobody can see what is in them: somebody may want to read it. */
const encrypted = [
	["encrypted", "eu.siacs.conversations.axolotl"],
	["encrypted", "urn:xmpp:omemo:0"],
	["x", "jabber:x:encrypted"],
	["openpgp", "urn:xmpp:openpgp:0"],
] as const;

/** Whether a stanza must not wait: a call that rings. */
export function is_urgent(stanza: Stanza): boolean {
	return stanza.name === "message" && stanza.get_child("propose", propose) !== undefined;
}

/** Whether somebody wants to see a stanza at once. */
export function is_important(stanza: Stanza): boolean {
	if (stanza.name !== "message") return false;
	const copy = [...stanza.childtags(undefined, ns.carbons)].find((tag) => message_in(tag) !== undefined);
	const shown = (copy === undefined ? undefined : message_in(copy)) ?? stanza;
	if (shown.attr["type"] === "headline" || copy?.name === "sent") return false;
	if (encrypted.some(([name, xmlns]) => shown.get_child(name, xmlns) !== undefined) || is_urgent(shown)) return true;
	if (shown.attr["type"] === "groupchat" && shown.get_child_text("subject")) return false;
	return (shown.get_child_text("body") ?? "") !== "";
}

/** The message that a copy (XEP-0280) is of. */
function message_in(copy: Stanza): Stanza | undefined {
	return copy.get_child("forwarded", ns.forward)?.get_child("message", ns.client);
}
