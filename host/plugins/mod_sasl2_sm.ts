// Counterpart: prosody-modules mod_sasl2_sm

import { ClientSession } from "../core/c2s_session.ts";
import type { ModuleDefinition } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import type {} from "./mod_sasl2.ts";
import type {} from "./mod_sasl2_bind2.ts";
import type { SmacksError, StreamChange } from "./smacks/negotiation.ts";

/** `<failed/>`, with how much was handled of a session that is gone. */
function failure({ type, condition, text, context: { h } }: SmacksError): Stanza {
	const failed = st.stanza("failed", { xmlns: ns.sm3, h: h === undefined ? undefined : String(h) });
	return failed.add_error(type, condition, text).reset();
}

/** Enables stream management, or goes on with an earlier session, in the course of the login (XEP-0198 §6). */
export const definition: ModuleDefinition = {
	name: "sasl2_sm",
	load(module) {
		const smacks = module.depends("smacks");
		module.depends("sasl2");
		const requests = new WeakMap<object, Stanza>();
		/** What is to be finished once the client was told. */
		const changes = new WeakMap<object, StreamChange>();

		module.hook("advertise-sasl-features", ({ features }) => void features.tag("sm", { xmlns: ns.sm3 }).up());
		module.hook("advertise-bind-features", ({ features }) => void features.tag("feature", { var: ns.sm3 }).up());

		module.hook(
			`stanza/${ns.sasl2}:authenticate`,
			({ origin, stanza }) => {
				const request = stanza.get_child("resume", ns.sm3);
				if (request === undefined) requests.delete(origin);
				else requests.set(origin, request);
			},
			100,
		);

		module.hook(
			"sasl2/c2s/success",
			(event) => {
				const { origin, success } = event;
				const request = requests.get(origin);
				requests.delete(origin);
				if (request === undefined || success === undefined || !(origin instanceof ClientSession)) return;
				const change = smacks.do_resume(origin, request);
				if (!change.ok) {
					success.add_child(failure(change.error));
					return;
				}
				const { session, id, h } = change.value;
				event.session = session;
				session.waits_for_storage = true;
				changes.set(session, change.value);
				success.add_child(st.stanza("resumed", { xmlns: ns.sm3, h: String(h ?? 0), previd: id }));
			},
			110,
		);

		module.hook(
			"enable-bind-features",
			({ session, request, result }) => {
				const enable = request.get_child("enable", ns.sm3);
				if (enable === undefined || !(session instanceof ClientSession)) return;
				const change = smacks.do_enable(session, enable);
				if (!change.ok) {
					result.add_child(failure(change.error));
					return;
				}
				changes.set(session, change.value);
				const { id, resume_max: max, location } = change.value;
				result.add_child(st.stanza("enabled", { xmlns: ns.sm3, id, resume: id === undefined ? undefined : "1", max, location }));
			},
			100,
		);

		module.hook(
			"sasl2/c2s/success",
			({ session }) => {
				changes.get(session)?.finish();
				changes.delete(session);
			},
			-1100,
		);
	},
};
