// No counterpart: Prosody's connections keep strings; here texts that many get are shared until the end of the turn.

import type { AddressableText } from "../util/stanza.ts";

/** Something to write: text, of which it is known whether each character is one byte, or bytes. */
export type Piece = { readonly text: string; readonly is_ascii: boolean } | Uint8Array;

function is_ascii(text: string): boolean {
	return Buffer.byteLength(text) === text.length;
}

/**
 * What a connection has to say at the end of the turn. What it shares with others is kept as a reference until then: in a
 * crowded room, finished texts would be most of the memory that a turn takes.
 */
export class OutBuffer {
	private parts: (string | Uint8Array | AddressableText)[] = [];
	/** The ` to='…'` of shared texts. */
	private to = "";
	private to_is_ascii = true;
	private is_ascii = true;
	private has_bytes = false;
	/** What goes out also when the turn fails. */
	private kept = "";
	private characters = 0;

	/** About how many bytes wait: characters count as one each. */
	get size(): number {
		return this.characters;
	}

	/** Whether something waits that would not be kept. */
	get has_losses(): boolean {
		return this.characters > this.kept.length;
	}

	/**
	 * Adds text or bytes.
	 * @param keep whether the text outlives a turn that fails
	 */
	add(data: string | Uint8Array, keep: boolean): void {
		if (data.length === 0) return;
		this.parts.push(data);
		this.characters += data.length;
		if (typeof data !== "string") this.has_bytes = true;
		else {
			if (keep) this.kept += data;
			this.is_ascii &&= is_ascii(data);
		}
	}

	/**
	 * Adds a text that others get too.
	 * @param to the attribute for this one, with the space before it
	 */
	add_shared(text: AddressableText, to: string): void {
		this.characters += text.size + to.length;
		// An address does not change once there is one
		if (this.to === "") {
			this.to = to;
			this.to_is_ascii = is_ascii(to);
		}
		const is_own = this.to === to;
		this.is_ascii &&= text.is_ascii && (is_own ? this.to_is_ascii : is_ascii(to));
		this.parts.push(is_own ? text : text.head + to + text.tail);
	}

	/** Throws away all but what is to be kept. */
	discard(): void {
		const { kept } = this;
		this.clear();
		this.add(kept, true);
	}

	/** Empties it; answers with what was in it, in as few pieces as possible. */
	take(): Piece[] {
		const pieces: Piece[] = [];
		let text = "";
		if (this.characters > 0) {
			const { to, is_ascii, has_bytes } = this;
			for (const part of this.parts) {
				if (typeof part === "string") text += part;
				else if (has_bytes && part instanceof Uint8Array) {
					if (text !== "") pieces.push({ text, is_ascii });
					pieces.push(part);
					text = "";
				} else if ("head" in part) text += part.head + to + part.tail;
			}
			if (text !== "") pieces.push({ text, is_ascii });
		}
		this.clear();
		return pieces;
	}

	private clear(): void {
		// A list that was long is not kept for the next turn
		if (this.parts.length > 64) this.parts = [];
		else this.parts.length = 0;
		this.characters = 0;
		this.kept = "";
		this.is_ascii = true;
		this.has_bytes = false;
	}
}
