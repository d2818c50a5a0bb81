// Counterpart: plugins/mod_tombstones.lua

import type { ModuleDefinition, StorageError } from "../core/types.ts";
import { Cache } from "../util/cache.ts";
import { datetime, now } from "../util/datetime.ts";
import { ok, type Result, stanza_error } from "../util/error.ts";
import * as jid from "../util/jid.ts";
import * as st from "../util/stanza.ts";

declare module "../core/types.ts" {
	interface ModuleExports {
		tombstones: {
			/** When an account of that name was deleted, in seconds since 1970; `false` for never, or so long ago that it counts no more. */
			has_tombstone(username: string): number | false;
		};
	}
}

/**
 * Remembers accounts that were deleted, so that nobody takes their names, and their contacts hear of it.
 * Options: user_tombstone_expiry, tombstone_cache_size.
 */
export const definition: ModuleDefinition = {
	name: "tombstones",
	load(module) {
		// A map of the host itself: what belongs to an account is removed with it
		const graveyard = module.open_store(undefined, "map");
		const cache = new Cache<string, number | false>(module.get_option_integer("tombstone_cache_size", 1024, 1));
		const lifetime = module.get_option_period("user_tombstone_expiry", "never");

		function bury(username: string): void {
			const time = now();
			const stored = graveyard.set(undefined, username, time);
			if (!stored.ok) module.log("error", "Could not store tombstone for %s: %s", username, stored.error.text);
			// Divergence: Prosody, where it knew that there was none, goes on to think so
			cache.set(username, undefined);
		}

		function find(username: string): Result<number | false, StorageError> {
			// Another node of a cluster may have buried it
			let time = module.server.cluster === undefined ? cache.get(username) : undefined;
			if (time === undefined) {
				const stored = graveyard.get(undefined, username);
				if (!stored.ok) return stored;
				time = typeof stored.value === "number" ? stored.value : false;
			}
			if (time !== false && time + lifetime < now()) {
				module.log("debug", "Tombstone for %s created at %s has expired", username, datetime(time));
				const removed = graveyard.set(undefined, username, undefined);
				if (!removed.ok) module.log("error", "Could not remove the tombstone of %s: %s", username, removed.error.text);
				cache.set(username, undefined);
				return ok(false);
			}
			cache.set(username, time);
			return ok(time);
		}

		function has_tombstone(username: string): number | false {
			const found = find(username);
			if (found.ok) return found.value;
			module.log("error", "Could not read the tombstone of %s: %s", username, found.error.text);
			return false;
		}

		module.hook_global("user-deleted", ({ username, host }) => {
			if (host === module.host) bury(username);
		});

		module.hook("user-registering", (event) => {
			const found = find(event.username);
			if (!found.ok) {
				module.log("error", "Could not read the tombstone of %s: %s", event.username, found.error.text);
				event.allowed = false;
				event.error = stanza_error("wait", "internal-server-error");
				return true;
			}
			if (found.value === false) return undefined;
			module.log("debug", "Tombstone for %s created at %s", event.username, datetime(found.value));
			event.allowed = false;
			return true;
		});

		module.hook(
			"presence/bare",
			({ origin, stanza }) => {
				const { to, from, type } = stanza.attr;
				const username = jid.node(to);
				const is_probe = type === "probe";
				if (username === undefined || !(is_probe || type === undefined || type === "unavailable")) return undefined;
				if (has_tombstone(username) === false) return undefined;
				origin.send(st.error_reply(stanza, "cancel", "gone", "User deleted"));
				// What is left of the subscription goes, too
				origin.send(st.presence({ type: is_probe ? "unsubscribed" : "unsubscribe", to: from, from: to }));
				return true;
			},
			1,
		);
		return { has_tombstone };
	},
};
