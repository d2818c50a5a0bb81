// Stored texts that go out as they are: only what a parser takes, and what it would have made of them.

import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import { plain_stanza } from "../../../host/util/plain_xml.ts";
import * as st from "../../../host/util/stanza.ts";
import * as xml from "../../../host/util/xml.ts";

const around = (inner: string): string => `<result xmlns='urn:xmpp:mam:2'>${inner}</result>`;

/** A stored text as it is put into a page; undefined where it is not plain. */
function spliced(text: string): string | undefined {
	const plain = plain_stanza(text, ns.client);
	return plain && around(`<${plain.name} xmlns='${ns.client}'${plain.to}${plain.attributes}${plain.rest}`);
}

/** The same by way of a stanza; undefined where it cannot be parsed. */
function parsed(text: string): string | undefined {
	const stanza = xml.parse(text);
	if (stanza === undefined) return undefined;
	stanza.attr["xmlns"] = ns.client;
	return around(stanza.toString());
}

function tree(element: st.Stanza): unknown {
	const attr = Object.entries(element.attr).filter(([, value]) => value !== undefined);
	return [element.name, attr.sort(), element.children.map((child) => (child instanceof st.Stanza ? tree(child) : String(child)))];
}

/** All that a reader of a text sees; undefined where it is no XML. */
function seen(text: string | undefined): unknown {
	const element = xml.parse(text ?? "");
	return element && tree(element);
}

const plain_texts = [
	"<message/>",
	"<message></message>",
	"<message type='groupchat' id='m1' from='tea@rooms.example/Romeo'><body>But, soft!</body></message>",
	`<message to="a@b/c" from='x'><body>1 &lt; 2 &amp;&amp; 3 &gt; 2 &quot;&apos;</body></message>`,
	"<message xmlns='jabber:client' xml:lang='de'><body xml:lang='en'>a\n\tb</body><x xmlns='urn:x'><y a='&#10;&#9;'/></x></message>",
	"<message id='ä€😀'><body>ä€😀\u0085</body></message>",
	"<message><a><b><c/></b><b/></a>text<a/></message>",
	"<presence type='unavailable' from='tea@rooms.example/Romeo'/>",
];

const other_texts: readonly (readonly [what: string, text: string])[] = [
	["nothing", ""],
	["no element", "text"],
	["text behind it", "<message/>x"],
	["a second element", "<message/><message/>"],
	["a space in front of it", " <message/>"],
	["a declaration", "<?xml version='1.0'?><message/>"],
	["a comment", "<message><!-- x --></message>"],
	["a section of text", "<message><![CDATA[x]]></message>"],
	["an element that is not closed", "<message><body>"],
	["an end tag that is not closed", "<message></message"],
	["elements that end in the wrong order", "<message><a><b></a></b></message>"],
	["an end tag of another name", "<message><body></bodyx></message>"],
	["an end tag of the beginning of a name", "<message><body></bod></message>"],
	["an end tag too many", "<message/></message>"],
	["an attribute twice", "<message a='1' a='2'/>"],
	["two attributes without a space", "<message a='1'b='2'/>"],
	["an attribute without quotes", "<message a=1/>"],
	["a prefix of an element", "<x:message xmlns:x='jabber:client'/>"],
	["a prefix of an attribute", "<message x:a='1'/>"],
	["a declared prefix", "<message xmlns:x='urn:x'/>"],
	["another attribute of xml", "<message xml:space='preserve'/>"],
	["another namespace", "<message xmlns='jabber:server'/>"],
	["no namespace within one", "<message><a xmlns=''/></message>"],
	["a namespace that is reserved", "<message><a xmlns='http://www.w3.org/2000/xmlns/'/></message>"],
	["a bare ampersand", "<message>a & b</message>"],
	["a reference to nothing", "<message>&nothing;</message>"],
	["a reference to a forbidden character", "<message>&#0;</message>"],
	["an end of CDATA", "<message>]]></message>"],
	["a carriage return", "<message>a\rb</message>"],
	["a line end in an attribute", "<message a='1\n2'/>"],
	["a control character", "<message>\u0001</message>"],
	["a character that is none", "<message>\uffff</message>"],
	["half a character", "<message>\ud800</message>"],
	["the other half", "<message>\udc80</message>"],
	["half a character at the end of an attribute", "<message a='\ud800'/>"],
	["a name beyond ASCII", "<message><ä/></message>"],
	["many levels", `<message>${"<a>".repeat(60)}${"</a>".repeat(60)}</message>`],
	["many attributes", `<message${Array.from({ length: 30 }, (_, index) => ` a${index}=''`).join("")}/>`],
];

describe("plain_stanza", () => {
	it.each(plain_texts)("takes %s, and shows what parsing shows", (text) => {
		const found = spliced(text);
		expect(found).toBeDefined();
		expect(seen(found)).toEqual(seen(parsed(text)));
	});

	it.each(other_texts)("leaves %s to the parser", (_, text) => {
		expect(plain_stanza(text, ns.client)).toBeUndefined();
	});

	it("cuts out what is put in or left out", () => {
		expect(plain_stanza(`<message id='1' to='a@b' xmlns='jabber:client' from="c"><body>ä</body></message>`, ns.client)).toEqual({
			name: "message",
			attributes: ` id='1' from="c"`,
			to: " to='a@b'",
			rest: "><body>ä</body></message>",
			is_ascii: false,
		});
		expect(plain_stanza("<presence/>", ns.client)).toEqual({
			name: "presence",
			attributes: "",
			to: "",
			rest: "/>",
			is_ascii: true,
		});
	});

	it("takes nothing that a parser refuses or reads in another way, whatever one character of it is", () => {
		const characters = [
			..."<>/='\"& :;#ax\n\r\t\u0000\u0001\ud800\udc00\uffff",
			"",
			"xmlns='",
			"]]>",
			"&lt;",
			"<a>",
			"</a>",
			"<a/>",
		];
		let taken = 0;
		for (const text of plain_texts) {
			for (let at = 0; at <= text.length; at++) {
				for (const character of characters) {
					for (const changed of [
						text.slice(0, at) + character + text.slice(at),
						text.slice(0, at) + character + text.slice(at + 1),
					]) {
						const found = spliced(changed);
						if (found === undefined) continue;
						taken++;
						const expected = parsed(changed);
						if (expected === undefined) expect.fail(`not well-formed: ${changed}`);
						expect(seen(found), changed).toEqual(seen(expected));
					}
				}
			}
		}
		expect(taken).toBeGreaterThan(1000);
	});
});
