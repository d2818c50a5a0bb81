import fc from "fast-check";
import { SaxesParser } from "saxes";
import { describe, expect, it } from "vitest";
import { utf8_valid } from "../../../host/util/encodings.ts";
import { TooManyAttributes, XmlError } from "../../../host/util/xml_errors.ts";
import { XmlTokenizer } from "../../../host/util/xml_tokenizer.ts";

type Token = { open: string; attributes: string[] } | "close" | { text: string };

function add_text(tokens: Token[], text: string): void {
	const last = tokens.at(-1);
	if (typeof last === "object" && "text" in last) last.text += text;
	else if (text !== "") tokens.push({ text });
}

/** What the tokenizer makes of a document that comes in these pieces; undefined where it is not well-formed. */
function tokenize(pieces: readonly string[]): Token[] | undefined {
	const tokens: Token[] = [];
	let bytes = 0;
	const tokenizer = new XmlTokenizer(100);
	try {
		for (const piece of pieces) {
			tokenizer.write(piece);
			for (let token = tokenizer.next(); token !== undefined; token = tokenizer.next()) {
				if (token === "open") tokens.push({ open: tokenizer.name, attributes: [...tokenizer.attributes] });
				else if (token === "close") tokens.push("close");
				else add_text(tokens, tokenizer.text);
				bytes += tokenizer.bytes;
			}
		}
	} catch (error) {
		if (error instanceof XmlError) return undefined;
		throw error;
	}
	const root_ends = pieces.join("").lastIndexOf(">") + 1;
	if (tokenizer.is_complete && pieces[0]?.startsWith("<root"))
		expect(bytes).toBe(Buffer.byteLength(pieces.join("").slice(0, root_ends)));
	return tokenizer.is_complete ? tokens : undefined;
}

/** The same by saxes, where it is to be trusted. */
function judge(document: string): Token[] | undefined {
	const tokens: Token[] = [];
	const parser = new SaxesParser({ xmlns: false, position: false });
	const refuse = (): never => {
		throw new XmlError("refused");
	};
	parser.ENTITIES = Object.assign(Object.create(null), { amp: "&", gt: ">", lt: "<", quot: '"', apos: "'" });
	parser.on("error", refuse);
	parser.on("comment", refuse);
	parser.on("doctype", refuse);
	parser.on("processinginstruction", refuse);
	parser.on("xmldecl", refuse);
	parser.on("opentag", (tag) => tokens.push({ open: tag.name, attributes: Object.entries(tag.attributes).flat() }));
	parser.on("closetag", () => tokens.push("close"));
	let depth = 0;
	parser.on("opentagstart", () => depth++);
	const text = (piece: string): void => {
		if (depth > 0 && tokens.filter((token) => token === "close").length < depth) add_text(tokens, piece);
	};
	parser.on("text", text);
	parser.on("cdata", text);
	try {
		parser.write(document).close();
	} catch (error) {
		if (error instanceof XmlError) return undefined;
		throw error;
	}
	return tokens;
}

const name = fc.constantFrom("a", "b:c", "_", ":x", "\u00e9", "d-1.2", "\u{10400}", "constructor");
const content = fc
	.array(
		fc.oneof(
			fc.constantFrom(
				"x",
				" ",
				"\r\n",
				"\r",
				"\n",
				"\t",
				"]]x",
				">",
				"&amp;",
				"&#65;",
				"&#x1F600;",
				"<![CDATA[<&]]]]>",
				"\u00e9",
				"\u{1f600}",
				"'",
				'"',
			),
			fc.string({ unit: "grapheme-ascii", maxLength: 5 }).map((text) => text.replace(/[<&\]]/g, "")),
		),
		{ maxLength: 5 },
	)
	.map((parts) => parts.join(""));
const element: fc.Arbitrary<string> = fc.letrec<{ element: string }>((tie) => ({
	element: fc
		.record({
			name,
			attributes: fc.uniqueArray(fc.tuple(name, content, fc.constantFrom(" ", "\n ", "\t")), {
				selector: ([key]) => key,
				maxLength: 3,
			}),
			children: fc.array(fc.oneof({ depthSize: "small" }, content, tie("element")), { maxLength: 4 }),
			empty: fc.boolean(),
		})
		.map(({ name, attributes, children, empty }) => {
			const written = attributes.map(([key, value, gap]) => `${gap}${key}${gap.trim()}='${value.replace(/<!.*\]>|'/gs, "")}'`);
			const start = `<${name}${written.join("")}`;
			return empty ? `${start}/>` : `${start}>${children.join("")}</${name} >`;
		}),
})).element;
const document = fc.tuple(element, content).map(([inner, text]) => `<root>${text}${inner}</root>\n`);

/** A document with some characters changed, most of which break it. */
const mutated = fc
	.tuple(
		document,
		fc.array(
			fc.tuple(
				fc.nat(),
				fc.nat(2),
				fc.constantFrom("<", ">", "/", "&", ";", "'", '"', "=", " ", "!", "?", "-", "]", "[", "\u0001", "a", ""),
			),
			{ minLength: 1, maxLength: 3 },
		),
	)
	.map(([text, changes]) => {
		let changed = text;
		for (const [place, removed, put] of changes) {
			const at = place % (changed.length + 1);
			changed = changed.slice(0, at) + put + changed.slice(at + removed);
		}
		return changed;
	});

describe("XmlTokenizer", () => {
	it("agrees with saxes on well-formed documents", () => {
		fc.assert(
			fc.property(document, (text) => {
				const tokens = tokenize([text]);
				expect(tokens).toBeDefined();
				expect(tokens).toEqual(judge(text));
			}),
			{ numRuns: 500 },
		);
	});

	it("agrees with saxes on which documents are broken", () => {
		let broken = 0;
		fc.assert(
			fc.property(mutated, (text) => {
				// Lone surrogates cannot come out of UTF-8.
				fc.pre(utf8_valid(text));
				const verdict = judge(text);
				if (verdict === undefined) broken++;
				expect(tokenize([text])).toEqual(verdict);
			}),
			{ numRuns: 3000 },
		);
		expect(broken).toBeGreaterThan(100);
	});

	it("reads the same however a document is cut", () => {
		fc.assert(
			fc.property(fc.oneof(document, mutated), fc.array(fc.nat(), { maxLength: 10 }), (text, cuts) => {
				fc.pre(utf8_valid(text));
				const places = [0, ...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
				const pieces = places.map((place, index) => text.slice(place, places[index + 1] ?? text.length));
				// The decoder in front never cuts a character.
				fc.pre(pieces.every(utf8_valid));
				expect(tokenize(pieces)).toEqual(tokenize([text]));
				expect(tokenize([...text])).toEqual(tokenize([text]));
			}),
			{ numRuns: 500 },
		);
	});

	it("does not slow down with a long tag in small pieces", () => {
		const tokenizer = new XmlTokenizer(100);
		tokenizer.write("<a b='");
		// Looking at all of it with every piece would take 10^10 steps.
		for (let i = 0; i < 100_000; i++) {
			tokenizer.write("x");
			tokenizer.next();
		}
		expect(tokenizer.pending_bytes).toBe(100_006);
		tokenizer.write("'>");
		expect(tokenizer.next()).toBe("open");
		expect(tokenizer.pending_bytes).toBe(0);
	});

	it("ends an element with too many attributes", () => {
		const tokenizer = new XmlTokenizer(3);
		tokenizer.write("<a b='1' c='2' d='3'>");
		expect(tokenizer.next()).toBe("open");
		tokenizer.write("<a b='1' c='2' d='3' e='4'>");
		expect(() => tokenizer.next()).toThrow(TooManyAttributes);
	});

	it("reads no more than it is asked for, and gives back the rest", () => {
		const tokenizer = new XmlTokenizer(100);
		tokenizer.write("<a><b/><c/>rest");
		expect([tokenizer.next(), tokenizer.next(), tokenizer.next()]).toEqual(["open", "open", "close"]);
		expect(tokenizer.name).toBe("b");
		expect(tokenizer.unread).toBe("<c/>rest");
	});
});
