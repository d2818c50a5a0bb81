// No counterpart: who gets what another node delivers, in few bytes.

import { Audience } from "../../util/audience.ts";
import { counted, NotUnderstood, type TextReader } from "./text_code.ts";

/** How many recipients both sides keep in mind, and how many places there are in the sets that they keep. */
const most_names = 65_536;
const most_places = 262_144;

/** Recipients that are numbered, and sets of them that are. */
interface Numbered {
	readonly names: readonly string[];
	set(number: number): Audience | undefined;
}

/** What has numbers. It begins anew from time to time; each beginning has a number, too. */
export interface KnownNames {
	/** Those of a beginning, in order. */
	of(beginning: number): Numbered;
	/** One more has come. */
	add(name: string): void;
	/**
	 * Recipients that have come are a set from now on.
	 * @param instead the set in whose place it is, which is not named any more
	 */
	keep(number: number, jids: readonly string[], instead: number | undefined): Audience;
}

/** Everybody who has a number since a beginning, and every set. */
class Beginning implements Numbered {
	readonly numbers = new Map<string, number>();
	readonly names: string[] = [];
	/** By their numbers. Those that are not named any more stay, since what was written may come back, where the other node is gone. */
	readonly sets: Audience[] = [];
	/** The newest set of each audience's owner. */
	readonly newest = new WeakMap<object, { readonly number: number; readonly jids: readonly string[] }>();
	places = 0;

	set(number: number): Audience | undefined {
		return this.sets[number];
	}
}

const nobody = new Beginning();

/**
 * Writes recipients for one other node. It numbers each of them when it comes for the first time, and the other side does the same: a room
 * whose occupants stay costs a few bytes, however many they are. Where the same ones get more, they are a set with a number. What is
 * written has to be read there, all of it and in order.
 */
export class RecipientsWriter implements KnownNames {
	private current = new Beginning();
	private earlier: Beginning = nobody;

	/** @param beginning another number than that of any other writer for the same node */
	constructor(private beginning: number) {}

	/**
	 * Text for one side: its beginning, `+` with a new name, `3-7` and `9` for known ones; `*4,` before what becomes set 4, `*5-4,` where that
	 * is in the place of set 4; `=5` for a set.
	 * @param of what has them as its audience, where the same list may come again
	 */
	write(recipients: readonly string[], of?: object): string {
		const known = of === undefined ? undefined : this.current.newest.get(of);
		if (known?.jids === recipients) return `${this.beginning}:=${known.number};`;
		const is_full = this.current.names.length + recipients.length > most_names;
		if (is_full || (of !== undefined && this.current.places + recipients.length > most_places)) {
			this.earlier = this.current;
			this.current = new Beginning();
			this.beginning++;
		}
		const set = of === undefined ? "" : this.define(recipients, of);
		return `${this.beginning}:${set}${this.list(recipients)};`;
	}

	private define(recipients: readonly string[], of: object): string {
		const { newest, sets } = this.current;
		const instead = newest.get(of);
		const number = sets.length;
		sets.push(new Audience(recipients, this));
		this.current.places += recipients.length;
		newest.set(of, { number, jids: recipients });
		return instead === undefined ? `*${number},` : `*${number}-${instead.number},`;
	}

	private list(recipients: readonly string[]): string {
		const { numbers, names } = this.current;
		let text = "";
		let first = -1;
		let last = -1;
		const end_run = (): void => {
			if (first >= 0) text += first === last ? `${first},` : `${first}-${last},`;
			first = -1;
		};
		for (const recipient of recipients) {
			const number = numbers.get(recipient);
			if (number === undefined) {
				end_run();
				numbers.set(recipient, names.length);
				names.push(recipient);
				text += `+${counted(recipient)}`;
			} else if (first >= 0 && number === last + 1) last = number;
			else {
				end_run();
				first = number;
				last = number;
			}
		}
		end_run();
		return text;
	}

	// What was written may come back, where the other node is gone

	of(beginning: number): Numbered {
		if (beginning === this.beginning) return this.current;
		return beginning === this.beginning - 1 ? this.earlier : nobody;
	}

	add(): void {
		// Known already
	}

	keep(_number: number, jids: readonly string[]): Audience {
		return new Audience(jids, this);
	}
}

/** What one other node has written of recipients. */
export class ReadNames implements KnownNames, Numbered {
	private beginning = -1;
	names: string[] = [];
	private readonly sets = new Map<number, Audience>();
	private places = 0;

	of(beginning: number): Numbered {
		if (beginning !== this.beginning) {
			this.beginning = beginning;
			this.names = [];
			this.sets.clear();
			this.places = 0;
		}
		return this;
	}

	set(number: number): Audience | undefined {
		return this.sets.get(number);
	}

	add(name: string): void {
		if (this.names.length >= 2 * most_names) throw new NotUnderstood();
		this.names.push(name);
	}

	keep(number: number, jids: readonly string[], instead: number | undefined): Audience {
		const before = instead === undefined ? undefined : this.sets.get(instead);
		if (instead !== undefined && before !== undefined) {
			this.sets.delete(instead);
			this.places -= before.jids.length;
		}
		this.places += jids.length;
		if (this.places > 2 * most_places || this.sets.size > most_places) throw new NotUnderstood();
		const audience = new Audience(jids, this);
		this.sets.set(number, audience);
		return audience;
	}
}

/**
 * Reads what {@link RecipientsWriter} has written.
 * @throws NotUnderstood where it was not written so
 */
export function read_recipients(reader: TextReader, known: KnownNames): Audience | readonly string[] {
	const numbered = known.of(reader.number());
	if (reader.mark() !== ":") throw new NotUnderstood();
	switch (reader.ahead()) {
		case "=": {
			reader.mark();
			const audience = numbered.set(reader.number());
			if (audience === undefined || reader.mark() !== ";") throw new NotUnderstood();
			return audience;
		}
		case "*": {
			reader.mark();
			const number = reader.number();
			const mark = reader.mark();
			const instead = mark === "-" ? reader.number() : undefined;
			if ((instead === undefined ? mark : reader.mark()) !== ",") throw new NotUnderstood();
			return known.keep(number, read_list(reader, numbered.names, known), instead);
		}
		default:
			return read_list(reader, numbered.names, known);
	}
}

function read_list(reader: TextReader, names: readonly string[], known: KnownNames): string[] {
	const found: string[] = [];
	for (;;) {
		switch (reader.ahead()) {
			case "+": {
				reader.mark();
				const name = own_copy(reader.counted());
				known.add(name);
				found.push(name);
				break;
			}
			case ";":
				reader.mark();
				return found;
			default:
				read_run(reader, names, found);
		}
	}
}

/** The same text, which keeps nothing of what it was cut out of in memory. */
function own_copy(text: string): string {
	return Buffer.from(text, "utf16le").toString("utf16le");
}

function read_run(reader: TextReader, names: readonly string[], found: string[]): void {
	const first = reader.number();
	let mark = reader.mark();
	let last = first;
	if (mark === "-") {
		last = reader.number();
		mark = reader.mark();
	}
	if (mark !== "," || last >= names.length) throw new NotUnderstood();
	for (let number = first; number <= last; number++) {
		const name = names[number];
		if (name !== undefined) found.push(name);
	}
}
