// Counterpart: plugins/mod_smacks.lua

import { ClientSession } from "../core/c2s_session.ts";
import { ServerStreamSession } from "../core/s2s_session.ts";
import type { ModuleApi, ModuleDefinition, Session } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { keep_copies, no_copies } from "./smacks/copies.ts";
import { let_clients_come_back } from "./smacks/hibernation.ts";
import type { ManagedSession, SmacksOptions } from "./smacks/managed_stream.ts";
import { create_measures } from "./smacks/measures.ts";
import { ClusterMirror } from "./smacks/mirror.ts";
import { count_in, Negotiation, type SmacksExports } from "./smacks/negotiation.ts";
import { Restart } from "./smacks/restart.ts";
import { open_resume_store } from "./smacks/resume_store.ts";
import { Resumption } from "./smacks/resumption.ts";
import { manage_server_streams } from "./smacks/server_streams.ts";
import { no_mirror } from "./smacks/session_mirror.ts";
import { keep_messages } from "./smacks/undelivered.ts";

/** A name or an address with a port (XEP-0198 §5, `location`). */
const location_form = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]+):\d{1,5}$/;

function read_location(module: ModuleApi): string | undefined {
	const given = module.get_option_string("smacks_location");
	if (given === undefined || location_form.test(given)) return given;
	module.log("error", "Option smacks_location is %q: expected a host and a port, such as xmpp.example.com:5222", given);
	return undefined;
}

function read_options(module: ModuleApi): SmacksOptions {
	// What is stored for a restart is there for all nodes of a cluster, and one of them would take what another one still has
	const { cluster } = module.server;
	const is_alone = cluster === undefined;
	const hibernation_time = module.get_option_period("smacks_hibernation_time", "10 minutes");
	return {
		queue_size: module.get_option_integer("smacks_max_queue_size", 500, 1),
		hibernation_time,
		with_servers: module.get_option_boolean("smacks_enabled_s2s", true),
		resends_to_servers: module.get_option_boolean("smacks_s2s_resend", false),
		max_unacked: module.get_option_integer("smacks_max_unacked_stanzas", 0, 0),
		max_inactive_unacked: module.get_option_integer("smacks_max_inactive_unacked_stanzas", 256, 0),
		max_ack_delay: module.get_option_period("smacks_max_ack_delay", 30),
		max_old_sessions: module.get_option_integer("smacks_max_old_sessions", 10, 0),
		location: read_location(module),
		outlives_restarts: module.get_option_boolean("smacks_outlive_restarts", true) && is_alone,
		copies: module.get_option_boolean("smacks_keep_unacked", true) && is_alone ? keep_copies(module) : no_copies,
		mirror: cluster === undefined ? no_mirror : new ClusterMirror(module, cluster.standby, hibernation_time),
		measures: create_measures(module),
	};
}

function is_managed(session: Session): session is ManagedSession {
	return session instanceof ClientSession || session instanceof ServerStreamSession;
}

/** Tells both ends of streams what arrived, and has clients go on after their connection broke (XEP-0198). */
export const definition: ModuleDefinition = {
	name: "smacks",
	load(module): SmacksExports {
		const options = read_options(module);
		const resumption = new Resumption(module, options);
		const negotiation = new Negotiation(module, options, resumption);
		const find = (session: object) => negotiation.find(session);
		const begin = (session: ManagedSession, xmlns: string) => negotiation.begin(session, xmlns);
		const restart = new Restart(module, options, resumption, open_resume_store(module), begin);
		if (options.mirror instanceof ClusterMirror) options.mirror.serve(resumption, restart);
		// For lists of sessions on the console
		module.hook_global("session-field", ({ session, name }) =>
			name === "smacks_queue_length" ? find(session)?.queue?.count_unacked : undefined,
		);

		function offer({ origin, features }: { origin: Session; features: Stanza }): void {
			if (!negotiation.can_be_managed(origin)) return;
			for (const xmlns of [ns.sm2, ns.sm3]) features.tag("sm", { xmlns }).tag("optional").up().up();
		}
		module.hook("stream-features", offer);
		module.hook("s2s-stream-features", offer);

		function acknowledge(session: ManagedSession, stanza: Stanza): true | undefined {
			const stream = find(session);
			if (stream?.queue === undefined) return undefined;
			stream.answered();
			const h = count_in(stanza);
			if (h === undefined) {
				session.close({ condition: "invalid-xml", text: "Missing or invalid 'h' attribute" });
				return true;
			}
			const { count_sent: sent, count_acked } = stream.queue;
			const problem = stream.queue.ack(h);
			if (problem !== undefined) {
				session.log("warn", "The other end says that it has %d stanzas, but we sent %d", h, sent);
				const more = problem === "too high" ? "more stanzas than sent by server" : "less stanzas than already acknowledged";
				session.close({
					condition: "undefined-condition",
					text: `Client acknowledged ${more}`,
					...(problem === "too high"
						? { extra: st.stanza("handled-count-too-high", { xmlns: ns.sm3, h: String(h), "send-count": String(sent) }) }
						: {}),
				});
				return true;
			}
			options.measures.acked.sample(h - count_acked);
			options.mirror.acked(stream);
			stream.request_ack(false, "handle_a");
			return true;
		}

		for (const xmlns of [ns.sm2, ns.sm3]) {
			module.hook(
				`stanza/${xmlns}:enable`,
				({ origin, stanza }) =>
					is_managed(origin) ? negotiation.answer(origin, negotiation.enable(origin, stanza), xmlns) : undefined,
				100,
			);
			module.hook(`stanza/${xmlns}:r`, ({ origin }) => {
				const stream = find(origin);
				if (stream?.handled === undefined) return undefined;
				stream.send_ack();
				stream.request_ack(false, "handle_r");
				return true;
			});
			module.hook(`stanza/${xmlns}:a`, ({ origin, stanza }) => (is_managed(origin) ? acknowledge(origin, stanza) : undefined));
			module.hook(`stanza/${xmlns}:resume`, ({ origin, stanza }) =>
				origin instanceof ClientSession ? negotiation.answer(origin, negotiation.resume(origin, stanza), xmlns) : undefined,
			);
		}

		module.hook("c2s-pre-ondrain", ({ session }) => find(session)?.going_out());
		module.hook("stream-output-lost", ({ session }) => find(session)?.thrown_away());
		module.hook("c2s-read-timeout", ({ session }) => {
			const stream = find(session);
			if (stream?.queue === undefined) return undefined;
			if (stream.awaits_ack) return false;
			stream.request_ack(true, "read timeout");
			return true;
		});
		module.hook("csi-client-active", ({ origin }) => find(origin)?.request_ack(true, "csi-client-active"));
		module.hook("csi-flushing", ({ session }) => find(session)?.request_ack(false, "csi-flushing"));

		let_clients_come_back(module, options, resumption, restart, find);
		manage_server_streams(module, options, { find, begin });
		keep_messages(module);

		return {
			do_enable: (session, stanza) => negotiation.enable(session, stanza),
			do_resume: (session, stanza) => negotiation.resume(session, stanza),
			wait(session, seconds) {
				const stream = find(session);
				if (stream?.token !== undefined && stream.hibernating !== undefined) resumption.wait(stream, session, seconds);
			},
			hibernation_time: options.hibernation_time,
		};
	},
};
