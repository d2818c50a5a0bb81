// Counterpart: plugins/mod_pep.lua, plugins/mod_pubsub/mod_pubsub.lua (simple_broadcast)

import * as id from "../../util/id.ts";
import { ns } from "../../util/ns.ts";
import type { Broadcast, NodeConfig } from "../../util/pubsub.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";

/**
 * The message that tells of something; undefined where the node tells nothing of that kind.
 * @param config of the node
 * @param publisher who published the item, where people are told that
 */
export function notice(
	{ kind, node, item }: Broadcast,
	from: string,
	config: NodeConfig | undefined,
	publisher: string | undefined,
): Stanza | undefined {
	if (config?.[`notify_${kind}`] === false) return undefined;
	// PARITY: always of this type for PEP
	const message = st.message({ from, type: "headline", id: id.medium() });
	// What is retracted is told of among the items (XEP-0060 §7.2.2)
	message.tag("event", { xmlns: ns.pubsub_event }).tag(kind === "retract" ? "items" : kind, { node });
	if (item !== undefined) {
		const copy = st.clone(item);
		delete copy.attr["xmlns"];
		if (kind === "items" && config?.["include_payload"] === false) copy.children = [];
		copy.attr["publisher"] = publisher;
		message.add_child(copy);
	}
	return message.reset();
}
