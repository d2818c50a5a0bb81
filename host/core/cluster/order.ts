// No counterpart: in Prosody, what somebody says goes one way.

import type { Owner } from "../../util/cluster/ownership.ts";
import { type Life, life_text, same_life } from "../../util/cluster/types.ts";
import type { MovedItem } from "./items.ts";

/** To how many addresses it is kept in mind where something went last. */
const most_remembered = 100_000;
/** How often a node that is asked to pass something on asks the next one. */
const most_hops = 4;

/** Where this node sent something last. */
interface Sent {
	readonly life: Life;
	/** That node has passed something on, since the address was elsewhere. */
	has_moved: boolean;
}

interface Flush {
	readonly by: Life;
	readonly done: Promise<void>;
	readonly settle: () => void;
}

/**
 * Keeps the order of what this node sends for addresses that move from node to node: before something goes to another node than what was
 * sent before it, or is handled here, that other node has to say that it has passed on all that it got.
 */
export class Order {
	/** What this node's own clients and hosts said, and what came from other nodes. */
	private readonly own = new Map<string, Sent>();
	private readonly passed = new Map<string, Sent>();
	private readonly flushes = new Map<string, Flush>();

	constructor(
		private readonly say: (to: Life, item: MovedItem) => void,
		private readonly is_alive: (life: Life) => boolean,
	) {}

	/** Something of this node for an address goes to a node. */
	went(key: string, to: Life): void {
		note(this.own, key, to);
	}

	/** Something that came from a node goes on to another one. */
	went_on(key: string, to: Life): void {
		note(this.passed, key, to);
	}

	/** What has to be waited for before something of this node may go to the owner of its address; undefined where it may at once. */
	before(key: string, owner: Owner): Promise<void> | undefined {
		const sent = this.own.get(key);
		if (sent === undefined) return undefined;
		if (owner !== "mine" && !sent.has_moved && same_life(sent.life, owner)) return undefined;
		if (!this.is_alive(sent.life)) {
			this.own.delete(key);
			return undefined;
		}
		return this.flush(sent.life, key, 0).then(() => {
			if (this.own.get(key) === sent) this.own.delete(key);
		});
	}

	/** A node has passed on something for an address, which is elsewhere by now. */
	moved(from: Life, key: string): void {
		const sent = this.own.get(key);
		if (sent !== undefined && same_life(sent.life, from)) sent.has_moved = true;
	}

	/** A node wants to know when all that it sent here was passed on, as has been done here by now: the next one has to do that, too. */
	async answer(from: Life, { key, hops = 0 }: MovedItem, is_mine: boolean): Promise<void> {
		const next = this.passed.get(key);
		if (!is_mine && next !== undefined && hops < most_hops && this.is_alive(next.life))
			await this.flush(next.life, key, hops + 1);
		this.say(from, { kind: "flushed", key, hops });
	}

	/** A node has passed on all that this one has sent there. */
	flushed(from: Life, { key, hops = 0 }: MovedItem): void {
		this.flushes.get(name_of(from, key, hops))?.settle();
	}

	/** A node is gone: what it has not passed on is lost, or given back. */
	gone(life: Life): void {
		for (const { by, settle } of [...this.flushes.values()]) if (same_life(by, life)) settle();
	}

	/** This node's life is over, and with it whatever it has sent. */
	over(): void {
		this.own.clear();
		this.passed.clear();
		for (const { settle } of [...this.flushes.values()]) settle();
	}

	private flush(by: Life, key: string, hops: number): Promise<void> {
		const name = name_of(by, key, hops);
		const there = this.flushes.get(name);
		if (there !== undefined) return there.done;
		let settle: () => void = () => {};
		const done = new Promise<void>((resolve) => {
			settle = (): void => {
				this.flushes.delete(name);
				resolve();
			};
		});
		this.flushes.set(name, { by, done, settle });
		this.say(by, { kind: "flush", key, hops });
		return done;
	}
}

/** With `hops`, so that nodes that ask each other do not wait for themselves. */
function name_of(life: Life, key: string, hops: number): string {
	return `${life_text(life)} ${hops} ${key}`;
}

function note(all: Map<string, Sent>, key: string, to: Life): void {
	const there = all.get(key);
	if (there !== undefined && same_life(there.life, to)) return;
	all.delete(key);
	all.set(key, { life: to, has_moved: false });
	if (all.size <= most_remembered) return;
	const [oldest] = all.keys();
	if (oldest !== undefined) all.delete(oldest);
}
