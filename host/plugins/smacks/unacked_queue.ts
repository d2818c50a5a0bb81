// Counterpart: util/smqueue.lua

import { type AddressableText, Stanza } from "../../util/stanza.ts";

/** A stanza that the other end may not have: as it is, or as text that others got, too. */
export interface Unacked {
	readonly content: Stanza | AddressableText;
	/** When it was sent, in seconds since 1970. */
	readonly sent_at: number;
	/** The name of the copy that outlives the server's sudden end, where there is one. */
	copy?: string;
}

/** What is wrong with a count that the other end gave. */
export type BadCount = "too high" | "too low";

/** Stanzas that were sent and that the other end has not acknowledged: the newest ones, where they are more than fit. */
export class UnackedQueue {
	/** The oldest first. */
	private kept: Unacked[] = [];
	/** How many were sent. */
	private sent = 0;
	/** How many of them the other end has. */
	private acked = 0;
	/** Older ones that did not fit, and of which there are copies. */
	private outside: Unacked[] = [];

	/**
	 * @param size how many are kept
	 * @param arrived told of those that the other end has
	 */
	constructor(
		private readonly size: number,
		private readonly arrived: (items: readonly Unacked[]) => void = () => {},
	) {}

	push(content: Stanza | AddressableText): Unacked {
		const item: Unacked = { content, sent_at: Date.now() / 1000 };
		this.add(item);
		return item;
	}

	private add(item: Unacked): void {
		this.sent++;
		this.kept.push(item);
		if (this.kept.length <= this.size) return;
		const oldest = this.kept.shift();
		if (oldest?.copy !== undefined) this.outside.push(oldest);
	}

	/** Goes on with what another queue was left with, which is empty until then. */
	restore(acked: number, items: readonly Unacked[]): void {
		this.sent = acked;
		this.acked = acked;
		for (const item of items) this.add(item);
	}

	/** Takes back the last ones, which were not sent after all. */
	take_back(count: number): void {
		if (count === 0) return;
		this.sent -= count;
		this.kept.splice(Math.max(0, this.kept.length - count));
	}

	/** Takes one back that was not sent after all. */
	remove(item: Unacked): void {
		const place = this.kept.indexOf(item);
		if (place < 0) return;
		this.kept.splice(place, 1);
		this.sent--;
	}

	/** The other end has so many of all that were sent. */
	ack(count: number): BadCount | undefined {
		if (count < this.acked) return "too low";
		if (count > this.sent) return "too high";
		this.acked = count;
		const left = this.count_unacked;
		if (left < this.kept.length) this.arrived(this.kept.splice(0, this.kept.length - left));
		if (this.outside.length > 0 && this.is_whole) this.arrived(this.outside.splice(0));
		return undefined;
	}

	get count_sent(): number {
		return this.sent;
	}

	get count_acked(): number {
		return this.acked;
	}

	get count_unacked(): number {
		return this.sent - this.acked;
	}

	/** Whether all are here that the other end does not have. */
	get is_whole(): boolean {
		return this.kept.length >= this.count_unacked;
	}

	/** What the other end may not have, the oldest first. */
	items(): readonly Unacked[] {
		return [...this.kept];
	}

	/** Takes all out, those too that did not fit as long as there are copies of them. */
	consume(): readonly Unacked[] {
		const all = [...this.outside, ...this.kept];
		this.outside = [];
		this.kept = [];
		this.acked = this.sent;
		return all;
	}
}

/** Whether what is kept is the stanza itself. */
export function is_stanza(content: Unacked["content"]): content is Stanza {
	return content instanceof Stanza;
}
