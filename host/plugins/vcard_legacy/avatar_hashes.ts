// No counterpart: Prosody reads it from storage for each presence

import type { ModuleApi } from "../../core/types.ts";
import { ns } from "../../util/ns.ts";
import type { NodeConfig, PubsubService } from "../../util/pubsub.ts";

/** What was last read. Where the node was made or configured anew since, it has another configuration, and it is read again. */
interface Known {
	readonly config: NodeConfig;
	readonly hash: string | undefined;
}

/** Keeps the hashes of avatars in memory, for presences. */
export function open_avatar_hashes(module: ModuleApi): (service: PubsubService) => string | undefined {
	const { turn } = module.server;
	const known = new WeakMap<PubsubService, Known>();

	function forget({ service, node }: { service: PubsubService; node: string }): void {
		if (node !== ns.avatar_metadata) return;
		known.delete(service);
		// Whoever reads it before this is stored hears of it only afterwards
		turn.concern(service);
		turn.remember({ undo: () => known.delete(service) });
	}

	const changes = [`item-published/${ns.avatar_metadata}`, "item-retracted", "node-purged", "node-deleted"] as const;
	module.handle_items(
		"pep-service",
		({ item: { service } }) => {
			for (const change of changes) service.events.add_handler(change, forget);
		},
		({ item: { service } }) => {
			for (const change of changes) service.events.remove_handler(change, forget);
			known.delete(service);
		},
		true,
	);

	return (service) => {
		const config = service.nodes.get(ns.avatar_metadata)?.config;
		if (config === undefined) return undefined;
		turn.concern(service);
		const before = known.get(service);
		if (before?.config === config) return before.hash;
		const last = service.get_last_item(ns.avatar_metadata, true);
		if (!last.ok) return undefined;
		const hash = last.value?.[0];
		known.set(service, { config, hash });
		return hash;
	};
}
