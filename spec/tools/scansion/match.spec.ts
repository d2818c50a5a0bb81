import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Stanza } from "../../../host/util/stanza.ts";
import { build, parse_markup, type Template } from "../../../tools/scansion/markup.ts";
import { match } from "../../../tools/scansion/match.ts";

const none: ReadonlyMap<string, string> = new Map();

function template(text: string): Template {
	const parsed = parse_markup(text, 1);
	if (!parsed.ok) throw new Error(parsed.error.message);
	const [first] = parsed.value;
	if (first === undefined) throw new Error("no element");
	return first;
}

/** The stanza as it comes out of a stream: each element carries its namespace unless that is `jabber:client`. */
function received(text: string): Stanza {
	const carry = (from: Template): Stanza => {
		const stanza = new Stanza(from.name, from.xmlns === "jabber:client" ? {} : { xmlns: from.xmlns });
		for (const [name, value] of from.attributes) stanza.attr[name] = value;
		for (const child of from.children) stanza.append_parsed(typeof child === "string" ? child : carry(child));
		return stanza;
	};
	return carry(template(text));
}

/** Empty where the stanza matches, else what differs. */
function difference(script: string, came: string): string {
	const compared = match(template(script), received(came), none);
	if (compared.ok) return "";
	const { line, path, what, wanted, came: found } = compared.error;
	return `${line} ${path} ${what}: ${wanted} / ${found}`;
}

const x = "xmlns='urn:x'";

describe("match", () => {
	it.each([
		["the same", "<presence/>", "<presence/>"],
		["more attributes, loosely", "<presence/>", "<presence from='a' to='b'/>"],
		["more children, loosely", "<message><body/></message>", "<message><thread>t</thread><body/></message>"],
		["children in another order, loosely", "<message><body/><thread/></message>", "<message><thread/><body/></message>"],
		["text, where the script has none", "<message><body/></message>", "<message><body>Hello</body></message>"],
		["text, where the script has none, strictly", `<a><q ${x}/></a>`, `<a><q ${x}>text</q></a>`],
		["another namespace's element beside", `<a><q ${x}/></a>`, `<a><r xmlns='urn:y'/><q ${x}/></a>`],
		["anything", "<iq id='{scansion:any}'/>", "<iq id='42'/>"],
		["any text", "<m><body>{scansion:any}</body></m>", "<m><body>Hello</body></m>"],
		["loose by wish: more attributes", `<a><q ${x} scansion:strict='false'/></a>`, `<a><q ${x} b='1'/></a>`],
		["loose by wish: more children", `<a><q ${x} scansion:strict='false'><b/></q></a>`, `<a><q ${x}><c/><b/></q></a>`],
		["loose by wish goes down", `<a><q ${x} scansion:strict='false'><b/></q></a>`, `<a><q ${x}><b c='1'><d/></b></q></a>`],
		["the namespace said once more", `<a><q ${x}><b ${x}/></q></a>`, `<a><q ${x}><b/></q></a>`],
		["a prefix for a namespace", `<a><p:q xmlns:p='urn:x'><p:b/></p:q></a>`, `<a><q ${x}><b/></q></a>`],
		[
			"children that could each be several",
			"<a><item b='{scansion:any}'/><item c='1'/></a>",
			"<a><item b='1' c='1'/><item b='2'/></a>",
		],
	])("accepts %s", (_, script, came) => {
		expect(difference(script, came)).toBe("");
	});

	it.each([
		["another name", "<presence/>", "<message/>", "1 presence element: <presence> / <message>"],
		["another namespace", `<a ${x}/>`, "<a xmlns='urn:y'/>", "1 a element: <a xmlns='urn:x'> / <a xmlns='urn:y'>"],
		["a missing attribute", "<iq id='1'/>", "<iq/>", "1 iq attribute id: 1 / nothing"],
		["another attribute value", "<iq id='1'/>", "<iq id='2'/>", "1 iq attribute id: 1 / 2"],
		["a missing attribute of any value", "<iq id='{scansion:any}'/>", "<iq/>", "1 iq attribute id: {scansion:any} / nothing"],
		["other text", "<m><body>a</body></m>", "<m><body>b</body></m>", "1 m/body text: a / b"],
		["missing text", "<m><body>a</body></m>", "<m><body/></m>", "1 m/body text: a / nothing"],
		["a missing child, loosely", "<m>\n<body/>\n</m>", "<m/>", "2 m/body element in <m>: <body> / nothing"],
		["one child for two, loosely", "<m><s/><s/></m>", "<m><s/></m>", "1 m/s element in <m>: <s> / not as often as wanted"],
		[
			"the likeliest of several children, loosely",
			"<m><s a='1' b='2'/></m>",
			"<m><s a='0' b='2'/><s a='1' b='0'/></m>",
			"1 m/s attribute b: 2 / 0",
		],
		["more attributes, strictly", `<a><q ${x}/></a>`, `<a><q ${x} b='1'/></a>`, "1 a/q attribute b: nothing / 1"],
		["more children, strictly", `<a><q ${x}/></a>`, `<a><q ${x}><b/></q></a>`, "1 a/q element 1 in <q>: nothing / <b>"],
		["a missing child, strictly", `<a><q ${x}><b/></q></a>`, `<a><q ${x}/></a>`, "1 a/q/b element 1 in <q>: <b> / nothing"],
		[
			"another order, strictly",
			`<a><q ${x}><b/><c/></q></a>`,
			`<a><q ${x}><c/><b/></q></a>`,
			"1 a/q/b element 1 in <q>: <b> / <c>",
		],
		[
			"strictness goes down",
			`<a><q ${x}><b/></q></a>`,
			`<a><q ${x}><b><c/></b></q></a>`,
			"1 a/q/b element 1 in <b>: nothing / <c>",
		],
		[
			"strictness goes down into jabber:client, too",
			`<a><q ${x}><message xmlns='jabber:client'/></q></a>`,
			`<a><q ${x}><message xmlns='jabber:client' id='1'/></q></a>`,
			"1 a/q/message attribute id: nothing / 1",
		],
		[
			"a further namespace below a loose element is strict again",
			`<a><q ${x} scansion:strict='false'><r xmlns='urn:y'/></q></a>`,
			`<a><q ${x}><r xmlns='urn:y' b='1'/></q></a>`,
			"1 a/q/r attribute b: nothing / 1",
		],
		["strict by wish at the top", "<a scansion:strict='true'/>", "<a b='1'/>", "1 a attribute b: nothing / 1"],
		[
			"strict by wish inside a loose element",
			`<a><q ${x} scansion:strict='false'><b scansion:strict='true'/></q></a>`,
			`<a><q ${x}><b c='1'/></q></a>`,
			"1 a/q/b attribute c: nothing / 1",
		],
	])("refuses %s", (_, script, came, message) => {
		expect(difference(script, came)).toBe(message);
	});

	it("fills variables in", () => {
		const variables = new Map([["Ada's JID", "ada@localhost"]]);
		const wanted = template(`<message to="\${Ada's JID}"><body>Dear \${Ada's JID},</body></message>`);
		expect(match(wanted, received("<message to='ada@localhost'><body>Dear ada@localhost,</body></message>"), variables).ok).toBe(
			true,
		);
		expect(match(wanted, received("<message to='eve@localhost'><body>Dear ada@localhost,</body></message>"), variables).ok).toBe(
			false,
		);
	});

	it("captures attributes and texts, of the children that were chosen", () => {
		const wanted = template("<m id='{scansion:capture:id}'><s a='1'>{scansion:capture:text}</s></m>");
		const compared = match(wanted, received("<m id='7'><s a='2'>wrong</s><s a='1'>right</s></m>"), none);
		expect(compared.ok && [...compared.value]).toEqual([
			["id", "7"],
			["text", "right"],
		]);
	});

	it("stays fast with many children that look alike", () => {
		const many = "<s/>".repeat(200);
		expect(difference(`<m>${many}<t/></m>`, `<m>${many}</m>`)).toBe("1 m/t element in <m>: <t> / nothing");
		expect(difference(`<m>${many}</m>`, `<m>${many.slice(4)}</m>`)).toBe("1 m/s element in <m>: <s> / not as often as wanted");
	});

	const name = fc.constantFrom("a", "b", "item", "status");
	const text = fc.string({ minLength: 1, maxLength: 5 }).filter((value) => /^[!-~]+$/.test(value) && !value.includes("{"));
	const { element } = fc.letrec<{ element: Stanza }>((tie) => ({
		element: fc
			.tuple(
				name,
				fc.option(fc.constantFrom("urn:x", "urn:y"), { nil: undefined }),
				fc.dictionary(fc.constantFrom("id", "from", "role"), text, { noNullPrototype: true }),
				fc.oneof({ depthSize: "small" }, text, fc.array(tie("element"), { maxLength: 3 })),
			)
			.map(([tag, xmlns, attributes, content]) => {
				const stanza = new Stanza(tag, { ...(xmlns === undefined ? {} : { xmlns }), ...attributes });
				for (const child of Array.isArray(content) ? content : [content]) {
					if (child instanceof Stanza || typeof child === "string") stanza.append_parsed(child);
				}
				return stanza;
			}),
	}));

	it("finds that each stanza is like its own text, and builds that text again", () => {
		fc.assert(
			fc.property(element, (stanza) => {
				const script = stanza.toString();
				expect(match(template(script), received(script), none).ok).toBe(true);
				expect(build(template(script), none).toString()).toBe(script);
			}),
		);
	});

	it("finds every changed attribute", () => {
		fc.assert(
			fc.property(element, fc.constantFrom("id", "role"), text, (stanza, attribute, value) => {
				const script = stanza.toString();
				stanza.attr[attribute] = `${value}${stanza.attr[attribute] ?? ""}`;
				const compared = match(template(stanza.toString()), received(script), none);
				expect(compared.ok).toBe(false);
				expect(!compared.ok && compared.error.what).toBe(`attribute ${attribute}`);
			}),
		);
	});
});
