// No counterpart: counts stanzas without parsing them, so that the load generator is not what is measured.

/** Counts how often an end tag occurs in a stream that comes in pieces. */
export class StanzaCounter {
	private carry = "";

	/** @param marker a text that is exactly once in each stanza, such as `</message>` */
	constructor(private readonly marker: string) {}

	/** How many markers this piece completes. */
	count(piece: string): number {
		const { marker } = this;
		const text = this.carry === "" ? piece : this.carry + piece;
		let found = 0;
		let at = text.indexOf(marker);
		let end = 0;
		while (at >= 0) {
			found++;
			end = at + marker.length;
			at = text.indexOf(marker, end);
		}
		// Less than a whole marker, so that nothing is counted twice
		this.carry = text.slice(Math.max(end, text.length - marker.length + 1));
		return found;
	}
}

/** Reads the times at which messages were sent out of their bodies, which begin with `t=`, milliseconds and a semicolon. */
export class TimeReader {
	private carry = "";

	/** The times that this piece completes. */
	*read(piece: string): Generator<number, void, undefined> {
		const text = this.carry + piece;
		let at = text.indexOf(time_mark);
		let end = 0;
		while (at >= 0) {
			const stop = text.indexOf(";", at);
			if (stop < 0) break;
			yield Number(text.slice(at + time_mark.length, stop));
			end = stop;
			at = text.indexOf(time_mark, end);
		}
		this.carry = at >= 0 ? text.slice(at) : text.slice(Math.max(end, text.length - time_mark.length + 1));
	}
}

const time_mark = ">t=";

/** A body of a hundred bytes that says when it was sent. */
export function timed_body(now: number): string {
	return `t=${now.toFixed(3)};`.padEnd(100, "x");
}

/** How long a mark of an end is: both are as long as each other. */
const mark_length = 10;
const end_of_message = Buffer.from("</message>");
/** Its first character is left to whatever comes before. */
const end_of_presence = Buffer.from("/presence>");
const closing = 62;

/** How far the next end of a mark is away at least, by the byte that is there. */
const skips = new Uint8Array(256).fill(mark_length);
for (const mark of [end_of_message, end_of_presence]) {
	for (const [index, byte] of mark.subarray(0, -1).entries()) skips[byte] = Math.min(skips[byte] ?? 0, mark_length - 1 - index);
}

function ends_with(bytes: Uint8Array, end: number, mark: Uint8Array): boolean {
	for (let index = 1; index < mark_length; index++) if (bytes[end - index] !== mark[mark_length - 1 - index]) return false;
	return true;
}

/** Counts messages and presences in a stream that comes in pieces. It looks at every tenth byte or so, since crowds get gigabytes. */
export class EndCounter {
	messages = 0;
	presences = 0;
	/** The last bytes before, with room for the first ones of a piece. */
	private readonly seam = new Uint8Array(2 * (mark_length - 1));

	count(bytes: Uint8Array): void {
		const { seam } = this;
		const least = mark_length - 1;
		const first = bytes.subarray(0, least);
		seam.set(first, least);
		this.search(seam, least + first.length);
		this.search(bytes, bytes.length);
		if (bytes.length >= least) seam.set(bytes.subarray(bytes.length - least));
		else seam.copyWithin(0, bytes.length, bytes.length + least);
	}

	private search(bytes: Uint8Array, length: number): void {
		for (let at = mark_length - 1; at < length; ) {
			const byte = bytes[at] ?? 0;
			if (byte === closing) {
				if (ends_with(bytes, at, end_of_presence)) this.presences++;
				else if (ends_with(bytes, at, end_of_message)) this.messages++;
			}
			at += skips[byte] ?? 1;
		}
	}
}
