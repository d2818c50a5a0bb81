// Counterpart: plugins/mod_s2s_bidi.lua (XEP-0288)

import { ServerStreamSession } from "../core/s2s_session.ts";
import type { ModuleDefinition } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";
import type {} from "./s2s/events.ts";

/** One stream between two servers for both directions. */
export const definition: ModuleDefinition = {
	name: "s2s_bidi",
	load(module) {
		const offers_of = (name: string, what: string) =>
			module.metric("counter", name, { description: `Bidirectional connection offers ${what}` });
		const offers_sent = offers_of("offers_sent", "sent");
		const offers_recv = offers_of("offers_recv", "received");
		const offers_taken = offers_of("offers_taken", "taken");
		const require_encryption = module.get_option_boolean("s2s_require_encryption", true);
		const is_ready = (session: ServerStreamSession): boolean => !require_encryption || session.secure;

		module.hook("s2s-stream-features", function offer_bidi({ origin, features }) {
			if (origin.type !== "s2sin_unauthed" || !is_ready(origin)) return;
			features.tag("bidi", { xmlns: ns.bidi_feature }).up();
			offers_sent.with_labels().add(1);
		});
		module.hook(
			`stanza/${ns.streams}:features`,
			function ask_for_bidi({ origin, stanza }) {
				if (!(origin instanceof ServerStreamSession) || origin.type !== "s2sout_unauthed" || !is_ready(origin)) return undefined;
				if (stanza.get_child("bidi", ns.bidi_feature) === undefined) return undefined;
				origin.bidi = true;
				const request = st.stanza("bidi", { xmlns: ns.bidi });
				module.fire_event("s2sout-stream-features", { origin, features: request });
				origin.sends2s(request.reset());
				offers_taken.with_labels().add(1);
				return undefined;
			},
			200,
		);
		module.hook(`stanza/${ns.bidi}:bidi`, function accept_bidi({ origin }) {
			if (!(origin instanceof ServerStreamSession) || origin.type !== "s2sin_unauthed" || !is_ready(origin)) return undefined;
			origin.bidi = true;
			offers_recv.with_labels().add(1);
			return true;
		});
	},
};
