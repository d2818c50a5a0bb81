// No counterpart: what a migration came to, store by store.

import { grouped, printable } from "./progress.ts";
import type { UnitResult } from "./transfer.ts";
import type { LeftBehind } from "./types.ts";

interface StoreRow {
	readonly host: string;
	readonly store: string;
	readonly kind: "keyval" | "archive";
	units: number;
	items: number;
	aside: number;
}

function rows_of(results: readonly UnitResult[]): StoreRow[] {
	const rows = new Map<string, StoreRow>();
	for (const { unit, items, aside } of results) {
		const { host, store, kind } = unit;
		const key = JSON.stringify([host, store, kind]);
		const row = rows.get(key) ?? { host, store, kind, units: 0, items: 0, aside: 0 };
		rows.set(key, row);
		row.units += items > 0 ? 1 : 0;
		row.items += items;
		row.aside += aside;
	}
	return [...rows.values()];
}

function in_columns(lines: readonly (readonly string[])[]): string {
	const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
	return lines
		.map((line) => {
			const cells = line.map((cell, column) =>
				column < 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
			);
			return `${cells.join("  ").trimEnd()}\n`;
		})
		.join("");
}

/** A table with a row for each store of each host. */
export function store_table(results: readonly UnitResult[]): string {
	const rows = rows_of(results);
	const sum = (number: (row: StoreRow) => number): string => grouped(rows.reduce((total, row) => total + number(row), 0));
	const lines = rows.map(({ host, store, kind, units, items, aside }) => [
		printable(host),
		printable(store),
		kind === "keyval" ? "tables" : "archives",
		grouped(units),
		grouped(items),
		grouped(aside),
	]);
	const total = ["total", "", "", sum(({ units }) => units), sum(({ items }) => items), sum(({ aside }) => aside)];
	return in_columns([["host", "store", "kind", "users", "records", "kept aside"], ...lines, total]);
}

/** What the source has and the target does not. */
export function left_text(left: readonly LeftBehind[]): string {
	if (left.length === 0) return "";
	const lines = left.map(
		({ what, reason, count }) => `  ${printable(what)}${count > 1 ? ` (${grouped(count)})` : ""}: ${reason}\n`,
	);
	return `Left behind:\n${lines.join("")}`;
}
