import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { parse } from "../../../host/util/xml.ts";
import { run_lua, to_lua, why_not } from "../prosody_lua.ts";

/** A tree as nested lists, to compare all of it. */
function tree(element: st.Stanza | undefined): unknown {
	if (element === undefined) return undefined;
	const attr = Object.entries(element.attr).filter(([, value]) => value !== undefined);
	return [element.name, attr.sort(), element.children.map((child) => (child instanceof st.Stanza ? tree(child) : String(child)))];
}

describe("parse", () => {
	it("gives every element the namespace that it is in", () => {
		expect(tree(parse("<message to='a'><body>hi</body><x xmlns='jabber:x:data'><field/></x></message>"))).toEqual([
			"message",
			[["to", "a"]],
			[
				["body", [], ["hi"]],
				["x", [["xmlns", "jabber:x:data"]], [["field", [["xmlns", "jabber:x:data"]], []]]],
			],
		]);
		expect(tree(parse("<message xmlns='jabber:client'><body/></message>"))).toEqual([
			"message",
			[["xmlns", "jabber:client"]],
			[["body", [["xmlns", "jabber:client"]], []]],
		]);
	});

	it("resolves prefixes of elements and attributes", () => {
		expect(tree(parse("<p:a xmlns:p='urn:x' p:b='1' xml:lang='en'/>"))).toEqual([
			"a",
			[
				["urn:x\u0001b", "1"],
				["xml:lang", "en"],
				["xmlns", "urn:x"],
			],
			[],
		]);
	});

	it("makes one text of entities, CDATA and what stands beside them", () => {
		expect(parse("<?xml version='1.0'?>\n<a>1 &lt; <![CDATA[2 & 3]]>&#x34;&apos;</a>\n")?.children).toEqual(["1 < 2 & 34'"]);
	});

	it.each([
		"",
		"text",
		"<a>",
		"<a></b>",
		"<a/><b/>",
		"<a/>text",
		"<a b='1' b='2'/>",
		"<p:a/>",
		"<a>&constructor;</a>",
		"<a>&#0;</a>",
		"<a>\u0001</a>",
		"<!-- comment --><a/>",
		"<a><?target?></a>",
		"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
		`${"<a>".repeat(600)}${"</a>".repeat(600)}`,
	])("refuses %.30s", (text) => {
		expect(parse(text)).toBeUndefined();
	});

	it("reads what a stanza writes", () => {
		fc.assert(
			fc.property(built(), (stanza) => {
				expect(tree(parse(stanza.toString()))).toEqual(tree(declared(stanza, undefined)));
			}),
		);
	});
});

/** A copy in which every element says its namespace, and text is in one piece. */
function declared(stanza: st.Stanza, outer: string | undefined): st.Stanza {
	const xmlns = stanza.attr["xmlns"] ?? outer;
	const copy = st.stanza(stanza.name, { ...stanza.attr, xmlns });
	for (const child of stanza.children) {
		const last = copy.children.length - 1;
		if (child instanceof st.Stanza) copy.add_direct_child(declared(child, xmlns));
		else if (typeof copy.children[last] === "string") copy.children[last] += String(child);
		else copy.add_direct_child(String(child));
	}
	return copy;
}

const name = fc.constantFrom("message", "body", "x", "item", "a-b", "_c.1");
/** Without line ends, which XML makes spaces of in attributes. */
const chars = fc.string({ unit: fc.constantFrom("a", " ", "<", "&", "'", '"', ">", "é", "😀"), maxLength: 6 });
const content = fc.tuple(chars, fc.constantFrom("", "\n")).map(([before, after]) => before + after);

function built(): fc.Arbitrary<st.Stanza> {
	const attr = fc.record(
		{ to: chars, "xml:lang": chars, xmlns: fc.constantFrom("urn:a", "jabber:client"), "urn:b\u0001c": chars },
		{ requiredKeys: [] },
	);
	const { element } = fc.letrec<{ element: st.Stanza }>((tie) => ({
		element: fc
			.tuple(name, attr, fc.array(fc.oneof({ depthSize: "small", maxDepth: 3 }, content, tie("element")), { maxLength: 3 }))
			.map(([tag, attributes, children]) => {
				const stanza = st.stanza(tag, { ...attributes });
				for (const child of children) if (child !== "") stanza.add_direct_child(child);
				return stanza;
			}),
	}));
	return element;
}

const no_prosody = why_not("util.xml", "util.stanza");
describe.skipIf(no_prosody)("beside Prosody's util.xml", () => {
	it("reads the same trees", () => {
		const samples = [
			...fc.sample(built(), { numRuns: 300, seed: 5 }).map(String),
			"<a xmlns='u'><b xmlns=''><c/></b></a>",
			"<p:a xmlns:p='urn:x' p:b='1' xml:lang='en' xml:base='x'><p:c/><d/></p:a>",
			"<a/><b/>",
			"<a>",
			"<p:a/>",
			"<!DOCTYPE a><a/>",
			"<a><!-- x --></a>",
			"<a>&lt;<![CDATA[<x>]]></a>",
		];
		const script = `
			local xml, stanza = require "util.xml", require "util.stanza"
			local function quote(s) return '"'..s:gsub(".", function (c) return ("%02x"):format(c:byte()) end)..'"' end
			local function tree(e)
				local names, attr, children, text = {}, {}, {}, ""
				for k in pairs(e.attr) do names[#names+1] = k end
				table.sort(names)
				for i, k in ipairs(names) do attr[i] = "["..quote(k)..","..quote(e.attr[k]).."]" end
				local function flush() if text ~= "" then children[#children+1] = quote(text); text = "" end end
				for _, child in ipairs(e) do
					if type(child) == "string" then text = text..child else flush(); children[#children+1] = tree(child) end
				end
				flush()
				return "["..quote(e.name)..",["..table.concat(attr, ",").."],["..table.concat(children, ",").."]]"
			end
			for _, text in ipairs {${samples.map(to_lua).join(",")}} do
				local ok, e = pcall(xml.parse, text)
				print(ok and e and tree(e) or "null")
			end
		`;
		const answers = run_lua(script).trimEnd().split("\n");
		const unhex = (given: unknown): unknown =>
			Array.isArray(given) ? given.map(unhex) : typeof given === "string" ? Buffer.from(given, "hex").toString() : undefined;
		expect(answers).toHaveLength(samples.length);
		for (const [index, sample] of samples.entries()) {
			expect([sample, tree(parse(sample))]).toEqual([sample, unhex(JSON.parse(answers[index] ?? ""))]);
		}
	});
});
