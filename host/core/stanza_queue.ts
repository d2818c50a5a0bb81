// Counterpart: util/queue.lua, as plugins/mod_s2s.lua uses it

import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import type { Outlet, Turn } from "../util/turn.ts";

/**
 * What is to be sent once a stream is up, oldest first. It belongs to the turn as a socket does: what a failed turn wanted to send
 * is not kept.
 */
export class StanzaQueue implements Outlet {
	private kept: Stanza[] = [];
	/** Stanzas of the current turn. */
	private collected: Stanza[] = [];

	/**
	 * @param most how many stanzas may wait
	 * @param on_certain called when a turn was stored that kept something: a stream may be up by then
	 */
	constructor(
		private readonly turn: Turn,
		private readonly most: number,
		private readonly on_certain: () => void = () => {},
	) {}

	get size(): number {
		return this.kept.length + this.collected.length;
	}

	/**
	 * Keeps a copy of a stanza; false where there are too many.
	 * @param is_certain whether it is kept also where the turn fails, since it belongs to the streams themselves
	 */
	add(stanza: Stanza, is_certain = false): boolean {
		if (this.size >= this.most) return false;
		if (is_certain) this.kept.push(st.clone(stanza));
		else {
			this.collected.push(st.clone(stanza));
			this.turn.touch(this);
		}
		return true;
	}

	/** Takes out what is certain, or what of it is wanted, oldest first. */
	take(is_wanted: (stanza: Stanza) => boolean = () => true): Stanza[] {
		const taken = this.kept.filter(is_wanted);
		this.kept = this.kept.filter((stanza) => !taken.includes(stanza));
		return taken;
	}

	flush(): void {
		this.kept.push(...this.collected);
		this.collected = [];
		this.on_certain();
	}

	discard(): void {
		this.collected = [];
	}
}
