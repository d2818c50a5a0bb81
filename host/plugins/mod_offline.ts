// Counterpart: plugins/mod_offline.lua

import type { ModuleDefinition, StorageError } from "../core/types.ts";
import * as datetime from "../util/datetime.ts";
import { ok, type Result } from "../util/error.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";
import { is_fleeting } from "./fleeting.lib.ts";

/** What other modules may do with messages that are kept. */
export interface OfflineExports {
	/** Keeps a message, and answers with its name; undefined where it need not be kept, or cannot be. */
	keep(username: string, stanza: st.Stanza): string | undefined;
	/** Takes messages out by their names: all of them, or none where some are gone already, which it answers with false. */
	drop(username: string, ids: readonly string[]): Result<boolean, StorageError>;
}

declare module "../core/types.ts" {
	interface ModuleExports {
		offline: OfflineExports;
	}
}

/** Keeps messages for accounts that are not online, until they are (XEP-0160). */
export const definition: ModuleDefinition = {
	name: "offline",
	load(module): OfflineExports {
		const messages = module.open_store("offline", "archive");
		module.add_feature("msgoffline");

		module.hook(
			"message/offline/handle",
			({ origin, stanza }) => {
				const { to } = stanza.attr;
				const username = to === undefined && origin.type === "c2s" ? origin.username : jid.node(to);
				if (username === undefined) return undefined;
				// Divergence: Prosody keeps all. These are dropped without an error, since their senders do not expect more.
				if (is_fleeting(stanza)) return true;
				return keep(username, stanza) === undefined ? undefined : true;
			},
			-1,
		);

		function keep(username: string, stanza: st.Stanza): string | undefined {
			const kept = messages.append(username, undefined, stanza, Math.floor(Date.now() / 1000), "");
			if (kept.ok) return kept.value;
			const account = `${username}@${module.host}`;
			// Nothing is wrong with the storage where somebody has as many messages as may be kept
			if (kept.error.text === "quota-limit") module.log("info", "No more messages are kept for %s", account);
			else module.log("error", "A message for %s could not be kept: %s", account, kept.error.text);
			return undefined;
		}

		module.hook(
			"message/offline/broadcast",
			({ origin }) => {
				if (origin.type !== "c2s" || origin.username === undefined) return undefined;
				const kept = messages.find(origin.username);
				if (!kept.ok) {
					module.log("error", "The messages kept for %s could not be read: %s", origin.username, kept.error.text);
					return undefined;
				}
				for (const { stanza, when } of kept.value.items) {
					const delayed = st.clone(stanza).tag("delay", { xmlns: ns.delay, from: module.host, stamp: datetime.datetime(when) });
					origin.send(delayed.reset());
				}
				if (kept.value.items.length > 0) messages.delete(origin.username);
				return true;
			},
			-1,
		);

		return {
			keep: (username, stanza) => (is_fleeting(stanza) ? undefined : keep(username, stanza)),
			drop(username, ids) {
				const found = messages.find(username, { ids });
				if (!found.ok || found.value.items.length < ids.length) return found.ok ? ok(false) : found;
				const removed = messages.delete(username, { ids });
				return removed.ok ? ok(true) : removed;
			},
		};
	},
};
