// No counterpart: what a handler found out about the address of a copy, and what it made of that.

import { type Table, TString, TValue } from "../vm/fengari.ts";
import { nil, string_value, tags, text_of_string } from "../vm/live_table.ts";
import type { Vm } from "../vm/vm.ts";

/** What a step works on: something that is known of the address, or always the same value. */
export type Input = { readonly known: number } | { readonly value: TValue };

/** A value with the type and content that a slot has now. */
export function plain(value: TValue): TValue {
	return new TValue(value.type, value.value);
}

export function is_text(value: TValue): boolean {
	return (value.type & 15) === tags.short_string && value.value instanceof TString;
}

/** How many tables may stand behind each other's `__index`. */
const most_tables = 100;

/** `table[key]` with the tables behind it; undefined where a function or an error decides. */
export function look_up(vm: Vm, table: TValue, key: TValue): TValue | undefined {
	let at = table;
	for (let depth = 0; depth < most_tables; depth++) {
		if (at.type !== tags.table) return undefined;
		const inside = at.value as Table;
		const found = vm.raw_get_value(inside, key);
		if (!found.ttisnil()) return plain(found);
		if (inside.metatable === null) return nil;
		const next = vm.raw_get(inside.metatable, "__index");
		if (next.ttisnil()) return nil;
		at = next;
	}
	return undefined;
}

/** What the address of one more copy is known to be so far. */
export class Found {
	readonly values: TValue[] = [];
	/** Whether a value is what it was for the first copy. */
	readonly is_same: boolean[] = [];

	value(input: Input): TValue {
		return "known" in input ? (this.values[input.known] ?? nil) : input.value;
	}

	has_same(input: Input): boolean {
		return !("known" in input) || this.is_same[input.known] === true;
	}

	/**
	 * Keeps a value.
	 * @param first what it was for the first copy
	 * @returns whether the handler would go on in the same way: with another text or table, but with the same nil, boolean or number
	 */
	keep(index: number, value: TValue, first: TValue): boolean {
		this.values[index] = value;
		if (is_text(first)) {
			if (!is_text(value)) return false;
			this.is_same[index] = text_of_string(value) === text_of_string(first);
			return true;
		}
		if (value.type !== first.type) return false;
		this.is_same[index] = value.type === tags.nil || value.value === first.value;
		return first.type === tags.table || this.is_same[index] === true;
	}
}

/** Something that the handler did with what it knew. */
export interface Step {
	/** Does it again for another copy; whether it comes to the same. */
	holds(found: Found): boolean;
}

/** A value that was looked up in a table. */
export class Lookup implements Step {
	constructor(
		private readonly vm: Vm,
		private readonly table: Input,
		private readonly key: Input,
		private readonly index: number,
		private readonly first: TValue,
	) {}

	holds(found: Found): boolean {
		const is_same = found.has_same(this.table) && found.has_same(this.key);
		const value = is_same ? this.first : look_up(this.vm, found.value(this.table), found.value(this.key));
		return value !== undefined && found.keep(this.index, value, this.first);
	}
}

/** A function of the host that was called. */
export class Call implements Step {
	/** @param results what they were for the first copy */
	constructor(
		private readonly vm: Vm,
		private readonly callee: TValue,
		private readonly inputs: readonly Input[],
		private readonly first_index: number,
		private readonly results: readonly TValue[],
	) {}

	holds(found: Found): boolean {
		const { inputs, results, first_index } = this;
		let is_same = true;
		for (const input of inputs) if (!found.has_same(input)) is_same = false;
		const values = is_same
			? results
			: this.vm.call_native(
					this.callee,
					inputs.map((input) => found.value(input)),
				);
		if (values.length !== results.length) return false;
		for (let offset = 0; offset < results.length; offset++) {
			if (!found.keep(first_index + offset, values[offset] ?? nil, results[offset] ?? nil)) return false;
		}
		return true;
	}
}

/** Two texts that were compared. */
export class Comparison implements Step {
	constructor(
		private readonly left: Input,
		private readonly right: Input,
		private readonly outcome: boolean,
	) {}

	holds(found: Found): boolean {
		if (found.has_same(this.left) && found.has_same(this.right)) return true;
		return (text_of_string(found.value(this.left)) === text_of_string(found.value(this.right))) === this.outcome;
	}
}

/**
 * A test for further copies.
 * @param address that of the first copy
 * @returns whether the handlers would do the same for another address
 */
export function test_of(address: string, steps: readonly Step[]): (address: string) => boolean {
	const first = string_value(address);
	const found = new Found();
	return (other) => {
		found.keep(0, string_value(other), first);
		try {
			for (const step of steps) if (!step.holds(found)) return false;
			return true;
		} catch {
			// whoever handles the copy itself has the error, and reports it
			return false;
		}
	};
}
