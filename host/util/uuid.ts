// Counterpart: util/uuid.lua

import { randomBytes, randomUUID } from "node:crypto";

/** So many random hexadecimal digits. */
export function get_nibbles(count: number): string {
	return randomBytes(Math.ceil(count / 2))
		.toString("hex")
		.slice(0, count);
}

/** A random UUID (version 4, RFC 9562 §5.4). */
export function v4(): string {
	return randomUUID();
}

/** Prosody's usual name for `v4`. */
export const generate = v4;

/** Where variant and random digits begin. */
const random_half = 18;

/**
 * A UUID that sorts by the time it was made; `now` is in seconds.
 * PARITY: the layout is that of a draft before RFC 9562: 36 bits of seconds, then two times 12 bits of their fraction. Prosody
 * writes it into archives, and the ids made here must sort among those.
 */
export function v7(now: number = Date.now() / 1000): string {
	const seconds = Math.floor(now);
	// 24 bits for the fraction of a second; a clock of milliseconds fills the first ten
	const fraction = Math.floor((now - seconds) * 0x1000000);
	const time = seconds.toString(16).padStart(9, "0") + fraction.toString(16).padStart(6, "0");
	// The random half comes from a random UUID, since Node keeps some of those ready
	return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${time.slice(12)}${randomUUID().slice(random_half)}`;
}
