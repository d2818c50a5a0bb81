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
