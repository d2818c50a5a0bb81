import { describe, expect, it } from "vitest";
import { align_stanzas } from "../../../tools/compare/align.ts";
import { page_element, page_element_of_three } from "../../../tools/compare/page/elements.ts";
import type { StanzaPair } from "../../../tools/compare/pairs.ts";
import type { Comparison } from "../../../tools/compare/types.ts";
import { open_comparison } from "../../../tools/compare/view.ts";
import { comparisons, join, type Receipts } from "./report_fixture.ts";

/** What Romeo received in the only step. */
function pairs_of(comparison: Comparison): readonly StanzaPair[] {
	return open_comparison(comparison)(0).clients[0]?.pairs ?? [];
}

function three(reference: readonly string[], subject: readonly string[], also: readonly string[]): [StanzaPair[], StanzaPair[]] {
	const [here, there, third]: Receipts[] = [{ Romeo: reference }, { Romeo: subject }, { Romeo: also }];
	const step = { step: join, reference: here ?? {}, subject: there ?? {}, also: third ?? {} };
	const { own, third: beside } = comparisons({ title: "One step", source: "one.scs" }, [step]);
	return [[...pairs_of(own)], [...pairs_of(beside)]];
}

/** Rows of what the reference, our server and the third one have, by the texts of the stanzas' bodies. */
function rows(reference: readonly string[], subject: readonly string[], also: readonly string[]): (string | undefined)[][] {
	const message = (text: string): string => `<message from='room@muc/${text[0]}'><body>${text}</body></message>`;
	const [own, third] = three(reference.map(message), subject.map(message), also.map(message));
	const text = (xml: (() => string) | undefined): string | undefined => /<body>(.*)<\/body>/.exec(xml?.() ?? "")?.[1];
	return align_stanzas(own, third).map(({ own: here, third: there }) => [
		text(here?.merged.xml.reference ?? there?.merged.xml.reference),
		text(here?.merged.xml.subject),
		text(there?.merged.xml.subject),
	]);
}

describe("stanzas of three servers", () => {
	it("stand beside the reference's, with a gap where one is missing", () => {
		expect(rows(["a", "b", "c"], ["a", "c"], ["a", "b"])).toEqual([
			["a", "a", "a"],
			["b", undefined, "b"],
			["c", "c", undefined],
		]);
	});

	it("stand in one row where both have what the reference has not", () => {
		expect(rows(["a"], ["a", "x1", "y"], ["z", "x1", "a"])).toEqual([
			[undefined, undefined, "z"],
			["a", "a", "a"],
			[undefined, "x1", "x1"],
			[undefined, "y", undefined],
		]);
	});

	it("stand in one row where both send something of their own in the name of the same sender", () => {
		expect(rows([], ["x1"], ["y", "x2"])).toEqual([
			[undefined, "x1", "x2"],
			[undefined, undefined, "y"],
		]);
	});

	it("may be as deep as scripts can send", () => {
		const deep = `<message>${"<x>".repeat(90)}${"</x>".repeat(90)}</message>`;
		expect(align_stanzas(...three([], [deep], [deep]))).toHaveLength(1);
	});

	it("are all there, whoever sent nothing", () => {
		expect(rows([], [], [])).toEqual([]);
		expect(rows(["a"], [], [])).toEqual([["a", undefined, undefined]]);
		expect(rows([], ["a"], [])).toEqual([[undefined, "a", undefined]]);
		expect(rows([], [], ["a"])).toEqual([[undefined, undefined, "a"]]);
	});
});

describe("an element of three servers", () => {
	function merged(reference: string, subject: string, also: string): ReturnType<typeof page_element_of_three> {
		const [own, third] = three([reference], [subject], [also]);
		return page_element_of_three(own[0]?.merged, third[0]?.merged);
	}

	it("is written once where all have the same", () => {
		const xml = "<message from='a'><body>b</body></message>";
		expect(merged(xml, xml, xml)).toEqual(["message", [["from", "a"]], [["body", [], ["b"]]]]);
		const [own] = three([xml], [xml], [xml]);
		if (!own[0]) throw new Error("expected a stanza");
		expect(page_element(own[0].merged)).toEqual(merged(xml, xml, xml));
	});

	it("has the values of each, marked for those that differ from the reference", () => {
		const xml = (type: string, body: string): string => `<message from='a' type='${type}'><body>${body}</body></message>`;
		expect(merged(xml("chat", "1"), xml("normal", "1"), xml("chat", "2"))).toEqual([
			"message",
			[
				["from", "a"],
				["type", "chat", "normal", "d", "chat", ""],
			],
			[["body", [], [{ t: ["1", "1", "2"], m: "", n: "d" }]]],
		]);
	});

	it("tells which columns its parts are in", () => {
		const xml = (inner: string): string => `<message from='a'>${inner}</message>`;
		const element = merged(xml("<x/><y/>"), xml("<x/><only/><new/>"), xml("<y/><new/><third/>"));
		expect(element[2]).toEqual([
			["x", [], [], "lr", "", "d"],
			["only", [], [], "r", "d"],
			["new", [], [], "rt", "d", "d"],
			["y", [], [], "lt", "d"],
			["third", [], [], "t", "", "d"],
		]);
	});
});
