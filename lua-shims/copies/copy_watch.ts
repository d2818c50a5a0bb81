// No counterpart: watches what handlers in Lua do with the first copy of a stanza that goes to many, so that they need not be called for
// each of the others.

import { Stanza } from "../../host/util/stanza.ts";
import { AttrTable, StanzaTable } from "../stanza_tables.ts";
import { type LuaCFunction, type LuaThread, type Table, TValue } from "../vm/fengari.ts";
import { LiveTable, string_value, tags, text_of_string } from "../vm/live_table.ts";
import type { Vm } from "../vm/vm.ts";
import { FollowedString, type Watch } from "../vm/watch.ts";
import { Call, Comparison, type Input, is_text, Lookup, look_up, plain, type Step, test_of } from "./known.ts";
import type { SteadyFunctions } from "./steady.ts";

/** Whether a value is neither a table nor a function, so that it is the same wherever it is used. */
function is_plain(value: TValue): boolean {
	return is_text(value) || value.type === tags.nil || value.type === tags.boolean || (value.type & 15) === tags.float;
}

/**
 * Copies of a stanza differ in nothing but `to`. So the address is followed: what is looked up with it, compared with it or made of it is
 * written down as steps, which can be done again for another address. Everything else that handlers may read stays as it is from one copy to
 * the next, as long as they change nothing: whatever changes something, or might, ends the watch. So does what makes something of the
 * address that is not followed.
 */
export class CopyWatch implements Watch {
	private is_stopped = false;
	/** Whether texts are read by what is written down as a step. */
	private is_quiet = false;
	/** How deep handlers are nested. */
	private depth = 0;
	private passed = 0;
	private own: Stanza | undefined;
	private readonly steps: Step[] = [];
	private next_index = 1;
	private readonly tables = new Map<unknown, number>();
	/** Functions that were made by what only reads. */
	private readonly callable = new Set<unknown>();
	/** Tables from here on were made meanwhile. */
	private readonly first_id: number;
	private readonly followed_address: TValue;

	constructor(
		private readonly vm: Vm,
		private readonly steady: SteadyFunctions,
		private readonly address: string,
	) {
		this.first_id = vm.next_id();
		this.followed_address = this.followed(address, 0);
	}

	/**
	 * Runs a handler of the event.
	 * @returns its answer
	 */
	handle(event: unknown, run: () => unknown): unknown {
		// one that another one has called by an event of its own
		if (this.depth > 0) return run();
		const stanza = typeof event === "object" && event !== null && "stanza" in event ? event.stanza : undefined;
		if (!(stanza instanceof Stanza) || (this.own !== undefined && this.own !== stanza)) this.stop();
		else this.own = stanza;
		this.depth++;
		let answer: unknown;
		try {
			answer = run();
		} catch (error) {
			this.stop();
			throw error;
		} finally {
			this.depth--;
		}
		if (answer === undefined) this.passed++;
		else this.stop();
		return answer;
	}

	/**
	 * Ends the watch.
	 * @param handlers how many have to have let the copy pass
	 * @returns says of other addresses whether they would let a copy pass, too; undefined where that is not known
	 */
	finish(handlers: number): ((address: string) => boolean) | undefined {
		const is_known = !this.is_stopped && this.passed === handlers;
		this.stop();
		return is_known ? test_of(this.address, this.steps) : undefined;
	}

	stop(): void {
		this.is_stopped = true;
		if (this.vm.watch === this) this.vm.watch = undefined;
	}

	// --------------------------------------------------------------------------------------------------- what is followed

	private followed(text: string, index: number): TValue {
		return new FollowedString(text, this, index).value;
	}

	private index_of(value: TValue): number | undefined {
		if (value.value instanceof FollowedString) return value.value.watch === this ? value.value.index : undefined;
		return value.type === tags.table ? this.tables.get(value.value) : undefined;
	}

	/** A value as an input of a step; undefined where it is of this copy alone. */
	private input(value: TValue): Input | undefined {
		const known = this.index_of(value);
		if (known !== undefined) return { known };
		if (value.type === tags.table && (value.value as Table | LiveTable).id >= this.first_id) return undefined;
		return is_plain(value) || value.type === tags.table ? { value: plain(value) } : undefined;
	}

	/** A value with the address's text in it, if it is followed. */
	private shown(value: TValue): TValue {
		return value.value instanceof FollowedString ? string_value(value.value.plain) : plain(value);
	}

	/** Follows what a step has found. */
	private follow(value: TValue, index: number): TValue {
		if (is_text(value)) return this.followed(text_of_string(value), index);
		if (value.type === tags.table) this.tables.set(value.value, index);
		return value;
	}

	private quietly<Value>(run: () => Value): Value {
		const before = this.is_quiet;
		this.is_quiet = true;
		try {
			return run();
		} finally {
			this.is_quiet = before;
		}
	}

	// ------------------------------------------------------------------------------------------------- what the machine does

	private is_own_attr(value: TValue): boolean {
		return value.value instanceof AttrTable && value.value.stanza === this.own;
	}

	read(_: LuaThread, table: TValue, key: TValue): TValue | undefined {
		if (table.type !== tags.table) return undefined;
		const with_known_key = this.index_of(key) !== undefined;
		if (this.is_own_attr(table)) {
			if (with_known_key) this.stop();
			else if (is_text(key) && text_of_string(key) === "to") return this.followed_address;
			return undefined;
		}
		if (!with_known_key && this.index_of(table) === undefined) return undefined;
		const [from, by] = [this.input(table), this.input(key)];
		const found = from && by && this.quietly(() => look_up(this.vm, table, this.shown(key)));
		if (from === undefined || by === undefined || found === undefined) {
			this.stop();
			return undefined;
		}
		const index = this.next_index++;
		this.steps.push(new Lookup(this.vm, from, by, index, found));
		return this.follow(found, index);
	}

	compare(left: TValue, right: TValue): boolean | undefined {
		const is_known = this.index_of(left) !== undefined || this.index_of(right) !== undefined;
		if (!is_known || (left.type & 15) !== (right.type & 15)) return undefined;
		const [a, b] = [this.input(left), this.input(right)];
		if (!is_text(left) || !is_text(right) || a === undefined || b === undefined) {
			this.stop();
			return undefined;
		}
		const outcome = text_of_string(this.shown(left)) === text_of_string(this.shown(right));
		this.steps.push(new Comparison(a, b, outcome));
		return outcome;
	}

	written(table: TValue): void {
		const { value } = table;
		const is_new =
			table.type === tags.table &&
			!(value instanceof LiveTable) &&
			(value as Table).id >= this.first_id &&
			(value as Table).metatable === null;
		if (!is_new) this.stop();
	}

	used(value: TValue): void {
		if (!this.is_quiet && !this.is_stopped && (this.index_of(value) !== undefined || this.is_own_attr(value))) this.stop();
	}

	entered(): void {
		if (this.depth === 0) this.stop();
	}

	call(L: LuaThread, callee: unknown, run: LuaCFunction): number {
		const { steady } = this;
		if (this.vm.loggers.has(callee as object)) {
			// it stops the watch where it writes something; the level is the first argument, or comes behind the module
			if (L.stack.slice(L.ci.funcOff + 1, L.ci.funcOff + 3).some((arg) => this.index_of(arg) !== undefined)) this.stop();
			return run(L);
		}
		if (!steady.is_steady(callee) && !this.callable.has(callee)) {
			this.stop();
			return run(L);
		}
		const args = L.stack.slice(L.ci.funcOff + 1, L.top);
		const [self, path] = args;
		const reads_attribute =
			callee === steady.find &&
			self?.value instanceof StanzaTable &&
			self.value.target === this.own &&
			path !== undefined &&
			text_of_string(path).startsWith("@");
		if (reads_attribute || args.some((arg) => this.is_own_attr(arg))) {
			this.stop();
			return run(L);
		}
		if (!args.some((arg) => this.index_of(arg) !== undefined)) {
			const count = run(L);
			if (steady.is_maker(callee)) {
				for (const { type, value } of L.stack.slice(L.top - count, L.top))
					if (type === tags.native_function) this.callable.add(value);
			}
			return count;
		}
		return this.call_with_known(L, callee, run, args);
	}

	/** A function that gets something followed. */
	private call_with_known(L: LuaThread, callee: unknown, run: LuaCFunction, args: readonly TValue[]): number {
		const inputs = args.map((arg) => (arg.type === tags.table ? undefined : this.input(arg)));
		const known = inputs.filter((input) => input !== undefined);
		if (known.length < inputs.length || this.steady.is_maker(callee)) {
			this.stop();
			return run(L);
		}
		const count = this.quietly(() => run(L));
		const results = L.stack.slice(L.top - count, L.top).map((result) => this.shown(result));
		const first_index = this.next_index;
		this.next_index += count;
		this.steps.push(new Call(this.vm, new TValue(tags.native_function, callee), known, first_index, results));
		for (const [offset, result] of results.entries()) {
			L.stack[L.top - count + offset] = plain(this.follow(result, first_index + offset));
		}
		return count;
	}
}
