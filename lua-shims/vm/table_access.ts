// Counterpart: lvm.c of Lua 5.4: reading and setting what a table has, with short ways for what is done most often

import { ltable, lvm, type Table, type TString, TValue } from "./fengari.ts";
import { nil, tags } from "./live_table.ts";
import { is_string, item, type Machine, set_nil } from "./operators.ts";

/** `table[key]`, into a register. */
export function get(L: Machine, table: TValue, key: TValue, to: number): void {
	const { watch } = L.l_G;
	const watched = watch === undefined ? undefined : watch.read(L, table, key);
	if (watched !== undefined) {
		item(L.stack, to).setfrom(watched);
		return;
	}
	if (table.type === tags.table) {
		const inside = table.value as Table;
		const { strong } = inside;
		let found: TValue;
		if (strong !== undefined && is_string(key)) found = strong.get((key.value as TString).hash)?.value ?? nil;
		else if (strong !== undefined && key.type === tags.integer) found = strong.get(key.value)?.value ?? nil;
		else found = ltable.luaH_get(L, inside, key);
		if (found.type !== tags.nil) {
			const target = item(L.stack, to);
			target.type = found.type;
			target.value = found.value;
			return;
		}
		if (inside.metatable === null) {
			set_nil(item(L.stack, to));
			return;
		}
	}
	lvm.luaV_gettable(L, table, key, to);
}

/** `table[key] = value`. */
export function set(L: Machine, table: TValue, key: TValue, value: TValue): void {
	if (L.l_G.watch !== undefined) L.l_G.watch.written(table);
	if (table.type === tags.table) {
		const inside = table.value as Table;
		const { strong } = inside;
		if (strong !== undefined && value.type !== tags.nil && (key.type === tags.integer || is_string(key))) {
			const entry = strong.get(key.type === tags.integer ? key.value : (key.value as TString).hash);
			if (entry !== undefined) {
				entry.value.type = value.type;
				entry.value.value = value.value;
				inside.flags = 0;
				return;
			}
		}
		if (inside.metatable === null) {
			ltable.luaH_setfrom(L, inside, key, value);
			ltable.invalidateTMcache(inside);
			return;
		}
	}
	lvm.settable(L, table, key, value);
}

/** Puts registers into a table constructor. In loops, the list comes before fields that were set earlier. */
export function set_items(L: Machine, table: Table, before: number, at: number, count: number): void {
	const first_field = before === 0 && count > 0 ? table.f : undefined;
	const last_field = table.l;
	if (first_field !== undefined) {
		table.f = undefined;
		table.l = undefined;
	}
	for (let index = 1; index <= count; index++) {
		ltable.luaH_setfrom(L, table, new TValue(tags.integer, before + index), item(L.stack, at + index));
	}
	if (first_field === undefined) return;
	const last_item = table.l;
	if (last_item === undefined) table.f = first_field;
	else {
		last_item.n = first_field;
		first_field.p = last_item;
	}
	table.l = last_field;
}
