import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as datetime from "../../../host/util/datetime.ts";
import * as encodings from "../../../host/util/encodings.ts";
import * as hashes from "../../../host/util/hashes.ts";
import * as jid from "../../../host/util/jid.ts";
import { as_lua, ask_prosody, type Call, type LuaValue, why_no_prosody } from "./prosody.ts";

/** The same inputs on each run, so that a difference stays where it was found. */
const seed = 20240229;

function points(...ranges: [first: number, last: number][]): fc.Arbitrary<string> {
	return fc
		.oneof(...ranges.map(([first, last]) => ({ arbitrary: fc.integer({ min: first, max: last }), weight: last - first + 1 })))
		.map((point) => String.fromCodePoint(point));
}

/** Kinds of characters that the tables treat differently. */
const scripts = {
	lower: points([0x61, 0x7a], [0x30, 0x39]),
	ascii: points([0x20, 0x7e]),
	controls: points([0, 0x1f], [0x7f, 0xa0], [0x2000, 0x206f], [0xfff9, 0xffff], [0xfe00, 0xfe0f], [0xe0000, 0xe007f]),
	latin: points([0xa0, 0x24f], [0x1e00, 0x1eff]),
	greek_and_cyrillic: points([0x370, 0x52f], [0x1f00, 0x1fff]),
	full_width: points([0xff00, 0xffef], [0x3000, 0x3040]),
	hebrew_and_arabic: points([0x590, 0x6ff], [0xfb1d, 0xfdff], [0xfe70, 0xfefc]),
	syriac_to_mandaic: points([0x700, 0x8ff], [0x10800, 0x10fff], [0x1e800, 0x1efff]),
	emoji: points([0x2600, 0x27bf], [0x1f300, 0x1faff], [0xfe0f, 0xfe0f], [0x200d, 0x200d], [0x1f1e6, 0x1f1ff]),
	combining: points([0x300, 0x36f], [0x1ab0, 0x1aff], [0x1dc0, 0x1dff], [0x20d0, 0x20ff], [0x3099, 0x309c]),
	korean: points([0x1100, 0x11ff], [0xac00, 0xd7a3], [0x3130, 0x318f]),
	chinese: points([0x4e00, 0x9fff], [0xf900, 0xfaff], [0x2f800, 0x2fa1d], [0x20000, 0x200ff], [0x3200, 0x33ff]),
	mathematics: points([0x2070, 0x2300], [0x1d400, 0x1d7ff]),
	newer_than_unicode32: points(
		[0x220, 0x24f],
		[0x2c00, 0x2dff],
		[0xa640, 0xa7ff],
		[0x13a0, 0x13ff],
		[0xab30, 0xabbf],
		[0x1f100, 0x1f2ff],
	),
	any: points([0, 0xd7ff], [0xe000, 0x10ffff]),
};

const mixed_text = fc
	.uniqueArray(fc.constantFrom(...Object.values(scripts)), { minLength: 1, maxLength: 3 })
	.chain((kinds) => fc.string({ unit: fc.oneof(...kinds), minLength: 0, maxLength: 9 }));

/** Texts around the limit of 1023 bytes, and such that grow or shrink past it. */
const long_text = fc
	.tuple(
		fc.constantFrom("a", "A", "é", "İ", "ß", "ﷺ", "\u00ad", "𝔄", "א", "ｱ", "가"),
		fc.integer({ min: -3, max: 3 }),
		fc.boolean(),
	)
	.map(([character, more, room]) => {
		const size = Buffer.byteLength(character);
		return character.repeat(Math.floor(1023 / size) + more) + (room ? "" : "x".repeat(1023 % size));
	});

const lone_surrogate = fc
	.tuple(mixed_text, fc.constantFrom("\ud800", "\udfff", "\udc00\ud800"), mixed_text)
	.map((parts) => parts.join(""))
	.filter((text) => /\p{Surrogate}/u.test(text));

const any_text = fc.oneof(
	{ arbitrary: mixed_text, weight: 20 },
	{ arbitrary: long_text, weight: 1 },
	{ arbitrary: lone_surrogate, weight: 1 },
);

const jid_text = fc.oneof(
	fc.string({ unit: fc.constantFrom("a", "B", "@", "/", ".", "ü", " "), maxLength: 8 }),
	fc.tuple(any_text, any_text, any_text).map(([node, host, resource]) => `${node}@${host}/${resource}`),
	fc.tuple(any_text, any_text).map(([host, resource]) => `${host}/${resource}`),
	fc.tuple(mixed_text, fc.constantFrom(".", "..", ".@", "./x", ".\u00ad"), any_text).map((parts) => parts.join("")),
	fc
		.tuple(mixed_text, fc.constantFrom("\\20", "\\5c", "\\5C", "\\2F", "\\\\", "\\5c5c40", "\\c3"), mixed_text)
		.map((parts) => parts.join("")),
);

function sample<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
	return fc.sample(arbitrary, { numRuns: count, seed });
}

interface Comparison {
	call: Call;
	/** What ours answers to the same. */
	ours: LuaValue | LuaValue[];
	/** Why the two may differ here. */
	excluded?: string | undefined;
}

/** Compares all answers; prints how many agree and how many differ for which excluded reason. */
function compare(title: string, comparisons: Comparison[]): void {
	const answers = ask_prosody(comparisons.map(({ call }) => call));
	const differing: string[] = [];
	const excluded = new Map<string, number>();
	for (const [index, { call, ours, excluded: reason }] of comparisons.entries()) {
		const mine = (Array.isArray(ours) ? ours : [ours]).map(as_lua).join(" ");
		if (mine === answers[index]) continue;
		if (reason !== undefined) excluded.set(reason, (excluded.get(reason) ?? 0) + 1);
		else differing.push(`${call[0]} ${JSON.stringify(call.slice(1))}: Prosody ${answers[index]}, ours ${mine}`);
	}
	const reasons = [...excluded].map(([reason, count]) => `, ${count} expected differences: ${reason}`);
	console.info(`${title}: ${comparisons.length} calls, ${differing.length} unexpected differences${reasons.join("")}`);
	expect(answers).toHaveLength(comparisons.length);
	expect(differing.slice(0, 20)).toEqual([]);
}

const { nodeprep, nameprep, resourceprep, saslprep } = encodings;
const preps = Object.entries({ nodeprep, nameprep, resourceprep, saslprep });
const { bare, node, host, resource, escape: escape_node, unescape: unescape_node } = jid;
const jid_functions = Object.entries({ bare, node, host, resource, escape: escape_node, unescape: unescape_node });
const { date, datetime: date_and_time, time, legacy } = datetime;
const formats = Object.entries({ date, datetime: date_and_time, time, legacy });

describe.skipIf(why_no_prosody !== undefined)("compared with Debian's Prosody", () => {
	it("prepares texts alike", () => {
		const comparisons: Comparison[] = [];
		for (const text of sample(any_text, 6000)) {
			for (const [name, prep] of preps) {
				for (const strict of [false, true]) {
					comparisons.push({ call: [`util.encodings:stringprep.${name}`, text, strict], ours: prep(text, strict) });
				}
			}
		}
		compare("stringprep", comparisons);
	});

	it("prepares single code points alike", () => {
		const comparisons: Comparison[] = [];
		for (let point = 0; point <= 0x10ffff; point += point < 0x3400 || (point >= 0xf900 && point < 0x10000) ? 1 : 97) {
			if (point >= 0xd800 && point <= 0xdfff) continue;
			const character = String.fromCodePoint(point);
			for (const [name, prep] of preps) {
				comparisons.push({
					call: [`util.encodings:stringprep.${name}`, character, true],
					ours: prep(character, true),
				});
			}
			// Between Hebrew letters, what is left-to-right is refused
			const framed = `\u05d0${character}\u05d0`;
			comparisons.push({ call: ["util.encodings:stringprep.resourceprep", framed], ours: encodings.resourceprep(framed) });
		}
		compare("single code points", comparisons);
	});

	it("takes JIDs apart and together alike", () => {
		const comparisons: Comparison[] = [];
		const texts = sample(jid_text, 3000);
		for (const [index, text] of texts.entries()) {
			const another = texts[(index * 7 + 1) % texts.length] ?? "";
			const parts = jid.split(text);
			comparisons.push({ call: ["util.jid:split", text], ours: [parts.node, parts.host, parts.resource] });
			for (const [name, ask] of jid_functions) {
				comparisons.push({ call: [`util.jid:${name}`, text], ours: ask(text) });
			}
			comparisons.push({
				call: ["util.jid:join", parts.node, parts.host, another],
				ours: jid.join(parts.node, parts.host, another),
			});
			for (const rule of [another, text, jid.bare(text), jid.host(text), `${jid.host(text)}/${another}`]) {
				comparisons.push({ call: ["util.jid:compare", text, rule], ours: jid.compare(text, rule) });
			}
			for (const strict of [false, true]) {
				const prepped = jid.prepped_split(text, strict);
				// Where Prosody refuses, it answers with no values, of which one is printed
				const values = prepped.host === undefined ? undefined : [prepped.node, prepped.host, prepped.resource];
				const left = [
					nodeprep(parts.node ?? "x", strict),
					nameprep(parts.host ?? "x", strict),
					resourceprep(parts.resource ?? "x", strict),
				];
				const excluded = left.includes("") ? "parts that are empty after preparation make no address" : undefined;
				comparisons.push({ call: ["util.jid:prepped_split", text, strict], ours: values, excluded });
				comparisons.push({ call: ["util.jid:prep", text, strict], ours: jid.prep(text, strict), excluded });
			}
		}
		compare("jid", comparisons);
	});

	it("encodes and decodes alike", () => {
		const comparisons: Comparison[] = [];
		for (const bytes of sample(fc.uint8Array({ maxLength: 40 }), 2000)) {
			const data = Buffer.from(bytes);
			comparisons.push(
				{ call: ["util.encodings:base64.encode", data], ours: encodings.base64_encode(data) },
				{ call: ["util.encodings:base64.decode", data], ours: encodings.base64_decode(data) },
				{ call: ["util.encodings:utf8.valid", data], ours: encodings.utf8_valid(data) },
				{
					call: ["util.encodings:utf8.length", data],
					ours: encodings.utf8_length(data) ?? [undefined, "invalid utf8"],
				},
			);
		}
		for (const text of sample(
			fc.string({ unit: fc.constantFrom(..."QWxhZGRpbg+/===\n\r\t\f\b \0".split("")), maxLength: 20 }),
			3000,
		)) {
			comparisons.push({ call: ["util.encodings:base64.decode", text], ours: encodings.base64_decode(text) });
		}
		for (const text of sample(any_text, 1000)) {
			comparisons.push({ call: ["util.encodings:utf8.valid", text], ours: encodings.utf8_valid(text) });
		}
		compare("base64 and utf8", comparisons);
	});

	it("converts domain names alike", () => {
		const { lower, ascii, latin, greek_and_cyrillic, full_width, hebrew_and_arabic, korean, chinese, mathematics } = scripts;
		// Nothing that later versions of Unicode than ICU 72's 15.0 may fill
		const emoji = points([0x2600, 0x27bf], [0x1f300, 0x1f64f], [0x200d, 0x200d]);
		const combining = points([0x300, 0x36f], [0x1ab0, 0x1ace], [0x1dc0, 0x1dff], [0x3099, 0x309c]);
		const dots = points([0x2e, 0x2e], [0x3002, 0x3002], [0xff0e, 0xff0e], [0xff61, 0xff61]);
		const kinds = [
			lower,
			ascii,
			latin,
			greek_and_cyrillic,
			full_width,
			hebrew_and_arabic,
			emoji,
			combining,
			korean,
			chinese,
			mathematics,
		];
		const label = fc
			.tuple(fc.constantFrom(...kinds), fc.constantFrom("", "", "", "-", "xn--", "ab--", "\u00ad", "ß", "ς", "\u200d", "\u200b"))
			.chain(([kind, prefix]) => fc.string({ unit: fc.oneof(kind, lower), maxLength: 6 }).map((text) => prefix + text));
		const encoded_label = label.map((text) => encodings.idna_to_ascii(text) ?? `xn--${text}`);
		const long_label = fc
			.tuple(lower, fc.integer({ min: 58, max: 66 }), fc.constantFrom("", "ü"))
			.map(([text, count, end]) => text.repeat(count) + end);
		const name = fc
			.array(fc.tuple(fc.oneof({ arbitrary: label, weight: 12 }, { arbitrary: encoded_label, weight: 6 }, long_label), dots), {
				minLength: 1,
				maxLength: 5,
			})
			.chain((labels) =>
				fc.boolean().map((with_root) =>
					labels
						.flat()
						.slice(0, with_root ? undefined : -1)
						.join(""),
				),
			);

		const comparisons: Comparison[] = [];
		const names = sample(fc.oneof({ arbitrary: name, weight: 40 }, long_text, lone_surrogate), 6000);
		const readings = ask_prosody(names.map((text) => ["util.encodings:idna.to_unicode", text] as const));
		for (const [index, text] of names.entries()) {
			const excluded = why_names_may_differ(text, Buffer.from(readings[index]?.slice(1) ?? "", "hex").toString());
			comparisons.push(
				{ call: ["util.encodings:idna.to_ascii", text], ours: encodings.idna_to_ascii(text), excluded },
				{ call: ["util.encodings:idna.to_unicode", text], ours: encodings.idna_to_unicode(text), excluded },
			);
		}
		compare("idna", comparisons);
	});

	it("writes and reads times alike", () => {
		const comparisons: Comparison[] = [];
		for (const seconds of sample(
			fc.oneof(fc.integer(), fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), fc.constantFrom(0, -1, 951782400)),
			1500,
		)) {
			for (const [name, format] of formats) {
				comparisons.push({ call: [`util.datetime:${name}`, seconds], ours: format(seconds) });
			}
		}
		const digits = (count: number) =>
			fc.string({ unit: fc.constantFrom(..."0123456789".split("")), minLength: count, maxLength: count });
		const zone = fc.oneof(
			fc.constantFrom(
				"",
				"Z",
				"z",
				"ZZ",
				"+",
				"+1",
				"+01",
				"-0730",
				"+05:30",
				"+5:30",
				"Z+01:00",
				"?-02",
				"+01:234",
				"+01:",
				"\n+01",
			),
			fc.tuple(fc.constantFrom("+", "-"), digits(2), fc.constantFrom("", ":"), digits(2)).map((parts) => parts.join("")),
		);
		const fraction = fc.oneof(
			fc.constantFrom("", ".", ".5", ".000001", ".123456789"),
			digits(6).map((text) => `.${text}`),
		);
		const separator = fc.constantFrom("-", "-", "-", "");
		const timestamp = fc
			.tuple(
				digits(4),
				separator,
				digits(2),
				separator,
				digits(2),
				fc.constantFrom("T", "T", "T", "T", " "),
				digits(2),
				digits(2),
				digits(2),
				fraction,
				zone,
			)
			.map(
				([year, s1, month, s2, day, t, hour, minute, second, rest, where]) =>
					`${year}${s1}${month}${s2}${day}${t}${hour}:${minute}:${second}${rest}${where}`,
			);
		for (const text of [...sample(timestamp, 3000), ...sample(mixed_text, 100), "1969-12-31T23:59:59Z"]) {
			const parsed = datetime.parse(text);
			comparisons.push({
				call: ["util.datetime:parse", text],
				// Prosody 13 keeps the fraction, which 0.12 drops
				ours: parsed === undefined ? undefined : Math.floor(parsed),
				excluded: text === "1969-12-31T23:59:59Z" ? "Lua takes the second before 1970 for an error of mktime" : undefined,
			});
		}
		compare("datetime", comparisons);
	});

	it("hashes alike", () => {
		const { sha1, sha224, sha256, sha384, sha512, md5, hmac_sha1, hmac_sha256, hmac_sha512, hmac_md5 } = hashes;
		const plain = Object.entries({ sha1, sha224, sha256, sha384, sha512, md5 });
		const keyed = Object.entries({ hmac_sha1, hmac_sha256, hmac_sha512, hmac_md5 });
		const comparisons: Comparison[] = [];
		for (const [one, other] of sample(fc.tuple(mixed_text, fc.uint8Array({ maxLength: 80 })), 100)) {
			const data = Buffer.from(other);
			for (const hex of [false, true]) {
				for (const [name, hash] of plain) comparisons.push({ call: [`util.hashes:${name}`, data, hex], ours: hash(data, hex) });
				for (const [name, hmac] of keyed)
					comparisons.push({ call: [`util.hashes:${name}`, one, data, hex], ours: hmac(one, data, hex) });
			}
			comparisons.push(
				{ call: ["util.hashes:pbkdf2_hmac_sha1", one, data, 3], ours: hashes.pbkdf2_hmac_sha1(one, data, 3) },
				{ call: ["util.hashes:pbkdf2_hmac_sha256", one, data, 3], ours: hashes.pbkdf2_hmac_sha256(one, data, 3) },
				{ call: ["util.hashes:equals", one, data], ours: hashes.equals(one, data) },
				{ call: ["util.hashes:equals", data, data], ours: hashes.equals(data, data) },
			);
		}
		compare("hashes", comparisons);
	});
});

/** Characters of texts that are written from right to left, Arabic digits included, and what maps to them. */
const right_to_left = /[\u0590-\u08ff\u2135-\u2138\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** What UTS #46 refuses up to Unicode 15.0, but not in all later versions. */
const remapped = /[\u04c0\u10a0-\u10c5\u115f\u1160\u2132\u2183\u3164\uffa0\u{2f868}\u{2f874}\u{2f91f}\u{2f95f}\u{2f9bf}]/u;

/** What the comment of idna_to_ascii says that it does otherwise, and what depends on the Unicode version of this Node. */
function why_names_may_differ(text: string, reading: string): string | undefined {
	if (remapped.test(text) && Number(process.versions["unicode"]) > 15) return "newer Unicode version";
	const is_refused = encodings.idna_to_unicode(text) === undefined;
	return is_refused && right_to_left.test(reading) ? "Node checks the direction of text" : undefined;
}
