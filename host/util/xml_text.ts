// No counterpart: which texts XML can carry, and what to show of the others.

/** What neither XML nor UTF-8 can carry: controls, U+FFFE, U+FFFF and lone surrogates. */
export const forbidden_text =
	// biome-ignore lint/suspicious/noControlCharactersInRegex: this is the very check for control characters
	/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const each_forbidden = new RegExp(forbidden_text.source, "g");

/** Bytes that are no UTF-8 nearly always come from an old text in this encoding, or in Latin-1, which it contains. */
const western = new TextDecoder("windows-1252");

function replacement(character: string): string {
	const code = character.charCodeAt(0);
	// As byte_text.ts holds bytes
	if (code >= 0xdc80 && code <= 0xdcff) return western.decode(Uint8Array.of(code - 0xdc00));
	return "\ufffd";
}

/**
 * A text from storage as XML can carry it: bytes that are no UTF-8 as the characters that they most likely were meant for, what XML
 * does not know as U+FFFD. Other texts are as they were.
 */
export function carriable(text: string): string {
	return forbidden_text.test(text) ? text.replace(each_forbidden, replacement) : text;
}
