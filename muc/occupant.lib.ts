// Counterpart: plugins/muc/occupant.lib.lua

import { bare } from "../host/util/jid.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as st from "../host/util/stanza.ts";
import { strip_forged } from "./forged.ts";
import type { Occupant, Role } from "./types.ts";
import { type FilteredNamespaces, filter_muc_x } from "./util.lib.ts";

/** One nick in a room and the sessions behind it. */
export class OccupantRecord implements Occupant {
	sessions = new Map<string, Stanza>();
	role: Role | undefined;
	jid: string | undefined;
	stable_id: string | undefined;

	/**
	 * @param bare_jid the real bare JID
	 * @param nick the occupant JID
	 * @param filtered namespaces that presences must not pass on
	 */
	constructor(
		public bare_jid: string,
		public nick: string,
		private readonly filtered: FilteredNamespaces,
	) {}

	copy(): OccupantRecord {
		const copy = new OccupantRecord(this.bare_jid, this.nick, this.filtered);
		for (const [real_jid, presence] of this.sessions) {
			// Sessions that left would pile up here. Only the primary one is kept, since its presence says how it left
			if (presence.attr["type"] !== "unavailable" || real_jid === this.jid) copy.sessions.set(real_jid, presence);
		}
		copy.role = this.role;
		copy.jid = this.jid;
		copy.stable_id = this.stable_id;
		return copy;
	}

	choose_new_primary(): string | undefined {
		for (const [real_jid, presence] of this.sessions) {
			if (presence.attr["type"] === undefined) return real_jid;
		}
		return undefined;
	}

	set_session(real_jid: string, presence: Stanza, replace_primary = false): void {
		const filtered = strip_forged(bare(this.nick) ?? "", filter_muc_x(this.filtered, st.clone(presence)));
		filtered.attr["from"] = this.nick;
		filtered.attr["to"] = real_jid;
		this.sessions.set(real_jid, filtered);
		if (replace_primary) {
			this.jid = real_jid;
		} else if (this.jid === undefined || (filtered.attr["type"] === "unavailable" && this.jid === real_jid)) {
			// A session that is gone stays the primary one only while there is no other
			this.jid = this.choose_new_primary() ?? real_jid;
		}
	}

	remove_session(real_jid: string): void {
		this.sessions.delete(real_jid);
		if (this.jid === real_jid) this.jid = this.choose_new_primary();
	}

	each_session(): IterableIterator<[string, Stanza]> {
		return this.sessions.entries();
	}

	get_presence(real_jid = this.jid): Stanza | undefined {
		return real_jid === undefined ? undefined : this.sessions.get(real_jid);
	}
}
