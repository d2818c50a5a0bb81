// Counterpart: plugins/mod_smacks.lua

import { ClientSession } from "../core/c2s_session.ts";
import { ServerStreamSession } from "../core/s2s_session.ts";
import type { ModuleApi, ModuleDefinition, Session } from "../core/types.ts";
import { failed, ok, type Result } from "../util/error.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { tonumber } from "../util/tonumber.ts";
import { let_clients_come_back } from "./smacks/hibernation.ts";
import { type ManagedSession, ManagedStream, type SmacksOptions } from "./smacks/managed_stream.ts";
import { create_measures } from "./smacks/measures.ts";
import { Resumption } from "./smacks/resumption.ts";
import { manage_server_streams } from "./smacks/server_streams.ts";
import { keep_messages } from "./smacks/undelivered.ts";

/** A stream that is about to be managed, or that has just taken a session over. */
export interface StreamChange<Of extends ManagedSession = ManagedSession> {
	readonly type: "enabled" | "resumed";
	/** Under what name the session can be resumed, or was. */
	readonly id: string | undefined;
	/** For how many seconds it waits for its client. */
	readonly resume_max?: string | undefined;
	/** The session that goes on. */
	readonly session: Of;
	/** How many stanzas of the client were handled before. */
	readonly h?: number;
	/** To be called once the client was told: from then on stanzas count, and what it may not have is sent again. */
	finish(): void;
}

/** Why a stream cannot be managed, or a session not be resumed. */
export interface SmacksError {
	readonly type: "cancel";
	readonly condition: string;
	readonly text: string;
	/** How many stanzas were handled of a session that is gone. */
	readonly context: { readonly h?: number };
}

/** For modules that do the same in the course of something else (mod_sasl2_sm). Prosody 13 has them, too. */
export interface SmacksExports {
	do_enable(session: ManagedSession, stanza: Stanza): Result<StreamChange, SmacksError>;
	do_resume(session: ClientSession, stanza: Stanza): Result<StreamChange<ClientSession>, SmacksError>;
}

declare module "../core/types.ts" {
	interface ModuleExports {
		smacks: SmacksExports;
	}
}

function refuse_change(condition: string, text: string, h?: number): Result<never, SmacksError> {
	return failed({ type: "cancel", condition, text, context: h === undefined ? {} : { h } });
}

function read_options(module: ModuleApi): SmacksOptions {
	return {
		queue_size: module.get_option_integer("smacks_max_queue_size", 500, 1),
		hibernation_time: module.get_option_period("smacks_hibernation_time", "10 minutes"),
		with_servers: module.get_option_boolean("smacks_enabled_s2s", true),
		resends_to_servers: module.get_option_boolean("smacks_s2s_resend", false),
		max_unacked: module.get_option_integer("smacks_max_unacked_stanzas", 0, 0),
		max_inactive_unacked: module.get_option_integer("smacks_max_inactive_unacked_stanzas", 256, 0),
		max_ack_delay: module.get_option_period("smacks_max_ack_delay", 30),
		max_old_sessions: module.get_option_integer("smacks_max_old_sessions", 10, 0),
		measures: create_measures(module),
	};
}

function is_managed(session: Session): session is ManagedSession {
	return session instanceof ClientSession || session instanceof ServerStreamSession;
}

/** How many stanzas an element says that somebody has; undefined where it says nothing that makes sense. */
function count_in(stanza: Stanza): number | undefined {
	const h = tonumber(stanza.attr["h"]);
	return h !== undefined && Number.isInteger(h) && h >= 0 ? h : undefined;
}

/** Tells both ends of streams what arrived, and has clients go on after their connection broke (XEP-0198). */
export const definition: ModuleDefinition = {
	name: "smacks",
	load(module) {
		const options = read_options(module);
		const resumption = new Resumption(module, options);
		const streams = new WeakMap<object, ManagedStream>();
		const find = (session: object): ManagedStream | undefined => streams.get(session);
		// For lists of sessions on the console
		module.hook_global("session-field", ({ session, name }) =>
			name === "smacks_queue_length" ? find(session)?.queue?.count_unacked : undefined,
		);

		function begin(session: ManagedSession, xmlns: string): ManagedStream {
			const stream = new ManagedStream(module, options, session, xmlns);
			streams.set(session, stream);
			return stream;
		}

		function can_be_managed(session: Session): boolean {
			if (session instanceof ClientSession) return session.username !== undefined && !streams.has(session);
			return options.with_servers && session instanceof ServerStreamSession && session.is_authed && !streams.has(session);
		}

		function offer({ origin, features }: { origin: Session; features: Stanza }): void {
			if (!can_be_managed(origin)) return;
			for (const xmlns of [ns.sm2, ns.sm3]) features.tag("sm", { xmlns }).tag("optional").up().up();
		}
		module.hook("stream-features", offer);
		module.hook("s2s-stream-features", offer);

		function fail(session: ManagedSession, xmlns: string, condition: string, h?: number): true {
			const failed = st.stanza("failed", h === undefined ? { xmlns } : { xmlns, h: String(h) });
			const answer = failed.tag(condition, { xmlns: ns.stanzas }).reset();
			if (session instanceof ServerStreamSession) session.sends2s(answer);
			else session.send(answer);
			return true;
		}

		function do_enable(session: ManagedSession, stanza: Stanza): Result<StreamChange, SmacksError> {
			const unexpected = (text: string) => refuse_change("unexpected-request", text);
			if (streams.has(session)) return unexpected("Stream management is already enabled");
			if (session instanceof ClientSession && session.username !== undefined && session.resource === undefined) {
				return unexpected("Client must bind a resource before enabling stream management");
			}
			if (!can_be_managed(session))
				return refuse_change("service-unavailable", "Stream management is not available for this stream");
			const { resume, xmlns = ns.sm3 } = stanza.attr;
			const may_come_back = session instanceof ClientSession && (resume === "true" || resume === "1");
			if (may_come_back && session.username !== undefined) resumption.forget_old(session.username);
			const id = may_come_back ? resumption.new_token() : undefined;
			return ok({
				type: "enabled",
				id,
				resume_max: may_come_back ? String(options.hibernation_time) : undefined,
				session,
				finish() {
					session.log("debug", "Enabling stream management");
					const stream = begin(session, xmlns);
					if (id !== undefined && session instanceof ClientSession) resumption.track(stream, session, id);
					stream.manage_outgoing();
					stream.manage_incoming();
				},
			});
		}

		function enable(session: ManagedSession, stanza: Stanza, xmlns: string): true {
			const change = do_enable(session, stanza);
			if (!change.ok) return fail(session, xmlns, change.error.condition);
			const { id, resume_max } = change.value;
			const enabled = st.stanza("enabled", { xmlns, id, resume: id === undefined ? undefined : "true", max: resume_max });
			if (session instanceof ServerStreamSession) session.sends2s(enabled);
			else session.send(enabled);
			change.value.finish();
			return true;
		}

		function acknowledge(session: ManagedSession, stanza: Stanza): true | undefined {
			const stream = find(session);
			if (stream?.queue === undefined) return undefined;
			stream.stop_waiting();
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
			stream.request_ack(false, "handle_a");
			return true;
		}

		function do_resume(session: ClientSession, stanza: Stanza): Result<StreamChange<ClientSession>, SmacksError> {
			if (session.username === undefined || session.full_jid !== undefined) {
				return refuse_change("unexpected-request", "Cannot resume another session after a resource is bound");
			}
			const h = count_in(stanza);
			const { previd } = stanza.attr;
			if (h === undefined || previd === undefined)
				return refuse_change("bad-request", "Missing or invalid 'h' or 'previd' attribute");
			const found = resumption.find(session.username, previd, h);
			if (!(found instanceof ManagedStream)) {
				session.log("debug", "Resumption failed: %s", found.text);
				return refuse_change(found.condition, found.text, found.h);
			}
			const { session: original } = found;
			if (!(original instanceof ClientSession)) return refuse_change("item-not-found", "Unknown session");
			found.watchdog?.stop();
			found.watchdog = undefined;
			session.log("debug", "Resuming session %s", original.id);
			original.resume_over(session);
			original.handled_stanza_count = found.handled;
			return ok({
				type: "resumed",
				id: previd,
				session: original,
				h: found.handled ?? 0,
				finish() {
					const { hibernating } = found;
					found.resend();
					// Whose connection was not known to be gone did not wait
					options.measures.resumption_age.sample(hibernating === undefined ? 0 : Math.floor(Date.now() / 1000) - hibernating);
					module.fire_event("smacks-hibernation-end", { origin: session, resumed: original, queue: found.waiting() });
				},
			});
		}

		function resume(session: ClientSession, stanza: Stanza, xmlns: string): true {
			const change = do_resume(session, stanza);
			if (!change.ok) return fail(session, xmlns, change.error.condition, change.error.context.h);
			const { id, h, session: original, finish } = change.value;
			original.send(st.stanza("resumed", { xmlns, h: String(h ?? 0), previd: id }));
			finish();
			return true;
		}

		for (const xmlns of [ns.sm2, ns.sm3]) {
			module.hook(
				`stanza/${xmlns}:enable`,
				({ origin, stanza }) => (is_managed(origin) ? enable(origin, stanza, xmlns) : undefined),
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
				origin instanceof ClientSession ? resume(origin, stanza, xmlns) : undefined,
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

		let_clients_come_back(module, options, resumption, find);
		manage_server_streams(module, options, { find, begin });
		keep_messages(module);
		return { do_enable, do_resume } satisfies SmacksExports;
	},
};
