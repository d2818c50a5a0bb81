// No counterpart: a session does not outlive a Prosody.

import type { StoreTable, StoreValue } from "../../core/types.ts";

/** What is known of a session but for what goes to and fro on its stream, as text: JSON knows neither maps nor very large numbers. */
export function write_head(head: StoreTable): string {
	return JSON.stringify(plain(head));
}

/** Reads it; undefined for anything else. */
export function read_head(text: string): StoreTable | undefined {
	let read: unknown;
	try {
		read = JSON.parse(text);
	} catch {
		return undefined;
	}
	const value = value_of(read);
	return typeof value === "object" && !Array.isArray(value) && !(value instanceof Map) ? value : undefined;
}

function plain(value: StoreValue): unknown {
	if (value instanceof Map) return { map: [...value].map(([key, one]) => [key, plain(one)]) };
	if (Array.isArray(value)) return value.map(plain);
	if (typeof value === "bigint") return { big: String(value) };
	if (typeof value !== "object") return value;
	return { table: Object.fromEntries(Object.entries(value).map(([key, one]) => [key, one === undefined ? one : plain(one)])) };
}

function value_of(value: unknown): StoreValue | undefined {
	if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
	if (Array.isArray(value)) return value.map(value_of).filter((one) => one !== undefined);
	if (typeof value !== "object" || value === null) return undefined;
	const { big, map, table }: { [name: string]: unknown } = { ...value };
	if (typeof big === "string" && /^-?\d+$/.test(big)) return BigInt(big);
	if (Array.isArray(map)) {
		const entries: [string | number | boolean, StoreValue][] = [];
		for (const pair of map) {
			const [key, one]: unknown[] = Array.isArray(pair) ? pair : [];
			const read = value_of(one);
			if ((typeof key === "string" || typeof key === "number" || typeof key === "boolean") && read !== undefined) {
				entries.push([key, read]);
			}
		}
		return new Map(entries);
	}
	return typeof table === "object" && table !== null ? table_of(table) : undefined;
}

function table_of(table: object): StoreTable {
	const entries = Object.entries(table).map(([key, one]): [string, StoreValue | undefined] => [key, value_of(one)]);
	return Object.fromEntries(entries);
}
