// No counterpart: how questions and answers of nodes become messages, which may not be as long as one likes.

const kinds = ["question", "answer", "problem", "beat"] as const;

/** A message of a question, of its answer, or of what was wrong; or a sign that there will be an answer. */
export interface Part {
	readonly kind: (typeof kinds)[number];
	/** The life of the node that says it, in one word. */
	readonly from: string;
	/** Names the question. */
	readonly name: string;
	/** Which part it is, from 0, and how many there are. */
	readonly index: number;
	readonly count: number;
	readonly bytes: Uint8Array;
}

/** The most that an answer may have. */
export const most_parts = 32;
/** The longest part in bytes, though messages might be longer. */
const longest_part = 1_000_000;
/** Room for the line before the bytes. */
const longest_head = 256;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Divides bytes into messages: a line that says what they are, and a part of the bytes. At least one. */
export function parts_of(from: string, name: string, kind: Part["kind"], bytes: Uint8Array, longest: number): Uint8Array[] {
	const room = Math.max(1, Math.min(longest, longest_part) - longest_head);
	const count = Math.max(1, Math.ceil(bytes.length / room));
	return Array.from({ length: count }, (_, index) => {
		const head = encoder.encode(`${kind} ${from} ${name} ${index} ${count}\n`);
		return Buffer.concat([head, bytes.subarray(index * room, (index + 1) * room)]);
	});
}

/** Reads a message; undefined for anything else. */
export function read_part(data: Uint8Array): Part | undefined {
	const end = data.subarray(0, longest_head).indexOf(10);
	if (end < 0) return undefined;
	const [kind_text, from, name, index_text, count_text, ...rest] = decoder.decode(data.subarray(0, end)).split(" ");
	const kind = kinds.find((one) => one === kind_text);
	const [index, count] = [Number(index_text), Number(count_text)];
	const are_numbers = Number.isInteger(index) && Number.isInteger(count) && index >= 0 && index < count && count <= most_parts;
	if (kind === undefined || from === undefined || name === undefined || name === "" || !are_numbers || rest.length > 0) {
		return undefined;
	}
	return { kind, from, name, index, count, bytes: data.subarray(end + 1) };
}
