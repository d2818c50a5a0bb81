// No counterpart: what of messages about published items may be shared by all who get them.

import { ns } from "../ns.ts";
import type { Stanza } from "../stanza.ts";

/** Whether a message tells of a node and of nothing else (XEP-0060 §7.1.2.1, XEP-0163 §4.3): nobody keeps or copies it by usual rules. */
export function is_plain_notice(stanza: Stanza): boolean {
	const [only, other] = stanza.tags;
	return (
		stanza.attr["type"] === "headline" && other === undefined && only?.name === "event" && only.attr["xmlns"] === ns.pubsub_event
	);
}
