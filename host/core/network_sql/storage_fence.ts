// No counterpart: which life stores what a node stores.

import type { Fence, Life } from "../../util/cluster/types.ts";
import { failed, type Result } from "../../util/error.ts";

/** A database that refuses what lives want to store that are over. */
export interface FencedDatabase {
	raise(life: Life): Promise<void>;
}

/** All databases of a node of a cluster: each gets the node's life with every transaction. */
export class StorageFence implements Fence {
	private readonly databases = new Set<FencedDatabase>();

	/** This node's life; without one, nothing can be stored. Given when the node enters a cluster. */
	life: () => Life | undefined = () => undefined;

	/** The life that a transaction belongs to which begins now. */
	author(): Result<Life, string> {
		const life = this.life();
		return life === undefined ? failed("this node is not in the cluster") : { ok: true, value: life };
	}

	add(database: FencedDatabase): void {
		this.databases.add(database);
	}

	remove(database: FencedDatabase): void {
		this.databases.delete(database);
	}

	/** Rejects where one of the databases cannot be told. */
	async raise(life: Life): Promise<void> {
		await Promise.all([...this.databases].map((database) => database.raise(life)));
	}
}
