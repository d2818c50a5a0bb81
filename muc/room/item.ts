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
	actorNick?: string | undefined;
	actorJid?: string | undefined;
	reason?: string | undefined;
}

/** Adds an `<item/>` where the builder of `x` stands. */
export function addItem(x: Stanza, item: Item): Stanza {
	x.tag("item", { affiliation: item.affiliation ?? "none", role: item.role, jid: item.jid, nick: item.nick });
	if (item.actorNick !== undefined || item.actorJid !== undefined) {
		x.tag("actor", { nick: item.actorNick, jid: item.actorJid }).up();
	}
	if (item.reason !== undefined) x.text_tag("reason", item.reason);
	return x.up();
}

/** A fresh `<x/>` for what rooms say about occupants. */
export function mucUser(): Stanza {
	return st.stanza("x", { xmlns: ns.muc_user });
}
