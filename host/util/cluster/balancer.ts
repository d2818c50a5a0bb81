// No counterpart: rooms move to nodes that have less to do.

import { type Burden, type Loaded, type Move, plan_moves, spread_all } from "./balance.ts";
import type { Membership } from "./membership.ts";
import type { Clock } from "./types.ts";

export interface BalancerOptions {
	readonly clock: Clock;
	readonly membership: Pick<Membership, "may_serve" | "me" | "others">;
	/** Everything that this node has, with its weight: whether another node could have it, and how long it has been here, in milliseconds. */
	burdens(): Iterable<Burden & { readonly moves: boolean; readonly age: number }>;
	/** The part of a processor's core that this node takes. */
	cpu(): number;
	/** Gives a key to another node; false where it stays here. */
	move(move: Move): Promise<boolean>;
}

/** How often it is looked whether something should move, in milliseconds, and how many keys do each time. */
const interval = 1000;
const most_moves = 10;
/** How often in a row this node has to be found busier than others. Meanwhile these say what they do with what they were given last. */
const patience = 3;
/** What came stays at least so long, in milliseconds. */
const least_stay = 30_000;

/** Gives rooms to nodes that have clearly less to do, some at a time. */
export class Balancer {
	private call_off: (() => void) | undefined;
	private found = 0;
	private load = 0;
	private is_stopped = true;
	/** How many keys were given to other nodes. */
	moved = 0;

	constructor(private readonly options: BalancerOptions) {}

	/** What the others are told of this node. */
	info(): { readonly load: number; readonly cpu: number } {
		return { load: Math.round(this.load * 100) / 100, cpu: Math.round(this.options.cpu() * 100) / 100 };
	}

	start(): void {
		this.is_stopped = false;
		this.later();
	}

	stop(): void {
		this.is_stopped = true;
		this.call_off?.();
		this.call_off = undefined;
	}

	/** Where everything goes that is here, when this node leaves. */
	farewell(): Move[] {
		return spread_all(
			this.others(),
			[...this.options.burdens()].filter(({ moves }) => moves),
		);
	}

	private later(): void {
		if (!this.is_stopped) this.call_off = this.options.clock.after(interval, () => void this.look());
	}

	private others(): Loaded[] {
		const found: Loaded[] = [];
		for (const { life, info, is_leaving } of this.options.membership.others()) {
			if (!is_leaving) found.push({ life, load: number_of(info["load"]), cpu: number_of(info["cpu"]) });
		}
		return found;
	}

	private async look(): Promise<void> {
		const { membership, cpu, burdens } = this.options;
		const all = [...burdens()];
		this.load = all.reduce((sum, { weight }) => sum + weight, 0);
		const { me } = membership;
		if (me !== undefined && membership.may_serve()) {
			const movable = all.filter(({ moves, age }) => moves && age >= least_stay);
			const moves = plan_moves({ life: me, load: this.load, cpu: cpu() }, this.others(), movable, most_moves);
			this.found = moves.length > 0 ? this.found + 1 : 0;
			if (this.found >= patience) {
				this.found = 0;
				await this.give(moves);
			}
		}
		this.later();
	}

	private async give(moves: readonly Move[]): Promise<void> {
		const done = await Promise.all(moves.map((move) => this.options.move(move).catch(() => false)));
		this.moved += done.filter((is_done) => is_done).length;
	}
}

function number_of(value: unknown): number {
	return typeof value === "number" && value > 0 ? value : 0;
}
