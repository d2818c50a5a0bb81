// No counterpart: in Prosody nothing is said to other nodes.

import type { Held, Outlet, Turn } from "../../util/turn.ts";

/** What one turn says to another node, while it is not stored. */
interface Segment {
	readonly items: Uint8Array[];
	is_certain: boolean;
}

/** What goes to one other node. It belongs to the turn as a socket does: nobody elsewhere sees what is not stored, and order is kept. */
export class NodeOutlet implements Outlet {
	private items: Uint8Array[] = [];
	private readonly segments: Segment[] = [];

	/** @param send passes on what one turn says; it is certain */
	constructor(
		private readonly turn: Turn,
		private readonly send: (items: readonly Uint8Array[]) => void,
	) {}

	add(item: Uint8Array): void {
		this.items.push(item);
		this.turn.touch(this);
	}

	hold(): Held {
		const segment: Segment = { items: this.take(), is_certain: false };
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

	private take(): Uint8Array[] {
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
