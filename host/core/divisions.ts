// No counterpart: Prosody looks up each recipient of each message.

import type { Audience } from "../util/audience.ts";
import type { VersionedMap } from "../util/versioned_map.ts";
import type { C2sSession, Collected, Server } from "./types.ts";

/** Sessions here that are of one host, with their full JIDs at the same places. */
export interface HostShare {
	readonly host: string | undefined;
	readonly jids: string[];
	readonly sessions: C2sSession[];
}

/** Where the sessions of an audience are. */
export interface Division {
	readonly here: readonly HostShare[];
	/** Those who have no session here. */
	readonly absent: readonly string[];
}

/** Who of those that are absent is on which other node, and who is nobody's session as far as it is known. */
export interface Beyond {
	readonly elsewhere: Collected;
	readonly rest: readonly string[];
}

interface Known extends Division {
	/** Up to which change of sessions it holds, and which state of other nodes was asked. */
	version: number;
	beyond: (Beyond & { readonly version: number }) | undefined;
}

/** More changes than that are not looked at one by one. */
const few_changes = 8;
/** How many changes of sessions there are until all that is known is forgotten: it keeps sessions in memory that are over. */
const most_changes = 512;

/** Where audiences are, for as long as nothing changes that matters to them. */
export class Divisions {
	private known = new WeakMap<Audience, Known>();
	private begun = 0;

	constructor(
		private readonly server: { readonly full_sessions: VersionedMap<string, C2sSession>; readonly cluster?: Server["cluster"] },
	) {}

	of(audience: Audience): Division {
		return this.look(audience);
	}

	/** Undefined where it is not certain for the moment; each recipient has to be asked for then. */
	beyond(audience: Audience): Beyond | undefined {
		const { cluster } = this.server;
		const version = cluster === undefined ? 0 : cluster.ways;
		if (version === undefined) return undefined;
		const known = this.look(audience);
		// Nobody tells that somebody is known who was not
		const may_know_more = (rest: readonly string[]): boolean =>
			cluster !== undefined && rest.length > 0 && rest.some((jid) => cluster.collect(jid, new Map()));
		if (known.beyond?.version === version && !may_know_more(known.beyond.rest)) return known.beyond;
		const elsewhere: Collected = new Map();
		const rest = cluster === undefined ? known.absent : known.absent.filter((jid) => !cluster.collect(jid, elsewhere));
		for (const share of elsewhere.values()) share.of = audience.of;
		known.beyond = { elsewhere, rest, version };
		return known.beyond;
	}

	private look(audience: Audience): Known {
		const { version } = this.server.full_sessions;
		if (version - this.begun > most_changes) {
			this.known = new WeakMap();
			this.begun = version;
		}
		const known = this.known.get(audience);
		if (known !== undefined && (known.version === version || this.still_holds(known, audience))) return known;
		const made = this.divide(audience);
		this.known.set(audience, made);
		return made;
	}

	/** Whether none of the sessions that have come and gone meanwhile is of the audience. */
	private still_holds(known: Known, { jids }: Audience): boolean {
		const { full_sessions } = this.server;
		if (full_sessions.version - known.version > few_changes) return false;
		const changed = full_sessions.changed_since(known.version);
		if (changed === undefined || changed.some((jid) => jids.includes(jid))) return false;
		known.version = full_sessions.version;
		return true;
	}

	private divide({ jids }: Audience): Known {
		const { full_sessions } = this.server;
		const here: HostShare[] = [];
		const absent: string[] = [];
		let share: HostShare | undefined;
		for (const jid of jids) {
			const session = full_sessions.get(jid);
			if (session === undefined) {
				absent.push(jid);
				continue;
			}
			if (share === undefined || share.host !== session.host) {
				share = here.find(({ host }) => host === session.host);
				if (share === undefined) {
					share = { host: session.host, jids: [], sessions: [] };
					here.push(share);
				}
			}
			share.jids.push(jid);
			share.sessions.push(session);
		}
		return { here, absent, version: full_sessions.version, beyond: undefined };
	}
}
