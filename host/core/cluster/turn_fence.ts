// No counterpart: a Prosody is not taken for dead while it lives.

import type { Membership } from "../../util/cluster/membership.ts";
import type { Turn } from "../../util/turn.ts";

/** Makes turns fail at their end where this node may not act any more by then. */
export class TurnFence {
	/** The turn that it was put into last. */
	private fenced: object | undefined;

	constructor(
		private readonly turn: Pick<Turn, "join" | "now">,
		private readonly membership: Pick<Membership, "may_serve" | "me">,
	) {}

	/** Has this turn looked at. */
	put(): void {
		const { turn, membership } = this;
		if (this.fenced === turn.now) return;
		this.fenced = turn.now;
		const { me } = membership;
		const check = (): void => {
			if (!membership.may_serve() || membership.me !== me) {
				throw new Error("this node has no connection to the others, and may serve nothing");
			}
		};
		turn.join({
			prepare() {
				check();
				return undefined;
			},
			commit: check,
			rollback() {},
			commits_after_all: true,
		});
	}
}
