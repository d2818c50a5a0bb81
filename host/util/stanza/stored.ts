// Counterpart: util/stanza.lua (preserialize, deserialize)

import { type Attributes, Stanza, stanza } from "./element.ts";

/** Keys of a stanza as Prosody stores it: `name`, `attr` and, from 1 on, children (text or the same again). */
export type SerializedStanza = Map<string | number, string | Record<string, string> | SerializedStanza>;

/** The form in which Prosody stores a stanza. */
export function preserialize(original: Stanza): SerializedStanza {
	const attr: Record<string, string> = {};
	for (const name in original.attrs) {
		const value = original.attrs[name];
		if (value !== undefined) attr[name] = value;
	}
	const serialized: SerializedStanza = new Map();
	serialized.set("name", original.name).set("attr", attr);
	let index = 1;
	for (const child of original.children) {
		serialized.set(index, child instanceof Stanza ? preserialize(child) : String(child));
		index++;
	}
	return serialized;
}

/** Reads the stored form; undefined for anything else. A `|` in an attribute's name separates its namespace (old files). */
export function deserialize(serialized: unknown): Stanza | undefined {
	const name = stored_value(serialized, "name");
	if (typeof name !== "string") return undefined;
	const stored = stored_value(serialized, "attr");
	const attr: Attributes = {};
	const entries = stored instanceof Map ? stored : typeof stored === "object" && stored !== null ? Object.entries(stored) : [];
	for (const [key, value] of entries) {
		if (typeof key !== "string" || typeof value !== "string") continue;
		attr[key.includes("\u0001") ? key : key.replace("|", "\u0001")] = value;
	}
	const restored = stanza(name, attr);
	for (let index = 1; ; index++) {
		const child = stored_value(serialized, index);
		if (child === undefined) return restored;
		if (typeof child === "string") restored.add_direct_child(child);
		else {
			const element = deserialize(child);
			if (element) restored.append_parsed(element);
		}
	}
}

/** A value of a stored table: a Map, or a plain object where it has no children and so no numbers among its keys. */
function stored_value(table: unknown, key: string | number): unknown {
	if (table instanceof Map) return table.get(key);
	return typeof table === "object" && table !== null && Object.hasOwn(table, key) ? Reflect.get(table, key) : undefined;
}
