// Counterpart: plugins/mod_pubsub/pubsub.lib.lua (pubsub_errors)

import type { ErrorType } from "../../util/error.ts";
import { ns } from "../../util/ns.ts";
import type { PubsubError } from "../../util/pubsub.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";

/** What is sent: type, condition, condition of XEP-0060 §7.1.3 and its like, text. */
type Shown = readonly [type: ErrorType, condition: string, extra?: string, text?: string];

const errors: Readonly<Record<PubsubError, Shown>> = {
	conflict: ["cancel", "conflict"],
	"invalid-jid": ["modify", "bad-request", "invalid-jid"],
	"jid-required": ["modify", "bad-request", "jid-required"],
	"nodeid-required": ["modify", "bad-request", "nodeid-required"],
	"item-not-found": ["cancel", "item-not-found"],
	"not-subscribed": ["modify", "unexpected-request", "not-subscribed"],
	"invalid-options": ["modify", "bad-request", "invalid-options"],
	forbidden: ["auth", "forbidden"],
	"not-allowed": ["cancel", "not-allowed"],
	"not-acceptable": ["modify", "not-acceptable"],
	"internal-server-error": ["wait", "internal-server-error"],
	"precondition-not-met": ["cancel", "conflict", "precondition-not-met"],
	"invalid-item": ["modify", "bad-request", undefined, "invalid item"],
	"persistent-items-unsupported": ["cancel", "feature-not-implemented", "persistent-items"],
};

/** Why something of nodes was not done. */
export interface Failure {
	readonly error: PubsubError;
	/** The field of a configuration that is in the way. */
	readonly field?: string;
}

export function pubsub_error_reply(stanza: Stanza, { error, field }: Failure): Stanza {
	const [type, condition, extra, text] = errors[error];
	const reply = st.error_reply(stanza, type, condition, field === undefined ? text : `Field does not match: ${field}`);
	if (extra !== undefined) reply.tag(extra, { xmlns: ns.pubsub_errors }).up();
	return reply.reset();
}
