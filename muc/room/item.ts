// Counterpart: plugins/muc/muc.lib.lua (add_item)

import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { Affiliation, Role } from "../types.ts";

/** What an `<item/>` says (XEP-0045 §18.2); absent parts are left out. */
export interface Item {
	affiliation: Affiliation | undefined;
	role: Role | undefined;
	jid?: string | undefined;
	nick?: string | undefined;
	actor_nick?: string | undefined;
	actor_jid?: string | undefined;
	reason?: string | undefined;
}

/** Adds an `<item/>` where the builder of `x` stands. */
export function add_item(x: Stanza, item: Item): Stanza {
	x.tag("item", { affiliation: item.affiliation ?? "none", role: item.role, jid: item.jid, nick: item.nick });
	if (item.actor_nick !== undefined || item.actor_jid !== undefined) {
		x.tag("actor", { nick: item.actor_nick, jid: item.actor_jid }).up();
	}
	if (item.reason !== undefined) x.text_tag("reason", item.reason);
	return x.up();
}

/** A new `<x/>` for what rooms say about occupants. */
export function muc_user(): Stanza {
	return st.stanza("x", { xmlns: ns.muc_user });
}
