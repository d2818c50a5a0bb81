// Counterpart: plugins/muc/hats.lib.lua (XEP-0317)

import type { ModuleApi } from "../host/core/types.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as st from "../host/util/stanza.ts";
import type { AffiliationData, BuildPresenceEvent } from "./types.ts";
import { add_filtered_namespace, get_presence_additions } from "./util.lib.ts";

const xmlns_hats_legacy = "xmpp:prosody.im/protocol/hats:1";

/** The hats that somebody wears just now; undefined where there is none. */
function active_hats(data: AffiliationData | undefined): { uri: string; title: string }[] | undefined {
	if (data?.hats === undefined) return undefined;
	const active = Object.entries(data.hats).filter(([, hat]) => hat.active);
	return active.length > 0 ? active.map(([uri, { title }]) => ({ uri, title })) : undefined;
}

function hats_element(xmlns: string, hats: readonly { uri: string; title: string }[]): Stanza {
	const element = st.stanza("hats", { xmlns });
	for (const { uri, title } of hats) element.tag("hat", { uri, title }).up();
	return element;
}

/** Shows the hats that are kept with an affiliation in presence, and only those. Option: muc_hats_compat. */
export function load(module: ModuleApi): void {
	const compat = module.get_option_boolean("muc_hats_compat", false);
	add_filtered_namespace(module, ns.hats);

	const show_hats = ({ room, stanza, occupant, bare_jid }: BuildPresenceEvent): void => {
		const jid = occupant?.bare_jid ?? bare_jid;
		const hats = jid === undefined ? undefined : active_hats(room.get_affiliation_data(jid));
		if (hats === undefined) return;
		stanza.add_direct_child(hats_element(ns.hats, hats));
		// COMPAT: the namespace before there was a XEP
		if (compat) stanza.add_direct_child(hats_element(xmlns_hats_legacy, hats));
	};
	module.hook("muc-build-occupant-presence", show_hats);
	get_presence_additions(module).set(show_hats, (room, jid) => active_hats(room.get_affiliation_data(jid)) !== undefined);
}
