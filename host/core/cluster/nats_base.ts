// No counterpart: what a node of a cluster runs on.

import { setTimeout as delay } from "node:timers/promises";
import { JetStreamApiError } from "@nats-io/jetstream";
import { TimeoutError } from "@nats-io/transport-node";
import { usual_lease } from "../../util/cluster/membership.ts";
import type { Fence } from "../../util/cluster/types.ts";
import type { Log } from "../types.ts";
import { real_clock } from "./clock.ts";
import type { ClusterBase } from "./cluster.ts";
import { Nats } from "./nats.ts";
import { read_nats_files } from "./nats_files.ts";
import type { ClusterOptions } from "./options.ts";

/** How long the pause is before NATS is asked again whose servers have not found together yet, in milliseconds. */
const retry_pause = 500;
/** NATS: "no suitable peers for placement" and "JetStream system temporarily unavailable". */
const passing: ReadonlySet<number> = new Set([10005, 10008]);

/** What NATS says, or does not say, while its servers have no leader yet, which takes them seconds after a start. */
function may_pass(error: Error): boolean {
	return error instanceof TimeoutError || (error instanceof JetStreamApiError && passing.has(error.code));
}

/** Does something as soon as most servers of NATS are there; the administrator is told that it is waited for. */
async function when_ready<Made>(make: () => Promise<Made>, log: Log, signal: AbortSignal): Promise<Made> {
	for (let is_told = false; ; is_told = true) {
		signal.throwIfAborted();
		try {
			return await make();
		} catch (error) {
			if (!(error instanceof Error) || !may_pass(error)) throw error;
			if (!is_told) log("warn", "NATS is there, but its JetStream is not ready (%s): it is waited for", error.message);
			await delay(retry_pause);
		}
	}
}

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
			nodes: await when_ready(() => nats.bucket(`${name}_nodes`), log, signal),
			owners: await when_ready(() => nats.bucket(`${name}_owners`, { is_watched: false }), log, signal),
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
		signal.throwIfAborted();
		throw new Error(`NATS has no JetStream, or does not let this node use it: ${error instanceof Error ? error.message : error}`);
	}
}
