import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Stanza } from "../../../host/util/stanza.ts";
import { type Mark, type MergedElement, type MergedText, read_stanza, type Side } from "../../../tools/compare/merge.ts";
import { pair_stanzas, type StanzaPair } from "../../../tools/compare/pairs.ts";
import type { Difference } from "../../../tools/compare/types.ts";
import { open_comparison } from "../../../tools/compare/view.ts";
import { comparison, join, type Receipts, xml } from "./report_fixture.ts";

/** What Romeo receives in one step, paired. */
function pairs_of(reference: readonly string[], subject: readonly string[]): readonly StanzaPair[] {
	const receipts = (texts: readonly string[]): Receipts => ({ Romeo: texts });
	const played = comparison({ title: "t", source: "s" }, [
		{ step: join, reference: receipts(reference), subject: receipts(subject) },
	]);
	return open_comparison(played)(0).clients[0]?.pairs ?? [];
}

/** Everything in an element that is marked as different or known, by where it is. */
function marked({ merged }: { readonly merged: MergedElement }): string[] {
	const found: string[] = [];
	const note = (mark: Mark | undefined, place: string): void => {
		if (mark === "different" || mark === "known") found.push(place);
	};
	const visit = (element: MergedElement, path: string): void => {
		note(element.mark, `${path} (${element.side})`);
		for (const { name, mark, reference, subject } of element.attributes) note(mark, `${path}@${name}: ${reference}, ${subject}`);
		for (const child of element.children) {
			if (child.kind === "element") visit(child, `${path}/${child.name}`);
			else note(child.mark, `${path}: ${child.reference}, ${child.subject}`);
		}
	};
	visit(merged, merged.name);
	return found;
}

function only(pairs: readonly StanzaPair[]): StanzaPair {
	const [pair] = pairs;
	if (!pair || pairs.length !== 1) throw new Error(`expected one pair, got ${pairs.length}`);
	return pair;
}

describe("elements as deep as scripts can send", () => {
	it("are told apart by texts that do not grow", () => {
		const deep = xml(`<message>${"<x>".repeat(90)}a${"</x>".repeat(90)}</message>`);
		const plain = read_stanza(deep, { terms: (value) => value, chosen_ids: new Set() });
		expect(plain.key.length).toBeLessThan(100);
	});

	it("differ at their innermost text", () => {
		const deep = (text: string): string => `<message>${"<x>".repeat(90)}${text}${"</x>".repeat(90)}</message>`;
		expect(marked(only(pairs_of([deep("a")], [deep("b")])))).toEqual([`message${"/x".repeat(90)}: a, b`]);
	});
});

describe("what differs is marked", () => {
	it("at the attribute, of the one element of several that differs", () => {
		const pair = only(
			pairs_of(
				["<presence><x><status code='110'/><status code='201'/><status code='307'/></x></presence>"],
				["<presence><x><status code='110'/><status code='210'/><status code='307'/></x></presence>"],
			),
		);
		expect(marked(pair)).toEqual(["presence/x/status@code: 201, 210"]);
	});

	it("at an attribute that only one has", () => {
		const pair = only(pairs_of(["<iq id='a'><item nick='R' jid='j'/></iq>"], ["<iq id='a'><item nick='R'/></iq>"]));
		expect(marked(pair)).toEqual(["iq/item@jid: j, undefined"]);
	});

	it("at the text", () => {
		const pair = only(pairs_of(["<message><body>yes</body></message>"], ["<message><body>no</body></message>"]));
		expect(marked(pair)).toEqual(["message/body: yes, no"]);
	});

	it("at the element that only one has, and not at its equal neighbours", () => {
		const pair = only(
			pairs_of(
				["<iq id='a'><q><f var='a'/><f var='b'/></q></iq>"],
				["<iq id='a'><q><f var='a'/><f var='c'/><f var='b'/></q></iq>"],
			),
		);
		expect(marked(pair)).toEqual(["iq/q/f (subject)"]);
		expect(pair.merged.reordered).toBe(false);
	});

	it("at every one of several like differences", () => {
		const pair = only(pairs_of(["<iq id='a'><f r='1'/><f r='1'/></iq>"], ["<iq id='a'><f r='2'/><f r='2'/></iq>"]));
		expect(marked(pair)).toEqual(["iq/f@r: 1, 2", "iq/f@r: 1, 2"]);
	});

	it("at a stanza that only one sends", () => {
		const pairs = pairs_of(["<message><body>a</body></message>"], []);
		expect(marked(only(pairs))).toEqual(["message (reference)"]);
	});

	it("at an attribute in a namespace", () => {
		const [here, there] = ["<iq xmlns:e='urn:x/@y' id='a' e:k='1'/>", "<iq xmlns:e='urn:x/@y' id='a' e:k='2'/>"];
		expect(marked(only(pairs_of([here], [there])))).toEqual(["iq@urn:x/@y\u0001k: 1, 2"]);
	});

	it("at the stanza when the place is not there", () => {
		const [reference, subject] = [xml("<iq id='a'/>"), xml("<iq id='a'/>")];
		const reading = { terms: (value: string) => value, chosen_ids: new Set<string>() };
		const difference: Difference = {
			kind: "text",
			step: 0,
			player: "Romeo",
			path: "iq/gone",
			reference: "a",
			subject: "b",
			reference_stanza: reference,
			subject_stanza: subject,
			signature: "",
		};
		const pairs = pair_stanzas([reference], [subject], [difference], { reference: reading, subject: reading });
		expect(marked(only(pairs))).toEqual(["iq (both)"]);
	});
});

describe("what belongs together stands together", () => {
	it("whatever the order of elements and attributes", () => {
		const pair = only(pairs_of(["<iq id='x'><a k='1' l='2'/><b/></iq>"], ["<iq id='x'><b/><a l='2' k='1'/></iq>"]));
		expect(marked(pair)).toEqual([]);
		expect(pair.merged.reordered).toBe(true);
		expect(pair.merged.children.map((child) => child.kind === "element" && `${child.name} ${child.side}`)).toEqual([
			"a both",
			"b both",
		]);
	});

	it("with an extra stanza where it came", () => {
		const [a, b, c] = ["a", "b", "c"].map((id) => `<message from='r/${id}'><body>${id}</body></message>`);
		const pairs = pairs_of([a ?? "", c ?? ""], [a ?? "", b ?? "", c ?? ""]);
		expect(pairs.map(({ position }) => position)).toEqual([
			{ reference: 0, subject: 0 },
			{ reference: undefined, subject: 1 },
			{ reference: 1, subject: 2 },
		]);
	});

	it("though ids and full JIDs are each server's own, and ids are told apart as free", () => {
		const pair = only(
			pairs_of(
				["<message to='RESOURCE' id='abc'><body>a</body></message>"],
				["<message to='RESOURCE' id='xyz'><body>a</body></message>"],
			),
		);
		expect(pair.differences).toEqual([]);
		const full_jid = `\${Romeo's full JID}`;
		const attributes = Object.fromEntries(pair.merged.attributes.map((attribute) => [attribute.name, attribute]));
		expect(attributes["to"]).toMatchObject({ reference: full_jid, subject: full_jid, mark: undefined });
		expect(attributes["id"]).toMatchObject({ reference: "abc", subject: "xyz", mark: "free" });
	});
});

const tree = fc.letrec<{ element: Stanza }>((tie) => ({
	element: fc
		.record({
			name: fc.constantFrom("a", "b", "c"),
			attributes: fc.dictionary(fc.constantFrom("k", "l"), fc.constantFrom("1", "2"), { maxKeys: 2 }),
			children: fc.oneof(
				{ maxDepth: 3 },
				fc.array(fc.constantFrom("x", "y"), { maxLength: 1 }),
				fc.array(tie("element"), { maxLength: 3 }),
			),
		})
		.map(({ name, attributes, children }) => {
			const made = new Stanza(name, { ...attributes });
			for (const child of children) made.append_parsed(child);
			return made;
		}),
})).element;

/** One server's part of a merged element, in an order that does not depend on which it is. */
function part_of(node: MergedElement | MergedText, side: Side): string | undefined {
	if (node.kind === "text") return node[side];
	if (node.side !== "both" && node.side !== side) return undefined;
	const attributes = node.attributes
		.filter((attribute) => attribute[side] !== undefined)
		.map(({ name, ...values }) => `${name}=${values[side]}`);
	const children = node.children.map((child) => part_of(child, side)).filter((child) => child !== undefined);
	return `<${node.name} ${attributes.sort().join(" ")}>${children.sort().join("")}</>`;
}

function as_part(element: Stanza): string {
	const attributes = Object.entries(element.attr).map(([name, value]) => `${name}=${value}`);
	const children = element.children.map((child) => (child instanceof Stanza ? as_part(child) : String(child)));
	return `<${element.name} ${attributes.sort().join(" ")}>${children.sort().join("")}</>`;
}

describe("laying stanzas on top of each other", () => {
	const reading = { terms: (value: string) => value, chosen_ids: new Set<string>() };
	const merge = (reference: Stanza, subject: Stanza): readonly StanzaPair[] =>
		pair_stanzas([reference], [subject], [], { reference: reading, subject: reading });

	it("loses nothing of either", () => {
		fc.assert(
			fc.property(tree, tree, (reference, subject) => {
				const pairs = merge(reference, subject);
				const parts = (side: Side): string[] => pairs.flatMap(({ merged }) => part_of(merged, side) ?? []);
				expect(parts("reference")).toEqual([as_part(reference)]);
				expect(parts("subject")).toEqual([as_part(subject)]);
			}),
		);
	});

	it("leaves no gaps between equal ones", () => {
		fc.assert(
			fc.property(tree, (stanza) => {
				const visit = (element: MergedElement): boolean =>
					element.side === "both" &&
					element.children.every((child) => (child.kind === "element" ? visit(child) : child.reference === child.subject));
				expect(visit(only(merge(stanza, stanza)).merged)).toBe(true);
			}),
		);
	});
});
