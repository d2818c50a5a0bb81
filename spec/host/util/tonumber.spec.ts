import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tonumber } from "../../../host/util/tonumber.ts";
import { as_lua, ask_prosody, why_no_prosody } from "./prosody.ts";

describe("tonumber", () => {
	it.each([
		["10", 10],
		["-7", -7],
		["+5", 5],
		[" 12\n", 12],
		["1e3", 1000],
		[".5", 0.5],
		["5.", 5],
		["0x10", 16],
		["-0xA.8", -10.5],
		["0x.8p1", 1],
		["0x1p4", 16],
	])("reads %j", (text, number) => {
		expect(tonumber(text)).toBe(number);
	});

	it.each(["", " ", "x", "1_0", "0x", "- 5", "1e", "Infinity", "nan", "inf", "1 2", "٣", "0x1p", "."])("refuses %j", (text) => {
		expect(tonumber(text)).toBeUndefined();
	});

	it("hands numbers on, and nothing for nothing", () => {
		expect(tonumber(3.5)).toBe(3.5);
		expect(tonumber(undefined)).toBeUndefined();
	});

	it.skipIf(why_no_prosody !== undefined)("reads what Lua reads", () => {
		const unit = fc.constantFrom(..."0123456789abcdefxXpP+-.eE \t");
		const drawn = fc.sample(fc.string({ unit, maxLength: 9 }), { numRuns: 3000, seed: 7 });
		// The other side cannot tell what is infinite
		const texts = drawn.filter((text) => tonumber(text) === undefined || Number.isFinite(tonumber(text)));
		const answers = ask_prosody(texts.map((text) => ["_G:tonumber", text]));
		const ours = texts.map((text) => as_lua(tonumber(text)));
		expect(answers.filter((answer) => answer.startsWith("d")).length).toBeGreaterThan(50);
		expect(ours.map((answer, index) => [texts[index], answer])).toEqual(answers.map((answer, index) => [texts[index], answer]));
	});
});
