// No counterpart: in Prosody nobody else has to know what this process has made up.

import { randomBytes } from "node:crypto";
import { key_of } from "../../util/cluster/keys.ts";
import type { Owner, Ownership } from "../../util/cluster/ownership.ts";
import type { Bucket } from "../../util/cluster/types.ts";
import { hmac_sha256 } from "../../util/hashes.ts";
import { promise_of } from "../../util/waiting.ts";
import type { Cluster, Log } from "../types.ts";

/** No JID has a slash in front. */
const key = key_of("/secret");
const length = 32;

function key_for(what: string): string {
	// No JID has a slash in front
	return `/${what}`;
}

/** What all nodes of a cluster know, made by the first of them. Rejects where the bucket cannot be reached. */
async function shared_secret(bucket: Bucket): Promise<Buffer> {
	for (;;) {
		const entry = await bucket.get(key);
		if (entry !== undefined) return Buffer.from(entry.value);
		const made = randomBytes(length);
		// Another node may have been first
		if ((await bucket.create(key, made)) !== undefined) return made;
	}
}

/** What nodes have in common beside addresses: a secret, and tasks that one of them does for all. */
export class InCommon implements Pick<Cluster, "find_leader" | "leader" | "leads" | "secret"> {
	private known: Buffer | undefined;

	constructor(
		private readonly owners: Pick<Ownership, "acquire" | "owner_of">,
		private readonly node: string,
		private readonly log: Log,
	) {}

	/** What others may use of it. */
	get shared(): Pick<Cluster, "find_leader" | "leader" | "leads" | "secret"> {
		return {
			find_leader: (what) => this.find_leader(what),
			leader: (what) => this.leader(what),
			leads: (what) => this.leads(what),
			secret: (purpose) => this.secret(purpose),
		};
	}

	/** Learns the secret. Rejects where the bucket cannot be reached. */
	async learn(bucket: Bucket): Promise<void> {
		this.known = await shared_secret(bucket);
	}

	secret(purpose: string): string {
		if (this.known === undefined) throw new Error("this node has not entered the cluster yet");
		return hmac_sha256(this.known, purpose, true);
	}

	leader(what: string): string | undefined {
		return this.name_of(this.owners.owner_of(key_for(what)));
	}

	async find_leader(what: string): Promise<string> {
		return this.name_of(await promise_of(this.owners.acquire(key_for(what)))) ?? this.node;
	}

	private name_of(owner: Owner | undefined): string | undefined {
		return owner === "mine" ? this.node : owner?.node;
	}

	async leads(what: string): Promise<boolean> {
		try {
			return (await promise_of(this.owners.acquire(key_for(what)))) === "mine";
		} catch (error) {
			this.log("warn", "It cannot be known which node does %s: %s", what, error instanceof Error ? error.message : error);
			return false;
		}
	}
}
