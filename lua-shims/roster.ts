// Counterpart: core/rostermanager.lua (the shape of rosters), as the Lua side of the host's rosters

import { AccountRoster } from "../host/core/rostermanager.ts";
import type { Roster, RosterItem } from "../host/core/types.ts";
import { deserialize, Stanza } from "../host/util/stanza.ts";
import type { Border } from "./border.ts";
import type { LuaContext } from "./context.ts";
import { type Fields, HostTable } from "./host_table.ts";
import { table_value } from "./views.ts";
import type { Table, TValue } from "./vm/fengari.ts";
import { type Key, key_of, LiveTable, nil, tags } from "./vm/live_table.ts";

const subscriptions: ReadonlySet<unknown> = new Set(["none", "to", "from", "both", "remove"]);

function is_subscription(value: unknown): value is RosterItem["subscription"] {
	return subscriptions.has(value);
}

/** The text keys of a Lua table whose values are true. */
function names_in(host: LuaContext, value: TValue): Set<string> {
	const names = new Set<string>();
	if (value.type !== tags.table) throw new TypeError("a contact's groups are a table with the groups' names as keys");
	const { value: table } = value;
	if (table instanceof LiveTable) {
		for (const key of table.keys()) if (typeof key === "string") names.add(key);
		return names;
	}
	for (const [key, item] of host.vm.entries(table as Table)) {
		const name = key_of(key);
		if (typeof name === "string" && !item.ttisnil() && item.value !== false) names.add(name);
	}
	return names;
}

function item_fields(host: LuaContext): Fields<RosterItem> {
	const { border } = host;
	return new Map([
		[
			"subscription",
			{
				get: (item: RosterItem) => item.subscription,
				set: (item: RosterItem, value: TValue) => {
					const given = border.from_lua(value);
					if (!is_subscription(given))
						throw new TypeError(`a contact's subscription is none, to, from or both, not ${String(given)}`);
					item.subscription = given;
				},
			},
		],
		[
			"ask",
			{
				get: (item: RosterItem) => item.ask,
				set: (item: RosterItem, value: TValue) => {
					if (value.ttisnil()) delete item.ask;
					else item.ask = "subscribe";
				},
			},
		],
		[
			"name",
			{
				get: (item: RosterItem) => item.name,
				set: (item: RosterItem, value: TValue) => {
					const given = border.from_lua(value);
					if (typeof given === "string") item.name = given;
					else delete item.name;
				},
			},
		],
		[
			"groups",
			{
				get: (item: RosterItem) => item.groups,
				set: (item: RosterItem, value: TValue) => {
					item.groups = names_in(host, value);
				},
			},
		],
		[
			"approved",
			{
				// Prosody keeps the attribute's text
				get: (item: RosterItem) => (item.approved ? "true" : undefined),
				set: (item: RosterItem, value: TValue) => {
					const given = border.from_lua(value);
					if (given === "true" || given === true) item.approved = true;
					else delete item.approved;
				},
			},
		],
	]);
}

/** `roster[false].pending`: the stanza or true for each JID that has asked. */
class PendingTable extends LiveTable {
	constructor(
		private readonly border: Border,
		readonly target: Roster["pending"],
	) {
		super(border.vm.next_id());
	}

	get(key: Key): TValue {
		return typeof key === "string" ? this.border.to_lua(this.target.get(key)) : nil;
	}

	set(key: Key, value: TValue): void {
		if (typeof key !== "string") throw new TypeError("pending subscriptions are kept by JID");
		if (value.ttisnil() || value.value === false) this.target.delete(key);
		else {
			const given = this.border.from_lua(value);
			// Prosody keeps the stanza in the form in which it is stored
			this.target.set(key, given instanceof Stanza ? given : (deserialize(this.border.copy(value)) ?? true));
		}
	}

	keys(): readonly Key[] {
		return [...this.target.keys()];
	}
}

/** Rosters whose version was set to true by a module, which means no version. */
const without_version = new WeakSet<Roster>();

/** A roster as Prosody has it: contacts by JID, and everything else under the key false. */
class RosterTable extends LiveTable {
	private readonly metadata: TValue;
	private readonly views = new WeakMap<RosterItem, TValue>();

	constructor(
		private readonly host: LuaContext,
		readonly target: Roster,
		private readonly fields: Fields<RosterItem>,
	) {
		super(host.vm.next_id());
		const { border } = host;
		const pending = table_value(new PendingTable(border, target.pending));
		const metadata: Fields<Roster> = new Map([
			[
				"version",
				{
					// Prosody has none before the first change, and its modules rely on that
					get: (roster: Roster) => without_version.has(roster) || roster.version || undefined,
					set: (roster: Roster, value: TValue) => {
						if (typeof value.value === "number") roster.version = value.value;
						// clients must not rely on it
						if (value.value === true) without_version.add(roster);
						else without_version.delete(roster);
					},
				},
			],
			["pending", { get: () => pending, set: () => undefined }],
			[
				"broken",
				{
					get: (roster: Roster) => roster.broken || undefined,
					set: (roster: Roster, value: TValue) => {
						roster.broken = !value.ttisnil() && value.value !== false;
					},
				},
			],
		]);
		this.metadata = table_value(new HostTable(border, target, "roster[false]", metadata));
	}

	get(key: Key): TValue {
		if (key === false) return this.metadata;
		const item = typeof key === "string" ? this.target.items.get(key) : undefined;
		return item === undefined ? nil : this.view_of(item);
	}

	private view_of(item: RosterItem): TValue {
		let view = this.views.get(item);
		if (!view) {
			view = table_value(new HostTable(this.host.border, item, "a contact", this.fields));
			this.views.set(item, view);
			this.host.border.bind(item, view);
		}
		return view;
	}

	set(key: Key, value: TValue): void {
		if (key === false) return;
		if (typeof key !== "string") throw new TypeError("the contacts of a roster are kept by JID");
		if (value.ttisnil()) {
			this.target.items.delete(key);
			return;
		}
		if (value.type !== tags.table) throw new TypeError("a contact of a roster is a table");
		const item: RosterItem = { subscription: "none", groups: new Set() };
		this.target.items.set(key, item);
		const view = this.view_of(item).value as HostTable<RosterItem>;
		const { value: table } = value;
		if (table instanceof LiveTable) for (const name of table.keys()) view.set(name, table.get(name));
		else {
			for (const [name, field] of this.host.vm.entries(table as Table)) {
				const known = key_of(name);
				if (known !== undefined) view.set(known, field);
			}
		}
	}

	keys(): readonly Key[] {
		return [false, ...this.target.items.keys()];
	}
}

/** Shows the host's rosters to Lua. */
export function register_rosters(host: LuaContext): void {
	const fields = item_fields(host);
	host.border.register(AccountRoster.prototype, (_, object) => new RosterTable(host, object as AccountRoster, fields));
}
