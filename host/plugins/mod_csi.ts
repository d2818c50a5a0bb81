// Counterpart: plugins/mod_csi.lua (XEP-0352)

import { ClientSession } from "../core/c2s_session.ts";
import type { ModuleDefinition } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** Somebody looks at a client again. */
		"csi-client-active": { origin: ClientSession; stanza: st.Stanza };
		/** Nobody looks at a client any more. */
		"csi-client-inactive": { origin: ClientSession; stanza: st.Stanza };
	}
}

const states = ["active", "inactive", "flushing"] as const;

/** Clients say whether somebody looks at them; other modules decide what that means. */
export const definition: ModuleDefinition = {
	name: "csi",
	load(module) {
		const changes = module.metric("counter", "changes", {
			unit: "events",
			description: "CSI state changes",
			labels: ["csi_state"],
		});
		const counts = module.metric("gauge", "state", { unit: "sessions", labels: ["csi_state"] });

		module.hook("stream-features", ({ origin, features }) => {
			if (origin.username !== undefined) features.add_child(st.stanza("csi", { xmlns: ns.csi }));
		});

		for (const state of ["active", "inactive"] as const) {
			module.hook(`stanza/${ns.csi}:${state}`, ({ origin, stanza }) => {
				if (!(origin instanceof ClientSession) || origin.username === undefined) return undefined;
				origin.state = state;
				changes.with_labels(state).add(1);
				module.fire_event(`csi-client-${state}`, { origin, stanza });
				return true;
			});
		}

		module.hook_global("stats-update", () => {
			const numbers = new Map<string, number>();
			for (const { sessions } of module.host_session().sessions.values()) {
				for (const session of sessions.values()) {
					if (session instanceof ClientSession && session.state !== undefined) {
						numbers.set(session.state, (numbers.get(session.state) ?? 0) + 1);
					}
				}
			}
			for (const state of states) counts.with_labels(state).set(numbers.get(state) ?? 0);
		});
	},
};
