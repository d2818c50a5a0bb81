// No counterpart: which texts XML can carry, and what to show of the others.

/** What XML or UTF-8 cannot carry: control characters, U+FFFE, U+FFFF and lone surrogates. */
export const forbidden_text =
	// biome-ignore lint/suspicious/noControlCharactersInRegex: this is the very check for control characters
	/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const each_forbidden = new RegExp(forbidden_text.source, "g");

/** Bytes that are not UTF-8 nearly always come from old text in this encoding, or in Latin-1, which it includes. */
const western = new TextDecoder("windows-1252");

function replacement(character: string): string {
	const code = character.charCodeAt(0);
	// The characters by which byte_text.ts keeps bytes
	if (code >= 0xdc80 && code <= 0xdcff) return western.decode(Uint8Array.of(code - 0xdc00));
	return "\ufffd";
}

/**
 * A text from storage as XML can carry it: bytes that are not UTF-8 become the characters that were most likely meant, and what XML
 * does not allow becomes U+FFFD. Other texts are not changed.
 */
export function carriable(text: string): string {
	return forbidden_text.test(text) ? text.replace(each_forbidden, replacement) : text;
}
