// Counterpart: plugins/mod_smacks.lua (filters, should_ack, request_ack)

import { ClientSession } from "../../core/c2s_session.ts";
import type { ServerStreamSession } from "../../core/s2s_session.ts";
import type { ModuleApi, Timer } from "../../core/types.ts";
import * as datetime from "../../util/datetime.ts";
import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import type { AddressableText, Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import * as xml from "../../util/xml.ts";
import type { UnackedCopies } from "./copies.ts";
import type { SmacksMeasures } from "./measures.ts";
import { is_change, type SessionMirror } from "./session_mirror.ts";
import { is_stanza, type Unacked, UnackedQueue } from "./unacked_queue.ts";

/** Sessions whose streams can be managed. */
export type ManagedSession = ClientSession | ServerStreamSession;

/** What a configuration says about stream management. */
export interface SmacksOptions {
	readonly queue_size: number;
	/** Seconds for which a session waits for its client. */
	readonly hibernation_time: number;
	readonly with_servers: boolean;
	readonly resends_to_servers: boolean;
	/** How many stanzas may be sent before an acknowledgement is asked for. */
	readonly max_unacked: number;
	/** The same for clients that nobody looks at. */
	readonly max_inactive_unacked: number;
	/** Seconds after which a missing acknowledgement is late; 0 for never. */
	readonly max_ack_delay: number;
	readonly max_old_sessions: number;
	/** Where clients are told to come back to: `host:port`, if anywhere else than before. */
	readonly location: string | undefined;
	/** Whether sessions wait for their clients while the server restarts. */
	readonly outlives_restarts: boolean;
	readonly copies: UnackedCopies;
	/** In a cluster, another node is kept up to date. */
	readonly mirror: SessionMirror;
	readonly measures: SmacksMeasures;
}

declare module "../../core/types.ts" {
	interface EventMap {
		/** The other end was asked what it has, and has not answered in time. */
		"smacks-ack-delayed": { origin: ManagedSession; queue: readonly Stanza[] };
		/** A stanza waits for a client that is gone, and may come back. */
		"smacks-hibernation-stanza-queued": { origin: ClientSession; queue: readonly Stanza[]; stanza: Stanza };
		"smacks-hibernation-start": { origin: ClientSession; queue: readonly Stanza[] };
		/** `origin` is the session that the client came back with, `resumed` goes on over its stream. */
		"smacks-hibernation-end": { origin: ClientSession; resumed: ClientSession; queue: readonly Stanza[] };
		/** A stanza did not reach its client; true where somebody keeps it, so that its sender is not told. */
		"delivery/failure": { session: ManagedSession; stanza: Stanza };
	}
}

const counted_names: ReadonlySet<string> = new Set(["message", "presence", "iq"]);

function is_counted(stanza: Stanza): boolean {
	const { xmlns } = stanza.attr;
	return counted_names.has(stanza.name) && (xmlns === undefined || xmlns === ns.client || xmlns === ns.server);
}

const nobody: ReadonlySet<never> = new Set();

/** The elements that ask what the other end has, which nobody changes. */
const requests: ReadonlyMap<string, Stanza> = new Map([ns.sm2, ns.sm3].map((xmlns) => [xmlns, st.stanza("r", { xmlns })]));

/** One stream whose both ends tell each other what they have (XEP-0198). */
export class ManagedStream {
	/** What the other end has not acknowledged; undefined where it does not tell. */
	queue: UnackedQueue | undefined;
	/** How many stanzas of the other end were handled; undefined where it is not told. */
	handled: number | undefined;
	/** Under what name the session can be resumed. */
	token: string | undefined;
	/** Ends the waiting. */
	watchdog: Timer | undefined;
	/** When the waiting ends, in seconds since 1970. */
	waits_until: number | undefined;
	/** Whether the server is about to end, and keeps the session for the one after it. */
	outlives_server = false;
	private awaiting_ack = false;
	/** Goes off when an acknowledgement may be late; it is not stopped each time that one comes. */
	private late: Timer | undefined;
	/** When the other end was asked, in milliseconds of any clock. */
	private asked_at = 0;
	private requested_at: number | undefined;
	/** Whether what came last counts. */
	private last_counts = false;
	/** How many were sent in this turn, which may still fail. */
	private sent_in_turn = 0;
	private is_resending = false;
	/** What waits with when it was sent: the same each time that somebody looks. */
	private readonly timed = new WeakMap<Unacked, Stanza>();

	constructor(
		private readonly module: ModuleApi,
		private readonly options: SmacksOptions,
		readonly session: ManagedSession,
		readonly xmlns: string,
	) {
		session.smacks = xmlns;
	}

	/** Since when the session waits for its client, in seconds since 1970. */
	get hibernating(): number | undefined {
		return this.session.hibernating;
	}

	set hibernating(since: number | undefined) {
		this.session.hibernating = since;
	}

	/** Counts what is sent from now on. */
	manage_outgoing(): void {
		const { copies, queue_size } = this.options;
		const { username } = this.session instanceof ClientSession ? this.session : {};
		this.queue = new UnackedQueue(queue_size, username === undefined ? undefined : (items) => copies.remove(username, items));
		this.session.add_filter("stanzas/out", this.count_outgoing, -999, this.count_shared);
	}

	/** Counts what comes from now on. */
	manage_incoming(handled = 0): void {
		this.handled = handled;
		this.options.measures.sessions_started(1);
		this.session.add_filter("stanzas/in", this.count_incoming, 999);
		this.session.on_free = () => {
			if (this.last_counts) this.options.mirror.came(this);
		};
	}

	/** How many stanzas of the other end were handled, without one that still waits for something. */
	get done(): number {
		const { handled = 0, session } = this;
		return session.is_busy && this.last_counts ? handled - 1 : handled;
	}

	/** This turn says how much has come: that has to be stored before. */
	say_count(): void {
		this.module.server.turn.concern(this);
	}

	/** Counts nothing more. */
	release(): void {
		this.session.smacks = undefined;
		this.session.on_free = undefined;
		this.hibernating = undefined;
		this.session.remove_filter("stanzas/out", this.count_outgoing);
		this.session.remove_filter("stanzas/in", this.count_incoming);
		this.watchdog?.stop();
		this.stop_waiting();
		this.options.mirror.ended(this);
	}

	private readonly count_outgoing = (stanza: Stanza): Stanza | undefined => {
		if (this.queue === undefined || this.is_resending || !is_counted(stanza)) return stanza;
		return this.keep(this.queue, st.clone(stanza), stanza) ? stanza : undefined;
	};

	/** The same for what others get, too: the text is theirs as well, so that it costs next to nothing to remember it. */
	private readonly count_shared = (text: AddressableText): boolean =>
		this.queue === undefined || this.is_resending || this.keep(this.queue, text);

	private readonly count_incoming = (stanza: Stanza): Stanza => {
		const counts = this.handled !== undefined && is_counted(stanza);
		this.last_counts = counts;
		if (counts) {
			this.handled = (this.handled ?? 0) + 1;
			// Whoever is told so must not be told before it is stored
			this.module.server.turn.concern(this);
		}
		if (counts || is_change(stanza)) this.options.mirror.came(this, stanza);
		return stanza;
	};

	/**
	 * Remembers what is sent; false where nobody is there to get it now.
	 * @param original what others were sent as well, where it was not finished text
	 */
	private keep(queue: UnackedQueue, content: Stanza | AddressableText, original?: Stanza): boolean {
		const item = queue.push(content);
		this.options.measures.queued(1);
		this.options.mirror.pushed(this, item);
		if (this.session instanceof ClientSession) this.options.copies.keep(this.session, item, original);
		if (this.hibernating === undefined) {
			this.sent_in_turn++;
			return true;
		}
		// There is no connection that would tell where the turn fails
		this.module.server.turn.remember({
			undo: () => {
				queue.remove(item);
				this.options.mirror.taken_back();
			},
		});
		this.tell_queued(this.session, item);
		return false;
	}

	private tell_queued(origin: ManagedSession, item: Unacked): void {
		const event = "smacks-hibernation-stanza-queued";
		if (!(origin instanceof ClientSession) || this.module.is_only_heard_by(event, nobody)) return;
		const stanza_of = (one: Unacked): Stanza => this.stanza_of(one);
		const waiting = (): Stanza[] => this.waiting();
		let stanza: Stanza | undefined;
		// Made where somebody looks at it: most sessions are of no interest
		const payload = {
			origin,
			get stanza() {
				stanza ??= stanza_of(item);
				return stanza;
			},
			get queue() {
				return waiting();
			},
		};
		this.module.fire_event(event, payload);
	}

	/** Sends an element of the stream itself. */
	send(element: Stanza): void {
		if ("sends2s" in this.session) this.session.sends2s(element);
		else this.session.send(element);
	}

	/** The stanza that was sent. */
	stanza_of({ content }: Unacked): Stanza {
		if (is_stanza(content)) return content;
		// What goes to those behind another server says to whom
		const { session } = this;
		const text = session instanceof ClientSession ? st.address(content, session.full_jid ?? "") : content.head + content.tail;
		const stanza = xml.parse(text);
		if (stanza === undefined) throw new TypeError("a text that was made of a stanza is none");
		return stanza;
	}

	/** Stanzas that the other end may not have, with when they were sent (XEP-0203). */
	waiting(): Stanza[] {
		return (this.queue?.items() ?? []).map((item) => this.delayed(item));
	}

	/** The stanza with when it was sent. */
	delayed(item: Unacked): Stanza {
		const known = this.timed.get(item) ?? this.with_time(item);
		this.timed.set(item, known);
		return known;
	}

	private with_time(item: Unacked): Stanza {
		const stanza = this.stanza_of(item);
		if (stanza.name === "iq" || stanza.get_child("delay", ns.delay) !== undefined) return stanza;
		const { session } = this;
		const from = session instanceof ClientSession ? jid.bare(session.full_jid ?? "") : (session.host ?? "");
		return st
			.clone(stanza)
			.tag("delay", { xmlns: ns.delay, from, stamp: datetime.datetime(item.sent_at) })
			.reset();
	}

	/** Sends again what the other end does not have. */
	resend(): void {
		this.hibernating = undefined;
		this.waits_until = undefined;
		this.sent_in_turn = 0;
		this.is_resending = true;
		try {
			for (const stanza of this.waiting()) this.session.send(stanza);
		} finally {
			this.is_resending = false;
		}
		this.awaiting_ack = false;
		this.request_ack(true, "resume");
	}

	/** Says what has come. */
	send_ack(): void {
		this.say_count();
		this.send(st.stanza("a", { xmlns: this.xmlns, h: String(this.handled ?? 0) }));
	}

	/** Asks what the other end has, where that is due. */
	request_ack(force: boolean, why: string): void {
		const { queue, session, options } = this;
		if (queue === undefined || session.destroyed || this.hibernating !== undefined || this.awaiting_ack) return;
		if (!force) {
			const is_inactive = session instanceof ClientSession && session.state === "inactive";
			const most = is_inactive ? options.max_inactive_unacked : options.max_unacked;
			// Who counts wrongly is not asked again before there is more to acknowledge
			if (queue.count_unacked <= most || queue.count_sent === this.requested_at) return;
		}
		session.log("debug", "Sending <r> from %s - #queue=%d", why, queue.count_unacked);
		this.awaiting_ack = true;
		this.requested_at = queue.count_sent;
		this.send(requests.get(this.xmlns) ?? st.stanza("r", { xmlns: this.xmlns }));
		if (options.max_ack_delay <= 0) return;
		this.asked_at = performance.now();
		this.late ??= this.module.add_timer(options.max_ack_delay, () => this.look_for_ack());
	}

	/** Seconds until the acknowledgement that is waited for is late; undefined once nobody waits, or it is. */
	private look_for_ack(): number | undefined {
		const left = this.options.max_ack_delay - (performance.now() - this.asked_at) / 1000;
		// Node's timers go off up to a millisecond early
		if (this.awaiting_ack && left > 0.002) return left;
		this.late = undefined;
		if (!this.awaiting_ack || this.hibernating !== undefined || this.session.destroyed) return undefined;
		this.module.fire_event("smacks-ack-delayed", { origin: this.session, queue: this.waiting() });
		return undefined;
	}

	/** Whether the other end was asked and has not answered. */
	get awaits_ack(): boolean {
		return this.awaiting_ack;
	}

	/** The other end has answered. */
	answered(): void {
		this.awaiting_ack = false;
	}

	/** The other end answers no question any more. */
	stop_waiting(): void {
		this.awaiting_ack = false;
		this.late?.stop();
		this.late = undefined;
	}

	/** What was sent in this turn goes out. */
	going_out(): void {
		this.request_ack(false, "pre-ondrain");
		this.sent_in_turn = 0;
	}

	/** The turn failed: what was sent in it was thrown away. */
	thrown_away(): void {
		this.queue?.take_back(this.sent_in_turn);
		this.options.mirror.taken_back();
		this.sent_in_turn = 0;
		this.stop_waiting();
	}
}
