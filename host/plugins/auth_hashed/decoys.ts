// No counterpart: Prosody refuses unknown accounts at once.

import { randomBytes } from "node:crypto";
import type { ModuleApi } from "../../core/types.ts";
import { hmac_sha256 } from "../../util/hashes.ts";

/**
 * Salts for accounts that do not exist. They look like real ones and are the same each time, even after a restart; otherwise they
 * would reveal that the account does not exist.
 */
export function decoy_salts(module: ModuleApi): (username: string) => string {
	const store = module.open_store("auth_decoy");
	let secret: Buffer | undefined;

	function get_secret(): Buffer {
		const stored = store.get(undefined);
		const known = stored.ok ? stored.value?.["secret"] : undefined;
		if (typeof known === "string") return Buffer.from(known, "hex");
		const fresh = randomBytes(32);
		if (stored.ok) store.set(undefined, { secret: fresh.toString("hex") });
		return fresh;
	}

	return (username) => {
		secret ??= get_secret();
		const digits = hmac_sha256(secret, username, true);
		const variant = ((Number.parseInt(digits.slice(16, 17), 16) % 4) + 8).toString(16);
		return [
			digits.slice(0, 8),
			digits.slice(8, 12),
			`4${digits.slice(13, 16)}`,
			variant + digits.slice(17, 20),
			digits.slice(20, 32),
		].join("-");
	};
}
