// No counterpart: what other nodes send.

import { type Life, life_text } from "../../util/cluster/types.ts";

/** Up to which number everything of other lives was handled: some of it may wait while later things are done. */
export class Marks {
	private readonly open = new Map<string, { last: number; readonly waiting: Set<number> }>();

	/** Something came. */
	begin(from: Life, number: number): void {
		const name = life_text(from);
		const known = this.open.get(name) ?? { last: 0, waiting: new Set() };
		this.open.set(name, known);
		known.last = Math.max(known.last, number);
		known.waiting.add(number);
	}

	/** It was handled. @returns up to which number everything was */
	end(from: Life, number: number): number {
		const known = this.open.get(life_text(from));
		if (known === undefined) return 0;
		known.waiting.delete(number);
		return known.waiting.size === 0 ? known.last : Math.min(...known.waiting) - 1;
	}

	/** A life is over. */
	forget(from: Life): void {
		this.open.delete(life_text(from));
	}
}
