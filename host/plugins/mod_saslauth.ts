// Counterpart: plugins/mod_saslauth.lua

import type { C2sSession, EventMap, ModuleDefinition, Session, StanzaEvent } from "../core/types.ts";
import { base64_decode, base64_encode } from "../util/encodings.ts";
import { ns } from "../util/ns.ts";
import { refuse, type SaslStep } from "../util/sasl/mechanism.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { go_on, type Waiting } from "../util/waiting.ts";
import { load_sasl_offer } from "./saslauth_offer.lib.ts";
import { load_server_sasl } from "./saslauth_s2s.lib.ts";

/** What modules may still change before an answer of SASL is sent. */
export interface SaslEvent {
	readonly session: C2sSession;
	/** Data of a challenge or success, condition of a failure. */
	message: Buffer | string | undefined;
	error_text: string | undefined;
}

declare module "../core/types.ts" {
	interface EventMap {
		/** Before a try to log in; `allowed = false` refuses it. */
		"authentication-attempt": StanzaEvent & { allowed?: boolean; error_condition?: string; error_text?: string };
		[sasl: `sasl/c2s/${string}`]: SaslEvent;
	}
}

function is_client(session: Session): session is C2sSession {
	return session.type.startsWith("c2s");
}

function failure(condition: string, text?: string): Stanza {
	const reply = st.stanza("failure", { xmlns: ns.sasl }).tag(condition).up();
	if (text !== undefined) reply.text_tag("text", text);
	return reply;
}

/** Makes `<challenge/>` or `<success/>`; empty data is written as `=` (RFC 6120 §6.4.2). */
function with_data(name: "challenge" | "success", data: Buffer | string | undefined): Stanza {
	const reply = st.stanza(name, { xmlns: ns.sasl });
	return data === undefined ? reply : reply.text(data.length === 0 ? "=" : base64_encode(data));
}

/** Logs clients in (SASL), and gives them their resources (RFC 6120 §6, §7). */
export const definition: ModuleDefinition = {
	name: "saslauth",
	load(module) {
		load_server_sasl(module);
		const { log, server } = module;
		const offer = load_sasl_offer(module);

		/** Does what follows from a step; a success may become a failure here. */
		function handle_step(session: C2sSession, step: SaslStep): SaslStep {
			const handler = session.sasl_handler;
			// Whatever checked the password may have closed the stream.
			if (!handler) return refuse("temporary-auth-failure", "Connection gone");
			if (step.status === "challenge") return step;
			if (step.status === "failure") {
				const event: EventMap["authentication-failure"] = { session, condition: step.condition };
				if (step.text !== undefined) event.text = step.text;
				module.fire_event("authentication-failure", event);
				session.sasl_handler = handler.clean_clone();
				return refuse(event.condition, event.text);
			}
			const authenticated = server.sessionmanager.make_authenticated(session, step.username);
			if (!authenticated.ok) {
				log("warn", "SASL succeeded but username was invalid");
				module.fire_event("authentication-failure", { session, condition: "not-authorized", text: authenticated.error });
				session.sasl_handler = handler.clean_clone();
				return refuse("not-authorized", "User authenticated successfully, but username was invalid");
			}
			module.fire_event("authentication-success", { session });
			session.sasl_handler = undefined;
			session.reset_stream();
			return step;
		}

		/** Goes on with an exchange. Where an account is looked up elsewhere, the client's next stanzas wait for the answer. */
		function process_data(session: C2sSession, stanza: Stanza): true | Waiting<true> {
			const text = stanza.get_text();
			const message = text === undefined ? undefined : base64_decode(text);
			if (!message) {
				session.sasl_handler = undefined;
				session.send(failure("incorrect-encoding"));
				return true;
			}
			const handler = session.sasl_handler;
			if (!handler) return true;
			const step = handler.process_waiting?.(message) ?? handler.process(message);
			return go_on(step, (known) => answer(session, known));
		}

		function answer(session: C2sSession, reached: SaslStep): true {
			const step = handle_step(session, reached);
			const event: SaslEvent = {
				session,
				message: step.status === "failure" ? step.condition : step.data,
				error_text: step.status === "failure" ? step.text : undefined,
			};
			module.fire_event(`sasl/c2s/${step.status}`, event);
			session.send(
				step.status === "failure"
					? failure(event.message?.toString() ?? step.condition, event.error_text)
					: with_data(step.status, event.message),
			);
			return true;
		}

		module.hook(`stanza/${ns.sasl}:auth`, (event) => {
			const { origin: session, stanza } = event;
			if (session.type !== "c2s_unauthed" || module.get_host_type() !== "local") return undefined;
			const attempt: StanzaEvent & { allowed?: boolean; error_condition?: string; error_text?: string } = event;
			module.fire_event("authentication-attempt", attempt);
			if (attempt.allowed === false) {
				session.send(failure(attempt.error_condition ?? "not-authorized", attempt.error_text));
				return true;
			}
			// A new negotiation may start before the old one has ended.
			if (session.sasl_handler?.selected !== undefined) session.sasl_handler = undefined;
			session.sasl_handler ??= offer.begin(session);
			const problem = offer.select(session, session.sasl_handler, stanza.attr["mechanism"] ?? "");
			if (problem === undefined) return process_data(session, stanza);
			session.send(failure(problem));
			return true;
		});

		module.hook(`stanza/${ns.sasl}:response`, ({ origin: session, stanza }) => {
			if (!is_client(session)) return undefined;
			if (session.sasl_handler?.selected !== undefined) return process_data(session, stanza);
			session.send(failure("not-authorized", "Out of order SASL element"));
			return true;
		});

		module.hook(`stanza/${ns.sasl}:abort`, ({ origin: session }) => {
			if (!is_client(session)) return undefined;
			session.sasl_handler = undefined;
			session.send(failure("aborted"));
			return true;
		});

		function offer_mechanisms(session: C2sSession, features: Stanza): void {
			if (!offer.allows(session)) {
				session.log("debug", "Not offering authentication on insecure connection");
				return;
			}
			session.sasl_handler = offer.begin(session);
			const mechanisms = st.stanza("mechanisms", { xmlns: ns.sasl });
			if (!offer.announce(session, session.sasl_handler, mechanisms)) return;
			features.add_child(mechanisms);
			offer.bindings.announce(session, features);
		}

		module.hook("stream-features", ({ origin: session, features }) => {
			if (session.username === undefined) {
				offer_mechanisms(session, features);
			} else if (session.full_jid === undefined) {
				features.tag("bind", { xmlns: ns.bind }).tag("required").up().up();
				features.tag("session", { xmlns: ns.session }).tag("optional").up().up();
			}
		});

		module.hook(`stanza/iq/${ns.bind}:bind`, ({ origin: session, stanza }) => {
			if (!is_client(session)) return undefined;
			const wanted = stanza.attr["type"] === "set" ? stanza.first_tag?.get_child_text("resource") : undefined;
			const bound = server.sessionmanager.bind_resource(session, wanted === "" ? undefined : wanted);
			if (bound.ok) {
				const { full_jid } = session;
				session.send(st.reply(stanza).tag("bind", { xmlns: ns.bind }).text_tag("jid", full_jid));
				session.log("debug", "Resource bound: %s", full_jid);
			} else {
				session.send(st.error_reply_from(stanza, bound.error));
				session.log("debug", "Resource bind failed: %s", bound.error.text ?? bound.error.condition);
			}
			return true;
		});

		/** Sessions are established with the resource (RFC 6121 App. E); clients of RFC 3921 still ask for one. */
		function handle_legacy_session({ origin, stanza }: StanzaEvent): true {
			origin.send(st.reply(stanza));
			return true;
		}
		module.hook(`iq/self/${ns.session}:session`, handle_legacy_session);
		module.hook(`iq/host/${ns.session}:session`, handle_legacy_session);
	},
};
