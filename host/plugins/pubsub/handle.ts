// Counterpart: plugins/mod_pubsub/pubsub.lib.lua (handle_pubsub_iq)

import type { Session, StanzaEvent } from "../../core/types.ts";
import type { Form } from "../../util/dataforms.ts";
import type { StanzaError } from "../../util/error.ts";
import { ns } from "../../util/ns.ts";
import type { PubsubService } from "../../util/pubsub.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import { type Failure, pubsub_error_reply } from "./errors.ts";

/** What a client asks of a service. */
export interface Request {
	readonly service: PubsubService;
	readonly origin: Session;
	readonly stanza: Stanza;
	/** The `<pubsub/>`. */
	readonly pubsub: Stanza;
	/** What is to be done: the first element in it. */
	readonly action: Stanza;
	/** Who asks. */
	readonly from: string;
	readonly node: string | undefined;
	/** What can be configured of a node. */
	readonly form: Form;
	/** Called after the answer was sent. */
	after?: () => void;
}

/** What is answered: a stanza, or why nothing was done. */
export type Answer = Stanza | { readonly refused: Failure } | { readonly error: StanzaError };

export type RequestHandler = (request: Request) => Answer;

export function refuse(error: Failure["error"] | Failure): Answer {
	return { refused: typeof error === "string" ? { error } : error };
}

/** The answer to a client that has done something. */
export function answer_done(request: Request, done: { readonly ok: true } | ({ readonly ok: false } & Failure)): Answer {
	return done.ok ? st.reply(request.stanza) : refuse(done);
}

/** Handlers that need the name of a node. */
export function with_node(handler: (request: Request, node: string) => Answer): RequestHandler {
	return (request) => (request.node === undefined ? refuse("nodeid-required") : handler(request, request.node));
}

/** By `get` or `set`, the name of the action, and `owner` in front for what only owners do. */
export type Handlers = ReadonlyMap<string, RequestHandler>;

/** Answers an IQ with a `<pubsub/>`; undefined where nobody knows what is asked. */
export function handle_pubsub_iq(
	{ origin, stanza }: StanzaEvent,
	service: PubsubService,
	form: Form,
	handlers: Handlers,
): true | undefined {
	const pubsub = stanza.first_tag;
	const { from, type } = stanza.attr;
	if (pubsub === undefined || from === undefined) return undefined;
	const action = pubsub.first_tag;
	if (action === undefined) {
		origin.send(st.error_reply(stanza, "cancel", "bad-request"));
		return true;
	}
	const prefix = pubsub.attr["xmlns"] === ns.pubsub_owner ? "owner " : "";
	const handler = handlers.get(`${prefix}${type} ${action.name}`);
	if (handler === undefined) return undefined;
	const request: Request = { service, origin, stanza, pubsub, action, from, node: action.attr["node"], form };
	const answer = service.broken ? refuse("internal-server-error") : handler(request);
	if (answer instanceof st.Stanza) origin.send(answer.reset());
	else if ("refused" in answer) origin.send(pubsub_error_reply(stanza, answer.refused));
	else origin.send(st.error_reply_from(stanza, answer.error));
	request.after?.();
	return true;
}
