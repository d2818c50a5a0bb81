// No counterpart: Prosody's connections keep strings; here texts that many get are shared until the end of the turn.

import type { AddressableText } from "./stanza.ts";

/** Something to write: bytes, or text together with whether each of its characters is one byte. */
export type Piece = { readonly text: string; readonly is_ascii: boolean } | Uint8Array;

function is_ascii(text: string): boolean {
	return Buffer.byteLength(text) === text.length;
}

/** Bytes as characters, up to U+00FF: the head of a frame around what follows. */
export interface RawHead {
	readonly raw: string;
}

type Part = string | Uint8Array | AddressableText | RawHead;

/** Texts and bytes in order, and their size. */
interface Kept {
	readonly parts: (string | Uint8Array)[];
	size: number;
}

function nothing(): Kept {
	return { parts: [], size: 0 };
}

/** What was said in a turn that is not stored yet, or after such a turn. */
export interface Segment {
	parts: Part[];
	size: number;
	is_ascii: boolean;
	/** The part that goes out even when the turn fails. */
	kept: Kept;
	is_certain: boolean;
}

/**
 * What a connection has to send. First comes what is certain, since its turn has ended, and only waits for a slow peer; then what
 * belongs to the current turn. Texts that are shared with others are kept as references until they are taken: in a crowded room,
 * finished texts would be most of the memory that a turn uses.
 */
export class OutBuffer {
	private parts: Part[] = [];
	/** How many parts were taken already, and how many there are up to the last certain one. */
	private taken = 0;
	private sealed = 0;
	/** The ` to='…'` of shared texts. */
	private to = "";
	private to_is_ascii = true;
	private is_ascii = true;
	/** The part of the turn that goes out even when it fails. */
	private kept = nothing();
	private turn_size = 0;
	private certain_size = 0;
	/** What waits for turns that are not stored yet, in order: it goes out after what is certain, and before this turn's part. */
	private readonly segments: Segment[] = [];
	private waiting_size = 0;

	/** About how many bytes wait: characters count as one each. */
	get size(): number {
		return this.turn_size + this.certain_size + this.waiting_size;
	}

	/** Whether something waits for a turn that is not stored yet. */
	get waits(): boolean {
		return this.segments.length > 0;
	}

	/** How many of them are certain, and may be taken. */
	get ready(): number {
		return this.certain_size;
	}

	/** Whether something waits that would be dropped if its turn failed. */
	get has_losses(): boolean {
		return this.turn_size > this.kept.size;
	}

	/**
	 * Adds text or bytes.
	 * @param keep whether they go out even when the turn fails
	 */
	add(data: string | Uint8Array, keep: boolean): void {
		if (data.length === 0) return;
		this.push(data);
		this.turn_size += data.length;
		if (keep) {
			this.kept.parts.push(data);
			this.kept.size += data.length;
		}
		if (typeof data === "string") this.is_ascii &&= is_ascii(data);
	}

	/**
	 * Adds a text that others get too.
	 * @param to the attribute for this one, with the space before it; empty where the text is for nobody else
	 * @param head stands in front of it
	 */
	add_shared(text: AddressableText, to: string, head?: RawHead): void {
		if (head !== undefined) {
			this.push(head);
			this.turn_size += head.raw.length;
		}
		// Once there is an address, it does not change
		if (this.to === "") {
			this.to = to;
			this.to_is_ascii = is_ascii(to);
		}
		const is_own = to !== "" && this.to === to;
		this.turn_size += text.size + to.length;
		this.is_ascii &&= text.is_ascii && (is_own ? this.to_is_ascii : is_ascii(to));
		this.push(is_own ? text : text.head + to + text.tail);
	}

	/** Most turns have one part for a connection; an empty array that grows makes place for 17. */
	private push(part: Part): void {
		if (this.parts.length === 0) this.parts = [part];
		else this.parts.push(part);
	}

	/** The turn has ended: everything may go out. */
	seal(): void {
		if (this.waits) {
			this.hold().is_certain = true;
			return;
		}
		this.sealed = this.parts.length;
		this.certain_size += this.turn_size;
		this.turn_size = 0;
		if (this.kept.size > 0) this.kept = nothing();
	}

	/** The turn has ended, but is not stored yet: puts away what was added in it. */
	hold(): Segment {
		const segment: Segment = {
			parts: this.parts.splice(this.sealed),
			size: this.turn_size,
			is_ascii: this.is_ascii,
			kept: this.kept,
			is_certain: false,
		};
		this.segments.push(segment);
		this.waiting_size += segment.size;
		this.turn_size = 0;
		this.kept = nothing();
		return segment;
	}

	/** What was put away is certain now; it may go out once everything before it is certain, too. */
	release(segment: Segment): void {
		segment.is_certain = true;
		for (let first = this.segments[0]; first?.is_certain; first = this.segments[0]) {
			this.segments.shift();
			this.parts = [...this.parts.slice(0, this.sealed), ...first.parts, ...this.parts.slice(this.sealed)];
			this.sealed += first.parts.length;
			this.is_ascii &&= first.is_ascii;
			this.certain_size += first.size;
			this.waiting_size -= first.size;
		}
	}

	/** The turn of what was put away has failed: drops it, except for what is to be kept. Returns whether anything was dropped. */
	drop(segment: Segment): boolean {
		const { kept } = segment;
		const is_lost = segment.size > kept.size;
		this.waiting_size += kept.size - segment.size;
		segment.parts = kept.parts;
		segment.size = kept.size;
		this.release(segment);
		return is_lost;
	}

	/** The turn has failed: drops what was added in it, except for what is to be kept. */
	discard(): void {
		const { kept } = this;
		this.parts.length = this.sealed;
		this.turn_size = 0;
		if (this.kept.size > 0) this.kept = nothing();
		for (const part of kept.parts) this.add(part, true);
	}

	/**
	 * Takes what is certain out, in as few pieces as possible.
	 * @param limit about how much; the rest goes on waiting
	 */
	take(limit = Number.POSITIVE_INFINITY): Piece[] {
		const pieces: Piece[] = [];
		const { parts, to, is_ascii } = this;
		let text = "";
		let at = this.taken;
		let size = 0;
		while (at < this.sealed && size < limit) {
			const part = parts[at++];
			if (part === undefined) continue;
			if (typeof part === "string") {
				text += part;
				size += part.length;
			} else if ("head" in part) {
				text += part.head + to + part.tail;
				size += part.size + to.length;
			} else if ("raw" in part) {
				size += part.raw.length;
				// Where all is one byte a character, this is no exception
				if (is_ascii) text += part.raw;
				else {
					if (text !== "") pieces.push({ text, is_ascii });
					pieces.push(Buffer.from(part.raw, "latin1"));
					text = "";
				}
			} else {
				if (text !== "") pieces.push({ text, is_ascii });
				pieces.push(part);
				text = "";
				size += part.length;
			}
		}
		if (text !== "") pieces.push({ text, is_ascii });
		this.certain_size -= size;
		this.forget(at);
		return pieces;
	}

	/** Releases the parts up to a position. */
	private forget(at: number): void {
		const { parts } = this;
		if (at === parts.length) {
			// Nothing of the list is kept for the next turn: setting a length takes as long as making a new one
			this.parts = [];
			this.taken = 0;
			this.sealed = 0;
			this.is_ascii = true;
		} else if (at > 1000 && at > parts.length / 2) {
			this.parts = parts.slice(at);
			this.sealed -= at;
			this.taken = 0;
		} else this.taken = at;
	}
}
