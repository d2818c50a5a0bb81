// No counterpart: part of `enjamb compare`.

import type { CastMember } from "./cast.ts";

/** What somebody lastingly is in a room. Source: XEP-0045 §5.2. */
export type Affiliation = "owner" | "admin" | "member" | "none" | "outcast";

/** What somebody may do in a room while there. Source: XEP-0045 §5.1. */
export type Role = "moderator" | "participant" | "visitor" | "none";

/** All affiliations, and all roles. */
export const affiliations: readonly Affiliation[] = ["owner", "admin", "member", "none", "outcast"];
export const roles: readonly Role[] = ["moderator", "participant", "visitor", "none"];

/** A client. */
export interface Session {
	readonly member: CastMember;
	readonly full_jid: string;
	online: boolean;
	/** Of the presence that it last sent to its own server; undefined while it is unavailable there. */
	priority: number | undefined;
	/** JIDs that it sent presence to since it connected, by room. */
	readonly directed: Map<Room, Set<string>>;
	/** It also sent presence to JIDs that servers may take for others. */
	has_strange_directions: boolean;
}

/** The account that the service takes for an owner of each room. */
const admin = "admin@localhost";

/** A room, as it probably is. */
export class Room {
	/** Whether it exists, waits for its first configuration, is open, or is destroyed with a tombstone. */
	state: "absent" | "locked" | "open" | "gone" = "absent";
	/** Nicks of those who are in it. */
	readonly nicks = new Map<Session, string>();
	/** Roles that differ from what affiliation and configuration would give. */
	private readonly given_roles = new Map<Session, Role>();
	/** By bare JID, or domain. */
	readonly affiliations = new Map<string, Affiliation>();
	/** Reserved nicks by bare JID. */
	readonly reserved = new Map<string, string>();
	password = "";
	is_members_only = false;
	is_moderated = false;
	is_persistent = false;

	constructor(readonly jid: string) {}

	/** An account's affiliation in this room. */
	affiliation(jid: string): Affiliation {
		if (jid === admin) return "owner";
		const own = this.affiliations.get(jid);
		if (own !== undefined && own !== "none") return own;
		return this.affiliations.get(jid.slice(jid.indexOf("@") + 1)) === "outcast" ? "outcast" : "none";
	}

	/** Somebody's role in this room; `none` outside it. */
	role(session: Session): Role {
		if (!this.nicks.has(session)) return "none";
		return this.given_roles.get(session) ?? this.default_role(session);
	}

	private default_role(session: Session): Role {
		const affiliation = this.affiliation(session.member.jid);
		if (affiliation === "owner" || affiliation === "admin") return "moderator";
		return affiliation === "none" && this.is_moderated ? "visitor" : "participant";
	}

	/** Somebody sends presence with `<x/>` to a nick, and enters if that is allowed. */
	join(session: Session, nick: string, password: string): void {
		const { jid } = session.member;
		if (this.state === "gone") {
			if (jid === admin) this.state = "absent";
			else return;
		}
		if (this.state === "absent") {
			this.forget();
			this.state = "locked";
			this.affiliations.set(jid, "owner");
			this.password = password;
		} else if (!this.lets_in(session, password)) return;
		if (this.may_take(session, nick)) this.nicks.set(session, nick);
	}

	private lets_in(session: Session, password: string): boolean {
		if (this.nicks.has(session)) return true;
		const affiliation = this.affiliation(session.member.jid);
		if (this.state === "locked" || affiliation === "outcast" || password !== this.password) return false;
		return !this.is_members_only || affiliation !== "none";
	}

	/** Somebody who is there takes another nick. */
	rename(session: Session, nick: string): void {
		if (this.nicks.has(session) && this.may_take(session, nick)) this.nicks.set(session, nick);
	}

	private may_take(session: Session, nick: string): boolean {
		const { jid } = session.member;
		if ([...this.nicks].some(([other, taken]) => taken === nick && other.member.jid !== jid)) return false;
		return [...this.reserved].every(([owner, taken]) => taken !== nick || owner === jid);
	}

	/** Somebody goes, or is made to. A room that nobody is in goes too, unless it is persistent. */
	leave(session: Session): void {
		this.given_roles.delete(session);
		if (this.nicks.delete(session) && this.nicks.size === 0 && !this.is_persistent) this.forget();
	}

	/** A role is given to all who are behind a nick. */
	give_role(nick: string, role: Role): void {
		for (const [session, taken] of [...this.nicks]) {
			if (taken !== nick) continue;
			if (role === "none") this.leave(session);
			else this.given_roles.set(session, role);
		}
	}

	/** An affiliation is given to an account, or a domain. */
	give_affiliation(jid: string, affiliation: Affiliation): void {
		if (jid === admin) return;
		this.affiliations.set(jid, affiliation);
		for (const session of [...this.nicks.keys()]) {
			const is_meant = session.member.jid === jid || session.member.jid.endsWith(`@${jid}`);
			if (is_meant) this.given_roles.delete(session);
			if (this.affiliation(session.member.jid) === "outcast") this.leave(session);
		}
		this.drop_strangers();
	}

	/** The configuration says who may be here. */
	set_members_only(is_members_only: boolean): void {
		this.is_members_only = is_members_only;
		this.drop_strangers();
	}

	private drop_strangers(): void {
		if (!this.is_members_only) return;
		for (const session of [...this.nicks.keys()]) {
			if (this.affiliation(session.member.jid) === "none") this.leave(session);
		}
	}

	/** An owner destroys it. */
	destroy(): void {
		const leaves_tombstone = this.is_persistent;
		this.forget();
		if (leaves_tombstone) this.state = "gone";
	}

	private forget(): void {
		this.state = "absent";
		this.nicks.clear();
		this.given_roles.clear();
		this.affiliations.clear();
		this.reserved.clear();
		this.password = "";
		this.is_members_only = false;
		this.is_moderated = false;
		this.is_persistent = false;
	}
}
