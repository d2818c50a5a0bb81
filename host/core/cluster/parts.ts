// No counterpart: what a server needs of the machinery under host/util/cluster, which knows no stanzas.

import type { Life } from "../../util/cluster/types.ts";

/** Who serves an address: this node, or another one. */
export type Owner = "mine" | Life;

/** Which node serves which address. Keys are bare JIDs, or the names of hosts that are served as a whole. */
export interface Owners {
	/** Who is known to serve an address; undefined where that is not known here, or where that node is gone. */
	owner_of(key: string): Owner | undefined;
	/** Asks who serves an address; undefined where nobody does. Rejects where nobody can be asked. */
	find(key: string): Promise<Owner | undefined>;
	/** Takes an address, unless somebody else serves it. Rejects where that cannot be known. */
	acquire(key: string): Promise<Owner>;
	/** Gives an address up: whoever needs it takes it. */
	release(key: string): Promise<void>;
	/** Gives an address to another node. */
	hand_over(key: string, to: Life): Promise<boolean>;
	/** What was known of somebody else's address is wrong. */
	forget(key: string): void;
	/** What this node serves. */
	mine(): Iterable<string>;
}

/** Channels to other nodes: what is sent arrives once and in order, or is given back where the other node is gone. */
export interface NodeLinks {
	/** False where too much waits for that node, or where it is gone. */
	send(to: Life, item: Uint8Array): boolean;
}

/** This node among the others. */
export interface Members {
	readonly me: Life;
	/** Whether this node may still act for what it owns. */
	may_serve(): boolean;
	is_alive(life: Life): boolean;
	others(): Iterable<Life & { readonly load: number; readonly is_leaving: boolean }>;
}

/** What a node is told. */
export interface NodeEvents {
	/** An item of another node; `done` once it needs no repetition. */
	item(from: Life, item: Uint8Array, done: () => void): void;
	/** A node is gone, and cannot store anything any more. `lost` is what was sent to it and not confirmed, in order. */
	gone(life: Life, lost: readonly Uint8Array[]): void;
	/** A node came. */
	joined(life: Life): void;
	/** This node lost everything that it owned, and begins another life. */
	life_over(): void;
}

/** All of it. */
export interface ClusterParts {
	readonly members: Members;
	readonly owners: Owners;
	readonly links: NodeLinks;
	/** Enters the cluster; from then on the events are told. Rejects with why that is not possible. */
	join(events: NodeEvents): Promise<void>;
	/** Leaves it, after everything was handed over. */
	leave(): Promise<void>;
}
