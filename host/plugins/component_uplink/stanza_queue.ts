// No counterpart: see mod_component_uplink.ts.

import type { Log, Stanza } from "../../core/types.ts";
import * as st from "../../util/stanza.ts";
import type { Outlet, Turn } from "../../util/turn.ts";

/** Most stanzas that wait for the stream; what a room says while the connection is cut for a moment is far less. */
const most_stanzas = 10_000;

/**
 * What is to be sent once a stream is up again, oldest first. It belongs to the turn as a socket does: what a turn that fails wanted to
 * send is not kept.
 */
export class StanzaQueue implements Outlet {
	private kept: Stanza[] = [];
	/** Of the turn that is under way. */
	private collected: Stanza[] = [];
	private is_full = false;

	constructor(
		private readonly turn: Turn,
		private readonly log: Log,
	) {}

	/** Keeps a copy of a stanza; false where there are too many. */
	add(stanza: Stanza): boolean {
		if (this.kept.length + this.collected.length >= most_stanzas) {
			if (!this.is_full) this.log("warn", "More than %d stanzas wait for the other server, no more are kept", most_stanzas);
			this.is_full = true;
			return false;
		}
		this.collected.push(st.clone(stanza));
		this.turn.touch(this);
		return true;
	}

	/** Sends what is certain, and forgets it. */
	empty_into(send: (stanza: Stanza) => void): void {
		const { kept } = this;
		this.kept = [];
		this.is_full = false;
		for (const stanza of kept) send(stanza);
	}

	flush(): void {
		this.kept.push(...this.collected);
		this.collected = [];
	}

	discard(): void {
		this.collected = [];
	}
}
