// No counterpart: in Prosody nothing is on its way to other nodes.

import type { Membership } from "../../util/cluster/membership.ts";
import { type Life, same_life } from "../../util/cluster/types.ts";
import type { Incoming } from "./incoming.ts";
import { type AgainItem, read_item } from "./items.ts";
import type { Lost } from "./lost.ts";
import type { Routing } from "./routing.ts";

/** Who takes it. */
export interface AgainParts {
	readonly membership: Pick<Membership, "is_alive" | "me">;
	readonly routing: Pick<Routing, "say_again">;
	readonly incoming: Pick<Incoming, "take_again">;
	readonly lost: Pick<Lost, "take_again">;
}

/**
 * Says something again that a node has said which is gone: its client counts it as handled, and it may not have arrived.
 * @param written the item, as that node has written it
 */
export function say_again({ membership, routing, incoming, lost }: AgainParts, of: Life, to: Life, written: string): void {
	const item = read_item(written);
	if (item?.kind !== "post" && item?.kind !== "again") return;
	const again: AgainItem = item.kind === "again" ? item : { kind: "again", of, inner: item };
	const { me } = membership;
	if (me !== undefined && same_life(to, me)) incoming.take_again(me, again);
	else if (membership.is_alive(to)) routing.say_again(to, again);
	else lost.take_again(to, again);
}
