// No counterpart: part of `enjamb compare`.

import type { Stanza } from "../../host/util/stanza.ts";
import { mark } from "./marks.ts";
import { type MergedElement, merge_plain, type Plain, pair_up, type Reading, read_stanza, rows_of, type Sides } from "./merge.ts";
import type { Difference } from "./types.ts";

/** A stanza of one server, or two of them that belong together. */
export interface StanzaPair {
	readonly merged: MergedElement;
	/** As what each server sent it to the client in this step, from 0. */
	readonly position: Sides<number>;
	readonly differences: readonly Difference[];
}

/** Number of a stanza in a list: the very one, or else one that reads the same. */
function position_of(stanza: Stanza | undefined, stanzas: readonly Stanza[]): number | undefined {
	if (stanza === undefined) return undefined;
	const same = stanzas.indexOf(stanza);
	const position = same >= 0 ? same : stanzas.findIndex((other) => String(other) === String(stanza));
	return position < 0 ? undefined : position;
}

/**
 * Pairs what two servers sent to a client in one step, as the differences say and otherwise by what is equal, and marks what
 * differs.
 */
export function pair_stanzas(
	references: readonly Stanza[],
	subjects: readonly Stanza[],
	differences: readonly Difference[],
	readings: { readonly reference: Reading; readonly subject: Reading },
): StanzaPair[] {
	const here = references.map((stanza) => read_stanza(stanza, readings.reference));
	const there = subjects.map((stanza) => read_stanza(stanza, readings.subject));

	const by_row = new Map<string, Difference[]>();
	const row_key = ({ reference, subject }: Sides<number>): string => `${reference ?? ""} ${subject ?? ""}`;
	const partners = new Map<number, number>();
	const [spoken_for_here, spoken_for_there] = [new Set<number>(), new Set<number>()];
	for (const difference of differences) {
		const reference = position_of(difference.reference_stanza, references);
		const subject = position_of(difference.subject_stanza, subjects);
		if (reference !== undefined) spoken_for_here.add(reference);
		if (subject !== undefined) spoken_for_there.add(subject);
		if (reference !== undefined && subject !== undefined) partners.set(reference, subject);
		const key = row_key({ reference, subject });
		by_row.set(key, [...(by_row.get(key) ?? []), difference]);
	}
	const open = <Item>(items: readonly Item[], spoken_for: ReadonlySet<number>): { item: Item; index: number }[] =>
		items.map((item, index) => ({ item, index })).filter(({ index }) => !spoken_for.has(index));
	const [open_here, open_there] = [open(here, spoken_for_here), open(there, spoken_for_there)];
	const sender = ({ attributes }: Plain): string | undefined => attributes.find(({ name }) => name === "from")?.value;
	const rest = pair_up(
		open_here,
		open_there,
		(a, b) => a.item.key === b.item.key,
		(a, b) => a.item.name === b.item.name && sender(a.item) === sender(b.item),
	);
	for (const [reference, subject] of rest) {
		const [a, b] = [open_here[reference], open_there[subject]];
		if (a && b) partners.set(a.index, b.index);
	}
	return rows_of(references.length, subjects.length, partners).map((position) => {
		const reference = position.reference === undefined ? undefined : here[position.reference];
		const subject = position.subject === undefined ? undefined : there[position.subject];
		const own = by_row.get(row_key(position)) ?? [];
		const merged = merge_plain(reference, subject);
		for (const difference of own) mark(merged, difference);
		return { merged, position, differences: own };
	});
}
