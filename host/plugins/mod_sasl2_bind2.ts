// Counterpart: prosody-modules mod_sasl2_bind2

import { ClientSession } from "../core/c2s_session.ts";
import type { C2sSession, ModuleDefinition } from "../core/types.ts";
import { base64_encode } from "../util/encodings.ts";
import { failed, ok, type Result, type StanzaError } from "../util/error.ts";
import { sha1 } from "../util/hashes.ts";
import * as id from "../util/id.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import type {} from "./mod_csi.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** What a client can have enabled when it gets its resource: handlers add to `features`. */
		"advertise-bind-features": { origin: C2sSession; features: Stanza };
		/** A client got its resource: handlers enable what it asked for, and add to the answer. */
		"enable-bind-features": { session: C2sSession; request: Stanza; result: Stanza };
	}
}

/** Bytes of the hash that stands for a client's id in the name of its resource. */
const id_hash_bytes = 9;

const states = ["active", "inactive"] as const;

/** Gives clients their resources in the course of the login (XEP-0386). */
export const definition: ModuleDefinition = {
	name: "sasl2_bind2",
	load(module) {
		module.depends("sasl2");
		const requests = new WeakMap<object, Stanza>();
		/** In what state clients are to begin (XEP-0352). */
		const begins_as = new WeakMap<object, Stanza>();
		const has = (name: string): boolean => module.host_session().modules.has(name);

		module.hook(
			"advertise-sasl-features",
			({ origin, features }) => {
				const inline = st.stanza("inline");
				module.fire_event("advertise-bind-features", { origin, features: inline });
				const bind = st.stanza("bind", { xmlns: ns.bind2 });
				bind.add_direct_child(inline);
				features.add_direct_child(bind);
			},
			1,
		);

		/** The resource that the client's request leads to; undefined for any. */
		function wanted_resource({ sasl_handler, client_id }: C2sSession, request: Stanza): string | undefined {
			if (sasl_handler?.resource !== undefined) return sasl_handler.resource;
			const tag = request.get_child_text("tag");
			if (tag === undefined) return undefined;
			// The same client gets the same one, and takes the place of what it left
			const suffix = client_id === undefined ? id.medium() : base64_encode(sha1(client_id).subarray(0, id_hash_bytes));
			return `${tag}~${suffix}`;
		}

		function bind(session: C2sSession, request: Stanza): Result<Stanza, StanzaError> {
			const bound = module.server.sessionmanager.bind_resource(session, wanted_resource(session, request));
			if (!bound.ok) {
				session.log("debug", "Resource bind failed: %s", bound.error.text ?? bound.error.condition);
				return failed(bound.error);
			}
			session.log("debug", "Resource bound: %s", session.full_jid);
			const result = st.stanza("bound", { xmlns: ns.bind2 });
			module.fire_event("enable-bind-features", { session, request, result });
			return ok(result);
		}

		module.hook(
			`stanza/${ns.sasl2}:authenticate`,
			({ origin, stanza }) => {
				const request = stanza.get_child(undefined, ns.bind2);
				if (request === undefined) requests.delete(origin);
				else requests.set(origin, request);
			},
			100,
		);

		module.hook(
			"sasl2/c2s/success",
			({ session, origin, success }) => {
				const request = requests.get(origin);
				requests.delete(origin);
				// A session that was resumed has its resource
				if (request === undefined || success === undefined || session.full_jid !== undefined) return;
				const bound = bind(session, request);
				if (bound.ok) success.add_child(bound.value);
				else {
					const { type, condition, text } = bound.error;
					success.add_child(st.stanza("failed", { xmlns: ns.bind2 }).add_error(type, condition, text).reset());
				}
			},
			100,
		);

		module.hook("advertise-bind-features", ({ features }) => {
			if (has("carbons")) features.tag("feature", { var: ns.carbons }).up();
			if (has("csi")) features.tag("feature", { var: ns.csi }).up();
		});

		module.hook(
			"enable-bind-features",
			({ session, request, result }) => {
				if (!(session instanceof ClientSession)) return;
				if (has("carbons") && request.get_child("enable", ns.carbons) !== undefined) {
					session.want_carbons = ns.carbons;
					result.tag("enabled", { xmlns: ns.carbons }).up();
				}
				const state = has("csi") ? request.get_child(undefined, ns.csi) : undefined;
				if (state === undefined || !states.some((name) => name === state.name)) return;
				session.state = state.name;
				begins_as.set(session, state);
			},
			10,
		);

		module.hook(
			"sasl2/c2s/success",
			({ session }) => {
				const stanza = begins_as.get(session);
				const state = states.find((name) => name === stanza?.name);
				begins_as.delete(session);
				if (stanza === undefined || state === undefined || !(session instanceof ClientSession)) return;
				// When all that the login is answered with has gone, since nothing of it may be held back
				module.add_timer(0, () => {
					if (session.type === "c2s" && session.state === state)
						module.fire_event(`csi-client-${state}`, { origin: session, stanza });
				});
			},
			-1900,
		);
	},
};
