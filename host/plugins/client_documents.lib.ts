// Counterpart: plugins/mod_websocket.lua, plugins/mod_bosh.lua (stanzas that say what namespace they are in)

import { ns } from "../util/ns.ts";
import { type AddressableText, type Stanza, to_attribute } from "../util/stanza.ts";

const client_xmlns = ` xmlns='${ns.client}'`;

/** A stanza or stream element as text that declares its namespace. */
export function text_with_namespace(stanza: Stanza): string {
	const text = stanza.toString();
	if (stanza.attr["xmlns"] !== undefined) return text;
	const at = 1 + stanza.name.length;
	return text.slice(0, at) + client_xmlns + text.slice(at);
}

/** What belongs to one recipient in a text for many, with the namespace. */
export function to_attribute_with_namespace(jid: string): string {
	return to_attribute(jid) + client_xmlns;
}

/** What {@link to_attribute_with_namespace} made, for one text: some already declare their namespace. */
export function attribute_for(text: AddressableText, to: string): string {
	return text.head.includes(" xmlns='") ? to.replace(client_xmlns, "") : to;
}

/** A text for many as one recipient gets it. */
export function addressed_text(text: AddressableText, to: string): string {
	return text.head + attribute_for(text, to) + text.tail;
}
