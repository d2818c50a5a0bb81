// No counterpart: in Prosody everybody waits for the database.

import { bare, split } from "../util/jid.ts";
import type { Stanza } from "../util/stanza.ts";
import { type Waiting, waiting_for_all } from "../util/waiting.ts";
import type { Server, Session } from "./types.ts";

/** What of a server this needs. */
export type StoredNeeds = Pick<Server, "bare_sessions" | "far_storage" | "fetch_stored" | "hosts">;

/** How many kinds of stanzas of one session or account are told apart. */
const most_kinds = 30;

function kind_of({ name, attr, first_tag }: Stanza): string {
	if (name === "iq") return `iq ${first_tag?.attr["xmlns"]}`;
	return attr["to"] === undefined ? name : `${name} to`;
}

/**
 * Gives a function that reads what is stored for the sender and the recipient of a stanza ahead, where that is in a database over the
 * network. Modules read what belongs to an account when they need it for the first time, and keep it: so this is done for the first
 * stanza of each kind that a session sends, or an account gets, and always for accounts that nobody uses just now.
 */
export function create_stored_ahead(server: StoredNeeds): (origin: Session, stanza: Stanza) => Waiting<unknown> | undefined {
	const met = new WeakMap<object, Set<string>>();

	function is_first(who: object, kind: string): boolean {
		const kinds = met.get(who) ?? new Set();
		met.set(who, kinds);
		if (kinds.has(kind) || kinds.size >= most_kinds) return false;
		kinds.add(kind);
		return true;
	}

	function of_sender(origin: Session, kind: string): Waiting<void> | undefined {
		if (origin.type !== "c2s" && origin.type !== "c2s_unbound") return undefined;
		const { host, username } = origin;
		if (host === undefined || username === undefined || !is_first(origin, kind)) return undefined;
		return server.fetch_stored(host, username);
	}

	function of_recipient(to: string | undefined, kind: string): Waiting<void> | undefined {
		if (to === undefined) return undefined;
		const { node, host } = split(to);
		if (node === undefined || host === undefined || server.hosts.get(host)?.type !== "local") return undefined;
		const account = server.bare_sessions.get(bare(to) ?? to);
		if (account !== undefined && !is_first(account, kind)) return undefined;
		return server.fetch_stored(host, node);
	}

	return (origin, stanza) => {
		const kind = kind_of(stanza);
		const coming = [of_sender(origin, kind), of_recipient(stanza.attr["to"], kind)].filter((one) => one !== undefined);
		return coming.length === 0 ? undefined : waiting_for_all(coming);
	};
}
