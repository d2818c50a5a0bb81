// Counterpart: util/id.lua

import { randomBytes } from "node:crypto";

function random(bytes: number): string {
	return randomBytes(bytes).toString("base64url");
}

/** 4 characters (24 bits): for short-lived things, where a collision does no harm. */
export function tiny(): string {
	return random(3);
}

/** 12 characters (72 bits): for short-lived things, or within a host or user. */
export function short(): string {
	return random(9);
}

/** 24 characters (144 bits): unique everywhere, fit for a security token. */
export function medium(): string {
	return random(18);
}

/** 36 characters (216 bits). */
export function long(): string {
	return random(27);
}

/** Makes a function like {@link short} for ids that are made by the thousand: it fetches random bytes for many at a time. */
export function short_ids(): () => string {
	const bytes = 9;
	let pool = Buffer.alloc(0);
	let at = 0;
	return () => {
		if (at === pool.length) {
			pool = randomBytes(256 * bytes);
			at = 0;
		}
		at += bytes;
		return pool.toString("base64url", at - bytes, at);
	};
}

/** Makes a function like the others here, for any number of random bytes. */
export function custom(bytes: number): () => string {
	return () => random(bytes);
}
