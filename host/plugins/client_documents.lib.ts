// Counterpart: plugins/mod_websocket.lua, plugins/mod_bosh.lua (stanzas that say what namespace they are in)

import { ns } from "../util/ns.ts";
import { type AddressableText, type Stanza, to_attribute } from "../util/stanza.ts";

const client_xmlns = ` xmlns='${ns.client}'`;

/** A stanza or stream element as text that says what namespace it is in. */
export function text_with_namespace(stanza: Stanza): string {
	const text = stanza.toString();
	if (stanza.attr["xmlns"] !== undefined) return text;
	const at = 1 + stanza.name.length;
	return text.slice(0, at) + client_xmlns + text.slice(at);
}

/** What a text for many has of one recipient, with its namespace. */
export function to_attribute_with_namespace(jid: string): string {
	return to_attribute(jid) + client_xmlns;
}

/** A text for many as one of them gets it; some say by themselves what namespace they are in. */
export function addressed_text(text: AddressableText, to: string): string {
	return text.head + (text.head.includes(" xmlns='") ? to.replace(client_xmlns, "") : to) + text.tail;
}
