// Counterpart: util/smqueue.lua

import type { Stanza } from "../../util/stanza.ts";

/** A stanza that the other end may not have. */
export interface Unacked {
	readonly stanza: Stanza;
	/** When it was sent, in seconds since 1970. */
	readonly sent_at: number;
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

	/** @param size how many are kept */
	constructor(private readonly size: number) {}

	push(stanza: Stanza): void {
		this.sent++;
		this.kept.push({ stanza, sent_at: Date.now() / 1000 });
		if (this.kept.length > this.size) this.kept.shift();
	}

	/** Takes back the last ones, which were not sent after all. */
	take_back(count: number): void {
		if (count === 0) return;
		this.sent -= count;
		this.kept.splice(Math.max(0, this.kept.length - count));
	}

	/** The other end has so many of all that were sent. */
	ack(count: number): BadCount | undefined {
		if (count < this.acked) return "too low";
		if (count > this.sent) return "too high";
		this.acked = count;
		const left = this.count_unacked;
		if (left < this.kept.length) this.kept.splice(0, this.kept.length - left);
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

	/** Takes all out. */
	consume(): readonly Unacked[] {
		const all = this.kept;
		this.kept = [];
		this.acked = this.sent;
		return all;
	}
}
