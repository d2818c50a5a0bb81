// Counterpart: util/stanza.lua (what a stanza is made of), as Lua sees stanzas of the host

import * as st from "../host/util/stanza.ts";
import type { Border } from "./border.ts";
import { set_field, table_value } from "./views.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { type Key, key_of, LiveTable, nil, string_value, tags, text_of_string, type_name } from "./vm/live_table.ts";

const { Stanza } = st;
type Stanza = st.Stanza;

/** The attributes of an element. */
export class AttrTable extends LiveTable {
	constructor(
		readonly border: Border,
		readonly stanza: Stanza,
	) {
		super(border.vm.next_id());
	}

	get target(): st.Attributes {
		return this.stanza.attr;
	}

	get(key: Key): TValue {
		const value: unknown = typeof key === "string" ? this.stanza.attr[key] : undefined;
		// properties of all JavaScript objects, such as `constructor`, are not attributes
		return typeof value === "string" ? string_value(value) : nil;
	}

	set(key: Key, value: TValue): void {
		const { attr } = this.stanza;
		if (typeof key !== "string") throw new TypeError(`an attribute's name is a string, not a ${typeof key}`);
		if (value.ttisnil()) delete attr[key];
		else set_field(attr, key, attribute_text(key, value));
	}

	keys(): readonly Key[] {
		const { attr } = this.stanza;
		return Object.keys(attr).filter((name) => attr[name] !== undefined);
	}
}

function attribute_text(name: string, value: TValue): string {
	const type = type_name(value);
	if (type === "string") return text_of_string(value);
	if (type === "number") return String(value.value);
	throw new TypeError(`invalid attribute value: expected string, got ${type} (attribute ${name})`);
}

/** The child elements of an element. */
class TagsTable extends LiveTable {
	constructor(
		readonly border: Border,
		readonly stanza: Stanza,
	) {
		super(border.vm.next_id());
	}

	get target(): Stanza[] {
		return this.stanza.tags;
	}

	get(key: Key): TValue {
		if (typeof key !== "number") return nil;
		let index = 0;
		for (const child of this.stanza.children) {
			if (child instanceof Stanza && ++index === key) return this.border.to_lua(child);
		}
		return nil;
	}

	set(key: Key, value: TValue): void {
		const tags = this.stanza.tags;
		if (typeof key !== "number" || key < 1 || key > tags.length + 1) {
			throw new TypeError(`the tags of a stanza are a list: expected an index from 1 to ${tags.length + 1}`);
		}
		const before = tags[key - 1];
		const child = value.ttisnil() ? undefined : this.border.from_lua(value);
		if (child !== undefined && !(child instanceof Stanza)) throw new TypeError(`a tag is a stanza, not a ${type_name(value)}`);
		if (child) check_child(this.stanza, child);
		const { children } = this.stanza;
		const at = before === undefined ? children.length : children.indexOf(before);
		if (child) children.splice(at, before === undefined ? 0 : 1, child);
		else if (before) children.splice(at, 1);
	}

	override length(): number {
		return this.stanza.tags.length;
	}

	keys(): readonly Key[] {
		return this.stanza.tags.map((_, index) => index + 1);
	}
}

/** A stanza, or an element of one. */
export class StanzaTable extends LiveTable {
	private attr: TValue | undefined;
	private tag_list: TValue | undefined;
	/** Fields that modules have added to stanzas. */
	private extra: Map<Key, TValue> | undefined;

	constructor(
		readonly border: Border,
		readonly target: Stanza,
		metatable: Table,
	) {
		super(border.vm.next_id());
		this.metatable = metatable;
	}

	get(key: Key): TValue {
		if (typeof key === "number") {
			const child = this.target.children[key - 1];
			return child === undefined ? nil : this.border.to_lua(child);
		}
		switch (key) {
			case "attr":
				this.attr ??= table_value(new AttrTable(this.border, this.target));
				return this.attr;
			case "name":
				return string_value(this.target.name);
			case "tags":
				this.tag_list ??= table_value(new TagsTable(this.border, this.target));
				return this.tag_list;
			case "last_add":
				return this.border.to_lua(this.target.last_add);
			default:
				return this.extra?.get(key) ?? nil;
		}
	}

	set(key: Key, value: TValue): void {
		const { target } = this;
		if (typeof key === "number") {
			this.set_child(key, value);
			return;
		}
		switch (key) {
			case "attr":
				target.attr = attributes(value) ?? {};
				return;
			case "name":
				if (type_name(value) !== "string") throw new TypeError(`a stanza's name is a string, not a ${type_name(value)}`);
				target.name = text_of_string(value);
				return;
			case "tags":
				throw new TypeError("the tags of a stanza follow from its children: use maptags or remove_children");
			case "last_add":
				target.last_add = [];
				for (const item of value.ttisnil() ? [] : (this.border.copy(value) as unknown[])) {
					if (item instanceof Stanza) target.last_add.push(item);
				}
				return;
			default:
				this.extra ??= new Map();
				if (value.ttisnil()) this.extra.delete(key);
				else this.extra.set(key, new TValue(value.type, value.value));
		}
	}

	private set_child(index: number, value: TValue): void {
		const { children } = this.target;
		if (index < 1 || index > children.length + 1) {
			throw new TypeError(`the children of a stanza are a list: expected an index from 1 to ${children.length + 1}`);
		}
		if (value.ttisnil()) {
			children.splice(index - 1, 1);
			return;
		}
		const child = this.border.from_lua(value);
		if (typeof child !== "string" && !(child instanceof Stanza)) {
			throw new TypeError(`a child of a stanza is text or a stanza, not a ${type_name(value)}`);
		}
		children[index - 1] = check_child(this.target, child);
	}

	override length(): number {
		return this.target.children.length;
	}

	keys(): readonly Key[] {
		const keys: Key[] = ["name", "attr", "tags"];
		if (this.target.last_add !== undefined) keys.push("last_add");
		for (let index = 1; index <= this.target.children.length; index++) keys.push(index);
		return this.extra === undefined ? keys : [...keys, ...this.extra.keys()];
	}
}

/** A child for an element. Throws where the element is inside the child, since walking through that would never end. */
export function check_child(stanza: Stanza, child: Stanza | string): Stanza | string {
	if (!(child instanceof Stanza)) return child;
	const inside = new Set<Stanza>([child]);
	for (const element of inside) {
		if (element === stanza) throw new TypeError("a stanza cannot be a child of itself");
		for (const below of element.children) if (below instanceof Stanza) inside.add(below);
	}
	return child;
}

/** The attributes that a Lua table holds; undefined for nil. */
export function attributes(value: TValue | undefined): st.Attributes | undefined {
	if (value === undefined || value.ttisnil()) return undefined;
	if (value.value instanceof AttrTable) return { ...value.value.target };
	if (value.type !== tags.table) throw new TypeError(`invalid attributes: expected table, got ${type_name(value)}`);
	const attr: st.Attributes = {};
	const add = (key: Key | undefined, item: TValue): void => {
		if (typeof key !== "string") throw new TypeError(`invalid attribute name: expected string, got ${typeof key}`);
		if (type_name(item) !== "string") {
			throw new TypeError(`invalid attribute value for '${key}': expected string, got ${type_name(item)}`);
		}
		set_field(attr, key, text_of_string(item));
	};
	if (value.value instanceof LiveTable) {
		for (const key of value.value.keys()) add(key, value.value.get(key));
	} else {
		for (let entry = (value.value as Table).f; entry !== undefined; entry = entry.n) add(key_of(entry.key), entry.value);
	}
	return attr;
}
