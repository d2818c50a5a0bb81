// Counterpart: util/stanza.lua, as the Lua side of host/util/stanza.ts

import type { ErrorType } from "../host/util/error.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import type { Border } from "./border.ts";
import { attributes, check_child, StanzaTable } from "./stanza_tables.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { nil, number_value, string_value, tags, text_of_string, type_name } from "./vm/live_table.ts";
import type { NativeFunction } from "./vm/vm.ts";

const { Stanza } = st;
type Stanza = st.Stanza;

/** Lua's `util.stanza`. */
export interface StanzaLibrary {
	/** The result of `require "util.stanza"`. */
	readonly library: TValue;
	/** The metatable of every stanza in Lua. */
	readonly metatable: Table;
}

/** Makes the library, and shows the host's stanzas with its metatable. */
export function create_stanza_library(border: Border): StanzaLibrary {
	const { vm } = border;
	const metatable = vm.new_table();
	const lua_metatable = new TValue(tags.table, metatable);

	border.register(Stanza.prototype, (_, object) => new StanzaTable(border, object as Stanza, metatable));
	border.register_import(metatable, from_plain_table);

	/** A stanza that Lua code has built as a plain table. */
	function from_plain_table(value: TValue): Stanza {
		const table = value.value as Table;
		const made = new Stanza(text_of_string(vm.raw_get(table, "name")), attributes(vm.raw_get(table, "attr")));
		for (let index = 1; ; index++) {
			const child = vm.raw_get(table, index);
			if (child.ttisnil()) break;
			const known = border.from_lua(child);
			if (typeof known === "string" || known instanceof Stanza) made.add_direct_child(known);
		}
		return made;
	}

	function stanza_of(value: TValue | undefined, name: string): Stanza {
		if (value?.value instanceof StanzaTable) return value.value.target;
		const known = value === undefined ? undefined : border.from_lua(value);
		if (known instanceof Stanza) return known;
		throw new TypeError(`bad argument to ${name}: expected stanza, got ${type_name(value)}`);
	}

	/** A text argument; undefined for nil and none. */
	function text(value: TValue | undefined, what: string): string | undefined {
		if (value === undefined || value.ttisnil()) return undefined;
		const type = type_name(value);
		if (type === "string") return text_of_string(value);
		throw new TypeError(`invalid ${what}: expected string, got ${type}`);
	}

	function needed(value: TValue | undefined, what: string): string {
		const known = text(value, what);
		if (known === undefined) throw new TypeError(`invalid ${what}: expected string, got nil`);
		return known;
	}

	function child_of(value: TValue | undefined): Stanza | string {
		const known = value === undefined ? undefined : border.from_lua(value);
		if (typeof known === "string" || known instanceof Stanza) return known;
		throw new TypeError(`a child of a stanza is text or a stanza, not a ${type_name(value)}`);
	}

	const optional = (value: unknown): TValue => border.to_lua(value);

	/** Adds the rest of an object of util.error: an element or its name, and the new address for `gone`. */
	function add_extra(error: Stanza | undefined, extra: TValue): void {
		const field = (name: string): unknown => border.from_lua(vm.index(extra, string_value(name)));
		const [tag, namespace, condition, uri] = [field("tag"), field("namespace"), field("condition"), field("uri")];
		if (typeof uri === "string") error?.get_child("gone", ns.stanzas)?.text(uri);
		if (tag instanceof Stanza) error?.add_direct_child(tag);
		else if (typeof namespace === "string" && typeof condition === "string")
			error?.add_direct_child(st.stanza(condition, { xmlns: namespace }));
	}

	/** Type, condition, text and author of an error, given as such or as one of util.error's objects, and how to add what else that has. */
	function error_of(
		args: readonly TValue[],
	): [ErrorType, string, string | undefined, string | undefined, ((error: Stanza | undefined) => void) | undefined] {
		const [type, condition, message, by] = args;
		const by_text = text(by, "error_by");
		if (type?.type === tags.table) {
			const field = (name: string): TValue => vm.index(type, string_value(name));
			const extra = field("extra");
			const context = field("context");
			const context_by = context.type === tags.table ? border.from_lua(vm.index(context, string_value("by"))) : undefined;
			return [
				needed(field("type"), "error type") as ErrorType,
				text(field("condition"), "condition") ?? "undefined-condition",
				text(field("text"), "text"),
				by_text ?? (typeof context_by === "string" ? context_by : undefined),
				extra.type === tags.table ? (error) => add_extra(error, extra) : undefined,
			];
		}
		return [
			needed(type, "error type") as ErrorType,
			text(condition, "condition") ?? "undefined-condition",
			text(message, "text"),
			by_text,
			undefined,
		];
	}

	/** The next step for Lua's generic `for`. */
	function iterator(items: Iterator<unknown>): TValue {
		return vm.native(() => {
			const step = items.next();
			return step.done === true ? nil : border.to_lua(step.value);
		});
	}

	const methods: { readonly [name: string]: NativeFunction } = {
		query: ([self, xmlns]) => {
			stanza_of(self, "query").query(needed(xmlns, "namespace"));
			return self;
		},
		body: ([self, body, attr]) => {
			stanza_of(self, "body").text_tag("body", text(body, "text value"), attributes(attr));
			return self;
		},
		tag: ([self, name, attr]) => {
			stanza_of(self, "tag").tag(needed(name, "tag name"), attributes(attr));
			return self;
		},
		text_tag: ([self, name, content, attr]) => {
			stanza_of(self, "text_tag").text_tag(needed(name, "tag name"), text(content, "text value"), attributes(attr));
			return self;
		},
		text: ([self, content]) => {
			stanza_of(self, "text").text(text(content, "text value"));
			return self;
		},
		up: ([self]) => {
			stanza_of(self, "up").up();
			return self;
		},
		at_top: ([self]) => border.to_lua(stanza_of(self, "at_top").at_top()),
		reset: ([self]) => {
			stanza_of(self, "reset").reset();
			return self;
		},
		add_direct_child: ([self, child]) => {
			const stanza = stanza_of(self, "add_direct_child");
			stanza.add_direct_child(check_child(stanza, child_of(child)));
			return undefined;
		},
		add_child: ([self, child]) => {
			const stanza = stanza_of(self, "add_child");
			stanza.add_child(check_child(stanza.last_add?.at(-1) ?? stanza, child_of(child)));
			return self;
		},
		remove_children: ([self, name, xmlns]) => {
			stanza_of(self, "remove_children").remove_children(text(name, "tag name"), text(xmlns, "namespace"));
			return self;
		},
		get_child: ([self, name, xmlns]) =>
			optional(stanza_of(self, "get_child").get_child(text(name, "tag name"), text(xmlns, "namespace"))),
		get_child_text: ([self, name, xmlns]) =>
			optional(stanza_of(self, "get_child_text").get_child_text(text(name, "tag name"), text(xmlns, "namespace"))),
		get_child_attr: ([self, name, xmlns, attr]) =>
			optional(
				stanza_of(self, "get_child_attr").get_child_attr(
					text(name, "tag name"),
					text(xmlns, "namespace"),
					needed(attr, "attribute name"),
				),
			),
		child_with_name: ([self, name]) => optional(stanza_of(self, "child_with_name").child_with_name(needed(name, "tag name"))),
		child_with_ns: ([self, xmlns]) => {
			const stanza = stanza_of(self, "child_with_ns");
			const wanted = text(xmlns, "namespace");
			return optional(stanza.tags.find((child) => child.attr["xmlns"] === wanted));
		},
		get_child_with_attr: ([self, name, xmlns, attr, value, normalize]) => {
			const stanza = stanza_of(self, "get_child_with_attr");
			const convert = normalize === undefined || normalize.ttisnil() ? undefined : normalize;
			const attribute = needed(attr, "attribute name");
			const wanted = text(value, "attribute value");
			for (const child of stanza.childtags(text(name, "tag name"), text(xmlns, "namespace"))) {
				const found = child.attr[attribute];
				if ((convert ? border.call(convert, found) : found) === wanted) return border.to_lua(child);
			}
			return undefined;
		},
		children: ([self]) => {
			const { children } = stanza_of(self, "children");
			let index = 0;
			return [vm.native(() => border.to_lua(children[index++])), self ?? nil, number_value(0)];
		},
		childtags: ([self, name, xmlns]) => {
			const found = [...stanza_of(self, "childtags").childtags(text(name, "tag name"), text(xmlns, "namespace"))];
			return iterator(found.values());
		},
		maptags: ([self, callback]) => {
			const wanted = callback ?? nil;
			stanza_of(self, "maptags").maptags((tag) => {
				const answer = border.call(wanted, tag);
				if (answer === undefined || answer instanceof Stanza) return answer;
				throw new TypeError("the callback of maptags has to answer a stanza or nil");
			});
			return self;
		},
		find: ([self, path]) => optional(stanza_of(self, "find").find(needed(path, "path"))),
		top_tag: ([self]) => border.to_lua(stanza_of(self, "top_tag").top_tag()),
		get_text: ([self]) => {
			const stanza = stanza_of(self, "get_text");
			// Prosody joins all text, and gives nil for an element without children
			const found = stanza.get_text();
			return found === undefined || (found === "" && stanza.children.length === 0) ? optional(found) : border.to_lua(found);
		},
		get_error: ([self]) => {
			const error = stanza_of(self, "get_error").get_error();
			if (error === undefined) return [nil, nil, nil, nil];
			return [optional(error.type), border.to_lua(error.condition), optional(error.text), optional(error.extra)];
		},
		add_error: ([self, ...rest]) => {
			const stanza = stanza_of(self, "add_error");
			const [type, condition, message, by, add_rest] = error_of(rest);
			stanza.add_error(type, condition, message, by);
			add_rest?.(stanza.get_child("error"));
			return self;
		},
		indent: ([self, level, indent]) => {
			const stanza = stanza_of(self, "indent");
			const step = text(indent, "indentation") ?? "\t";
			return border.to_lua(indented(stanza, typeof level?.value === "number" ? level.value : 1, step));
		},
		__tostring: ([self]) => border.to_lua(stanza_of(self, "tostring").toString()),
	};
	for (const name in methods) {
		const method = methods[name];
		if (method) vm.raw_set(metatable, name, vm.native(method));
	}
	vm.raw_set(metatable, "pretty_print", vm.raw_get(metatable, "__tostring"));
	vm.raw_set(metatable, "pretty_top_tag", vm.raw_get(metatable, "top_tag"));
	vm.raw_set(metatable, "__name", string_value("stanza"));
	vm.raw_set(metatable, "__index", lua_metatable);

	const functions: { readonly [name: string]: NativeFunction } = {
		stanza: ([name, attr]) => border.to_lua(st.stanza(needed(name, "tag name"), attributes(attr))),
		message: ([attr, body]) => border.to_lua(st.message(attributes(attr), text(body, "text value"))),
		iq: ([attr]) => {
			const known = attributes(attr);
			if (known === undefined) throw new TypeError("iq stanzas require id and type attributes");
			if (known["id"] === undefined) throw new TypeError("iq stanzas require an id attribute");
			if (known["type"] === undefined) throw new TypeError("iq stanzas require a type attribute");
			return border.to_lua(st.iq(known));
		},
		presence: ([attr]) => border.to_lua(st.presence(attributes(attr))),
		reply: ([original]) => border.to_lua(st.reply(stanza_of(original, "reply"))),
		error_reply: ([original, ...rest]) => {
			const [type, condition, message, by, add_rest] = error_of(rest);
			const answer = st.error_reply(stanza_of(original, "error_reply"), type, condition, message, by);
			add_rest?.(answer.first_tag);
			return border.to_lua(answer);
		},
		is_stanza: ([value]) =>
			border.to_lua(value?.type === tags.table && (value.value as { metatable: unknown }).metatable === metatable),
		clone: ([original, only_top]) =>
			border.to_lua(
				st.clone(stanza_of(original, "clone"), only_top !== undefined && !only_top.ttisnil() && only_top.value !== false),
			),
		preserialize: ([original]) => border.deep_table(st.preserialize(stanza_of(original, "preserialize"))),
		deserialize: ([serialized]) => {
			if (serialized === undefined || serialized.ttisnil()) return undefined;
			if (serialized.value instanceof StanzaTable) return serialized;
			return optional(st.deserialize(border.copy(serialized)));
		},
		xml_escape: ([value]) => border.to_lua(st.xml_escape(needed(value, "text"))),
		pretty_print: ([value]) => value,
	};
	const library = vm.new_table();
	for (const name in functions) {
		const run = functions[name];
		if (run) vm.raw_set(library, name, vm.native(run));
	}
	vm.raw_set(library, "stanza_mt", lua_metatable);
	return { library: new TValue(tags.table, library), metatable };
}

/** A copy with line breaks and indentation between its elements, except where there is text. */
function indented(stanza: Stanza, level: number, step: string): Stanza {
	const { children } = stanza;
	if (children.length === 0 || (children.length === 1 && typeof children[0] === "string")) return stanza;
	const copy = st.clone(stanza, true);
	for (const child of children) {
		if (child instanceof Stanza) {
			copy.text(`\n${step.repeat(level)}`);
			copy.add_direct_child(indented(child, level + 1, step));
		} else if (/\S/.test(String(child))) {
			copy.text(`\n${step.repeat(level)}`);
			copy.text(String(child));
		}
	}
	return copy.text(`\n${step.repeat(level - 1)}`);
}
