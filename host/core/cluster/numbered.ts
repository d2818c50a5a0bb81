// No counterpart: in Prosody nothing is on its way to other nodes.

import type { Spoken } from "../../util/cluster/spoken.ts";
import type { Life } from "../../util/cluster/types.ts";
import type { Turn } from "../../util/turn.ts";
import { type AgainItem, type PostItem, text_of } from "./items.ts";
import type { Outlets } from "./outlets.ts";

/** How long it takes until something is said once more that was lost with its turn, in milliseconds. */
const retry_delay = 200;

/** Says what has to be said again when this node is gone before it is stored over there. */
export class Numbered {
	constructor(
		private readonly turn: Pick<Turn, "remember">,
		private readonly spoken: Spoken,
		private readonly outlets: Pick<Outlets, "to">,
	) {}

	/** Says it at the end of the turn. @returns false where nobody could say it again; then it is not said */
	say(to: Life, item: AgainItem | PostItem): boolean {
		const { spoken } = this;
		const number = spoken.next_number();
		if (number === undefined) return false;
		const text = text_of(item.kind === "post" ? { ...item, number } : item);
		spoken.add(to, number, text);
		this.turn.remember({
			undo: () => {
				spoken.take_back(to, number);
				// Nobody else is there who would be told
				if (item.kind === "again") setTimeout(() => this.say(to, item), retry_delay).unref();
			},
		});
		this.outlets.to(to).add({ bytes: Buffer.from(text), number });
		return true;
	}
}
