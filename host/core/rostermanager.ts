// Counterpart: core/rostermanager.lua

import * as id from "../util/id.ts";
import * as st from "../util/stanza.ts";
import { carriable } from "../util/xml_text.ts";
import type { Roster, RosterItem, RosterManager, Server, StoreMap, StoreValue, UserManager } from "./types.ts";

function table_entries(value: unknown): Iterable<[unknown, unknown]> {
	if (value instanceof Map) return value;
	return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function subscription_of(value: unknown): RosterItem["subscription"] {
	return value === "to" || value === "from" || value === "both" ? value : "none";
}

/** Reads a stored contact; undefined for anything else. */
function read_item(stored: unknown): RosterItem | undefined {
	if (typeof stored !== "object" || stored === null) return undefined;
	const fields = new Map(table_entries(stored));
	const item: RosterItem = { subscription: subscription_of(fields.get("subscription")), groups: new Set() };
	for (const [group] of table_entries(fields.get("groups"))) {
		if (typeof group === "string") item.groups.add(carriable(group));
	}
	if (fields.get("ask") === "subscribe") item.ask = "subscribe";
	const name = fields.get("name");
	if (typeof name === "string") item.name = carriable(name);
	if (fields.get("approved") === "true") item.approved = true;
	return item;
}

function write_item(item: RosterItem): StoreValue {
	const stored: StoreMap = new Map<string | number | boolean, StoreValue>([["subscription", item.subscription]]);
	if (item.ask !== undefined) stored.set("ask", item.ask);
	if (item.name !== undefined) stored.set("name", item.name);
	if (item.approved) stored.set("approved", "true");
	stored.set("groups", Object.fromEntries([...item.groups].map((group) => [group, true])));
	return Object.fromEntries(stored);
}

/** A roster in memory. It is a class so that Lua's views can recognise rosters. */
export class AccountRoster implements Roster {
	version = 0;
	broken = false;
	readonly items: Roster["items"] = new Map();
	readonly pending: Roster["pending"] = new Map();
}

/**
 * Whether a table beside the contacts holds pending requests, as older versions of Prosody stored them: a contact has a
 * subscription.
 */
function is_old_pending(key: unknown, value: unknown): boolean {
	return key === "pending" && typeof value === "object" && typeof new Map(table_entries(value)).get("subscription") !== "string";
}

/** Reads a stored roster. Source: core/rostermanager.lua, roster_metadata. */
function read_roster(stored: StoreMap | undefined): Roster {
	const roster = new AccountRoster();
	const pending = (requests: unknown): void => {
		roster.pending.clear();
		for (const [jid, request] of table_entries(requests)) {
			if (typeof jid === "string") roster.pending.set(jid, st.deserialize(request) ?? true);
		}
	};
	for (const [key, value] of stored ?? []) {
		if (key === false) {
			const metadata = new Map(table_entries(value));
			const version = metadata.get("version");
			if (typeof version === "number") roster.version = version;
			if (roster.pending.size === 0) pending(metadata.get("pending"));
		} else if (is_old_pending(key, value)) pending(value);
		else if (typeof key === "string") {
			const item = read_item(value);
			if (item) roster.items.set(key, item);
		}
	}
	return roster;
}

function write_roster(roster: Roster): StoreMap {
	const pending: StoreMap = new Map();
	for (const [jid, request] of roster.pending) pending.set(jid, request === true ? true : st.preserialize(request));
	const stored: StoreMap = new Map();
	for (const [jid, item] of roster.items) if (item.persist !== false) stored.set(jid, write_item(item));
	stored.set(false, { version: roster.version, pending });
	return stored;
}

/** What of a server its rosters need. */
export interface RosterNeeds extends Pick<Server, "delivery" | "events" | "hosts" | "logger" | "open_store" | "turn"> {
	readonly usermanager: Pick<UserManager, "user_exists">;
}

/** Keeps the rosters of one server. While an account is online, everybody gets the same roster object. */
export function create_rostermanager(server: RosterNeeds): RosterManager {
	const log = server.logger("rostermanager");
	/** Of accounts that are online, by bare JID. */
	const online = new Map<string, Roster>();
	const forget = (jid: string): void => {
		if (!server.delivery.is_online(jid)) online.delete(jid);
	};
	server.events.add_handler("host-deactivated", (host) => {
		for (const jid of [...online.keys()]) {
			if (jid.endsWith(`@${host}`)) online.delete(jid);
		}
	});

	function load_roster(username: string, host: string): Roster {
		const jid = `${username}@${host}`;
		const known = online.get(jid);
		if (known && server.delivery.is_online(jid)) return known;
		forget(jid);
		const store = server.open_store(host, "roster", "keyval");
		const stored = store.ok ? store.value.get_table(username) : store;
		if (!stored.ok) log("error", "The roster of %s could not be read, and will not be written: %s", jid, stored.error.text);
		const roster = read_roster(stored.ok ? stored.value : undefined);
		roster.broken = !stored.ok;
		roster.items.delete(jid);
		if (!roster.broken) server.hosts.get(host)?.events.fire_event("roster-load", { username, host, roster });
		if (server.delivery.is_online(jid)) online.set(jid, roster);
		return roster;
	}

	function save_roster(username: string, host: string, roster: Roster): boolean {
		if (roster.broken || !server.usermanager.user_exists(username, host)) return false;
		roster.version++;
		// Then the roster in memory is not the one that is stored
		server.turn.remember({ undo: () => void online.delete(`${username}@${host}`) });
		const store = server.open_store(host, "roster", "keyval");
		const saved = store.ok ? store.value.set_table(username, write_roster(roster)) : store;
		if (!saved.ok) log("error", "The roster of %s@%s could not be saved: %s", username, host, saved.error.text);
		return saved.ok;
	}

	/** Changes a roster and saves it where the change says that it changed something. */
	function update(username: string, host: string, change: (roster: Roster) => boolean): boolean {
		const roster = load_roster(username, host);
		return change(roster) && save_roster(username, host, roster);
	}

	function item_for(roster: Roster, jid: string): RosterItem {
		let item = roster.items.get(jid);
		if (!item) {
			item = { subscription: "none", groups: new Set() };
			roster.items.set(jid, item);
		}
		return item;
	}

	/** Adds or removes one direction of a subscription; answers whether that changed anything. */
	function subscribe_direction(item: RosterItem | undefined, direction: "to" | "from", wanted: boolean): boolean {
		if (!item) return false;
		const other = direction === "to" ? "from" : "to";
		const has = item.subscription === "both" || item.subscription === direction;
		if (has === wanted) return false;
		const has_other = item.subscription === "both" || item.subscription === other;
		item.subscription = wanted ? (has_other ? "both" : direction) : has_other ? other : "none";
		return true;
	}

	const manager: RosterManager = {
		load_roster,
		save_roster,
		roster_push(username, host, jid) {
			const user = server.hosts.get(host)?.sessions.get(username);
			if (!user) return;
			const roster = load_roster(username, host);
			const item = roster.items.get(jid);
			const push_id = id.short();
			for (const session of user.sessions.values()) {
				if (!session.interested) continue;
				const push = st.iq({ type: "set", id: push_id }).tag("query", { xmlns: "jabber:iq:roster", ver: String(roster.version) });
				session.send(add_roster_item(push, jid, item).reset());
			}
		},
		is_contact_subscribed(username, host, jid) {
			const subscription = load_roster(username, host).items.get(jid)?.subscription;
			return subscription === "from" || subscription === "both";
		},
		is_user_subscribed(username, host, jid) {
			const subscription = load_roster(username, host).items.get(jid)?.subscription;
			return subscription === "to" || subscription === "both";
		},
		is_contact_preapproved: (username, host, jid) => load_roster(username, host).items.get(jid)?.approved ?? false,
		is_contact_pending_in: (username, host, jid) => load_roster(username, host).pending.has(jid),
		set_contact_pending_in: (username, host, jid, stanza) =>
			update(username, host, (roster) => {
				if (manager.is_contact_subscribed(username, host, jid)) return false;
				roster.pending.set(jid, stanza);
				return true;
			}),
		set_contact_pending_out(username, host, jid) {
			const roster = load_roster(username, host);
			const known = roster.items.get(jid);
			if (known && (known.ask || known.subscription === "to" || known.subscription === "both")) return true;
			item_for(roster, jid).ask = "subscribe";
			return save_roster(username, host, roster);
		},
		unsubscribe(username, host, jid) {
			const roster = load_roster(username, host);
			const item = roster.items.get(jid);
			if (!item) return false;
			if ((item.subscription === "from" || item.subscription === "none") && !item.ask) return true;
			delete item.ask;
			subscribe_direction(item, "to", false);
			return save_roster(username, host, roster);
		},
		subscribed: (username, host, jid) =>
			update(username, host, (roster) => {
				if (roster.pending.delete(jid)) {
					subscribe_direction(item_for(roster, jid), "from", true);
					return true;
				}
				if (manager.is_contact_subscribed(username, host, jid)) return false;
				// Approved before it was asked for (RFC 6121 §3.4).
				item_for(roster, jid).approved = true;
				return true;
			}),
		unsubscribed(username, host, jid) {
			const roster = load_roster(username, host);
			const was_pending = roster.pending.delete(jid);
			const was_subscribed = subscribe_direction(roster.items.get(jid), "from", false);
			return { success: (was_pending || was_subscribed) && save_roster(username, host, roster), was_subscribed };
		},
		process_inbound_subscription_approval: (username, host, jid) =>
			update(username, host, (roster) => {
				const item = roster.items.get(jid);
				if (!item?.ask) return false;
				delete item.ask;
				subscribe_direction(item, "to", true);
				return true;
			}),
		process_inbound_subscription_cancellation: (username, host, jid) =>
			update(username, host, (roster) => {
				const item = roster.items.get(jid);
				const asked = item?.ask !== undefined;
				if (item) delete item.ask;
				return subscribe_direction(item, "to", false) || asked;
			}),
		process_inbound_unsubscribe: (username, host, jid) =>
			update(username, host, (roster) => {
				const was_pending = roster.pending.delete(jid);
				return subscribe_direction(roster.items.get(jid), "from", false) || was_pending;
			}),
	};
	return manager;
}

/** Adds a contact's `<item/>` where the builder stands; a missing one is shown as removed. */
export function add_roster_item(to: st.Stanza, jid: string, item: RosterItem | undefined): st.Stanza {
	if (!item) return to.tag("item", { jid, subscription: "remove" }).up();
	to.tag("item", { jid, subscription: item.subscription, ask: item.ask, name: item.name });
	for (const group of item.groups) to.text_tag("group", group);
	return to.up();
}
