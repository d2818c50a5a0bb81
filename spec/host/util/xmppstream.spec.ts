import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Stanza } from "../../../host/util/stanza.ts";
import { type StreamFault, type StreamOptions, stream_header, XmppStream } from "../../../host/util/xmppstream.ts";

type Seen = string | { opened: Record<string, string | undefined> } | { stanza: string } | { fault: StreamFault };

const header = stream_header({ xmlns: "jabber:client", to: "example.com", version: "1.0" });

/** A stream that notes what it is told; `on_stanza` may act on the stream as a plugin would. */
function reader(options: Partial<StreamOptions> = {}, on_stanza: (stanza: Stanza, stream: XmppStream) => void = () => {}) {
	const seen: Seen[] = [];
	const stanzas: Stanza[] = [];
	const stream: XmppStream = new XmppStream(
		{
			streamopened: (attr) => seen.push({ opened: { ...attr } }),
			streamclosed: () => seen.push("closed"),
			handlestanza(stanza) {
				stanzas.push(stanza);
				seen.push({ stanza: stanza.toString() });
				on_stanza(stanza, stream);
			},
			error: (fault) => seen.push({ fault }),
		},
		{ default_ns: "jabber:client", ...options },
	);
	return { stream, seen, stanzas, feed: (text: string) => stream.feed(Buffer.from(text)) };
}

/** What comes of a text below an open stream. */
function below_header(text: string, options: Partial<StreamOptions> = {}) {
	const made = reader(options);
	made.feed(header);
	made.seen.length = 0;
	const alive = made.feed(text);
	return { ...made, alive };
}

function fault_of(text: string, options: Partial<StreamOptions> = {}): string | undefined {
	const { seen } = below_header(text, options);
	const last = seen.at(-1);
	return typeof last === "object" && "fault" in last ? last.fault.kind : undefined;
}

describe("header", () => {
	it("is told with its attributes", () => {
		const { seen, feed } = reader();
		feed(header);
		expect(seen).toEqual([
			{ opened: { xmlns: "http://etherx.jabber.org/streams", "xml:lang": "en", to: "example.com", version: "1.0" } },
		]);
	});

	it.each([
		["another name", "<stream:foo xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>"],
		["another namespace", "<stream:stream xmlns:stream='urn:other' xmlns='jabber:client'>"],
		["no namespace", "<stream>"],
		["a stanza", "<message/>"],
	])("with %s is no stream", (_, text) => {
		const { seen, feed } = reader();
		expect(feed(text)).toBe(false);
		expect(seen).toMatchObject([{ fault: { kind: "no-stream" } }]);
	});

	it("may have any prefix, or none", () => {
		for (const text of [
			"<a:stream xmlns:a='http://etherx.jabber.org/streams' xmlns='jabber:client'><message/></a:stream>",
			"<stream xmlns='http://etherx.jabber.org/streams'><message xmlns='jabber:client'/></stream>",
			"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>",
		]) {
			const { seen, feed } = reader();
			feed(text);
			expect(seen[0]).toHaveProperty("opened");
			expect(seen.at(-1)).toBe("closed");
		}
	});

	it.each([
		["version 1.1", "<?xml version='1.1'?>"],
		["another encoding", "<?xml version='1.0' encoding='ISO-8859-1'?>"],
		["standalone no", "<?xml version='1.0' standalone='no'?>"],
		["no version", "<?xml encoding='utf-8'?>"],
		["text in front", "hello"],
		["whitespace before the declaration", " <?xml version='1.0'?>"],
	])("after %s is refused", (_, text) => {
		const { seen, feed } = reader();
		expect(feed(text + header.replace(/^<\?xml[^>]*>/, ""))).toBe(false);
		expect(seen).toMatchObject([{ fault: { kind: "parse-error" } }]);
	});

	it.each([
		["UTF-8 named", "<?xml version='1.0' encoding='UTF-8'?>"],
		["utf-8 named", "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>"],
		["a byte order mark", "\ufeff"],
	])("is good with %s", (_, text) => {
		const { seen, feed } = reader();
		expect(feed(text + header.replace(/^<\?xml[^>]*>/, ""))).toBe(true);
		expect(seen).toHaveLength(1);
	});

	it("is refused in UTF-16", () => {
		const { seen, stream } = reader();
		expect(stream.feed(Buffer.from(`\ufeff${header}`, "utf16le"))).toBe(false);
		expect(seen).toMatchObject([{ fault: { kind: "parse-error" } }]);
	});
});

describe("stanzas", () => {
	it("carry xmlns only outside of the default namespace, and below such elements", () => {
		const { stanzas } = below_header(
			"<message><body>a</body><x xmlns='urn:x'><y/><message xmlns='jabber:client'><body/></message></x></message>",
		);
		const message = stanzas[0];
		expect(message?.attr["xmlns"]).toBeUndefined();
		expect(message?.get_child("body")?.attr["xmlns"]).toBeUndefined();
		const x = message?.get_child("x", "urn:x");
		expect(x?.get_child("y")?.attr["xmlns"]).toBe("urn:x");
		const inner = x?.get_child("message", "jabber:client");
		expect(inner?.attr["xmlns"]).toBe("jabber:client");
		expect(inner?.first_tag?.attr["xmlns"]).toBe("jabber:client");
	});

	it("resolve prefixes where they are in force", () => {
		const { stanzas } = below_header("<x xmlns:a='urn:b'><y xmlns:a='urn:c'><a:z/></y><a:z/></x>");
		const [y, z] = stanzas[0]?.tags ?? [];
		expect(y?.attr["xmlns"]).toBeUndefined();
		expect(y?.first_tag).toMatchObject({ name: "z", attrs: { xmlns: "urn:c" } });
		expect(z).toMatchObject({ name: "z", attrs: { xmlns: "urn:b" } });
	});

	it("keep attributes of the xml prefix, and name others by namespace", () => {
		const { stanzas } = below_header("<message xml:lang='de' p:a='1' xmlns:p='urn:p' xml:foo='2' a='3'/>");
		expect(stanzas[0]?.attr).toEqual({
			"xml:lang": "de",
			"urn:p\u0001a": "1",
			"http://www.w3.org/XML/1998/namespace\u0001foo": "2",
			a: "3",
		});
	});

	it("get the stream's language", () => {
		const { feed, stanzas } = reader();
		feed(header.replace("xml:lang='en'", "xml:lang='fr'"));
		feed("<message/><message xml:lang='de'/>");
		expect(stanzas.map((stanza) => stanza.attr["xml:lang"])).toEqual(["fr", "de"]);
	});

	it("are left as they came where somebody wants to see what was sent", () => {
		const { feed, stanzas } = reader({ keep_lang: true });
		feed(`${header}<message/><message xml:lang='de'/>`);
		expect(stanzas.map((stanza) => stanza.attr["xml:lang"])).toEqual([undefined, "de"]);
	});

	it("have their text in one piece, with entities and CDATA", () => {
		const { stanzas } = below_header("<body>a&lt;&#x263A;<![CDATA[<b>&amp;]]>c\r\nd&#13;e</body>");
		expect(stanzas[0]?.children).toEqual(["a<\u263a<b>&amp;c\nd\re"]);
	});

	it("come as soon as their last character is there", () => {
		const { feed, seen } = below_header("");
		for (const text of ["<message><body>hi</body></message", ">"]) {
			expect(seen).toHaveLength(0);
			feed(text);
		}
		expect(seen).toHaveLength(1);
		feed("<presence/");
		expect(seen).toHaveLength(1);
		feed(">");
		expect(seen).toHaveLength(2);
	});

	it("are all told before what is wrong after them", () => {
		const { seen, alive } = below_header("<message/><presence></presence><iq></message>");
		expect(alive).toBe(false);
		expect(seen).toMatchObject([
			{ stanza: expect.stringMatching(/^<message/) },
			{ stanza: expect.stringMatching(/^<presence/) },
			{ fault: { kind: "parse-error" } },
		]);
	});

	it("do not come out with the wrong end tag", () => {
		const { seen } = below_header("<message></presence>");
		expect(seen).toMatchObject([{ fault: { kind: "parse-error" } }]);
	});

	it("of the stream namespace named error are the other end's complaint", () => {
		const { seen, alive } = below_header("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
		expect(seen).toMatchObject([{ fault: { kind: "stream-error" } }]);
		expect(alive).toBe(true);
	});

	it("end with the stream, and what comes after it is not read", () => {
		const { seen, alive, feed } = below_header("<message/></stream:stream>nonsense<");
		expect(seen).toHaveLength(2);
		expect(seen.at(-1)).toBe("closed");
		expect(alive).toBe(false);
		expect(feed("<message/>")).toBe(false);
		expect(seen).toHaveLength(2);
	});

	it("do not close the stream with another name", () => {
		const { seen } = below_header("</stream>");
		expect(seen).toMatchObject([{ fault: { kind: "parse-error" } }]);
	});

	it("may be named and attributed as what objects inherit", () => {
		const { stanzas } = below_header(
			"<message constructor='1' toString='2' __proto__='3'><__proto__/><hasOwnProperty/></message>",
		);
		expect(stanzas[0]?.attr["constructor"]).toBe("1");
		expect(stanzas[0]?.tags.map((tag) => tag.name)).toEqual(["__proto__", "hasOwnProperty"]);
	});
});

describe("malformed XML", () => {
	it.each([
		["mismatched tags", "<message><body></message></body>"],
		["an unescaped <", "<message><body>a < b</body></message>"],
		["an unescaped &", "<message><body>a & b</body></message>"],
		["an unescaped & with a ; much later", "<message><body>a & b</body></message><message>&amp;</message>"],
		["a reference that does not end", `<message>&${"x".repeat(40)}`],
		["a reference to a forbidden character", "<message>&#0;</message>"],
		["a reference to a surrogate", "<message>&#xD800;</message>"],
		["a reference beyond Unicode", "<message>&#x110000;</message>"],
		["an empty reference", "<message>&#;</message>"],
		["a control character", "<message>\u0001</message>"],
		["a control character in an attribute", "<message id='\u001f'/>"],
		["a noncharacter", "<message>\uffff</message>"],
		["a duplicate attribute", "<message id='1' id='2'/>"],
		["a duplicate attribute by namespace", "<message xmlns:a='urn:x' xmlns:b='urn:x' a:id='1' b:id='2'/>"],
		["an unquoted attribute", "<message id=1/>"],
		["an attribute without value", "<message id/>"],
		["attributes without space between", "<message id='1'to='2'/>"],
		["< in an attribute", "<message id='<'/>"],
		["]]> in text", "<message>]]></message>"],
		["a space before the name", "< message/>"],
		["an empty tag", "<>"],
		["a name that starts with a digit", "<1message/>"],
		["a colon for a name", "<:/>"],
		["two colons", "<a:b:c xmlns:a='urn:a'/>"],
		["a digit after the prefix", "<a:1 xmlns:a='urn:a'/>"],
		["an undeclared prefix", "<a:message/>"],
		["an undeclared prefix of an attribute", "<message a:id='1'/>"],
		["a prefix bound to nothing", "<message xmlns:a=''/>"],
		["the prefix xmlns declared", "<message xmlns:xmlns='urn:x'/>"],
		["the prefix xml bound elsewhere", "<message xmlns:xml='urn:x'/>"],
		["another prefix bound to XML's namespace", "<message xmlns:a='http://www.w3.org/XML/1998/namespace'/>"],
		["the xmlns namespace as default", "<message xmlns='http://www.w3.org/2000/xmlns/'/>"],
		["an element of the prefix xmlns", "<xmlns:message/>"],
		["an XML declaration", "<message/><?xml version='1.0'?>"],
		["a conditional section", "<message><![INCLUDE[ ]]></message>"],
	])("%s", (_, text) => {
		expect(fault_of(text)).toBe("parse-error");
	});

	it.each([
		["a reference without a name", "<message>& ;</message>"],
		["an unknown declaration", "<!ELEMENT a ANY>"],
		["half a comment", "<message><!-x></message>"],
		["CDATA before the header", undefined],
	])("%s", (_, text) => {
		if (text !== undefined) expect(fault_of(text)).toBe("parse-error");
		else {
			const { feed, seen } = reader();
			feed("<![CDATA[ ]]>");
			expect(seen).toMatchObject([{ fault: { kind: "parse-error" } }]);
		}
	});

	it.each([
		["a lone continuation byte", [0x80]],
		["an overlong form", [0xc0, 0xaf]],
		["a surrogate", [0xed, 0xa0, 0x80]],
		["beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
		["a character cut short", [0xe2, 0x82, 0x41]],
		["Latin-1", [0xe9, 0x41, 0x41]],
	])("invalid UTF-8: %s, in one chunk and byte by byte", (_, bytes) => {
		const data = Buffer.concat([Buffer.from("<body>"), Buffer.from(bytes), Buffer.from("aaaa</body>")]);
		for (const size of [data.length, 1]) {
			const { stream, seen } = below_header("");
			for (let at = 0; at < data.length; at += size) stream.feed(data.subarray(at, at + size));
			expect(seen).toMatchObject([{ fault: { kind: "parse-error" } }]);
		}
	});

	it("is told once", () => {
		const { feed, seen } = below_header("<message></iq>");
		feed("<message/></stream:stream>");
		expect(seen).toHaveLength(1);
	});
});

describe("restricted XML", () => {
	const forbidden: readonly [what: string, text: string][] = [
		["a comment", "<!-- x -->"],
		["a processing instruction", "<?x y?>"],
		["a stylesheet", "<?xml-stylesheet href='x'?>"],
		["a DTD", "<!DOCTYPE a [<!ENTITY b 'c'>]>"],
		["a DTD elsewhere", "<!DOCTYPE stream SYSTEM 'x.dtd'>"],
	];

	it.each(forbidden)("%s is told as such, wherever it stands, in one chunk and byte by byte", (_, text) => {
		for (const before of ["", "<?xml version='1.0'?>", header, `${header}<message/>`, `${header}<message><body>a`]) {
			for (const size of [1000, 1]) {
				const { stream, seen } = reader();
				const data = Buffer.from(before + text);
				for (let at = 0; at < data.length; at += size) stream.feed(data.subarray(at, at + size));
				expect(seen.at(-1)).toMatchObject({ fault: { kind: "restricted-xml" } });
				expect(seen.filter((entry) => typeof entry === "object" && "fault" in entry)).toHaveLength(1);
			}
		}
	});

	it.each([
		["an entity", "<message>&nbsp;</message>"],
		["an entity that objects inherit", "<message>&constructor;</message>"],
		["an entity in an attribute", "<message id='&toString;'/>"],
	])("%s is told as such", (_, text) => {
		expect(fault_of(text)).toBe("restricted-xml");
	});
});

describe("a header's namespace for stanzas", () => {
	const streams = "http://etherx.jabber.org/streams";

	it.each(["jabber:server", "jabber:component:accept", "urn:x", streams.slice(0, -1)])("must not be %s", (xmlns) => {
		const { seen, feed } = reader();
		feed(stream_header({ xmlns, to: "example.com" }));
		expect(seen).toEqual([{ fault: { kind: "wrong-content", xmlns } }]);
	});

	it("may be any where the reader takes any", () => {
		const { seen, feed } = reader({ any_content: true });
		feed(stream_header({ xmlns: "urn:x" }));
		expect(seen[0]).toHaveProperty("opened");
	});

	it("counts as declared on the header, not as an attribute of a prefix", () => {
		const { seen, feed } = reader();
		feed(`<s:stream xmlns:s='${streams}' xmlns:other='jabber:server'><message xmlns='jabber:client'/>`);
		expect(seen.map((entry) => Object.keys(entry)[0])).toEqual(["opened", "stanza"]);
	});
});

describe("limits", () => {
	const stanza = (bytes: number): string => `<message>${"x".repeat(bytes - "<message></message>".length)}</message>`;

	it("counts a stanza's bytes exactly, in one chunk or many", () => {
		for (const size of [1, 7, 100000]) {
			const { stream, seen } = below_header("", { stanza_size_limit: 400 });
			const data = Buffer.from(`${stanza(400)} \n${stanza(400)}${stanza(401)}`);
			for (let at = 0; at < data.length; at += size) stream.feed(data.subarray(at, at + size));
			expect(seen).toHaveLength(3);
			expect(seen[2]).toEqual({ fault: { kind: "stanza-too-large" } });
		}
	});

	it("counts bytes, not characters", () => {
		expect(fault_of("<a>\u{1f600}\u{1f600}\u{1f600}</a>", { stanza_size_limit: 400 })).toBeUndefined();
		expect(fault_of(`<a>${"\u{1f600}".repeat(100)}</a>`, { stanza_size_limit: 400 })).toBe("stanza-too-large");
		expect(fault_of(`<a>${"\u{1f600}".repeat(98)}</a>`, { stanza_size_limit: 400 })).toBeUndefined();
	});

	it.each([
		["a stanza without end", "<message>", "x"],
		["an attribute without end", "<message id='", "x"],
		["a name without end", "<", "x"],
		["an end tag without end", "<message></", "x"],
		["CDATA between stanzas", "<![CDATA[", " "],
	])("ends %s", (_, start, filler) => {
		const { feed, seen } = below_header(start, { stanza_size_limit: 1000 });
		for (let i = 0; i < 11; i++) feed(filler.repeat(100));
		expect(seen).toEqual([{ fault: { kind: "stanza-too-large" } }]);
	});

	it("ends a header without end", () => {
		const { feed, seen } = reader({ stanza_size_limit: 1000 });
		feed("<stream:stream");
		for (let i = 0; i < 11; i++) feed(" ".repeat(100));
		expect(seen).toEqual([{ fault: { kind: "stanza-too-large" } }]);
	});

	it("does not count what is between stanzas", () => {
		const { feed, seen } = below_header("", { stanza_size_limit: 1000 });
		for (let i = 0; i < 20; i++) feed("\r\n \ttext".repeat(100));
		feed(" <message/>");
		expect(seen).toHaveLength(1);
		expect(seen[0]).toHaveProperty("stanza");
	});

	it("can be raised in a callback", () => {
		const { feed, seen } = reader({ stanza_size_limit: 400 }, (_, stream) => stream.set_stanza_size_limit(1000));
		feed(header);
		feed(`<a/>${stanza(900)}`);
		expect(seen).toHaveLength(3);
		expect(seen[2]).toHaveProperty("stanza");
	});

	it("stops at depth, elements and attributes", () => {
		const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);
		expect(fault_of(nested(100))).toBeUndefined();
		expect(fault_of(nested(101))).toBe("stanza-too-complex");
		expect(fault_of("<a>".repeat(101))).toBe("stanza-too-complex");
		expect(fault_of(`<a>${"<b/>".repeat(9)}</a>`, { element_limit: 10 })).toBeUndefined();
		expect(fault_of(`<a>${"<b/>".repeat(10)}</a>`, { element_limit: 10 })).toBe("stanza-too-complex");
		expect(fault_of("<a>".repeat(3).concat("</a>".repeat(3)).repeat(20), { element_limit: 10 })).toBeUndefined();
		expect(fault_of("<a b='1' c='2' d='3' e='4' f='5' g='6'/>", { attribute_limit: 6 })).toBeUndefined();
		expect(fault_of("<a b='1' c='2' d='3' e='4' f='5' xmlns:g='6' g:h='7'/>", { attribute_limit: 6 })).toBe("stanza-too-complex");
	});
});

describe("pause", () => {
	it("has one stanza told at a time, and keeps what restarts the stream", () => {
		const { seen, stream, feed } = reader({}, (stanza, it) => {
			it.pause();
			if (stanza.name === "last") it.reset();
		});
		feed(`${header}<a/><last/>${header}<b/>`);
		expect(seen).toHaveLength(2);
		expect(stream.has_unread).toBe(true);
		stream.resume();
		expect(seen).toHaveLength(3);
		stream.resume();
		expect(seen.map((entry) => (typeof entry === "object" ? Object.keys(entry)[0] : entry))).toEqual([
			"opened",
			"stanza",
			"stanza",
			"opened",
			"stanza",
		]);
		expect(stream.has_unread).toBe(false);
	});

	it("that is taken back at once changes nothing", () => {
		const { seen, feed } = reader({}, (_, stream) => {
			stream.pause();
			stream.resume();
		});
		feed(`${header}<a/><b/></stream:stream>`);
		expect(seen).toHaveLength(4);
	});

	it("keeps what came behind an element after which the stream restarts, though that is decided later", () => {
		const { seen, stream, feed } = reader({}, (_, it) => it.pause());
		feed(`${header}<auth/>${header}<b/>`);
		stream.reset();
		stream.resume();
		expect(seen.filter((entry) => typeof entry === "object" && "opened" in entry)).toHaveLength(2);
		expect(seen.at(-1)).toMatchObject({ stanza: expect.stringContaining("<b ") });
	});

	it("counts nothing of what waits as a stanza", () => {
		const { seen, stream, feed } = reader({ stanza_size_limit: 300 }, (_, it) => it.pause());
		feed(`${header}<a/>${"<message/>".repeat(100)}`);
		expect(seen).toHaveLength(2);
		while (stream.has_unread) stream.resume();
		expect(seen).toHaveLength(102);
	});
});

describe("restart", () => {
	it("reads what follows in the same chunk as a new stream", () => {
		const { feed, seen } = reader({}, (stanza, stream) => {
			if (stanza.name === "auth") stream.reset();
		});
		feed(`${header}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>${header}<iq/>`);
		expect(seen.map((entry) => (typeof entry === "string" ? entry : Object.keys(entry)[0]))).toEqual([
			"opened",
			"stanza",
			"opened",
			"stanza",
		]);
	});

	it("allows white space before the new header, however the bytes are split", () => {
		const text = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/> \r\n\t\n${header}<iq/>`;
		const data = Buffer.from(text);
		const run = (chunks: readonly Buffer[]): unknown[] => {
			const { stream, seen, feed } = reader({}, (stanza, restarted) => {
				if (stanza.name === "auth") restarted.reset();
			});
			feed(header);
			for (const chunk of chunks) stream.feed(chunk);
			return seen.map((entry) => (typeof entry === "string" ? entry : Object.keys(entry)[0]));
		};
		const expected = ["opened", "stanza", "opened", "stanza"];
		for (let at = 0; at <= data.length; at++) expect(run([data.subarray(0, at), data.subarray(at)])).toEqual(expected);
		expect(run([...data].map((byte) => Buffer.of(byte)))).toEqual(expected);
	});

	it("allows no white space before the first header, nor anything else before the next", () => {
		const first = reader();
		first.feed(`\n${header}`);
		expect(first.seen).toMatchObject([{ fault: { kind: "parse-error" } }]);
		for (const garbage of ["x", "\u00a0", "\n x", "\ufeff\n"]) {
			const { feed, seen } = reader({}, (_, stream) => stream.reset());
			feed(`${header}<auth/>${garbage}`);
			feed(header);
			expect(seen.at(-1)).toMatchObject({ fault: { kind: "parse-error" } });
		}
	});

	it("keeps white space between stanzas of the new stream out of the way of nothing", () => {
		const { feed, seen } = reader({}, (stanza, stream) => {
			if (stanza.name === "auth") stream.reset();
		});
		feed(`${header}<auth/>\n`);
		feed(" ");
		feed(`\n${header} <iq/> \n<?xml version='1.0'?>`);
		expect(seen.at(-1)).toMatchObject({ fault: { kind: "parse-error" } });
		expect(seen).toHaveLength(5);
	});

	it("can drop what follows in the same chunk, half a character too", () => {
		const { stream, seen } = reader({}, (stanza, stream) => {
			if (stanza.name === "starttls") stream.reset("drop");
		});
		stream.feed(Buffer.concat([Buffer.from(`${header}<starttls/>${header}<auth/>`), Buffer.from([0xe2, 0x82])]));
		expect(seen).toHaveLength(2);
		expect(stream.feed(Buffer.from(`${header}<auth/>`))).toBe(true);
		expect(seen).toHaveLength(4);
	});

	it("works between chunks, and forgets what was half read", () => {
		const { feed, seen, stream } = below_header("<message><body>half");
		stream.reset();
		feed(`${header}<message/>`);
		expect(seen).toHaveLength(2);
		expect(seen[1]).toEqual({ stanza: "<message xml:lang='en'/>" });
	});

	it("expects a header again", () => {
		const { feed, seen } = reader({}, (_, stream) => stream.reset());
		feed(`${header}<auth/><message/>`);
		expect(seen.at(-1)).toMatchObject({ fault: { kind: "no-stream", name: "message" } });
	});

	it("can be stopped in a callback, and reads no more of the chunk", () => {
		const { feed, seen } = reader({}, (_, stream) => stream.stop());
		expect(feed(`${header}<message/><message/>`)).toBe(false);
		expect(seen).toHaveLength(2);
	});

	it("passes on what a callback throws", () => {
		const { feed, stream } = reader({}, () => {
			throw new RangeError("mistake");
		});
		expect(() => feed(`${header}<message/>`)).toThrow(RangeError);
		expect(stream.is_stopped).toBe(true);
	});
});

describe("splits", () => {
	const arbitrary_text = fc.string({ unit: "binary", maxLength: 20 }).map((text) =>
		// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML cannot carry
		text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "?"),
	);
	const arbitrary_stanza: fc.Arbitrary<Stanza> = fc.letrec<{ element: Stanza }>((tie) => ({
		element: fc
			.record({
				name: fc.constantFrom("message", "body", "x", "\u00e9t\u00e9"),
				attr: fc.dictionary(
					fc.constantFrom("to", "from", "id", "urn:p\u0001a", "xmlns"),
					arbitrary_text.filter((text) => text !== ""),
				),
				children: fc.array(fc.oneof({ depthSize: "small" }, arbitrary_text, tie("element")), { maxLength: 4 }),
			})
			.map(({ name, attr, children }) => {
				const element = new Stanza(name, attr);
				for (const child of children) element.append_parsed(child);
				return element;
			}),
	})).element;

	it("do not matter", () => {
		fc.assert(
			fc.property(fc.array(arbitrary_stanza, { maxLength: 3 }), fc.array(fc.nat(), { maxLength: 20 }), (stanzas, cuts) => {
				const data = Buffer.from(`${header}${stanzas.join(" ")}</stream:stream>`);
				const whole = reader();
				whole.stream.feed(data);
				expect(whole.seen.filter((entry) => typeof entry === "object" && "stanza" in entry)).toHaveLength(stanzas.length);

				const split = reader();
				const places = [...new Set(cuts.map((cut) => cut % data.length))].sort((a, b) => a - b);
				let start = 0;
				for (const place of [...places, data.length]) {
					split.stream.feed(data.subarray(start, place));
					start = place;
				}
				expect(split.seen).toEqual(whole.seen);

				const bytewise = reader();
				for (const byte of data) bytewise.stream.feed(Buffer.from([byte]));
				expect(bytewise.seen).toEqual(whole.seen);
			}),
		);
	});

	it("do not matter where the stream pauses behind each stanza", () => {
		fc.assert(
			fc.property(fc.array(arbitrary_stanza, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 5 }), (stanzas, cuts) => {
				const data = Buffer.from(`${header}${stanzas.join(" ")}</stream:stream>`);
				const whole = reader();
				whole.stream.feed(data);
				const paused = reader({}, (_, stream) => stream.pause());
				let start = 0;
				for (const place of [...cuts.map((cut) => cut % data.length).sort((a, b) => a - b), data.length]) {
					// What is fed while it is paused is kept
					paused.stream.feed(data.subarray(start, place));
					start = place;
				}
				let count = 0;
				while (paused.stream.has_unread && count++ < 10) paused.stream.resume();
				paused.stream.resume();
				expect(paused.seen).toEqual(whole.seen);
			}),
		);
	});

	it("of garbage never throw, and tell at most one fault", () => {
		const garbage = fc.array(
			fc.oneof(
				fc.constantFrom(
					"<",
					">",
					"</",
					"/>",
					"&",
					";",
					"]]>",
					"<![CDATA[",
					"<?xml",
					"?>",
					"<!--",
					"message",
					" ",
					"'",
					"=",
					":",
					"\r",
					header,
				),
				fc.string(),
			),
			{ maxLength: 30 },
		);
		fc.assert(
			fc.property(garbage, fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 3 }), (parts, bytes) => {
				const { stream, seen } = reader({ stanza_size_limit: 5000 });
				for (const part of parts) stream.feed(Buffer.from(part));
				for (const part of bytes) stream.feed(Buffer.from(part));
				expect(
					seen.filter((entry) => typeof entry === "object" && "fault" in entry && entry.fault.kind !== "stream-error").length,
				).toBeLessThan(2);
			}),
		);
	});
});
