// Counterpart: plugins/mod_bosh.lua (stream_callbacks)

import type { Attributes, Stanza } from "../../util/stanza.ts";
import { type StreamFault, type StreamOptions, XmppStream } from "../../util/xmppstream.ts";

/** The namespace of `<body/>` (XEP-0124). */
export const bosh_ns = "http://jabber.org/protocol/httpbind";

/** A `<body/>`. */
export interface Body {
	/** Undefined where not even the start tag can be read. */
	readonly attr: Attributes | undefined;
	readonly stanzas: readonly Stanza[];
	/** Why it cannot be read to its end. */
	readonly fault: StreamFault | undefined;
}

/**
 * Reads the content of a request.
 * @param limit_for gives the most bytes of a stanza, for the start tag's attributes
 */
export function read_body(data: Buffer, options: StreamOptions, limit_for?: (attr: Attributes) => number): Body {
	const stanzas: Stanza[] = [];
	let attr: Attributes | undefined;
	let fault: StreamFault | undefined;
	let ended = false;
	const stream = new XmppStream(
		{
			streamopened(found) {
				attr = found;
				if (limit_for !== undefined) stream.set_stanza_size_limit(limit_for(found));
			},
			streamclosed() {
				ended = true;
			},
			handlestanza(stanza) {
				if (stanza.attr["xmlns"] === bosh_ns) delete stanza.attr["xmlns"];
				stanzas.push(stanza);
			},
			error(found) {
				fault ??= found;
			},
		},
		{ ...options, stream_ns: bosh_ns, stream_tag: "body", any_content: true },
	);
	stream.feed(data);
	if (fault === undefined && !ended) fault = { kind: "parse-error", text: "not a whole <body/>" };
	return { attr, stanzas, fault };
}
