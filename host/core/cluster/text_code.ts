// No counterpart: how nodes of a cluster write texts, numbers and stanzas to each other.

import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";

/** How deep elements may be nested; streams allow less. */
const depth_limit = 500;

/** A text with its length before it, so that it may contain anything. */
export function counted(text: string): string {
	return `${text.length}:${text}`;
}

/** A stanza as it is in memory: its own text would lose which elements say their namespace. */
export function write_stanza(stanza: Stanza): string {
	let text = counted(stanza.name);
	for (const name in stanza.attrs) {
		const value = stanza.attrs[name];
		if (value !== undefined) text += `=${counted(name)}${counted(value)}`;
	}
	for (const child of stanza.children) {
		text += child instanceof st.Stanza ? `<${write_stanza(child)}` : `.${counted(String(child))}`;
	}
	return `${text}>`;
}

/** What comes is not written so. */
export class NotUnderstood extends Error {}

/** Reads what was written so, piece by piece. Each method throws {@link NotUnderstood} where there is something else. */
export class TextReader {
	private at = 0;

	constructor(private readonly text: string) {}

	get is_at_end(): boolean {
		return this.at >= this.text.length;
	}

	/** One character. */
	mark(): string {
		if (this.is_at_end) throw new NotUnderstood();
		return this.text.charAt(this.at++);
	}

	/** The next character, which stays. */
	ahead(): string {
		return this.text.charAt(this.at);
	}

	/** A whole number, up to whatever else comes. */
	number(): number {
		let value = 0;
		const begun = this.at;
		for (; this.at < this.text.length; this.at++) {
			const digit = this.text.charCodeAt(this.at) - 48;
			if (digit < 0 || digit > 9) break;
			value = value * 10 + digit;
		}
		if (this.at === begun || !Number.isSafeInteger(value)) throw new NotUnderstood();
		return value;
	}

	/** A text that was written by {@link counted}. */
	counted(): string {
		const length = this.number();
		const begin = this.at + 1;
		if (this.text.charCodeAt(this.at) !== 58 || begin + length > this.text.length) throw new NotUnderstood();
		this.at = begin + length;
		return this.text.slice(begin, this.at);
	}

	/** All that is left. */
	rest(): string {
		const { at } = this;
		this.at = this.text.length;
		return this.text.slice(at);
	}

	stanza(depth = 0): Stanza {
		if (depth > depth_limit) throw new NotUnderstood();
		const stanza = new st.Stanza(this.counted());
		const attr: Record<string, string> = {};
		for (;;) {
			switch (this.mark()) {
				case "=":
					attr[this.counted()] = this.counted();
					break;
				case ".":
					stanza.append_parsed(this.counted());
					break;
				case "<":
					stanza.append_parsed(this.stanza(depth + 1));
					break;
				case ">":
					stanza.attr = attr;
					return stanza;
				default:
					throw new NotUnderstood();
			}
		}
	}
}
