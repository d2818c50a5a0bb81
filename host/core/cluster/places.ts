// No counterpart: in Prosody all clients are here.

import type { Ownership } from "../../util/cluster/ownership.ts";
import { type Life, life_text } from "../../util/cluster/types.ts";
import type { Collected } from "../types.ts";

/** How many clients of other nodes are kept in mind with their nodes. */
const most_places = 100_000;

/** Another life, as the recipients of broadcasts that are there have it in common. */
interface Place {
	readonly to: Life;
	/** How others call it. */
	readonly name: string;
}

/** Where clients of other nodes are: kept in mind, since each broadcast asks for each of its recipients. */
export class Places {
	private readonly places = new Map<string, Place>();
	private moves = 0;
	private changes = 0;

	/** @param is_settled whether a bare JID is placed, and nobody is being asked who serves it */
	constructor(
		private readonly owners: Pick<Ownership, "moves" | "owner_of">,
		private readonly is_settled: (bare_jid: string) => boolean,
	) {}

	/** Forgets all of them: a node is gone. */
	forget(): void {
		this.places.clear();
		this.changes++;
	}

	/** Another number than before whenever clients may be elsewhere than was said before. */
	get version(): number {
		if (this.moves !== this.owners.moves) {
			this.forget();
			this.moves = this.owners.moves;
		}
		return this.changes;
	}

	/**
	 * Where a client is, if it is known to be on another node.
	 * @param is_quiet whether nobody is being asked who serves anything
	 */
	place_of(full_jid: string, is_quiet: boolean): Place | undefined {
		const { owners, places } = this;
		if (this.moves !== owners.moves) {
			this.forget();
			this.moves = owners.moves;
		} else if (places.size >= most_places) places.clear();
		const known = is_quiet ? places.get(full_jid) : undefined;
		if (known !== undefined) return known;
		const slash = full_jid.indexOf("/");
		const bare = slash < 0 ? full_jid : full_jid.slice(0, slash);
		const owner = owners.owner_of(bare);
		if (owner === undefined || owner === "mine" || !this.is_settled(bare)) return undefined;
		const place = { to: owner, name: life_text(owner) };
		places.set(full_jid, place);
		return place;
	}

	/**
	 * Takes a recipient who is on another node; false where none is known.
	 * @param is_quiet whether nobody is being asked who serves anything
	 */
	collect(full_jid: string, into: Collected, is_quiet: boolean): boolean {
		const place = this.place_of(full_jid, is_quiet);
		if (place === undefined) return false;
		const known = into.get(place.name);
		if (known === undefined) into.set(place.name, { to: place.to, recipients: [full_jid] });
		else known.recipients.push(full_jid);
		return true;
	}
}
