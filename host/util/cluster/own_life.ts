// No counterpart: how a node stays in a cluster.

import { failed, ok, type Result } from "../error.ts";
import { type NodeInfo, type NodeRecord, read_record, write_record } from "./node_record.ts";
import type { Bucket, Clock, Entry, Life } from "./types.ts";

export interface OwnLifeOptions {
	readonly node: string;
	readonly clock: Clock;
	/** The bucket of nodes. */
	readonly bucket: Bucket;
	/** How long the others wait for a renewal, in milliseconds. */
	readonly lease: number;
	/** The part of the lease, from when a renewal was sent, in which this node may serve; the rest is for clocks that differ. */
	readonly part?: number;
	/** From 0 to 1. */
	readonly random: () => number;
	info(): NodeInfo;
	/** A life is over; called once for each. */
	on_over(life: Life): void;
	/** The node was told that it may serve for longer; `after` is whether it could not for a while. */
	on_renewed(after_gap: boolean): void;
}

/** The part of the lease in which a node may serve, where nothing else is said. */
const usual_part = 0.6;
/** Renewals in the time of a lease. */
const renewals = 4;

/**
 * A life of this node: a key of the bucket of nodes that is written again and again, by compare-and-set. It may serve until a while
 * after it sent the last renewal that was answered. Others may declare it dead by writing to the same key, at the earliest when they
 * have not seen a renewal for longer than that.
 */
export class OwnLife {
	life: Life | undefined;
	private revision = 0;
	private beat = 0;
	/** Tells this process's records from others'; a new one for each life. */
	private token: string;
	/** When the renewals were sent whose answers did not come, by their number. */
	private readonly sent = new Map<number, number>();
	private deadline = Number.NEGATIVE_INFINITY;
	private state: "alive" | "leaving" = "alive";
	private is_renewing = false;
	private is_wanted = false;
	private call_off: (() => void) | undefined;
	/** Who waits for a renewal, by the least number that it may have. */
	private waiters: { readonly beat: number; resolve(): void }[] = [];

	constructor(private readonly options: OwnLifeOptions) {
		this.token = this.new_token();
	}

	private new_token(): string {
		return Math.floor(this.options.random() * 2 ** 48).toString(36);
	}

	/** Whether nobody else can have declared this node dead. */
	may_serve(): boolean {
		return this.life !== undefined && this.options.clock.now() <= this.deadline;
	}

	/** How long this node may serve if nothing comes, in milliseconds. */
	time_left(): number {
		return this.life === undefined ? 0 : Math.max(0, this.deadline - this.options.clock.now());
	}

	/** Begins a life, once an earlier one of this node has not been renewed for a lease; fails where it is renewed by somebody else. */
	async begin(): Promise<Result<Life, string>> {
		const { node, bucket, lease } = this.options;
		this.state = "alive";
		let seen: Entry | undefined;
		for (;;) {
			const entry = await bucket.get(node);
			const record = entry && read_record(entry.value, entry.revision);
			if (entry !== undefined && record?.token === this.token && record.state !== "over") return this.adopt(entry, record);
			if (entry !== undefined && record?.state !== "over") {
				if (seen !== undefined && seen.revision !== entry.revision) {
					return failed(`another node named ${node} is in the cluster`);
				}
				if (seen === undefined) {
					seen = entry;
					await new Promise<void>((resolve) => this.options.clock.after(lease, resolve));
					continue;
				}
			}
			await this.be_born(entry);
		}
	}

	/** Tries to put a new life where there is none, or one that is over; whether that was done is seen by reading it. */
	private async be_born(entry: Entry | undefined): Promise<void> {
		const { node, bucket } = this.options;
		this.sent.clear();
		const birth = write_record(this.record(0));
		if (entry === undefined) await bucket.create(node, birth);
		else await bucket.update(node, birth, entry.revision);
	}

	/** The next record; 0 as incarnation begins a life. */
	private record(incarnation: number): NodeRecord {
		this.beat++;
		this.sent.set(this.beat, this.options.clock.now());
		return { incarnation, token: this.token, beat: this.beat, state: this.state, info: this.options.info() };
	}

	private adopt(entry: Entry, record: NodeRecord): Result<Life, string> {
		const life = { node: this.options.node, incarnation: record.incarnation };
		this.life = life;
		this.confirm(entry.revision, record.beat);
		this.plan();
		return ok(life);
	}

	/** A renewal has reached the bucket. */
	private confirm(revision: number, beat: number): void {
		const sent = this.sent.get(beat);
		this.revision = revision;
		this.tell_waiters(beat);
		if (sent === undefined) return;
		for (const one of this.sent.keys()) if (one <= beat) this.sent.delete(one);
		const { lease, part = usual_part } = this.options;
		const could_serve = this.may_serve();
		this.deadline = Math.max(this.deadline, sent + lease * part);
		if (this.may_serve()) this.options.on_renewed(!could_serve);
	}

	/** Renews with what the others are to know by now. Resolves when that is in the bucket, or this life is over. */
	renewed(): Promise<void> {
		if (this.life === undefined) return Promise.resolve();
		const beat = this.beat + 1;
		const known = new Promise<void>((resolve) => void this.waiters.push({ beat, resolve }));
		this.renew();
		return known;
	}

	private tell_waiters(beat: number): void {
		const told = this.waiters.filter((one) => one.beat <= beat);
		this.waiters = this.waiters.filter((one) => one.beat > beat);
		for (const { resolve } of told) resolve();
	}

	private plan(): void {
		this.call_off?.();
		this.call_off = this.options.clock.after(this.options.lease / renewals, () => this.renew());
	}

	/** Renews now, so that the others learn what has changed. */
	renew(): void {
		if (this.life === undefined) return;
		if (this.is_renewing) {
			this.is_wanted = true;
			return;
		}
		this.plan();
		this.is_renewing = true;
		const { life } = this;
		void this.try_to_renew(life).finally(() => {
			this.is_renewing = false;
			if (!this.is_wanted) return;
			this.is_wanted = false;
			this.renew();
		});
	}

	private async try_to_renew(life: Life): Promise<void> {
		const { node, bucket } = this.options;
		const record = this.record(life.incarnation);
		try {
			const revision = await bucket.update(node, write_record(record), this.revision);
			if (this.life !== life) return;
			if (revision !== undefined) this.confirm(revision, record.beat);
			else this.look(life, await bucket.get(node));
		} catch {
			// It may be there or not; the next one finds out
		}
	}

	/** Another revision is there than this node knows: a renewal of its own whose answer was lost, or the end of its life. */
	private look(life: Life, entry: Entry | undefined): void {
		if (this.life !== life) return;
		if (entry === undefined) {
			this.end(life);
			return;
		}
		// A copy may be behind
		if (entry.revision <= this.revision) return;
		const record = read_record(entry.value, entry.revision);
		const is_own = record?.token === this.token && record.incarnation === life.incarnation && record.state !== "over";
		if (is_own) this.confirm(entry.revision, record.beat);
		else this.end(life);
	}

	/** What was seen at this node's key. */
	note(record: NodeRecord): void {
		const { life } = this;
		if (life === undefined || record.incarnation < life.incarnation) return;
		if (record.incarnation > life.incarnation || record.state === "over") this.end(life);
	}

	private end(life: Life): void {
		if (this.life !== life) return;
		this.stop();
		this.token = this.new_token();
		this.options.on_over(life);
	}

	/** Says nothing more; the others find out. */
	stop(): void {
		this.life = undefined;
		this.deadline = Number.NEGATIVE_INFINITY;
		this.call_off?.();
		this.call_off = undefined;
		this.is_wanted = false;
		this.tell_waiters(Number.POSITIVE_INFINITY);
	}

	/** Tells the others that this node is about to leave. */
	announce_leaving(): void {
		this.state = "leaving";
		this.renew();
	}

	/** Ends this life by itself: the others need not wait for the lease. @returns whether they know */
	async leave(): Promise<boolean> {
		const { life } = this;
		if (life === undefined) return true;
		const { node, bucket, clock, lease } = this.options;
		const last = write_record({ ...this.record(life.incarnation), state: "over" });
		this.end(life);
		const end = clock.now() + lease;
		while (clock.now() < end) {
			try {
				const entry = await bucket.get(node);
				const record = entry && read_record(entry.value, entry.revision);
				if (entry === undefined || record?.incarnation !== life.incarnation || record.state === "over") return true;
				if ((await bucket.update(node, last, entry.revision)) !== undefined) return true;
			} catch {
				await new Promise<void>((resolve) => clock.after(lease / renewals, resolve));
			}
		}
		return false;
	}
}
