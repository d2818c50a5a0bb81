// Counterpart: prosody-modules mod_sasl2

import { ClientSession } from "../core/c2s_session.ts";
import type { C2sSession, EventMap, ModuleDefinition, StanzaEvent } from "../core/types.ts";
import { base64_decode, base64_encode, nodeprep } from "../util/encodings.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { SaslStep } from "../util/sasl/mechanism.ts";
import type { Attributes, Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { type Eventual, go_on, Waiting } from "../util/waiting.ts";
import { load_sasl_offer } from "./saslauth_offer.lib.ts";

/** An exchange has come to a step; handlers add to what the client is told. */
export interface Sasl2Event {
	/** The session that goes on: where an earlier one was resumed, that one. */
	session: C2sSession;
	/** The session that logs in. */
	readonly origin: C2sSession;
	/** Data of a challenge or success, condition of a failure. */
	message: Buffer | string | undefined;
	error_text: string | undefined;
	/** Who logs in, where another node of the cluster has found that out. */
	readonly username?: string | undefined;
	/** What a success is answered with, from priority 1000 on. */
	success?: Stanza;
}

declare module "../core/types.ts" {
	interface EventMap {
		/** What can be asked for in the course of a login (XEP-0388): handlers add to `features`. */
		"advertise-sasl-features": { origin: C2sSession; features: Stanza; stream?: Attributes };
		/**
		 * `sasl2/c2s/success`: at 1000 the session is marked as authenticated, at -1000 the answer is sent, at -1500 features follow.
		 */
		[sasl2: `sasl2/c2s/${string}`]: Sasl2Event;
	}
}

/** The account whose token a client shows, before anything is proved (XEP-0484). */
function shown_account(authenticate: Stanza): string | undefined {
	const shown = base64_decode(authenticate.get_child_text("initial-response") ?? "");
	const end = shown?.indexOf(0) ?? -1;
	return shown === undefined || end <= 0 ? undefined : nodeprep(shown.subarray(0, end).toString());
}

/** Logs clients in with one round trip (XEP-0388), beside mod_saslauth. */
export const definition: ModuleDefinition = {
	name: "sasl2",
	load(module) {
		const { server } = module;
		const { cluster } = server;
		const offer = load_sasl_offer(module);
		/** What logins began with, in a cluster: another node may have to go on with them. */
		const begun = new WeakMap<object, Stanza>();
		/** Sessions that go on in place of those that logged in. */
		const resumed = new WeakMap<object, C2sSession>();

		module.hook(
			"stream-features",
			({ origin, features, stream }) => {
				if (origin.type !== "c2s_unauthed" || !offer.allows(origin)) return;
				const handler = offer.begin(origin);
				origin.sasl_handler = handler;
				const authentication = st.stanza("authentication", { xmlns: ns.sasl2 });
				if (!offer.announce(origin, handler, authentication)) return;
				const inline = st.stanza("inline");
				module.fire_event("advertise-sasl-features", { origin, features: inline, stream });
				authentication.add_direct_child(inline);
				features.add_direct_child(authentication);
				// Otherwise mod_saslauth says it
				if (!server.hosts.get(module.host)?.modules.has("saslauth")) offer.bindings.announce(origin, features);
			},
			1,
		);

		function tell(
			session: C2sSession,
			status: string,
			message: Buffer | string | undefined,
			text?: string,
			username?: string,
		): true {
			module.fire_event(`sasl2/c2s/${status}`, { session, origin: session, message, error_text: text, username });
			return true;
		}

		module.hook("sasl2/c2s/failure", ({ session, message, error_text }) => {
			const event: EventMap["authentication-failure"] = { session, condition: String(message) };
			if (error_text !== undefined) event.text = error_text;
			module.fire_event("authentication-failure", event);
			// It may be tried again
			session.sasl_handler = undefined;
			const failure = st.stanza("failure", { xmlns: ns.sasl2 }).tag(event.condition, { xmlns: ns.sasl }).up();
			if (event.text !== undefined) failure.text_tag("text", event.text);
			session.send(failure);
			return true;
		});

		module.hook("sasl2/c2s/challenge", ({ session, message }) => {
			session.send(st.stanza("challenge", { xmlns: ns.sasl2 }).text(base64_encode(message ?? "")));
			return true;
		});

		module.hook(
			"sasl2/c2s/success",
			(event) => {
				const { session, message } = event;
				const authenticated = server.sessionmanager.make_authenticated(
					session,
					event.username ?? session.sasl_handler?.username ?? "",
				);
				if (!authenticated.ok) return tell(session, "failure", "not-authorized", authenticated.error);
				// What is promised here has to be stored
				if (session instanceof ClientSession) session.waits_for_storage = true;
				event.success = st.stanza("success", { xmlns: ns.sasl2 });
				if (message !== undefined) event.success.text_tag("additional-data", base64_encode(message));
				return undefined;
			},
			1000,
		);

		module.hook(
			"sasl2/c2s/success",
			({ session, origin, success }) => {
				if (success === undefined) return;
				if (session !== origin) resumed.set(origin, session);
				const { username, host, resource } = session;
				success.text_tag("authorization-identifier", jid.join(username, host ?? "", resource) ?? "");
				session.send(success);
			},
			-1000,
		);

		module.hook(
			"sasl2/c2s/success",
			(event) => {
				const { session } = event;
				module.fire_event("authentication-success", event);
				const features = st.stanza("stream:features");
				module.fire_event("stream-features", { origin: session, features, stream: {} });
				session.send(features);
			},
			-1500,
		);

		module.hook(
			"sasl2/c2s/success",
			({ session, origin }) => {
				origin.sasl_handler = undefined;
				session.sasl_handler = undefined;
				return true;
			},
			-2000,
		);

		/** What a success brings with it is done where the account is. */
		function succeed(session: C2sSession, username: string, data: Buffer | string | undefined): Eventual<true> {
			const authenticate = begun.get(session);
			const prepped = nodeprep(username);
			begun.delete(session);
			if (cluster === undefined || authenticate === undefined || prepped === undefined || prepped === "") {
				return tell(session, "success", data);
			}
			const carried = cluster.carry_login(session, prepped, authenticate, { username: prepped, data });
			return go_on_here(session, authenticate, carried, () => tell(session, "success", data));
		}

		/** Goes on with a login unless it was carried away. */
		function go_on_here(
			session: C2sSession,
			stanza: Stanza,
			carried: Eventual<boolean>,
			act: () => Eventual<true>,
		): Eventual<true> {
			return go_on(carried, (is_away): Eventual<true> => {
				if (is_away) return true;
				// The turn in which it was asked is over
				if (carried instanceof Waiting) server.turn.record({ origin: session, stanza } satisfies StanzaEvent);
				return act();
			});
		}

		function answer(session: C2sSession, step: SaslStep): Eventual<true> {
			switch (step.status) {
				case "challenge":
					return tell(session, "challenge", step.data);
				case "success":
					return succeed(session, step.username, step.data);
				case "failure":
					return tell(session, "failure", step.condition, step.text);
			}
		}

		function process_data({ stanza }: StanzaEvent, session: C2sSession, text: string | undefined): Eventual<true> {
			const { sasl_handler: handler } = session;
			const message = text === undefined ? Buffer.alloc(0) : base64_decode(text);
			if (message === undefined || handler === undefined) return tell(session, "failure", "incorrect-encoding");
			const step = handler.process_waiting?.(message) ?? handler.process(message);
			return go_on(step, (known) => {
				// Meanwhile the client may have gone
				if (session.type !== "c2s_unauthed" || session.sasl_handler !== handler) return true;
				// The turn in which it was asked is over
				if (step instanceof Waiting) server.turn.record({ origin: session, stanza } satisfies StanzaEvent);
				return answer(session, known);
			});
		}

		module.hook(`stanza/${ns.sasl2}:authenticate`, (event) => {
			const { origin: session, stanza: auth } = event;
			if (session.type !== "c2s_unauthed" || module.get_host_type() !== "local") return undefined;
			const proven = cluster?.proven(session);
			const attempt: EventMap["authentication-attempt"] = event;
			if (proven === undefined) module.fire_event("authentication-attempt", attempt);
			if (attempt.allowed === false) {
				return tell(session, "failure", attempt.error_condition ?? "not-authorized", attempt.error_text);
			}
			if (!offer.allows(session)) return tell(session, "failure", "encryption-required");
			// A new negotiation may start before the old one has ended.
			if (session.sasl_handler?.selected !== undefined) session.sasl_handler = undefined;
			session.sasl_handler ??= offer.begin(session);
			const handler = session.sasl_handler;
			const problem = offer.select(session, handler, auth.attr["mechanism"] ?? "");
			if (problem !== undefined) return tell(session, "failure", problem);
			const agent = auth.get_child("user-agent");
			session.client_id = agent?.attr["id"];
			handler.user_agent = agent && {
				software: agent.get_child_text("software"),
				device: agent.get_child_text("device"),
			};
			if (proven !== undefined) return tell(session, "success", proven.data, undefined, proven.username);
			if (cluster !== undefined) begun.set(session, st.clone(auth));
			// Tokens are looked after where the account is
			const shown = auth.get_child("fast", ns.fast) === undefined ? undefined : shown_account(auth);
			if (cluster !== undefined && shown !== undefined && server.usermanager.user_exists(shown, module.host)) {
				const carried = cluster.carry_login(session, shown, auth, undefined);
				return go_on_here(session, auth, carried, () => process_data(event, session, auth.get_child_text("initial-response")));
			}
			return process_data(event, session, auth.get_child_text("initial-response"));
		});

		module.hook(`stanza/${ns.sasl2}:response`, (event) => {
			const { origin: session, stanza } = event;
			if (session.type !== "c2s_unauthed") return undefined;
			if (session.sasl_handler?.selected === undefined) return tell(session, "failure", "invalid-mechanism");
			return process_data(event, session, stanza.get_text());
		});

		module.hook(`stanza/${ns.sasl2}:abort`, ({ origin: session }) =>
			session.type === "c2s_unauthed" ? tell(session, "failure", "aborted") : undefined,
		);

		// The success was thrown away, and what it promised
		module.hook_global("turn-failed", ({ stanzas }) => {
			for (const { origin, stanza } of stanzas) {
				if (stanza.attr["xmlns"] !== ns.sasl2 || !(origin instanceof ClientSession) || !origin.waits_for_storage) continue;
				const session = resumed.get(origin) ?? origin;
				if (!(session instanceof ClientSession) || session.host !== module.host) continue;
				// A session that can be resumed waits for another try
				if (session.smacks === undefined)
					session.close({ condition: "internal-server-error", text: "The login could not be stored" });
				else session.conn?.destroy();
			}
		});
	},
};
