// No counterpart: in Prosody nobody else has to know what this process has made up.

import { randomBytes } from "node:crypto";
import { key_of } from "../../util/cluster/keys.ts";
import type { Bucket } from "../../util/cluster/types.ts";

/** No JID has a slash in front. */
const key = key_of("/secret");
const length = 32;

/** What all nodes of a cluster know, made by the first of them. Rejects where the bucket cannot be reached. */
export async function shared_secret(bucket: Bucket): Promise<Buffer> {
	for (;;) {
		const entry = await bucket.get(key);
		if (entry !== undefined) return Buffer.from(entry.value);
		const made = randomBytes(length);
		// Another node may have been first
		if ((await bucket.create(key, made)) !== undefined) return made;
	}
}
