// No counterpart: what a node of a cluster runs on.

import { usual_lease } from "../../util/cluster/membership.ts";
import type { Fence } from "../../util/cluster/types.ts";
import type { Log } from "../types.ts";
import { real_clock } from "./clock.ts";
import type { ClusterBase } from "./cluster.ts";
import { Nats } from "./nats.ts";
import { read_nats_files } from "./nats_files.ts";
import type { ClusterOptions } from "./options.ts";

/** Connects to NATS, however long that takes. Rejects where NATS has no JetStream, and once it is no longer wanted. */
export async function connect_base(options: ClusterOptions, fence: Fence, log: Log, signal: AbortSignal): Promise<ClusterBase> {
	const { nats: servers, node, name, lease = usual_lease } = options;
	const trust = read_nats_files(options.files);
	if (!trust.ok) throw new Error(trust.error);
	const nats = await Nats.connect(
		{
			servers,
			trust: trust.value,
			name: `${name} ${node}`,
			// An answer that takes longer than that comes too late for a life
			patience: Math.round(lease / 3),
			warn: (text) => log("warn", "%s", text),
			info: (text) => log("info", "%s", text),
		},
		signal,
	);
	try {
		const buckets = {
			nodes: await nats.bucket(`${name}_nodes`),
			owners: await nats.bucket(`${name}_owners`, { is_watched: false }),
		};
		return {
			node,
			name,
			bus: nats,
			bucket: (which) => buckets[which],
			clock: real_clock(),
			fence,
			lease,
			close: () => nats.close(),
		};
	} catch (error) {
		await nats.close();
		throw new Error(`NATS has no JetStream, or does not let this node use it: ${error instanceof Error ? error.message : error}`);
	}
}
