// No counterpart: in Prosody nothing is said to other nodes.

import type { Held, Outlet, Turn } from "../../util/turn.ts";

/** What one turn says to another node, while it is not stored. */
interface Segment<T> {
	readonly items: T[];
	is_certain: boolean;
}

/** What goes to one other node, in whatever form until it is certain. It belongs to the turn as a socket does: nobody elsewhere sees what is not stored, and order is kept. */
export class NodeOutlet<T> implements Outlet {
	private items: T[] = [];
	private readonly segments: Segment<T>[] = [];

	/** @param send passes on what one turn says; it is certain */
	constructor(
		private readonly turn: Turn,
		private readonly send: (items: readonly T[]) => void,
	) {}

	add(item: T): void {
		this.items.push(item);
		this.turn.touch(this);
	}

	hold(): Held {
		const segment: Segment<T> = { items: this.take(), is_certain: false };
		this.segments.push(segment);
		return {
			release: () => {
				segment.is_certain = true;
				this.pass_on();
			},
			discard: () => {
				segment.items.length = 0;
				segment.is_certain = true;
				this.pass_on();
			},
		};
	}

	flush(): void {
		this.segments.push({ items: this.take(), is_certain: true });
		this.pass_on();
	}

	discard(): void {
		this.take();
	}

	private take(): T[] {
		const { items } = this;
		this.items = [];
		return items;
	}

	private pass_on(): void {
		while (this.segments[0]?.is_certain === true) {
			const segment = this.segments.shift();
			if (segment !== undefined && segment.items.length > 0) this.send(segment.items);
		}
	}
}
