// No counterpart: reads what other nodes say, which may run another version.

/** The fields of an object; undefined for anything else. */
export function fields_of(value: unknown): Readonly<Record<string, unknown>> | undefined {
	return typeof value === "object" && value !== null && !Array.isArray(value)
		? Object.fromEntries(Object.entries(value))
		: undefined;
}

export function text_of(value: unknown): string | undefined {
	return typeof value === "string" ? value : undefined;
}

export function number_of(value: unknown): number | undefined {
	return typeof value === "number" ? value : undefined;
}

/** A list whose items can all be read; undefined for anything else. */
export function list_of<Item>(value: unknown, read: (item: unknown) => Item | undefined): Item[] | undefined {
	if (!Array.isArray(value)) return undefined;
	const items = value.map(read);
	const known = items.filter((item) => item !== undefined);
	return known.length === items.length ? known : undefined;
}

/** Why there is no answer of some nodes, for people: `node b: it does not answer`; undefined where there is one of each. */
export function missing_text(missing: ReadonlyMap<string, string>): string | undefined {
	return missing.size === 0 ? undefined : [...missing].map(([node, why]) => `node ${node}: ${why}`).join("; ");
}
