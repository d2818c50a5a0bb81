// No counterpart: what the machine tells whoever watches a piece of code while it runs.

import { type LuaCFunction, type LuaThread, TValue } from "./fengari.ts";
import { HostString, string_value, tags } from "./live_table.ts";

/** Watches code. The machine asks it before each of these things, as long as `l_G.watch` is set. */
export interface Watch {
	/** `table[key]`: the value, where the watch reads it itself. */
	read(L: LuaThread, table: TValue, key: TValue): TValue | undefined;
	/** `left == right`: whether they are, where the watch compares them itself. */
	compare(left: TValue, right: TValue): boolean | undefined;
	/** `table[key] = value`. */
	written(table: TValue): void;
	/** Something is asked about a value as a whole: its length, for instance. */
	used(value: TValue): void;
	/** A function of the host is called: runs it, and returns the number of its results. */
	call(L: LuaThread, callee: unknown, run: LuaCFunction): number;
	/** Runs a handler of the host's events. */
	handle(event: unknown, run: () => unknown): unknown;
	/** The host calls Lua. */
	entered(): void;
	/** The code does something that is not watched. */
	stop(): void;
}

/** A string whose text cannot be read without the knowledge of whoever watches it, not even a second time. */
export class FollowedString extends HostString {
	declare private readonly inside: HostString;
	/** The string as a value. */
	readonly value: TValue;

	/** @param index what the watch knows it by */
	constructor(
		text: string,
		readonly watch: Pick<Watch, "used">,
		readonly index: number,
	) {
		const inside = string_value(text).value as HostString;
		super(undefined, no_bytes);
		this.inside = inside;
		this.value = new TValue(tags.string, this);
	}

	/** The text, for the watch itself. */
	get plain(): string {
		return this.inside.text;
	}

	/** What is read of it by others. */
	seen(): HostString {
		this.watch.used(this.value);
		return this.inside;
	}
}

const no_bytes = new Uint8Array();

for (const name of ["text", "hash", "realstring"] as const) {
	Object.defineProperty(FollowedString.prototype, name, {
		get(this: FollowedString): unknown {
			return this.seen()[name];
		},
		set(): void {},
	});
}
