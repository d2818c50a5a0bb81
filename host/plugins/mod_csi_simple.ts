// Counterpart: plugins/mod_csi_simple.lua (XEP-0352)

import { ClientSession } from "../core/c2s_session.ts";
import type { ModuleDefinition, StanzaFilter, Timer } from "../core/types.ts";
import { datetime } from "../util/datetime.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** Whether a stanza must not wait for a client that nobody looks at; handlers may say why in `reason`. */
		"csi-is-stanza-important": { stanza: Stanza; session: ClientSession; reason?: string };
		/** What was held back for a client is about to go out. */
		"csi-flushing": { session: ClientSession };
	}
}

const calls = ["urn:xmpp:jingle-message:0", "urn:xmpp:jingle-message:1"];

/** Whether a stanza must not wait, and why. */
function importance(stanza: Stanza, important_payloads: readonly string[]): [boolean, string] {
	const { xmlns, type } = stanza.attr;
	if (xmlns !== undefined && xmlns !== ns.client && xmlns !== ns.server) return [true, "nonza"];
	if (stanza.name === "presence") {
		const is_update = type === undefined || type === "unavailable" || type === "error";
		return is_update ? [false, "presence update"] : [true, "subscription request"];
	}
	if (stanza.name === "iq") return [true, "iq"];
	if (stanza.name !== "message") return [false, "unimportant"];
	// These are of the moment by definition
	if (type === "headline") return [false, "headline"];
	if (type === "error") return [true, "delivery failure"];
	if (stanza.get_child("sent", ns.carbons) !== undefined) return [true, "carbon"];
	const carbon = stanza.get_child("received", ns.carbons)?.get_child("forwarded", ns.forward)?.get_child("message", ns.client);
	return message_importance(carbon ?? stanza, important_payloads);
}

function message_importance(message: Stanza, important_payloads: readonly string[]): [boolean, string] {
	if (message.get_child("body") !== undefined) return [true, "body"];
	// The last step of entering a room
	if (message.get_child("subject") !== undefined) return [true, "subject"];
	if (message.get_child("encryption", ns.eme) !== undefined) return [true, "encrypted"];
	const is_invite =
		message.get_child("x", ns.conference) !== undefined || message.get_child("x", ns.muc_user)?.get_child("invite") !== undefined;
	if (is_invite) return [true, "invite"];
	if (calls.some((xmlns) => message.get_child(undefined, xmlns) !== undefined)) return [true, "jingle call"];
	return important_payloads.some((path) => message.find(path) !== undefined) ? [true, "important"] : [false, "unimportant"];
}

/** What is held back for one client. */
interface Holding {
	/** How many stanzas wait. */
	count: number;
	/** Until it holds back again after something had to go out. */
	resume: Timer | undefined;
	/** Measures for how long it has held back. */
	held: (() => void) | undefined;
	/** Undone when somebody looks at the client. */
	readonly release: () => void;
}

/**
 * Holds back what does not matter for clients that nobody looks at, until something does.
 * Options: csi_queue_size, csi_resume_inactive_delay, csi_important_payloads.
 */
export const definition: ModuleDefinition = {
	name: "csi_simple",
	load(module) {
		module.depends("csi");
		const queue_size = module.get_option_integer("csi_queue_size", 256, 1);
		const resume_delay = module.get_option_period("csi_resume_inactive_delay", 5);
		const important_payloads = [...module.get_option_set("csi_important_payloads")].filter((path) => typeof path === "string");
		const holds = module.measure("buffer_hold", "times", { buckets: [0.1, 1, 5, 10, 15, 30, 60, 120, 180, 300, 600, 900] });
		const flushes = module.metric("counter", "flushes", { description: "CSI queue flushes", labels: ["reason"] });
		const flush_sizes = module
			.metric("histogram", "flush_stanza_count", {
				description: "Number of stanzas flushed at once",
				buckets: [0, 1, 2, 4, 8, 16, 32, 64, 128, 256],
			})
			.with_labels();
		const holdings = new Map<ClientSession, Holding>();

		module.hook(
			"csi-is-stanza-important",
			(event) => {
				const [is_important, reason] = importance(event.stanza, important_payloads);
				event.reason = reason;
				return is_important;
			},
			-1,
		);

		function flush(session: ClientSession, holding: Holding, why: string): void {
			session.log("debug", "Flushing buffer (%s; queue size is %d)", why, holding.count);
			session.state = "flushing";
			flush_sizes.sample(holding.count);
			flushes.with_labels(why).add(1);
			holding.held?.();
			holding.held = undefined;
			module.fire_event("csi-flushing", { session });
			session.conn?.resume_writes();
		}

		/** Why a stanza must go out; undefined where it may wait. */
		function reason_to_flush(session: ClientSession, stanza: Stanza, holding: Holding): string | undefined {
			if (holding.count >= queue_size) return "queue size limit reached";
			const event: { stanza: Stanza; session: ClientSession; reason?: string } = { stanza, session };
			const is_important = module.fire_event("csi-is-stanza-important", event);
			return is_important ? (event.reason ?? "important") : undefined;
		}

		function with_time(session: ClientSession, stanza: Stanza): Stanza {
			const { xmlns } = stanza.attr;
			if ((xmlns !== undefined && xmlns !== ns.client) || stanza.name === "iq") return stanza;
			const copy = st.clone(stanza);
			const from = `${session.username}@${session.host}`;
			copy.add_direct_child(st.stanza("delay", { xmlns: ns.delay, from, stamp: datetime() }));
			return copy;
		}

		function hold_back(session: ClientSession): void {
			const { conn } = session;
			if (conn === undefined) return;
			conn.pause_writes();
			const known = holdings.get(session);
			if (known !== undefined) {
				known.count = 0;
				known.held ??= holds();
				known.resume?.stop();
				known.resume = undefined;
				return;
			}
			const hold_stanza: StanzaFilter = (stanza) => {
				const is_inactive = session.state === "inactive";
				const why = is_inactive ? reason_to_flush(session, stanza, holding) : undefined;
				if (why !== undefined) flush(session, holding, why);
				else if (is_inactive) session.log("debug", "Holding buffer (queue size is %d)", holding.count);
				holding.count++;
				return is_inactive && why === undefined ? with_time(session, stanza) : stanza;
			};
			// A client that says something wants to hear something
			const inner = session.bytes_in;
			const flush_buffer = (bytes: Buffer): Buffer | undefined => {
				if (holding.count > 0 && session.state === "inactive") flush(session, holding, "client activity");
				return inner === undefined ? bytes : inner(bytes);
			};
			const holding: Holding = {
				count: 0,
				resume: undefined,
				held: holds(),
				release() {
					holding.resume?.stop();
					holding.held?.();
					holding.count = 0;
					session.remove_filter("stanzas/out", hold_stanza);
					if (session.bytes_in === flush_buffer) session.bytes_in = inner;
				},
			};
			session.add_filter("stanzas/out", hold_stanza);
			session.bytes_in = flush_buffer;
			holdings.set(session, holding);
		}

		function release(session: ClientSession): void {
			holdings.get(session)?.release();
			holdings.delete(session);
			session.conn?.resume_writes();
		}

		module.hook("csi-client-inactive", ({ origin }) => hold_back(origin));
		module.hook("csi-client-active", ({ origin }) => release(origin));
		module.hook(
			"pre-resource-unbind",
			({ session }) => {
				if (session instanceof ClientSession && holdings.has(session)) release(session);
			},
			1,
		);

		// What follows at once, such as answers and acknowledgements, goes out, too
		module.hook("c2s-ondrain", ({ session }) => {
			const holding = holdings.get(session);
			if (holding === undefined || holding.resume !== undefined) return;
			if (session.state !== "flushing" && session.state !== "inactive") return;
			holding.resume = module.add_timer(resume_delay, () => {
				holding.resume = undefined;
				if (session.state !== "flushing" && session.state !== "inactive") return;
				session.state = "inactive";
				session.conn?.pause_writes();
				holding.held = holds();
				session.log("debug", "Buffer flushed, resuming inactive mode (queue size was %d)", holding.count);
				holding.count = 0;
			});
		});

		for (const { sessions } of module.host_session().sessions.values()) {
			for (const session of sessions.values()) {
				if (session instanceof ClientSession && session.state === "inactive") hold_back(session);
			}
		}
		module.unload = () => {
			for (const session of [...holdings.keys()]) release(session);
		};
	},
};
