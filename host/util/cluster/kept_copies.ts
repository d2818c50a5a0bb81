// No counterpart: a session does not outlive a Prosody.

import type { Membership } from "./membership.ts";
import { type Bus, type Life, life_of_text, life_text, same_life } from "./types.ts";

/** A text as it was sent, or its two parts between which the receiver stands. */
export type CopiedText = string | readonly [head: string, tail: string];

/**
 * What has changed. `o`: there is something under that number, for that key, with such a head, or its head is another one now. `p`: a
 * text was added to some. `s`: so much was handled and acknowledged. `c`: it is no more. `n`: of what that life sent, so much was handled.
 * `t`: this was said to that life, under that number. `d`: up to that number, that life has stored it.
 */
export type Change =
	| readonly ["o", id: number, key: string, head: string]
	| readonly ["p", ids: number[], text: CopiedText, sent_at: number]
	| readonly ["s", id: number, handled: number, acked: number]
	| readonly ["c", id: number]
	| readonly ["n", from: string, number: number]
	| readonly ["t", to: string, number: number, item: string]
	| readonly ["d", to: string, number: number];

/** What is needed to go on with something of another node. */
export interface KeptCopy {
	readonly key: string;
	head: string;
	handled: number;
	acked: number;
	/** Those that are not acknowledged. */
	items: { readonly text: CopiedText; readonly sent_at: number }[];
}

/** What stands before changes. */
export interface CopyHead {
	readonly from: string;
	readonly to: string;
	readonly number: number;
	/** Whether everything begins anew with it. */
	readonly is_first: boolean;
	/** Whether it holds now, with those before it that were not the last ones of theirs. */
	readonly is_last: boolean;
}

/** What a life has said to another one, and that one had not stored: the oldest first. */
export interface Unstored {
	readonly to: Life;
	readonly items: readonly string[];
}

export function copy_subject(prefix: string, node: string): string {
	return `${prefix}.copy.${node}`;
}

/** A part of the text of a change that does not fit into one message. */
type Piece = readonly ["l", text: string, is_last: boolean];

/**
 * The texts of as many messages as all changes need: at least one. A message has at most so many characters, which are up to three
 * times as many bytes. What is longer comes in pieces, and holds when the last one is there.
 */
export function* texts_of(changes: Iterable<Change>, most: number): Generator<string> {
	let text = "";
	for (const change of changes) {
		for (const part of parts_of(change, most)) {
			if (text !== "" && text.length + part.length > most) {
				yield text;
				text = "";
			}
			text += text === "" ? part : `,${part}`;
		}
	}
	yield text;
}

function* parts_of(change: Change, most: number): Generator<string> {
	const whole = JSON.stringify(change);
	// Quotes in it are escaped once more
	const room = Math.max(1, Math.floor(most / 2) - 20);
	if (whole.length <= most) yield whole;
	else for (let at = 0; at < whole.length; at += room) yield piece(whole.slice(at, at + room), at + room >= whole.length);
}

function piece(text: string, is_last: boolean): string {
	const written: Piece = ["l", text, is_last];
	return JSON.stringify(written);
}

export function write_changes(head: CopyHead, text: string): Uint8Array {
	return Buffer.from(`{"head":${JSON.stringify(head)},"changes":[${text}]}`);
}

/** What one life has told. */
interface Origin {
	number: number;
	readonly copies: Map<number, KeptCopy>;
	readonly handled: Map<string, number>;
	/** What it has said to other lives, and they may not have stored. */
	readonly said: Map<string, { readonly number: number; readonly item: string }[]>;
	/** What came and does not hold yet. */
	waiting: (Change | Piece)[];
	/** By key, made when it is asked for. */
	keys: Map<string, KeptCopy[]> | undefined;
	/** The beginning of a change that comes in pieces. */
	begun: string;
}

/** The longest text of a change, in characters. */
const longest_change = 50_000_000;

export interface KeptCopiesOptions {
	readonly bus: Bus;
	readonly membership: Membership;
	readonly prefix: string;
	warn?(text: string): void;
}

/** Copies of what other nodes have in memory, for when they are gone. */
export class KeptCopies {
	private readonly origins = new Map<string, Origin>();
	/** Those that begin anew, until all of that is there. */
	private readonly begun = new Map<string, Origin>();
	private readonly end: () => void;

	constructor(private readonly options: KeptCopiesOptions) {
		const { bus, membership, prefix } = options;
		this.end = bus.subscribe(copy_subject(prefix, membership.node), (data, reply) => {
			const answer = this.take(data);
			if (answer !== undefined && reply !== undefined) bus.publish(reply, Buffer.from(answer));
		});
		membership.listen({ on_over: () => this.clear() });
	}

	stop(): void {
		this.end();
		this.clear();
	}

	private clear(): void {
		this.origins.clear();
		this.begun.clear();
	}

	/** How many copies there are. */
	get size(): number {
		let size = 0;
		for (const { copies } of this.origins.values()) size += copies.size;
		return size;
	}

	/** What a life has under which keys. */
	keys_of(life: Life): string[] {
		const origin = this.origins.get(life_text(life));
		return origin === undefined ? [] : [...by_key(origin).keys()];
	}

	/** Whether a life had handled what another one sent under that number, by the time of these copies. */
	was_handled(by: Life, from: Life, number: number): boolean {
		return number <= (this.origins.get(life_text(by))?.handled.get(life_text(from)) ?? 0);
	}

	/** What a life has said to others that they may not have stored. */
	said_by(life: Life): Unstored[] {
		const said = this.origins.get(life_text(life))?.said ?? [];
		return [...said].flatMap(([name, all]) => {
			const to = life_of_text(name);
			return to === undefined ? [] : [{ to, items: all.map(({ item }) => item) }];
		});
	}

	/** Takes the copies of a key out: those of lives that are over. */
	take_out(key: string): KeptCopy[] {
		const found: KeptCopy[] = [];
		for (const [name, origin] of this.origins) {
			const life = life_of_text(name);
			if (life === undefined || !this.options.membership.is_over(life)) continue;
			const copies = by_key(origin).get(key);
			if (copies === undefined) continue;
			origin.keys?.delete(key);
			found.push(...copies);
		}
		return found;
	}

	/** Forgets what a life had; what it has handled, too. */
	forget(life: Life): void {
		this.origins.delete(life_text(life));
		this.begun.delete(life_text(life));
	}

	private take(data: Uint8Array): "kept" | "again" | undefined {
		const { membership } = this.options;
		const read = read_changes(data);
		if (read === undefined) {
			this.options.warn?.("copies from another node cannot be read; do all nodes run the same version?");
			return undefined;
		}
		const { head, changes } = read;
		const [from, to] = [life_of_text(head.from), life_of_text(head.to)];
		const { me } = membership;
		if (from === undefined || to === undefined || me === undefined || !same_life(me, to) || membership.is_over(from)) {
			return undefined;
		}
		const known = this.begun.get(head.from) ?? this.origins.get(head.from);
		// It came before, and its answer was lost
		if (known !== undefined && head.number <= known.number) return "kept";
		if (!head.is_first && head.number !== (known?.number ?? 0) + 1) return "again";
		const origin = head.is_first || known === undefined ? new_origin() : known;
		if (origin !== known) this.begun.set(head.from, origin);
		origin.number = head.number;
		for (const change of changes) origin.waiting.push(change);
		// A part of what a turn changes is not what the turn changes
		if (head.is_last) this.hold(head.from, origin);
		return "kept";
	}

	private hold(from: string, origin: Origin): void {
		if (this.begun.delete(from)) this.origins.set(from, origin);
		const { waiting } = origin;
		origin.waiting = [];
		for (const change of waiting) {
			const whole = change[0] === "l" ? add_piece(origin, change) : change;
			if (whole !== undefined) apply(origin, whole);
		}
	}
}

function new_origin(): Origin {
	return { number: 0, copies: new Map(), handled: new Map(), said: new Map(), waiting: [], keys: undefined, begun: "" };
}

/** The change that has come as a whole with this piece. */
function add_piece(origin: Origin, [, text, is_last]: Piece): Change | undefined {
	origin.begun = origin.begun.length + text.length > longest_change ? "" : origin.begun + text;
	if (!is_last) return undefined;
	const whole = parsed(origin.begun);
	origin.begun = "";
	return is_change(whole) ? whole : undefined;
}

function by_key(origin: Origin): Map<string, KeptCopy[]> {
	if (origin.keys !== undefined) return origin.keys;
	const keys = new Map<string, KeptCopy[]>();
	for (const copy of origin.copies.values()) keys.set(copy.key, [...(keys.get(copy.key) ?? []), copy]);
	origin.keys = keys;
	return keys;
}

function apply(origin: Origin, change: Change): void {
	const { copies, handled, said } = origin;
	switch (change[0]) {
		case "o": {
			const [, id, key, head] = change;
			const known = copies.get(id);
			if (known === undefined) copies.set(id, { key, head, handled: 0, acked: 0, items: [] });
			else known.head = head;
			break;
		}
		case "p": {
			const [, ids, text, sent_at] = change;
			const item = { text, sent_at };
			for (const id of ids) copies.get(id)?.items.push(item);
			break;
		}
		case "s": {
			const [, id, count, acked] = change;
			const known = copies.get(id);
			if (known === undefined) break;
			known.handled = count;
			if (acked > known.acked) known.items.splice(0, acked - known.acked);
			known.acked = acked;
			break;
		}
		case "c":
			copies.delete(change[1]);
			break;
		case "n":
			handled.set(change[1], change[2]);
			break;
		case "t": {
			const [, to, number, item] = change;
			const all = said.get(to);
			if (all === undefined) said.set(to, [{ number, item }]);
			else all.push({ number, item });
			break;
		}
		case "d": {
			const [, to, number] = change;
			const left = said.get(to)?.filter((one) => one.number > number) ?? [];
			if (left.length > 0) said.set(to, left);
			else said.delete(to);
			break;
		}
	}
	origin.keys = undefined;
}

function is_number(value: unknown): value is number {
	return typeof value === "number" && Number.isFinite(value);
}

function is_text(value: unknown): value is string {
	return typeof value === "string";
}

function is_copied_text(value: unknown): value is CopiedText {
	return is_text(value) || (Array.isArray(value) && value.length === 2 && value.every(is_text));
}

function is_change(value: unknown): value is Change {
	if (!Array.isArray(value)) return false;
	const [kind, one, two, three]: unknown[] = value;
	switch (kind) {
		case "o":
			return is_number(one) && is_text(two) && is_text(three);
		case "p":
			return Array.isArray(one) && one.every(is_number) && is_copied_text(two) && is_number(three);
		case "s":
			return is_number(one) && is_number(two) && is_number(three);
		case "c":
			return is_number(one);
		case "n":
		case "d":
			return is_text(one) && is_number(two);
		case "t":
			return is_text(one) && is_number(two) && is_text(three);
		default:
			return false;
	}
}

function is_piece(value: unknown): value is Piece {
	return Array.isArray(value) && value[0] === "l" && is_text(value[1]) && typeof value[2] === "boolean";
}

function is_change_or_piece(value: unknown): value is Change | Piece {
	return is_change(value) || is_piece(value);
}

/** What a text of JSON says; undefined where it is none. */
function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Reads what {@link write_changes} wrote; undefined for anything else. */
function read_changes(data: Uint8Array): { readonly head: CopyHead; readonly changes: readonly (Change | Piece)[] } | undefined {
	const read = parsed(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString());
	if (typeof read !== "object" || read === null) return undefined;
	const { head, changes }: { [name: string]: unknown } = { ...read };
	if (typeof head !== "object" || head === null || !Array.isArray(changes) || !changes.every(is_change_or_piece))
		return undefined;
	const { from, to, number, is_first, is_last }: { [name: string]: unknown } = { ...head };
	if (!is_text(from) || !is_text(to) || !is_number(number)) return undefined;
	return { head: { from, to, number, is_first: is_first === true, is_last: is_last === true }, changes };
}
