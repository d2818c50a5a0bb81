// Counterpart: plugins/muc/muc.lib.lua, handle_admin_query_set_command (XEP-0045 §9 and §10)

import { failed, ok, type Result, type StanzaError, stanza_error } from "../../host/util/error.ts";
import { bare, prep, resource } from "../../host/util/jid.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import { resourceprep } from "../../host/util/stringprep.ts";
import { is_visible_nick } from "../nick.ts";
import type { AffiliationData, Room, Verdict } from "../types.ts";
import { affiliation_rank, is_affiliation, is_role, valid_affiliations } from "../util.lib.ts";
import { check_affiliation, may_set_affiliation } from "./affiliations.ts";

/** What an `<item/>` asks for. */
interface AdminItem {
	/** Bare. */
	readonly jid: string | undefined;
	readonly nick: string | undefined;
	readonly affiliation: string | undefined;
	readonly role: string | undefined;
	readonly reason: string | undefined;
}

/** How many items one request may have: each costs as much as a request, and nobody else has a turn before all are done. */
const most_items = 100;

/**
 * The bare JID of an item; the XEP says that a full JID stands for its bare JID (§10.3 and others). Divergence: Prosody refuses full
 * JIDs. An occupant JID of this room is an error.
 */
function read_jid(room: Room, given: string | undefined): Result<string | undefined, StanzaError> {
	if (given === undefined) return ok(undefined);
	const jid = prep(given);
	if (jid === undefined) return failed(stanza_error("modify", "jid-malformed"));
	const account = bare(jid);
	if (account === room.jid && account !== jid) {
		return failed(stanza_error("modify", "jid-malformed", "Expected the real address of the account, got a nick's in this room"));
	}
	return ok(account);
}

/** Reads an item. Where only a nick is given and a JID is needed, or the other way round, the other one is looked up. */
function read_item(room: Room, item: Stanza): Result<AdminItem, StanzaError> {
	const { nick: raw_nick, affiliation, role } = item.attr;
	const read = read_jid(room, item.attr["jid"]);
	if (!read.ok) return read;
	let jid = read.value;
	let nick = raw_nick === undefined ? undefined : resourceprep(raw_nick);
	const is_blank = affiliation !== undefined && nick !== undefined && !is_visible_nick(nick);
	if (raw_nick !== undefined && (nick === undefined || is_blank)) {
		return failed(stanza_error("modify", "jid-malformed", "invalid nickname"));
	}
	if (jid === undefined && nick !== undefined) {
		// Some clients give the nick for an affiliation, which needs the JID
		jid = room._occupants.get(`${room.jid}/${nick}`)?.bare_jid;
	} else if (role !== undefined && nick === undefined && jid !== undefined) {
		nick = resource(room.get_occupant_jid(prep(item.attr["jid"])));
	}
	return ok({ jid, nick, affiliation, role, reason: item.get_child_text("reason") });
}

/** Removes an occupant whose nick is being reserved for somebody else. */
function remove_squatter(room: Room, actor: string, jid: string, nick: string, affiliation: string): void {
	const occupant_jid = `${room.jid}/${nick}`;
	const squatter = room._occupants.get(occupant_jid);
	if (squatter === undefined || squatter.bare_jid === jid) return;
	// Divergence: Prosody removes the occupant before it checks the actor's rights, so anybody can kick anybody
	if (!is_affiliation(affiliation) || !may_set_affiliation(room, actor, jid, affiliation).ok) return;
	room.module.log("debug", "Existing occupant for %s: %s does not match %s", occupant_jid, squatter.bare_jid, jid);
	room.set_role(true, occupant_jid, undefined, "This nickname is reserved");
}

/** Whether a nick can be reserved with that affiliation. Divergence: Prosody also reserves nicks for those who are banned. */
function may_reserve(affiliation: string): boolean {
	return is_affiliation(affiliation) && valid_affiliations[affiliation] > valid_affiliations.none;
}

/** The data that will be stored about the account of an item. */
function data_of(room: Room, jid: string, { nick, affiliation, reason }: AdminItem): AffiliationData {
	// Divergence: Prosody changes the stored reason and nick before it checks the actor's rights
	const data = { ...room.get_affiliation_data(jid) };
	if (reason !== undefined) data.reason = reason;
	if (nick !== undefined && affiliation !== undefined && may_reserve(affiliation)) data.reserved_nickname = nick;
	return data;
}

function apply_item(room: Room, actor: string, item: AdminItem): Verdict {
	const { jid, nick, affiliation, role, reason } = item;
	if (affiliation !== undefined && jid !== undefined && role === undefined) {
		const data = data_of(room, jid, item);
		if (nick !== undefined && may_reserve(affiliation)) {
			remove_squatter(room, actor, jid, nick, affiliation);
			room.module.log("debug", "Reserving %s for %s (%s)", nick, jid, affiliation);
		}
		return room.set_affiliation(actor, jid, affiliation, reason, data);
	}
	if (role !== undefined && nick !== undefined && affiliation === undefined) {
		return room.set_role(actor, `${room.jid}/${nick}`, role, reason);
	}
	return failed(stanza_error("cancel", "bad-request"));
}

/** Whether an item could be applied to the room as it is. Whether an owner is left afterwards is not checked here. */
function check_item(room: Room, actor: string, item: AdminItem): Verdict {
	const { jid, nick, affiliation, role } = item;
	if (affiliation !== undefined && jid !== undefined && role === undefined) {
		if (!is_affiliation(affiliation)) return failed(stanza_error("modify", "not-acceptable"));
		// Admins of the service may own all rooms without being among their stored owners
		const is_born_owner = room.get_affiliation(jid) === "owner" && room._affiliations.get(jid) !== "owner";
		if (is_born_owner && affiliation !== "owner") return failed(stanza_error("modify", "not-acceptable"));
		const checked = check_affiliation(room, actor, jid, affiliation, item.reason, data_of(room, jid, item));
		return checked.ok ? ok(true) : checked;
	}
	if (role !== undefined && nick !== undefined && affiliation === undefined) {
		const occupant = room.get_occupant_by_nick(`${room.jid}/${nick}`);
		if (occupant === undefined) return failed(stanza_error("modify", "item-not-found"));
		if (!is_role(role)) return failed(stanza_error("modify", "not-acceptable"));
		return room.may_set_role(actor, occupant, role === "none" ? undefined : role);
	}
	return failed(stanza_error("cancel", "bad-request"));
}

/** Whether the room still has an owner after all these items. */
function leaves_owner(room: Room, items: readonly AdminItem[]): boolean {
	const changed = new Map(items.map(({ jid, affiliation }) => [jid, affiliation]));
	for (const [jid] of room.each_affiliation("owner")) if ((changed.get(jid) ?? "owner") === "owner") return true;
	return [...changed.values()].includes("owner");
}

/**
 * Checks items that are to be applied together. Each must be about a different person, and all about affiliations or all about roles,
 * so that applying one cannot change whether another is allowed.
 */
function check_items(room: Room, actor: string, items: readonly AdminItem[]): Verdict {
	const refuse = (text: string): Verdict => failed(stanza_error("modify", "bad-request", text));
	const is_about_roles = items[0]?.role !== undefined;
	const seen = new Set<string | undefined>();
	for (const item of items) {
		if ((item.role !== undefined) !== is_about_roles) return refuse("Expected either affiliations or roles in one request");
		const whom = is_about_roles ? item.nick : item.jid;
		if (whom !== undefined && seen.has(whom)) return refuse(`Expected one item about ${whom}`);
		seen.add(whom);
		const own = bare(actor) === item.jid && !is_about_roles;
		const checked = check_item(room, actor, item);
		// Another item may make another owner
		const is_last_owner = own && !checked.ok && checked.error.condition === "conflict" && item.affiliation !== "outcast";
		if (!checked.ok && !(is_last_owner && leaves_owner(room, items))) return checked;
		if (own && affiliation_rank(room.get_affiliation(actor)) === valid_affiliations.owner && !leaves_owner(room, items)) {
			return failed(stanza_error("cancel", "conflict"));
		}
	}
	return ok(true);
}

/**
 * Applies the items of a muc#admin set: all of them, or none where one is refused (XEP-0045 §9.2, §9.5, §9.8, §10.5, §10.8).
 * Divergence: Prosody only applies the first, and answers as if it had applied all.
 */
export function apply_admin_set(room: Room, actor: string, elements: readonly Stanza[]): Verdict {
	if (elements.length > most_items) {
		return failed(stanza_error("modify", "policy-violation", `Expected at most ${most_items} items in one request`));
	}
	const items: AdminItem[] = [];
	for (const element of elements) {
		const item = read_item(room, element);
		if (!item.ok) return item;
		items.push(item.value);
	}
	const [first] = items;
	if (first === undefined) return failed(stanza_error("cancel", "bad-request"));
	if (items.length === 1) return apply_item(room, actor, first);
	const checked = check_items(room, actor, items);
	if (!checked.ok) return checked;
	// The actor's own item comes last, since it may take away the right to do the rest
	const is_own = (item: AdminItem): boolean =>
		item.role === undefined ? item.jid === bare(actor) : `${room.jid}/${item.nick}` === room.get_occupant_jid(actor);
	for (const item of [...items.filter((one) => !is_own(one)), ...items.filter(is_own)]) {
		const done = apply_item(room, actor, item);
		// A module may refuse now what it allowed in the check
		if (!done.ok) return done;
	}
	return ok(true);
}
