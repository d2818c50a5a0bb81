// Counterpart: plugins/mod_private.lua (XEP-0049)

import type { ModuleDefinition } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";

/** Keeps elements for accounts, one of each name and namespace, which nobody else sees. */
export const definition: ModuleDefinition = {
	name: "private",
	load(module) {
		const store = module.open_store("private", "map");
		module.add_feature(ns.private);

		module.hook(`iq/self/${ns.private}:query`, ({ origin, stanza }) => {
			const query = stanza.first_tag;
			const username = origin.type === "c2s" ? origin.username : undefined;
			if (username === undefined || query === undefined) return undefined;
			const [tag, ...more] = query.tags;
			const xmlns = tag?.attr["xmlns"];
			// Divergence: without a namespace, Prosody answers nothing, for an error in its Lua
			if (tag === undefined || more.length > 0 || xmlns === undefined) {
				origin.send(st.error_reply(stanza, "modify", "bad-format"));
				return true;
			}
			const key = `${tag.name}:${xmlns}`;
			if (stanza.attr["type"] === "get") {
				const stored = store.get(username, key);
				if (!stored.ok) {
					module.log("error", "Private data of %s could not be read: %s", username, stored.error.text);
					origin.send(st.error_reply(stanza, "wait", "internal-server-error"));
					return true;
				}
				const found = st.deserialize(stored.value);
				origin.send(
					found === undefined
						? st.reply(stanza).add_child(st.clone(query))
						: st.reply(stanza).query(ns.private).add_child(found).reset(),
				);
				return true;
			}
			const stored = store.set(username, key, tag.children.length > 0 ? st.preserialize(tag) : undefined);
			if (!stored.ok) module.log("error", "Private data of %s could not be stored: %s", username, stored.error.text);
			origin.send(stored.ok ? st.reply(stanza) : st.error_reply(stanza, "wait", "internal-server-error"));
			return true;
		});
	},
};
