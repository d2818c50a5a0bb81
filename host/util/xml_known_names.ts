// No counterpart: expat keeps all names that it has seen.

/** Names of elements and attributes that many stanzas have. */
const names = [
	"a",
	"action",
	"active",
	"affiliation",
	"body",
	"by",
	"c",
	"category",
	"composing",
	"error",
	"feature",
	"field",
	"from",
	"h",
	"hash",
	"id",
	"identity",
	"iq",
	"item",
	"jid",
	"message",
	"name",
	"node",
	"origin-id",
	"ping",
	"presence",
	"priority",
	"query",
	"r",
	"request",
	"role",
	"show",
	"stanza-id",
	"status",
	"text",
	"to",
	"type",
	"value",
	"var",
	"ver",
	"version",
	"x",
	"xml:lang",
	"xmlns",
];

/** Which of them a name of some length that begins so may be. */
const longest = 16;
const by_beginning: (readonly string[] | undefined)[] = new Array(128 * longest).fill(undefined);
for (const name of names) {
	const place = name.charCodeAt(0) * longest + name.length;
	by_beginning[place] = [...(by_beginning[place] ?? []), name];
}

/**
 * The name in some text, where it is a frequent one: the very string that code asks for, so that no other has to be made, and looked up as the
 * name of a property.
 */
export function known_name(text: string, start: number, end: number): string | undefined {
	const length = end - start;
	const first = text.charCodeAt(start);
	if (length >= longest || !(first < 128)) return undefined;
	const candidates = by_beginning[first * longest + length];
	if (candidates === undefined) return undefined;
	for (const candidate of candidates) if (text.startsWith(candidate, start)) return candidate;
	return undefined;
}
