// No counterpart: fields of mod_server_info, which may come from a configuration or from a module in Lua.

import { type Field, is_field_type } from "../util/dataforms.ts";

function text(value: unknown): string | undefined {
	return typeof value === "string" ? value : undefined;
}

/** Texts in a list, which may be one of Lua; undefined where there is no list. */
function texts(value: unknown): string[] | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	const length: unknown = Reflect.get(value, "length");
	if (typeof length !== "number") return undefined;
	const items = Array.from({ length }, (_, index) => text(Reflect.get(value, String(index))));
	return items.filter((item) => item !== undefined);
}

/** Fields with texts as their values; whatever has neither a name nor a `var` is left out. */
export function string_fields(given: readonly unknown[]): Field[] {
	const fields: Field[] = [];
	for (const one of given) {
		if (typeof one !== "object" || one === null) continue;
		const part = (name: string): unknown => Reflect.get(one, name);
		const [name, wanted] = [text(part("name")), text(part("var"))];
		if (name === undefined && wanted === undefined) continue;
		const [type, label, single] = [part("type"), text(part("label")), text(part("value"))];
		fields.push({
			...(name === undefined ? {} : { name }),
			...(wanted === undefined ? {} : { var: wanted }),
			...(is_field_type(type) ? { type } : {}),
			...(label === undefined ? {} : { label }),
			value: single === undefined ? texts(part("value")) : type === "list-multi" ? [single] : single,
		});
	}
	return fields;
}
