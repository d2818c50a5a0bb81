// No counterpart: how a server becomes a node of a cluster, where its configuration says so.

import type { Fence } from "../../util/cluster/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import type { Config } from "../config/config.ts";
import { StorageFence } from "../network_sql/storage_fence.ts";
import { type ClusterBase, type ClusterNeeds, create_cluster, type NodeCluster } from "./cluster.ts";
import { connect_base } from "./nats_base.ts";
import { cluster_options, cluster_problem } from "./options.ts";

/** The way into a cluster, and out of it. */
export interface Entrance {
	/** Undefined before the server has entered. */
	readonly cluster: NodeCluster | undefined;
	/** What databases refuse of lives that are over. */
	readonly fence: StorageFence;
	/** Waits for NATS however long that takes. The error says why the server cannot be a node. */
	enter(server: ClusterNeeds): Promise<Result<true, string>>;
	leave(): Promise<void>;
}

function one_after_the_other(...fences: readonly Fence[]): Fence {
	return {
		async raise(life) {
			for (const fence of fences) await fence.raise(life);
		},
	};
}

/**
 * Reads the option `cluster`; undefined where there is none.
 * @param given in place of what the option says: for somebody who embeds servers, and knows where they store
 */
export function create_entrance(config: Config, given: ClusterBase | undefined): Result<Entrance | undefined, string> {
	const options = cluster_options(config);
	if (!options.ok) return options;
	const wanted = options.value;
	if (given === undefined && wanted === undefined) return ok(undefined);
	const problem = given === undefined ? cluster_problem(config) : undefined;
	if (problem !== undefined) return failed(problem);
	const fence = new StorageFence();
	const end = new AbortController();
	let cluster: NodeCluster | undefined;
	fence.life = () => cluster?.life;

	async function base_for(server: ClusterNeeds): Promise<ClusterBase> {
		// Whoever is dead may have left something with a database that is still doing it
		if (given !== undefined) return { ...given, fence: one_after_the_other(given.fence, fence) };
		if (wanted === undefined) throw new Error("there is no option cluster");
		return connect_base(wanted, fence, server.logger("cluster"), end.signal);
	}

	return ok({
		get cluster() {
			return cluster;
		},
		fence,
		async enter(server) {
			try {
				const base = await base_for(server);
				cluster = create_cluster(server, base);
				await cluster.start();
				return ok(true);
			} catch (error) {
				return failed(`option cluster: ${error instanceof Error ? error.message : error}`);
			}
		},
		async leave() {
			end.abort();
			await cluster?.stop();
		},
	});
}
