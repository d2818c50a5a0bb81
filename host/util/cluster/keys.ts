// No counterpart: names in NATS, whose keys and subjects take few characters.

const plain = /^[A-Za-z0-9_-]$/;

/**
 * Any text, such as a JID, as one part of a key or of a subject of NATS: bytes other than letters, digits, `_` and `-` are written as
 * `=` and two hexadecimal digits. Different texts give different keys.
 */
export function key_of(text: string): string {
	if (/^[A-Za-z0-9_-]+$/.test(text)) return text;
	let key = "";
	for (const byte of Buffer.from(text, "utf8")) {
		const character = String.fromCharCode(byte);
		key += plain.test(character) ? character : `=${byte.toString(16).padStart(2, "0")}`;
	}
	return key === "" ? "=" : key;
}

/** The text of a key that {@link key_of} made; undefined where it made none such. */
export function text_of_key(key: string): string | undefined {
	if (key === "=") return "";
	const bytes: number[] = [];
	for (let at = 0; at < key.length; at++) {
		const character = key.charAt(at);
		if (character !== "=") {
			bytes.push(character.charCodeAt(0));
			continue;
		}
		bytes.push(Number.parseInt(key.slice(at + 1, at + 3), 16));
		at += 2;
	}
	if (bytes.some((byte) => !(byte >= 0 && byte <= 255))) return undefined;
	const text = Buffer.from(bytes).toString("utf8");
	return key_of(text) === key ? text : undefined;
}
