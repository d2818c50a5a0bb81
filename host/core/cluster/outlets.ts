// No counterpart: in Prosody nothing is said to other nodes.

import type { Links } from "../../util/cluster/link.ts";
import type { Membership } from "../../util/cluster/membership.ts";
import type { Spoken } from "../../util/cluster/spoken.ts";
import { type Life, life_text } from "../../util/cluster/types.ts";
import type { Turn } from "../../util/turn.ts";
import { encode_many } from "./items.ts";
import { NodeOutlet } from "./node_outlet.ts";
import { type KnownNames, RecipientsWriter } from "./recipients.ts";

/** What is said to another node: finished, or a stanza for many, whose recipients are written when it is certain that it goes out. */
type Said = Uint8Array | NumberedItem | { readonly body: string; readonly recipients: readonly string[]; readonly of?: object };

/** What may have to be said again. */
interface NumberedItem {
	readonly bytes: Uint8Array;
	readonly number: number;
}

/** How often one writer may begin anew until it could be taken for the next one. */
const writers_beginnings = 1_000_000;

/** Told of what could not be sent, with what was said of recipients before. */
export type OnLost = (to: Life, items: readonly Uint8Array[], names: KnownNames) => void;

/** What goes to other nodes at the ends of turns. */
export class Outlets {
	private readonly outlets = new Map<string, NodeOutlet<Said>>();
	private readonly writers = new Map<string, RecipientsWriter>();
	private beginnings = 0;

	/** @param on_lost told of what could not be sent */
	constructor(
		private readonly turn: Turn,
		private readonly parts: {
			readonly links: Pick<Links, "send">;
			readonly membership: Pick<Membership, "me">;
			readonly spoken: Spoken;
		},
		private readonly on_lost: OnLost,
	) {}

	/** The one that leads to a life. */
	to(to: Life): NodeOutlet<Said> {
		const name = life_text(to);
		const known = this.outlets.get(name);
		if (known !== undefined) return known;
		const { membership, links, spoken } = this.parts;
		let writer = this.new_writer(name);
		let writer_of = membership.me;
		const outlet = new NodeOutlet<Said>(this.turn, (said) => {
			// What an earlier life of this node has written, the other side has forgotten
			if (writer_of !== membership.me) {
				writer = this.new_writer(name);
				writer_of = membership.me;
			}
			let last = 0;
			const items = said.map((one) => {
				if ("body" in one) return encode_many(one.body, one.recipients, writer, one.of);
				if (!("bytes" in one)) return one;
				last = one.number;
				return one.bytes;
			});
			if (links.send(to, items)) {
				if (last > 0) spoken.sent(to, last);
				return;
			}
			spoken.gone(to);
			// The life may be forgotten here by the time that a turn is stored which has said something to it
			this.on_lost(to, items, writer);
		});
		this.outlets.set(name, outlet);
		return outlet;
	}

	private new_writer(name: string): RecipientsWriter {
		this.beginnings += writers_beginnings;
		const writer = new RecipientsWriter(this.beginnings);
		this.writers.set(name, writer);
		return writer;
	}

	/** What was said of recipients to a life: what comes back unsaid is read with it. */
	names(life: Life): KnownNames | undefined {
		return this.writers.get(life_text(life));
	}

	/** Forgets a life that is over. */
	gone(life: Life): void {
		this.writers.delete(life_text(life));
		this.outlets.delete(life_text(life));
	}
}
