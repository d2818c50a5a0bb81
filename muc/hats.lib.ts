// Counterpart: plugins/muc/hats.lib.lua (XEP-0317)

import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as st from "../host/util/stanza.ts";
import type { BuildPresenceEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { table } from "./kinds.ts";
import type { Room } from "./types.ts";
import { add_filtered_namespace } from "./util.lib.ts";

const xmlns_hats_legacy = "xmpp:prosody.im/protocol/hats:1";

interface Hat {
	readonly uri: string;
	readonly title: string;
}

/** The hats that somebody wears at present; undefined where there are none. */
function active_hats(room: Room, bare_jid: string): Hat[] | undefined {
	const hats = room.get_affiliation_data(bare_jid)?.hats;
	if (hats === undefined) return undefined;
	const active = Object.entries(hats).filter(([, hat]) => hat.active);
	return active.length > 0 ? active.map(([uri, { title }]) => ({ uri, title })) : undefined;
}

function hats_element(xmlns: string, hats: readonly Hat[]): Stanza {
	const element = st.stanza("hats", { xmlns });
	for (const { uri, title } of hats) element.tag("hat", { uri, title }).up();
	return element;
}

/** Shows the hats that are stored with an affiliation in presences, and removes all others. Option: muc_hats_compat. */
export const hats = feature("hats", (module) => {
	const compat = module.get_option_boolean("muc_hats_compat", false);
	add_filtered_namespace(module, ns.hats);
	// Divergence: Prosody 13 lets hats in this namespace pass, and clients show them like real ones
	add_filtered_namespace(module, xmlns_hats_legacy);
	module.hook("muc-build-occupant-presence", show_hats);

	function show_hats({ room, stanza, occupant, bare_jid }: BuildPresenceEvent): void {
		const jid = occupant?.bare_jid ?? bare_jid;
		const hats = jid === undefined ? undefined : active_hats(room, jid);
		if (hats === undefined) return;
		stanza.add_direct_child(hats_element(ns.hats, hats));
		// COMPAT: the namespace that was used before there was a XEP
		if (compat) stanza.add_direct_child(hats_element(xmlns_hats_legacy, hats));
	}

	function has_hats(room: Room, bare_jid: string): boolean {
		return active_hats(room, bare_jid) !== undefined;
	}

	return {
		affiliation_data: { hats: table<{ [uri: string]: { active: boolean; title: string } }>() },
		presence_additions: new Map([[show_hats, has_hats]]),
	};
});
