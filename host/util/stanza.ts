// Counterpart: util/stanza.lua

import type { ErrorType, StanzaError } from "./error.ts";
import { type Attributes, Stanza, stanza } from "./stanza/element.ts";

export { type Attributes, type ParsedError, Stanza, stanza } from "./stanza/element.ts";
export { deserialize, preserialize, type SerializedStanza } from "./stanza/stored.ts";
export {
	type AddressableText,
	address,
	escape_attribute,
	escape_text,
	serialise_for_many,
	to_attribute,
	xml_escape,
} from "./stanza/xml.ts";

/** Whether something is a stanza (`st.is_stanza`). */
export function is_stanza(value: unknown): value is Stanza {
	return value instanceof Stanza;
}

/** A message, with a body where one is given. */
export function message(attr?: Attributes, body?: string): Stanza {
	const made = stanza("message", attr);
	return body === undefined ? made : made.body(body);
}

/** An IQ; throws where `id` or `type` is missing, as RFC 6120 §8.2.3 requires both. */
export function iq(attr: Attributes): Stanza {
	if (attr["id"] === undefined || attr["type"] === undefined) throw new TypeError("an iq needs an id and a type");
	return stanza("iq", attr);
}

/** A presence. */
export function presence(attr?: Attributes): Stanza {
	return stanza("presence", attr);
}

/** The answer to a stanza: addresses swapped, same id; `result` for an IQ, else the same type. */
export function reply(to: Stanza): Stanza {
	return new Stanza(to.name, {
		to: to.attrs["from"],
		from: to.attrs["to"],
		id: to.attrs["id"],
		type: to.name === "iq" ? "result" : to.attrs["type"],
	});
}

/**
 * The error answer to a stanza; the builder stands in `<error/>`, ready for application-specific children.
 * Throws for a stanza that is an error itself, which must not be answered (RFC 6120 §8.3.1).
 */
export function error_reply(to: Stanza, type: ErrorType, condition: string, text?: string, by?: string): Stanza {
	if (to.attrs["type"] === "error") throw new TypeError("a stanza of type error must not be answered");
	const answer = reply(to);
	answer.attrs["type"] = "error";
	answer.add_error(type, condition, text, by);
	const error = answer.first_tag;
	if (error) answer.last_add = [error];
	return answer;
}

/** {@link error_reply} from an error value. */
export function error_reply_from(to: Stanza, error: StanzaError, by?: string): Stanza {
	return error_reply(to, error.type, error.condition, error.text, by);
}

/** A deep copy, or only the element with its attributes. */
export function clone(original: Stanza, only_top = false): Stanza {
	const copy = new Stanza(original.name, original.attrs);
	if (!only_top) {
		for (const child of original.children) copy.append_parsed(child instanceof Stanza ? clone(child) : String(child));
	}
	return copy;
}
