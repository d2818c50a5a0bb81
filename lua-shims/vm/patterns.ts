// Counterpart: lstrlib.c of Lua 5.4 (do_match): patterns, over bytes. Each step counts against the time that code may run, which some
// patterns need without end.

import type { LuaThread, TValue } from "./fengari.ts";
import { spend } from "./guard.ts";
import { bytes_value, number_value } from "./live_table.ts";

/** How deep a match may call itself. */
const max_depth = 200;
const max_captures = 32;
const unfinished = -1;
const position_only = -2;
const no_match = -1;

const char = {
	percent: 37,
	dollar: 36,
	open: 40,
	close: 41,
	star: 42,
	plus: 43,
	minus: 45,
	dot: 46,
	question: 63,
	left_bracket: 91,
	right_bracket: 93,
	caret: 94,
	b: 98,
	f: 102,
} as const;

const is_upper = (c: number): boolean => c >= 65 && c <= 90;
const is_lower = (c: number): boolean => c >= 97 && c <= 122;
const is_digit = (c: number): boolean => c >= 48 && c <= 57;
const is_alpha = (c: number): boolean => is_upper(c) || is_lower(c);
const is_graph = (c: number): boolean => c > 32 && c < 127;

/** What a letter after `%` stands for, by its small form. */
const classes: ReadonlyMap<number, (c: number) => boolean> = new Map(
	Object.entries({
		a: is_alpha,
		c: (c: number) => c < 32 || c === 127,
		d: is_digit,
		g: is_graph,
		l: is_lower,
		p: (c: number) => is_graph(c) && !is_alpha(c) && !is_digit(c),
		s: (c: number) => c === 32 || (c >= 9 && c <= 13),
		u: is_upper,
		w: (c: number) => is_alpha(c) || is_digit(c),
		x: (c: number) => is_digit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102),
		z: (c: number) => c === 0,
	}).map(([letter, belongs]) => [letter.charCodeAt(0), belongs]),
);

function matches_class(c: number, letter: number): boolean {
	const belongs = classes.get(letter | 32);
	if (belongs === undefined || !is_alpha(letter)) return c === letter;
	return belongs(c) !== is_upper(letter);
}

/** A search of one pattern in one text. Positions count from 0. */
export class Matcher {
	private depth = 0;
	private level = 0;
	private readonly starts: number[] = [];
	private readonly lengths: number[] = [];

	constructor(
		private readonly thread: LuaThread,
		readonly source: Uint8Array,
		private readonly pattern: Uint8Array,
	) {}

	/**
	 * Matches the pattern from `p` on at one place.
	 * @returns where the match ends, -1 where there is none
	 */
	match_at(s: number, p: number): number {
		this.level = 0;
		this.depth = 0;
		return this.match(s, p);
	}

	/** How many captures a match has; the whole of it counts where it has none. */
	get capture_count(): number {
		return this.level === 0 ? 1 : this.level;
	}

	/** A capture of the match from `s` to `e`, counted from 0. */
	capture(index: number, s: number, e: number): TValue {
		if (index >= this.level) {
			if (index !== 0) throw new Error(`invalid capture index %${index + 1}`);
			return bytes_value(this.source.slice(s, e));
		}
		const start = this.starts[index] ?? 0;
		const length = this.lengths[index] ?? 0;
		if (length === unfinished) throw new Error("unfinished capture");
		return length === position_only ? number_value(start + 1) : bytes_value(this.source.slice(start, start + length));
	}

	/** All of them. */
	captures(s: number, e: number, whole = true): TValue[] {
		const count = whole ? this.capture_count : this.level;
		return Array.from({ length: count }, (_, index) => this.capture(index, s, e));
	}

	private match(from: number, at: number): number {
		if (++this.depth > max_depth) throw new Error("pattern too complex");
		try {
			return this.match_on(from, at);
		} finally {
			this.depth--;
		}
	}

	private match_on(from: number, at: number): number {
		const { thread, pattern, source } = this;
		let s = from;
		let p = at;
		for (;;) {
			spend(thread, 1);
			if (p === pattern.length) return s;
			const first = pattern[p];
			if (first === char.open) {
				if (pattern[p + 1] === char.close) return this.start_capture(s, p + 2, position_only);
				return this.start_capture(s, p + 1, unfinished);
			}
			if (first === char.close) return this.end_capture(s, p + 1);
			if (first === char.dollar && p + 1 === pattern.length) return s === source.length ? s : no_match;
			if (first === char.percent) {
				const second = pattern[p + 1] ?? 0;
				if (second === char.b) {
					s = this.match_balance(s, p + 2);
					if (s === no_match) return no_match;
					p += 4;
					continue;
				}
				if (second === char.f) {
					p += 2;
					if (pattern[p] !== char.left_bracket) throw new Error("missing '[' after '%f' in pattern");
					const end = this.class_end(p);
					const before = s === 0 ? 0 : (source[s - 1] ?? 0);
					if (this.in_set(before, p, end - 1) || !this.in_set(source[s] ?? 0, p, end - 1)) return no_match;
					p = end;
					continue;
				}
				if (is_digit(second)) {
					s = this.match_capture(s, second);
					if (s === no_match) return no_match;
					p += 2;
					continue;
				}
			}
			const end = this.class_end(p);
			const suffix = pattern[end];
			if (!this.matches_single(s, p, end)) {
				if (suffix !== char.star && suffix !== char.question && suffix !== char.minus) return no_match;
				p = end + 1;
				continue;
			}
			switch (suffix) {
				case char.question: {
					const result = this.match(s + 1, end + 1);
					if (result !== no_match) return result;
					p = end + 1;
					continue;
				}
				case char.plus:
					return this.max_expand(s + 1, p, end);
				case char.star:
					return this.max_expand(s, p, end);
				case char.minus:
					return this.min_expand(s, p, end);
				default:
					s++;
					p = end;
			}
		}
	}

	private class_end(start: number): number {
		const { pattern } = this;
		let p = start;
		const first = pattern[p++];
		if (first === char.percent) {
			if (p === pattern.length) throw new Error("malformed pattern (ends with '%')");
			return p + 1;
		}
		if (first !== char.left_bracket) return p;
		if (pattern[p] === char.caret) p++;
		do {
			if (p >= pattern.length) throw new Error("malformed pattern (missing ']')");
			if (pattern[p++] === char.percent) p++;
		} while (pattern[p] !== char.right_bracket);
		return p + 1;
	}

	/** Whether a byte is in the set that begins at `start`, with `[`, and ends at `end`, with `]`. */
	private in_set(c: number, start: number, end: number): boolean {
		const { pattern } = this;
		let p = start + 1;
		const wanted = pattern[p] !== char.caret;
		if (!wanted) p++;
		for (; p < end; p++) {
			const one = pattern[p] ?? 0;
			if (one === char.percent) {
				p++;
				if (matches_class(c, pattern[p] ?? 0)) return wanted;
			} else if (pattern[p + 1] === char.minus && p + 2 < end) {
				p += 2;
				if (one <= c && c <= (pattern[p] ?? 0)) return wanted;
			} else if (one === c) return wanted;
		}
		return !wanted;
	}

	private matches_single(s: number, p: number, end: number): boolean {
		const { source, pattern } = this;
		if (s >= source.length) return false;
		const c = source[s] ?? 0;
		const first = pattern[p] ?? 0;
		switch (first) {
			case char.dot:
				return true;
			case char.percent:
				return matches_class(c, pattern[p + 1] ?? 0);
			case char.left_bracket:
				return this.in_set(c, p, end - 1);
			default:
				return first === c;
		}
	}

	private match_balance(s: number, p: number): number {
		const { thread, source, pattern } = this;
		if (p + 1 >= pattern.length) throw new Error("malformed pattern (missing arguments to '%b')");
		const open = pattern[p];
		const close = pattern[p + 1];
		if (s >= source.length || source[s] !== open) return no_match;
		let nested = 1;
		for (let at = s + 1; at < source.length; at++) {
			spend(thread, 1);
			const c = source[at];
			if (c === close) {
				if (--nested === 0) return at + 1;
			} else if (c === open) nested++;
		}
		return no_match;
	}

	private max_expand(s: number, p: number, end: number): number {
		let count = 0;
		while (this.matches_single(s + count, p, end)) {
			spend(this.thread, 1);
			count++;
		}
		for (; count >= 0; count--) {
			const result = this.match(s + count, end + 1);
			if (result !== no_match) return result;
		}
		return no_match;
	}

	private min_expand(from: number, p: number, end: number): number {
		for (let s = from; ; s++) {
			const result = this.match(s, end + 1);
			if (result !== no_match) return result;
			if (!this.matches_single(s, p, end)) return no_match;
		}
	}

	private start_capture(s: number, p: number, what: number): number {
		if (this.level >= max_captures) throw new Error("too many captures");
		this.starts[this.level] = s;
		this.lengths[this.level] = what;
		this.level++;
		const result = this.match(s, p);
		if (result === no_match) this.level--;
		return result;
	}

	private end_capture(s: number, p: number): number {
		const open = this.open_capture();
		this.lengths[open] = s - (this.starts[open] ?? 0);
		const result = this.match(s, p);
		if (result === no_match) this.lengths[open] = unfinished;
		return result;
	}

	private open_capture(): number {
		for (let index = this.level - 1; index >= 0; index--) if (this.lengths[index] === unfinished) return index;
		throw new Error("invalid pattern capture");
	}

	/** Matches the text of an earlier capture again. */
	private match_capture(s: number, digit: number): number {
		const index = digit - 49;
		if (index < 0 || index >= this.level || this.lengths[index] === unfinished) {
			throw new Error(`invalid capture index %${index + 1}`);
		}
		const start = this.starts[index] ?? 0;
		// one that is only a position has no text, as in Lua, where its length is too large for any
		const length = this.lengths[index] ?? 0;
		if (length < 0 || this.source.length - s < length) return no_match;
		spend(this.thread, 1 + (length >> 6));
		for (let offset = 0; offset < length; offset++) {
			if (this.source[start + offset] !== this.source[s + offset]) return no_match;
		}
		return s + length;
	}
}
