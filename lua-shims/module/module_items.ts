// Counterpart: core/moduleapi.lua: add_item, handle_items, provides

import type { ModuleApi } from "../../host/core/types.ts";
import type { LuaContext } from "../context.ts";
import { adapt_item, adapted_item, item_value } from "../items.ts";
import { array_value, stanza_argument } from "../native_calls.ts";
import { function_argument, optional_text, text_argument } from "../vm/arguments.ts";
import { type Table, TValue } from "../vm/fengari.ts";
import { LiveTable, nil, string_value, tags, text_of_string } from "../vm/live_table.ts";
import type { LuaModule, Methods } from "./lua_module.ts";
import type { ModuleRegistry } from "./registry.ts";

/** Items that modules offer each other. */
export function item_methods(host: LuaContext, modules: ModuleRegistry): Methods {
	const { vm, border } = host;

	/** `module.items`: a module's items by key, which some modules read. */
	function items_of(module: LuaModule, key: string): Table {
		const inner = (table: Table, name: string): Table => {
			const known = vm.raw_get(table, name);
			if (known.type === tags.table) return known.value as Table;
			const made = vm.new_table();
			vm.raw_set(table, name, new TValue(tags.table, made));
			return made;
		};
		return inner(inner(module.table, "items"), key);
	}

	function note_item(module: LuaModule, key: string, item: TValue): void {
		const list = items_of(module, key);
		vm.raw_set(list, vm.len(new TValue(tags.table, list)) + 1, new TValue(item.type, item.value));
	}

	function forget_item(module: LuaModule, key: string, item: TValue): void {
		const list = items_of(module, key);
		const kept = [...vm.entries(list)]
			.map(([, value]) => value)
			.filter((value) => !value.ttisnil() && value.value !== item.value);
		const rest = kept.map((value) => new TValue(value.type, value.value));
		for (let index = 1; index <= rest.length + 1; index++) vm.raw_set(list, index, rest[index - 1] ?? nil);
	}

	return {
		add_feature: (module, [xmlns]) => {
			module.api.add_feature(text_argument(xmlns, "feature"));
			return undefined;
		},
		add_identity: (module, [category, type, name]) => {
			module.api.add_identity(text_argument(category, "category"), text_argument(type, "type"), optional_text(name));
			return undefined;
		},
		add_extension: (module, [extension]) => {
			module.api.add_extension(stanza_argument(host, extension, "extension"));
			return undefined;
		},
		add_item: (module, [key, item = nil]) => {
			const name = text_argument(key, "key");
			module.api.add_item(name as "feature", adapt_item(host, module, name, item) as string);
			note_item(module, name, item);
			return undefined;
		},
		remove_item: (module, [key, item = nil]) => {
			module.api.remove_item(text_argument(key, "key") as "feature", adapted_item(host, item) as string);
			forget_item(module, text_argument(key, "key"), item);
			return undefined;
		},
		get_host_items: (module, [key]) => {
			const name = text_argument(key, "key");
			const items: unknown[] = module.api.get_host_items(name as "feature");
			return array_value(
				host,
				items.map((item) => item_value(host, name, item)),
			);
		},
		handle_items: (module, [key, added, removed, existing]) => {
			const on_added = function_argument(added, "added");
			const on_removed = function_argument(removed, "removed");
			const event_of = (event: { source: ModuleApi; item: unknown }) =>
				border.table({ source: modules.value_of(event.source), item: item_value(host, text_argument(key, "key"), event.item) });
			module.api.handle_items(
				text_argument(key, "key") as "feature",
				(event) => void vm.call(on_added, [event_of(event)]),
				(event) => void vm.call(on_removed, [event_of(event)]),
				existing === undefined || existing.ttisnil() || existing.value !== false,
			);
			return undefined;
		},
		provides: (module, [kind, item]) => {
			const name = text_argument(kind, "kind");
			let given = item ?? nil;
			if (given.ttisnil()) {
				const table = vm.new_table();
				for (const [key, value] of vm.entries(modules.environment_of(module))) {
					if (key.type !== tags.table && text_of_string(key) !== "module") vm.raw_set_value(table, key, value);
				}
				given = new TValue(tags.table, table);
			}
			if (given.type === tags.table && !(given.value instanceof LiveTable)) {
				const table = given.value as Table;
				if (vm.index(given, string_value("name")).ttisnil()) {
					const prefix = `${name.replaceAll("-", "_")}_`;
					const own = module.api.name;
					vm.raw_set(table, "name", string_value(own.startsWith(prefix) ? own.slice(prefix.length) : own));
				}
				vm.raw_set(table, "_provided_by", string_value(module.api.name));
			}
			module.api.add_item(`${name}-provider` as "feature", adapt_item(host, module, `${name}-provider`, given) as string);
			note_item(module, `${name}-provider`, given);
			return undefined;
		},
	};
}
