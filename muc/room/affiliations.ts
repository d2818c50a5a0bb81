// Counterpart: plugins/muc/muc.lib.lua (affiliations, XEP-0045 §5.2)

import type { StoreValue } from "../../host/core/types.ts";
import { failed, ok, type Result, type StanzaError, stanza_error } from "../../host/util/error.ts";
import { bare, host, join, split } from "../../host/util/jid.ts";
import * as st from "../../host/util/stanza.ts";
import type { SetAffiliationEvent } from "../events.ts";
import { room_methods } from "../feature.ts";
import type { Affiliation, AffiliationData, Occupant, Role, Room, Verdict } from "../types.ts";
import { affiliation_rank, is_affiliation, only_with_min_role, role_rank } from "../util.lib.ts";
import { add_item, muc_user } from "./item.ts";

/** The affiliation of an account, which may be banned with its whole domain; undefined is "none". */
function get_affiliation(room: Room, jid: string): Affiliation | undefined {
	// Called for every occupant whenever somebody enters, so bare JIDs, which most are, are not split
	const account = bare(jid);
	if (account === undefined) return undefined;
	const affiliation = room._affiliations.get(account);
	if (affiliation !== undefined) return affiliation;
	return room._affiliations.get(host(account) ?? "") === "outcast" ? "outcast" : undefined;
}

/** All affiliated JIDs, or those of one affiliation, with what is kept about them. */
function* each_affiliation(
	room: Room,
	wanted?: Affiliation,
): IterableIterator<[jid: string, affiliation: Affiliation, data: AffiliationData | undefined]> {
	for (const [jid, affiliation] of room._affiliations) {
		if (wanted === undefined || affiliation === wanted) yield [jid, affiliation, room._affiliation_data.get(jid)];
	}
}

function is_last_owner(room: Room, jid: string): boolean {
	for (const [owner] of room.each_affiliation("owner")) {
		if (owner !== jid) return false;
	}
	return true;
}

/** The rules of XEP-0045 §9 and §10: whether an actor may give an account that affiliation. `jid` is bare. */
export function may_set_affiliation(room: Room, actor: string, jid: string, affiliation: Affiliation): Verdict {
	const own = room.get_affiliation(actor);
	// Not get_affiliation, which also answers with the ban of a whole domain
	const current = room._affiliations.get(jid);
	if (own === "owner") {
		// Divergence: in Prosody owners can ban themselves, unless they are the last (XEP-0045 §9.1)
		if (bare(actor) === jid && affiliation === "outcast") return failed(stanza_error("cancel", "conflict"));
		const is_self_downgrade = bare(actor) === jid && affiliation_rank(current) > affiliation_rank(affiliation);
		return is_self_downgrade && is_last_owner(room, jid) ? failed(stanza_error("cancel", "conflict")) : ok(true);
	}
	const is_above_admin = [affiliation, current].some((one) => one === "owner" || one === "admin");
	return own === "admin" && !is_above_admin ? ok(true) : failed(stanza_error("cancel", "not-allowed"));
}

/**
 * Asks the rules and all modules whether an account may be given an affiliation. `actor` is a real JID, or undefined for the service.
 * @returns the event of the change, which modules may have changed
 */
export function check_affiliation(
	room: Room,
	actor: string | undefined,
	jid: string,
	affiliation: Affiliation,
	reason: string | undefined,
	data: AffiliationData | false | undefined,
): Result<SetAffiliationEvent, StanzaError> {
	if (actor !== undefined) {
		const verdict = may_set_affiliation(room, actor, jid, affiliation);
		if (!verdict.ok) return verdict;
	}
	const event: SetAffiliationEvent = {
		room,
		actor,
		jid,
		affiliation,
		reason,
		previous_affiliation: room._affiliations.get(jid) ?? "none",
		data: data || undefined,
		previous_data: room._affiliation_data.get(jid),
	};
	room.module.fire_event("muc-pre-set-affiliation", event);
	// PARITY: the error's text gets lost
	if (event.allowed !== false) return ok(event);
	return failed(stanza_error(event.error?.type ?? "cancel", event.error?.condition ?? "not-allowed"));
}

/**
 * Gives an account (or a domain) an affiliation, and the role that goes with it to its occupants; tells the room and saves.
 * `actor` is the real JID of whoever wants it, or true for the service itself, which may do everything. `data` replaces what is
 * kept about the account; false forgets it, undefined leaves it.
 */
function set_affiliation(
	room: Room,
	given_actor: string | true | undefined,
	given_jid: string,
	wanted: string | false | undefined,
	reason?: string,
	data?: AffiliationData | false,
): Verdict {
	const parts = split(given_jid);
	const jid = join(parts.node, parts.host);
	const affiliation = wanted === undefined || wanted === false ? "none" : wanted;
	if (given_actor === undefined || jid === undefined || !is_affiliation(affiliation)) {
		return failed(stanza_error("modify", "not-acceptable"));
	}
	const actor = given_actor === true ? undefined : given_actor;
	const checked = check_affiliation(room, actor, jid, affiliation, reason, data);
	if (!checked.ok) return checked;
	const event = checked.value;

	const previous = room._affiliations.get(jid);
	// Handlers may have added data
	store_affiliation(room, jid, affiliation, data || event.data || data);
	const role = room.get_default_role(affiliation === "none" ? undefined : affiliation);
	const changed = update_roles(room, jid, role, {
		is_downgrade: affiliation_rank(previous) > affiliation_rank(affiliation),
		bans_domain: parts.node === undefined && affiliation === "outcast",
	});
	show_affiliation(room, event, role, changed);
	room.save(true);
	event.in_room = changed.size > 0;
	room.module.fire_event("muc-set-affiliation", event);
	return ok(true);
}

function without_nick(data: AffiliationData | false | undefined): AffiliationData | false | undefined {
	if (!data) return data;
	const { reserved_nickname: _, ...rest } = data;
	return rest;
}

/** Keeps an affiliation with its data: `false` and empty data forget what was kept, undefined leaves it. */
function store_affiliation(room: Room, jid: string, affiliation: Affiliation, wanted: AffiliationData | false | undefined): void {
	room.before_change()?.note_affiliation(jid);
	if (affiliation === "none") room._affiliations.delete(jid);
	else room._affiliations.set(jid, affiliation);
	// Divergence: in Prosody, the nick of somebody who is banned stays reserved, so nobody else can use it
	const is_banned = affiliation === "outcast";
	const data = is_banned ? without_nick(wanted ?? room._affiliation_data.get(jid)) : wanted;
	const is_empty = data === false || (data !== undefined && Object.values(data).every((value) => value === undefined));
	if (affiliation === "none" || is_empty) room._affiliation_data.delete(jid);
	else if (data) room._affiliation_data.set(jid, data);
}

/**
 * Whether an occupant is banned with its whole domain. Divergence: Prosody also removes those who have an affiliation of their own
 * and so are not banned, even owners and whoever asked for the ban.
 */
function is_banned_with(room: Room, { bare_jid }: Occupant, domain: string): boolean {
	return host(bare_jid) === domain && room.get_affiliation(bare_jid) === "outcast";
}

/** Gives the account's occupants their new role. Returns these occupants, each with the role that it had before. */
function update_roles(
	room: Room,
	jid: string,
	role: Role | undefined,
	{ is_downgrade, bans_domain }: { is_downgrade: boolean; bans_domain: boolean },
): Map<Occupant, Role | undefined> {
	const changed = new Map<Occupant, Role | undefined>();
	for (const present of room._occupants.values()) {
		if (present.bare_jid !== jid && !(bans_domain && is_banned_with(room, present, jid))) continue;
		// The room also shows the affiliation, so it has to show the occupant again even where the role stays the same
		const occupant = present.copy();
		changed.set(occupant, occupant.role);
		if (occupant.role === role || !(is_downgrade || role_rank(occupant.role) < role_rank(role))) continue;
		occupant.role = role;
		room.save_occupant(occupant);
	}
	return changed;
}

/** Shows occupants with their new affiliation and role. Where the account is not in the room, a message tells of the change. */
function show_affiliation(
	room: Room,
	{ jid, affiliation, actor, reason }: SetAffiliationEvent,
	role: Role | undefined,
	changed: ReadonlyMap<Occupant, Role | undefined>,
): void {
	const x = muc_user();
	if (role === undefined) x.tag("status", { code: affiliation === "outcast" ? "301" : "321" }).up();
	const is_semi_anonymous = room.get_whois() === "moderators";

	for (const [occupant, prev_role] of changed) {
		room.publicise_occupant_status({ occupant, x, actor, reason, prev_role });
		if (occupant.role === undefined) {
			room.module.fire_event("muc-occupant-left", { room, nick: occupant.nick, occupant });
		} else if (is_semi_anonymous && (prev_role === "moderator") !== (occupant.role === "moderator")) {
			// From now on the occupant may see the others' real JIDs, or no longer may
			for (const [real_jid] of occupant.each_session()) {
				room.send_occupant_list(real_jid, (_nick, other) => other?.bare_jid !== jid);
			}
		}
	}
	if (changed.size > 0) return;
	const message = st.message({ from: room.jid });
	message.add_child(add_item(x, { affiliation, role: undefined, jid, reason }));
	room.broadcast(message, only_with_min_role(is_semi_anonymous ? "moderator" : "none"));
}

/** What is kept about an affiliated JID, as a whole or under one key. */
function get_affiliation_data(this: Room, jid: string): AffiliationData | undefined;
function get_affiliation_data(this: Room, jid: string, key: string): StoreValue | undefined;
function get_affiliation_data(this: Room, jid: string, key?: string): StoreValue | undefined {
	const data = this._affiliation_data.get(jid);
	return key === undefined ? data : data?.[key];
}

/** Changes one key of what is kept about a JID, and saves. False without a key. */
function set_affiliation_data(room: Room, jid: string, key: string | undefined, value: StoreValue | undefined): boolean {
	if (key === undefined) return false;
	const known = room._affiliation_data.get(jid);
	if (known === undefined && value === undefined) return true;
	room.before_change()?.note_affiliation(jid);
	const data = known ?? {};
	const old_value = data[key];
	room._affiliation_data.set(jid, data);
	if (value === undefined) delete data[key];
	else data[key] = value;
	if (old_value !== value) room.module.fire_event(`muc-set-affiliation-data/${key}`, { room, jid, key, value, old_value });
	room.save(true);
	return true;
}

export const methods = {
	...room_methods({ get_affiliation, each_affiliation, set_affiliation, set_affiliation_data }),
	// Its return type depends on whether there is a key, which room_methods cannot express
	get_affiliation_data,
};
