// Counterpart: util/pubsub.lua (default_config.capabilities)

import type { Action, Affiliation } from "./types.ts";

const everybody: readonly Action[] = ["get_subscription", "get_subscriptions", "be_unsubscribed"];
const visitor: readonly Action[] = [...everybody, "get_nodes", "subscribe", "unsubscribe", "get_metadata", "be_subscribed"];
const reader: readonly Action[] = [...visitor, "get_items"];
const publisher: readonly Action[] = [...reader, "publish", "retract", "get_configuration"];
const owner: readonly Action[] = [
	...publisher,
	"create",
	"delete",
	"configure",
	"subscribe_other",
	"unsubscribe_other",
	"get_subscription_other",
	"get_subscriptions_other",
	"set_affiliation",
];

/** What people of each affiliation may do. */
export const capabilities: Readonly<Record<Affiliation, ReadonlySet<Action>>> = {
	outcast: new Set(everybody),
	none: new Set(visitor),
	member: new Set(reader),
	publisher: new Set(publisher),
	owner: new Set(owner),
};

const actions: ReadonlySet<unknown> = capabilities.owner;

/** Whether something is an action that somebody may be allowed. */
export function is_action(value: unknown): value is Action {
	return actions.has(value);
}
