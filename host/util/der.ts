// No counterpart: LuaSec reads certificates for Prosody. ITU-T X.690, as far as certificates use it.

/** One value in DER: its tag, and where its content is. */
export interface DerValue {
	readonly tag: number;
	readonly content: Buffer;
}

/** Tags of values that contain no other values. */
export const der_tags = { boolean: 0x01, integer: 0x02, octets: 0x04, identifier: 0x06 } as const;

const constructed = 0x20;
const deepest = 8;

/** Whether a value contains other values: sequences, sets, and values with a context-specific tag. */
export function is_constructed({ tag }: DerValue): boolean {
	return (tag & constructed) !== 0;
}

/** The values in a piece of DER; what cannot be read ends the list. */
export function* values_in(data: Buffer): Generator<DerValue> {
	let at = 0;
	while (at + 2 <= data.length) {
		const tag = data[at] ?? 0;
		let length = data[at + 1] ?? 0;
		let start = at + 2;
		if (length >= 0x80) {
			const bytes = length & 0x7f;
			if (bytes === 0 || bytes > 4 || start + bytes > data.length) return;
			length = data.readUIntBE(start, bytes);
			start += bytes;
		}
		if (start + length > data.length) return;
		yield { tag, content: data.subarray(start, start + length) };
		at = start + length;
	}
}

/**
 * The content of a certificate's extension, without its octet string; undefined where the certificate has no such extension.
 * @param identifier the extension's object identifier in DER, hexadecimal
 */
export function find_extension(data: Buffer, identifier: string, depth = 0): Buffer | undefined {
	if (depth > deepest) return undefined;
	const parts = [...values_in(data)];
	const [first] = parts;
	if (first?.tag === der_tags.identifier && first.content.toString("hex") === identifier) {
		return parts.find(({ tag }) => tag === der_tags.octets)?.content;
	}
	for (const part of parts) {
		const found = is_constructed(part) ? find_extension(part.content, identifier, depth + 1) : undefined;
		if (found !== undefined) return found;
	}
	return undefined;
}
