// No counterpart: Prosody knows only ranges that go to the end and do not begin at 0, and refuses what browsers ask for.

/** A part of a file; both bounds are inclusive. */
export interface Range {
	readonly start: number;
	readonly end: number;
}

/**
 * Reads a `Range` field (RFC 9110 §14.1.2) for a file of a size: `"none"` where the file has nothing of it, undefined where the whole file
 * is to be sent, as for several ranges at once and for what is no range of bytes.
 */
export function read_range(field: string | undefined, size: number): Range | "none" | undefined {
	const [whole, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(field?.replaceAll(/[ \t]/g, "") ?? "") ?? [];
	if (whole === undefined || (first === "" && last === "")) return undefined;
	if (first === "") {
		const count = Math.min(Number(last), size);
		return count === 0 ? "none" : { start: size - count, end: size - 1 };
	}
	const start = Number(first);
	const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
	if (last !== "" && Number(last) < start) return undefined;
	return start >= size ? "none" : { start, end };
}
