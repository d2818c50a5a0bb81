// No counterpart: a session does not outlive a Prosody.

import { ClientSession } from "../../core/c2s_session.ts";
import type { ModuleApi, SessionStandby, StoreTable } from "../../core/types.ts";
import type { Change, CopiedText, KeptCopy } from "../../util/cluster/kept_copies.ts";
import { type Stanza, to_attribute } from "../../util/stanza.ts";
import { read_head, write_head } from "./head.ts";
import { type Restart, state_of } from "./restart.ts";
import { from_table, to_table } from "./resume_state.ts";
import type { Resumption } from "./resumption.ts";
import type { ResumableStream, SessionMirror } from "./session_mirror.ts";
import { is_stanza, type Unacked } from "./unacked_queue.ts";

/** What is known of a session over there. */
interface Mirrored {
	readonly id: number;
	/** The head that is there. */
	head: string;
	/** Whether the head may have changed. */
	is_other: boolean;
}

/** Keeps another node of the cluster up to date about the sessions of a host that can be resumed. */
export class ClusterMirror implements SessionMirror {
	private readonly mirrored = new Map<ResumableStream, Mirrored>();
	/** What is to be said of before the turn is seen, and what has time. */
	private readonly changed = new Set<ResumableStream>();
	/** The last text that was sent to several, with its change. */
	private last: { readonly content: unknown; readonly ids: number[] } | undefined;

	constructor(
		private readonly module: ModuleApi,
		private readonly standby: SessionStandby,
		private readonly hibernation_time: number,
	) {}

	/** Goes on with sessions of other nodes from now on. */
	serve(resumption: Resumption, restart: Restart): void {
		const { module, standby } = this;
		standby.keep(module.host, {
			add_all: (add) => this.add_all(resumption, add),
			add_rest: (add) => this.add_rest(add),
			restore: (account, copies) => this.restore(restart, account, copies),
			abandon: () => this.abandon(resumption),
			has: (account) => [...this.mirrored.keys()].some((stream) => this.account_of(stream) === account),
		});
		module.unload = () => standby.keep(module.host, undefined);
	}

	private account_of({ session }: ResumableStream): string {
		return session instanceof ClientSession ? `${session.username}@${session.host}` : "";
	}

	private head_of(stream: ResumableStream): string | undefined {
		const state = state_of(this.module, stream, false);
		if (state === undefined) return undefined;
		// These change all the time, and are said apart
		const { queue: _queue, handled: _handled, acked: _acked, since, until, ...rest } = to_table(state);
		return write_head(stream.hibernating === undefined ? rest : { ...rest, since, until });
	}

	began(stream: ResumableStream): void {
		if (stream.token === undefined || this.mirrored.has(stream)) return;
		this.open(stream, (change) => this.standby.add(change));
	}

	/** Says all of a session. */
	private open(stream: ResumableStream, add: (change: Change) => void): void {
		const { queue, done } = stream;
		const head = this.head_of(stream);
		if (queue === undefined || head === undefined) return;
		const id = this.standby.new_id();
		this.mirrored.set(stream, { id, head, is_other: false });
		this.changed.delete(stream);
		this.last = undefined;
		add(["o", id, this.account_of(stream), head]);
		add(["s", id, done, queue.count_acked]);
		for (const item of queue.items()) add(["p", [id], this.text_of(item), item.sent_at]);
	}

	private text_of({ content }: Unacked): CopiedText {
		return is_stanza(content) ? content.toString() : [content.head, content.tail];
	}

	pushed(stream: ResumableStream, item: Unacked): void {
		if (!this.standby.is_on) return;
		const known = this.mirrored.get(stream);
		if (known === undefined) return;
		if (stream.queue?.is_whole === false) {
			this.ended(stream);
			return;
		}
		const { last } = this;
		if (last?.content === item.content) {
			last.ids.push(known.id);
			return;
		}
		const ids = [known.id];
		this.last = { content: item.content, ids };
		this.standby.add(["p", ids, this.text_of(item), item.sent_at]);
	}

	came(stream: ResumableStream, stanza?: Stanza): void {
		const known = this.mirrored.get(stream);
		if (known === undefined || !this.standby.is_on) return;
		// A message changes nothing else
		if (stanza === undefined || stanza.name !== "message") known.is_other = true;
		this.changed.add(stream);
		this.standby.touch();
	}

	acked(stream: ResumableStream): void {
		if (this.mirrored.has(stream)) this.changed.add(stream);
		// Too much was under way
		else if (stream.token !== undefined && stream.queue?.is_whole === true) this.began(stream);
	}

	ended(stream: ResumableStream): void {
		const known = this.mirrored.get(stream);
		if (known === undefined) return;
		this.mirrored.delete(stream);
		this.changed.delete(stream);
		this.last = undefined;
		this.standby.add(["c", known.id]);
	}

	taken_back(): void {
		if (this.mirrored.size > 0) this.standby.restart();
	}

	has(stream: ResumableStream): boolean {
		return this.standby.is_certain && this.mirrored.has(stream);
	}

	private add_rest(add: (change: Change) => void): void {
		this.last = undefined;
		for (const stream of this.changed) {
			const known = this.mirrored.get(stream);
			if (known === undefined || stream.queue === undefined) continue;
			if (known.is_other) {
				known.is_other = false;
				const head = this.head_of(stream);
				if (head !== undefined && head !== known.head) {
					known.head = head;
					add(["o", known.id, this.account_of(stream), head]);
				}
			}
			add(["s", known.id, stream.done, stream.queue.count_acked]);
		}
		this.changed.clear();
	}

	private add_all(resumption: Resumption, add: (change: Change) => void): void {
		this.mirrored.clear();
		this.changed.clear();
		this.last = undefined;
		for (const stream of [...resumption.by_account().values()].flat()) this.open(stream, add);
	}

	private restore(restart: Restart, account: string, copies: readonly KeptCopy[]): void {
		restart.go_on(
			copies.flatMap((copy) => {
				const state = this.state_in(copy);
				if (state.ok) return [state.value];
				this.module.log("error", "A session of %s cannot go on: %s", account, state.error);
				return [];
			}),
		);
	}

	private state_in({ head, handled, acked, items }: KeptCopy) {
		const own: StoreTable = read_head(head) ?? {};
		const now = Date.now() / 1000;
		const address_of = `${String(own["username"])}@${String(own["host"])}/${String(own["resource"])}`;
		const queue = items.map(({ text, sent_at }) => {
			if (typeof text === "string") return { text, sent_at };
			const [before, after] = text;
			return { text: before + to_attribute(address_of) + after, sent_at };
		});
		return from_table({ since: now, until: now + this.hibernation_time, ...own, handled, acked, queue });
	}

	/** Another node goes on with all of them. */
	private abandon(resumption: Resumption): void {
		for (const stream of [...this.mirrored.keys()]) {
			const { session } = stream;
			if (!(session instanceof ClientSession)) continue;
			this.mirrored.delete(stream);
			// Over there, it is delivered or given back
			stream.queue = undefined;
			resumption.forget(stream, session.username);
			session.conn?.close();
			session.conn = undefined;
		}
		this.changed.clear();
	}
}
