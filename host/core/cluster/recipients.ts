// No counterpart: who gets what another node delivers, in few bytes.

import { counted, NotUnderstood, type TextReader } from "./text_code.ts";

/** How many recipients both sides keep in mind. */
const most_names = 65_536;

/** Names that have numbers. They begin anew from time to time; each beginning has a number, too. */
export interface KnownNames {
	/** Those of a beginning, in order. */
	of(beginning: number): readonly string[];
	/** One more has come. */
	add(name: string): void;
}

/**
 * Writes recipients for one other node. It numbers each of them when it comes for the first time, and the other side does the same: a room
 * whose occupants stay costs a few bytes, however many they are. What is written has to be read there, all of it and in order.
 */
export class RecipientsWriter implements KnownNames {
	private numbers = new Map<string, number>();
	private names: string[] = [];
	private earlier: readonly string[] = [];

	/** @param beginning another number than that of any other writer for the same node */
	constructor(private beginning: number) {}

	/** Text for one side: its beginning, `+` with a new name, `3-7` and `9` for known ones. */
	write(recipients: readonly string[]): string {
		if (this.names.length + recipients.length > most_names) {
			this.earlier = this.names;
			this.names = [];
			this.numbers = new Map();
			this.beginning++;
		}
		const { numbers, names } = this;
		let text = `${this.beginning}:`;
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
		return `${text};`;
	}

	// What was written may come back, where the other node is gone

	of(beginning: number): readonly string[] {
		if (beginning === this.beginning) return this.names;
		return beginning === this.beginning - 1 ? this.earlier : [];
	}

	add(): void {
		// Known already
	}
}

/** What one other node has written of recipients. */
export class ReadNames implements KnownNames {
	private beginning = -1;
	private names: string[] = [];

	of(beginning: number): readonly string[] {
		if (beginning !== this.beginning) {
			this.beginning = beginning;
			this.names = [];
		}
		return this.names;
	}

	add(name: string): void {
		if (this.names.length >= 2 * most_names) throw new NotUnderstood();
		this.names.push(name);
	}
}

/**
 * Reads what {@link RecipientsWriter} has written.
 * @throws NotUnderstood where it was not written so
 */
export function read_recipients(reader: TextReader, known: KnownNames): string[] {
	const found: string[] = [];
	const names = known.of(reader.number());
	if (reader.mark() !== ":") throw new NotUnderstood();
	for (;;) {
		switch (reader.ahead()) {
			case "+": {
				reader.mark();
				const name = reader.counted();
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
