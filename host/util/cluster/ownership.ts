// No counterpart: in Prosody, every room and every account is here.

import { ok } from "../error.ts";
import { Waiting, waiting_for } from "../waiting.ts";
import { key_of } from "./keys.ts";
import type { Membership } from "./membership.ts";
import { type Bucket, type Clock, type Life, life_of_text, life_text, same_life } from "./types.ts";

/** Who has a key: this node, or another life. */
export type Owner = "mine" | Life;

export interface OwnershipOptions {
	readonly membership: Membership;
	readonly clock: Clock;
	/** The bucket of what is owned: a key for each, with the life of the owner. */
	readonly bucket: Bucket;
	/** How many owners elsewhere are kept in mind. */
	readonly remembered?: number;
	/** This node's life is over, and with it everything that it had. */
	on_lost?(keys: readonly string[]): void;
	/** Who goes on with a key of a life that is over: a life that goes on, perhaps this node's own. Anybody where it is undefined. */
	heir?(key: string, of: Life): Life | undefined;
	/** This node has taken a key; nothing was done for it yet. */
	on_taken?(key: string): void;
}

/** How often a look into the bucket is tried, and how long the pause before the second one is, in milliseconds. */
const attempts = 6;
const first_pause = 20;
const usually_remembered = 100_000;

/**
 * Which node has which room or account (any text). A node that needs a key which nobody has takes it; whoever wrote it into the bucket
 * by compare-and-set has it. What a life had that is over may be taken once the database refuses what that life still wants to store.
 *
 * This node has what {@link owner_of} calls "mine", as long as the membership says that it may serve.
 */
export class Ownership {
	/** The keys of this life, with their revisions. */
	private readonly own = new Map<string, number>();
	/** Others' keys, as far as they are known; the one that was asked for longest ago comes first. */
	private readonly others = new Map<string, Life>();
	/** What is being looked up or taken. */
	private readonly asked = new Map<string, { readonly takes: boolean; readonly answer: Waiting<Owner | undefined> }>();
	/** What is being given up. */
	private readonly leaving = new Map<string, Promise<boolean>>();
	private readonly membership: Membership;
	private readonly clock: Clock;
	private readonly bucket: Bucket;
	/** How often a key of which another's ownership was known has turned out to be elsewhere, or nowhere. */
	moves = 0;

	constructor(private readonly options: OwnershipOptions) {
		this.membership = options.membership;
		this.clock = options.clock;
		this.bucket = options.bucket;
		this.membership.listen({ on_over: () => this.lose_all() });
	}

	/** Who has a key, as far as is known here; undefined too while this node gives it up. Another node may answer that this is not so. */
	owner_of(key: string): Owner | undefined {
		if (this.own.has(key)) return this.leaving.has(key) ? undefined : "mine";
		// One that is over stays in mind until another is known, so that what it had can be asked for
		const life = this.others.get(key);
		if (life === undefined || !this.membership.is_over(life)) return life;
		const heir = this.options.heir?.(key, life);
		return same_life(heir, this.membership.me) ? undefined : heir;
	}

	/** Who has a key, by the bucket; undefined where nobody has. Fails where that cannot be known now. */
	find(key: string): Waiting<Owner | undefined> {
		return this.ask(key, false);
	}

	/** Takes a key unless somebody has it, and says who has it. Fails where that cannot be known now, and where this node may not serve. */
	acquire(key: string): Waiting<Owner> {
		return this.ask(key, true).go_on((owner) => {
			if (owner === undefined) throw new Error(`${key} has no owner`);
			return owner;
		});
	}

	/** What another node said is wrong: it does not have this key. */
	forget(key: string): void {
		if (this.others.delete(key)) this.moves++;
	}

	/** Keys that another life has, as far as is known here. */
	keys_of(life: Life): string[] {
		return [...this.others].filter(([, owner]) => same_life(owner, life)).map(([key]) => key);
	}

	/** The keys that this node has. */
	mine(): Iterable<string> {
		return this.own.keys();
	}

	/** How many keys this node has. */
	get count(): number {
		return this.own.size;
	}

	/**
	 * Gives a key to another life. From the call on, this node does not have it.
	 * @param finish stores what has to be there for the next owner, who begins when it is done; where it rejects, the key stays here
	 * @returns whether it was done; otherwise the key is here still, or this node's life is over
	 */
	hand_over(key: string, to: Life, finish?: () => Promise<void>): Promise<boolean> {
		return this.give_up(key, to, finish);
	}

	/** The same, so that nobody has the key. */
	release(key: string, finish?: () => Promise<void>): Promise<boolean> {
		return this.give_up(key, undefined, finish);
	}

	private lose_all(): void {
		const keys = [...this.own.keys()];
		this.own.clear();
		this.options.on_lost?.(keys);
	}

	private ask(key: string, takes: boolean): Waiting<Owner | undefined> {
		const known = this.owner_of(key);
		if (known !== undefined) return new Waiting((settle) => settle(ok(known)));
		const there = this.asked.get(key);
		if (there !== undefined) {
			if (there.takes || !takes) return there.answer;
			return there.answer.go_on((owner) => owner ?? this.ask(key, true));
		}
		const answer = waiting_for(this.look(key, takes));
		const asked = { takes, answer };
		this.asked.set(key, asked);
		answer.ended(() => {
			if (this.asked.get(key) === asked) this.asked.delete(key);
		});
		return answer;
	}

	/** Looks for the owner of a key until that is certain. */
	private async look(key: string, takes: boolean): Promise<Owner | undefined> {
		for (let attempt = 1; ; attempt++) {
			try {
				await this.leaving.get(key);
				const me = this.membership.me;
				if (me === undefined || (takes && !this.membership.may_serve())) {
					throw new Error("this node is not sure to be in the cluster");
				}
				const owner = await this.look_once(key, takes, me);
				if (owner !== "again") return owner;
			} catch (error) {
				if (attempt >= attempts) throw error;
			}
			if (attempt >= attempts) throw new Error(`the owner of ${key} changes all the time`);
			await new Promise<void>((resolve) => this.clock.after(first_pause * 2 ** (attempt - 1), resolve));
		}
	}

	private async look_once(key: string, takes: boolean, me: Life): Promise<Owner | "again" | undefined> {
		const name = key_of(key);
		const entry = await this.bucket.get(name);
		if (entry === undefined) {
			if (!takes) return undefined;
			return this.took(key, me, await this.bucket.create(name, written(me)));
		}
		const owner = life_of_text(Buffer.from(entry.value).toString());
		if (owner === undefined) throw new Error(`the owner of ${key} cannot be read`);
		// Not believed as it stands: what was read may be older than what this node has given away since
		const is_own = same_life(owner, me);
		if (!is_own) {
			if ((await this.membership.fate(owner)) === "alive") return this.remember(key, owner);
			const heir = this.options.heir?.(key, owner);
			if (heir === undefined) {
				if (!takes) return undefined;
			} else if (!same_life(heir, me)) return this.remember(key, heir);
		}
		return this.took(key, me, await this.bucket.update(name, written(me), entry.revision));
	}

	/** The bucket's answer to a compare-and-set that makes this node the owner. */
	private took(key: string, me: Life, revision: number | undefined): "mine" | "again" {
		if (revision === undefined || this.membership.me !== me) return "again";
		this.forget(key);
		this.own.set(key, revision);
		this.options.on_taken?.(key);
		return "mine";
	}

	private remember(key: string, life: Life): Life {
		const { remembered = usually_remembered } = this.options;
		const before = this.others.get(key);
		if (before !== undefined && !same_life(before, life)) this.moves++;
		this.others.delete(key);
		// The same object for all, where it is known already
		this.others.set(key, this.membership.known_life(life));
		for (const oldest of this.others.keys()) {
			if (this.others.size <= remembered) break;
			this.others.delete(oldest);
		}
		return life;
	}

	private give_up(key: string, to: Life | undefined, finish: (() => Promise<void>) | undefined): Promise<boolean> {
		const { me } = this.membership;
		if (me === undefined || !this.own.has(key) || this.leaving.has(key) || same_life(me, to)) return Promise.resolve(false);
		const given = this.give(key, me, to, finish).finally(() => this.leaving.delete(key));
		this.leaving.set(key, given);
		return given;
	}

	private async give(key: string, me: Life, to: Life | undefined, finish: (() => Promise<void>) | undefined): Promise<boolean> {
		try {
			await finish?.();
		} catch {
			return false;
		}
		for (let attempt = 1; this.membership.me === me; attempt++) {
			const revision = this.own.get(key);
			if (revision === undefined) return false;
			if (await this.try_to_give(key, revision, to).catch(() => false)) {
				if (this.membership.me === me) this.own.delete(key);
				if (to !== undefined) this.remember(key, to);
				return true;
			}
			// The answer may be lost and the change made, or still be made: only trying again brings certainty
			await new Promise<void>((resolve) => this.clock.after(first_pause * 2 ** Math.min(attempt, 5), resolve));
		}
		return false;
	}

	/** Whether this node no longer has the key, by the bucket. */
	private async try_to_give(key: string, revision: number, to: Life | undefined): Promise<boolean> {
		const name = key_of(key);
		const done =
			to === undefined
				? await this.bucket.delete(name, revision)
				: (await this.bucket.update(name, written(to), revision)) !== undefined;
		if (done) return true;
		const entry = await this.bucket.get(name);
		return entry === undefined || entry.revision > revision;
	}
}

function written(life: Life): Uint8Array {
	return Buffer.from(life_text(life));
}
