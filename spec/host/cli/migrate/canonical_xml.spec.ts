import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical_xml } from "../../../../host/cli/migrate/canonical_xml.ts";
import * as st from "../../../../host/util/stanza.ts";
import * as xml from "../../../../host/util/xml.ts";

function again(text: string): string {
	const parsed = xml.parse(text);
	if (parsed === undefined) throw new Error(`not well-formed: ${text}`);
	return canonical_xml(parsed);
}

describe("the canonical text of a stanza", () => {
	it("is the same for what was built and for what is read", () => {
		const built = st.message({ to: "b", from: "a" }).tag("x", { xmlns: "u" }).tag("item").tag("y", { xmlns: "u" }).up().up().up();
		built.tag("z", { xmlns: "v", "urn:w\u0001a": "1", "xml:lang": "en" }).text("t");
		const text = canonical_xml(built.reset());
		expect(text).toBe(
			"<message from='a' to='b'><x xmlns='u'><item><y/></item></x><z xmlns='v' xmlns:ns1='urn:w' ns1:a='1' xml:lang='en'>t</z></message>",
		);
		expect(again(text)).toBe(text);
	});

	it("does not depend on how somebody wrote it", () => {
		const one = again(`<message xmlns="jabber:client" b='2' a='1'><body xmlns="jabber:client">x</body></message>`);
		expect(again("<message a='1' xmlns='jabber:client' b='2'><body>x</body></message>")).toBe(one);
		expect(again("<message a='1' xmlns='jabber:client' b='2'><body>y</body></message>")).not.toBe(one);
	});

	it("reads back as exactly the same, whatever the text", () => {
		const texts = fc.string({ unit: fc.constantFrom(..."ab\r\n\t '\"<>&é😀") });
		fc.assert(
			fc.property(texts, texts, texts, (attr, body, ns) => {
				const made = st.stanza("message", { attr, xmlns: `u${ns}` });
				if (body !== "") made.append_parsed(body);
				const parsed = xml.parse(canonical_xml(made));
				expect([parsed?.attr["attr"], parsed?.attr["xmlns"], parsed?.get_text()]).toEqual([attr, `u${ns}`, body]);
			}),
		);
	});
});
