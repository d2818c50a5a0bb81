// No counterpart: the form of ECDSA signatures in OpenSSL (DER, RFC 3279 §2.2.3) and their two numbers.

const sequence = 0x30;
const integer = 0x02;

function encode_length(length: number): Buffer {
	return length < 128 ? Buffer.from([length]) : Buffer.from([0x81, length]);
}

/** A number without zeros before it. */
function digits_of(bytes: Buffer): Buffer {
	let start = 0;
	while (start < bytes.length && bytes[start] === 0) start++;
	return bytes.subarray(start);
}

function encode_number(bytes: Buffer): Buffer {
	const digits = digits_of(bytes);
	// A first bit would make it negative
	const body = digits.length === 0 || (digits[0] ?? 0) >= 128 ? Buffer.concat([Buffer.from([0]), digits]) : digits;
	return Buffer.concat([Buffer.from([integer]), encode_length(body.length), body]);
}

/** A signature of two numbers, the highest bytes first. */
export function encode_signature(r: Buffer, s: Buffer): Buffer {
	const body = Buffer.concat([encode_number(r), encode_number(s)]);
	return Buffer.concat([Buffer.from([sequence]), encode_length(body.length), body]);
}

/** Reads `tag length content` at a place; undefined where there is something else. */
function read_element(bytes: Buffer, at: number, tag: number): Buffer | undefined {
	if (bytes[at] !== tag) return undefined;
	const first = bytes[at + 1] ?? 255;
	const length = first === 0x81 ? (bytes[at + 2] ?? 0) : first;
	const start = at + (first === 0x81 ? 3 : 2);
	if (first > 0x81 || first === 0x80 || start + length > bytes.length) return undefined;
	return bytes.subarray(start, start + length);
}

/** The two numbers of a signature, without zeros before them; undefined where it is none. */
export function decode_signature(signature: Buffer): [r: Buffer, s: Buffer] | undefined {
	const body = read_element(signature, 0, sequence);
	const r = body && read_element(body, 0, integer);
	if (body === undefined || r === undefined) return undefined;
	const s = read_element(body, r.byteOffset - body.byteOffset + r.length, integer);
	if (s === undefined) return undefined;
	return [digits_of(r), digits_of(s)];
}
