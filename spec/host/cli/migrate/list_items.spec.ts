import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical_xml } from "../../../../host/cli/migrate/canonical_xml.ts";
import { archive_item_text, read_archive_item } from "../../../../host/cli/migrate/list_items.ts";
import type { ArchiveRecord } from "../../../../host/cli/migrate/types.ts";
import { read_item, serialize } from "../../../../host/util/serialization.ts";
import * as st from "../../../../host/util/stanza.ts";
import * as xml from "../../../../host/util/xml.ts";

function record(text: string, more: Partial<ArchiveRecord> = {}): ArchiveRecord {
	const stanza = xml.parse(text);
	if (stanza === undefined) throw new Error("no XML");
	return { key: "k", when: 1700000000.25, with: "message<groupchat", stanza, xml: canonical_xml(stanza), ...more };
}

function written(given: ArchiveRecord): string {
	const text = archive_item_text(given);
	if (!text.ok) throw new Error(text.error);
	return text.value;
}

function read(text: string, number = 1): ArchiveRecord {
	const back = read_archive_item(text, number);
	if (!back.ok) throw new Error(back.error);
	return back.value;
}

const texts = fc.string({ unit: fc.constantFrom(..."ab '\"\\\n\t<>&é“😀;{}[]=") });

const stanzas = fc.letrec<{ stanza: st.Stanza }>((tie) => ({
	stanza: fc
		.record({
			name: fc.constantFrom("message", "body", "x"),
			attr: fc.dictionary(fc.constantFrom("id", "from", "xmlns", "xml:lang", "urn:x\u0001a"), texts),
			children: fc.array(fc.oneof({ depthSize: "small" }, texts, tie("stanza")), { maxLength: 4 }),
		})
		.map(({ name, attr, children }) => {
			const made = st.stanza(name, attr);
			for (const child of children) {
				if (typeof child !== "string") made.append_parsed(child);
				else if (child !== "") made.append_parsed(child);
			}
			return made;
		}),
})).stanza;

describe("items of Prosody's lists", () => {
	it("come back as they were", () => {
		fc.assert(
			fc.property(stanzas, texts, fc.double({ min: 0, max: 4e9, noNaN: true }), (stanza, key, when) => {
				const given = { key, when, with: key, stanza, xml: canonical_xml(stanza) };
				const { stanza: _, ...back } = read(written(given));
				const { stanza: _given, ...expected } = given;
				expect(back).toEqual(expected);
			}),
		);
	});

	it("are read alike by what reads every form that Lua knows, and so by Prosody", () => {
		fc.assert(
			fc.property(stanzas, (stanza) => {
				const text = written({ key: "k", when: 1, with: "w", stanza, xml: "" });
				const slow = read_item(text);
				const loose = text.replace("item({", "item ( {").replaceAll(";\n", ",\n").replace(/,\n$/, "\n");
				expect(slow.ok).toBe(true);
				const reread = read_archive_item(loose, 1);
				expect(reread.ok && reread.value.xml).toBe(read(text).xml);
			}),
		);
	});

	it("are written in the words of the serialization", () => {
		const given = record("<message xmlns='jabber:client' id='a\"b'><body>é\n'</body></message>");
		const item = read_item(written(given));
		const again = item.ok ? serialize(item.value) : item;
		expect(again.ok && again.value).toContain('"\\195\\169\\n\\\'"');
		expect(written(given)).toMatch(/^item\(\{\n\t\{\n\t\t"/);
		expect(written(given)).toMatch(/\n\}\);\n$/);
	});

	it("have a number where they are from before there were keys, and time from their stamp", () => {
		const old = 'item({\n\t["name"] = "message";\n\t["attr"] = {\n\t\t["stamp"] = "2010-07-10T23:08:25Z";\n\t};\n});\n';
		expect(read(old, 7)).toMatchObject({ key: "7", when: 1278803305, with: "", xml: "<message/>" });
	});

	it.each([
		["", "item"],
		["item({", "expected"],
		['item({\n\t["name"] = "message', "expected"],
		['item({\n\t["when"] = 1;\n});\n', "no stanza"],
		['item({\n\t["name"] = "m";\n\t["attr"] = {};\n});\n', "no time"],
		['item({\n\t["name"] = "m";\n\t["attr"] = {};\n\t["when"] = (0/0);\n});\n', "no time"],
		['item({\n\t["name"] = os.exit();\n});\n', "expected"],
		["item(1);\n", "no stanza"],
		['item({\n\t"\\255x";\n\t["name"] = "m";\n\t["attr"] = {};\n\t["when"] = 1;\n});\n', "no stanza that XML can carry"],
		['item({\n\t"\\000";\n\t["name"] = "m";\n\t["attr"] = {};\n\t["when"] = 1;\n});\n', "no stanza that XML can carry"],
		[`item(${"{".repeat(300)}${"}".repeat(300)});\n`, "deep"],
	])("that are none are told of: %j", (text, expected) => {
		const back = read_archive_item(text, 1);
		expect(back.ok ? "read" : back.error).toContain(expected);
	});

	it("are never guessed at, whatever is cut off or changed", () => {
		const whole = written(record("<message from='a'><body>text \\ é</body></message>"));
		const guessed: string[] = [];
		const look = (text: string) => {
			if (!read_archive_item(text, 1).ok || read_item(Buffer.from(text, "latin1")).ok) return;
			guessed.push(JSON.stringify(text));
		};
		for (let at = 0; at < whole.length; at++) {
			look(whole.slice(0, at));
			for (let byte = 0; byte < 256; byte++) look(whole.slice(0, at) + String.fromCharCode(byte) + whole.slice(at + 1));
		}
		expect(guessed).toEqual([]);
	});

	it("that cannot be written are refused", () => {
		const refused = archive_item_text({ key: "k", when: 1, with: "", stanza: nest(200), xml: "" });
		expect(refused.ok ? "" : refused.error).toContain("deep");
		const half = archive_item_text({ key: "\ud800", when: 1, with: "", stanza: st.stanza("x"), xml: "" });
		expect(half.ok ? "" : half.error).toContain("surrogate");
	});
});

function nest(levels: number): st.Stanza {
	const outer = st.stanza("x");
	if (levels > 0) outer.append_parsed(nest(levels - 1));
	return outer;
}
