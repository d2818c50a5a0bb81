// Counterpart: plugins/muc/util.lib.lua

import type { ModuleApi, Session } from "../host/core/types.ts";
import type { Condition, ErrorType } from "../host/util/error.ts";
import { bare } from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as st from "../host/util/stanza.ts";
import type { RoomStanzaEvent } from "./events.ts";
import type { Affiliation, BroadcastRoles, Occupant, Role, Room } from "./types.ts";

/** Affiliations by rank. */
export const valid_affiliations: Readonly<Record<Affiliation, number>> = { outcast: -1, none: 0, member: 1, admin: 2, owner: 3 };

/** Roles by rank. */
export const valid_roles: Readonly<Record<Role, number>> = { none: 0, visitor: 1, participant: 2, moderator: 3 };

/** The default for whose presence is shown: that of everybody in the room. */
export const default_broadcast: BroadcastRoles = Object.freeze({ visitor: true, participant: true, moderator: true });

/** Whether text is the name of an affiliation. */
export function is_affiliation(text: unknown): text is Affiliation {
	return typeof text === "string" && Object.hasOwn(valid_affiliations, text);
}

/** Whether text is the name of a role. */
export function is_role(text: unknown): text is Role {
	return typeof text === "string" && Object.hasOwn(valid_roles, text);
}

/** The rank of an affiliation; undefined counts as "none". */
export function affiliation_rank(affiliation: Affiliation | undefined): number {
	return valid_affiliations[affiliation ?? "none"];
}

/** The rank of a role; undefined counts as "none". */
export function role_rank(role: Role | undefined): number {
	return valid_roles[role ?? "none"];
}

/** Conditions of errors that mean that the recipient is no longer there; "malformed error" stands for an error without an `<error/>`. */
const kickable_error_conditions: ReadonlySet<string> = new Set([
	"gone",
	"internal-server-error",
	"item-not-found",
	"jid-malformed",
	"malformed error",
	"recipient-unavailable",
	"redirect",
	"remote-server-not-found",
	"remote-server-timeout",
	"service-unavailable",
]);

/** Whether an error stanza means that its sender no longer takes part, so that it has to be removed from the room. */
export function is_kickable_error(stanza: Stanza): boolean {
	return kickable_error_conditions.has(stanza.get_error()?.condition ?? "malformed error");
}

/** Namespaces of children that occupants must not send to each other, as keys with the value true; shared with all modules. */
export type FilteredNamespaces = Map<string, unknown>;

/** The namespaces that one component filters; modules may add theirs to it. */
export function get_filtered_namespaces(module: ModuleApi): FilteredNamespaces {
	return module.shared("filtered-namespaces");
}

/** Filters children in a namespace from now on. */
export function add_filtered_namespace(module: ModuleApi, xmlns: string): void {
	get_filtered_namespaces(module).set(xmlns, true);
}

/** Removes from a stanza, in place, what only the room itself may say. */
export function filter_muc_x(filtered: FilteredNamespaces, stanza: Stanza): Stanza {
	return stanza.maptags((tag) => (filtered.get(tag.attr["xmlns"] ?? "") ? undefined : tag));
}

/** A condition for broadcasts: everybody with that role or a higher one. */
export function only_with_min_role(role: Role): (nick: string, occupant: Occupant) => boolean {
	const min_rank = valid_roles[role];
	return (_nick, occupant) => role_rank(occupant.role) >= min_rank;
}

/** Whether some session of an account is in a room; any JID of it will do. */
export function is_present(room: Room, jid: string): boolean {
	if (room.get_occupant_jid(jid) !== undefined) return true;
	const account = bare(jid);
	for (const { bare_jid } of room._occupants.values()) if (bare_jid === account) return true;
	return false;
}

/**
 * Answers a stanza with an error; `by` is who says so, where the error names anybody.
 * @returns true, by which a handler says that nothing more is to be done with the stanza
 */
export function refuse(origin: Session, stanza: Stanza, type: ErrorType, condition: Condition, text?: string, by?: string): true {
	origin.send(st.error_reply(stanza, type, condition, text, by));
	return true;
}

/** The same in the name of the room. */
export function refuse_in_room(event: RoomStanzaEvent, type: ErrorType, condition: Condition, text?: string): true {
	return refuse(event.origin, event.stanza, type, condition, text, event.room.jid);
}

/** The text for whoever wants to do something that only occupants may do. */
export const not_connected = "You are not currently connected to this chat";

/** Who sent a stanza. Throws where nobody did: the router stamps every stanza before a room sees it. */
export function sender_of(stanza: Stanza): string {
	return address_of(stanza, "from");
}

/** Where a stanza goes. Throws where it goes nowhere. */
export function addressee_of(stanza: Stanza): string {
	return address_of(stanza, "to");
}

function address_of(stanza: Stanza, attribute: "from" | "to"): string {
	const address = stanza.attr[attribute];
	if (address === undefined)
		throw new TypeError(`${stanza.top_tag()} has no ${attribute}: expected the JID that the router puts there`);
	return address;
}

/** Whether a module that needs rooms is loaded on a component. If not, this says so in the log and in the module's status. */
export function is_on_component(module: ModuleApi): boolean {
	if (module.get_host_type() === "component") return true;
	module.log("error", "mod_%s should be loaded only on a MUC component, not normal hosts", module.name);
	module.set_status("error", "Only for MUC components");
	return false;
}

/** Filters the namespaces in which only rooms may speak. */
export function load(module: ModuleApi): void {
	add_filtered_namespace(module, ns.muc);
	add_filtered_namespace(module, ns.muc_user);
}
