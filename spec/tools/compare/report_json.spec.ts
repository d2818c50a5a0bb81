import { describe, expect, it } from "vitest";
import { json_report } from "../../../tools/compare/report_json.ts";
import {
	large_comparison,
	other_codes,
	result_of,
	result_of_three,
	small_comparison,
	third_name,
	three_comparisons,
} from "./report_fixture.ts";

describe("the report for programs", () => {
	it("tells all of a run", () => {
		const known = [other_codes];
		const report = JSON.parse(json_report(result_of([small_comparison(known)], { known, shrunk: ["found/play-1.scs"] })));
		expect(report).toMatchObject({
			format: "enjamb-compare-1",
			reference: "Prosody 0.12.3",
			subject: "Enjamb 0.1.0",
			passed: false,
			totals: { plays: 1, different_plays: 1, steps: 3, equal: 1, known: 1, different: 1 },
			groups: [{ signature: "message: missing stanza message", count: 1, label: "message", play: 1, step: 3 }],
			known: [{ id: "other-status-codes", count: 1, steps: 1, reference: null, shown_by: null }],
			outdated: [],
			shrunk: ["found/play-1.scs"],
		});
		const [play] = report.plays;
		expect(play).toMatchObject({ title: "A room is entered", source: "scripts/enter.scs", repeat: null });
		expect(play.steps[1]).toMatchObject({ number: 2, kind: "send", player: "Romeo", label: "join", line: 12, status: "known" });
		expect(play.steps[1].subject[0].stanzas[0]).toContain("<status code='100'/>");
		expect(play.differences[0]).toMatchObject({
			kind: "attribute",
			step: 2,
			player: "Romeo",
			path: "presence/x/status@code",
			reference: "110",
			subject: "100",
			known: "other-status-codes",
		});
		expect(play.differences[1]).toMatchObject({
			kind: "missing stanza",
			step: 3,
			subject: null,
			subject_stanza: null,
			known: null,
		});
	});

	it("has the same fields whatever there is to tell", () => {
		const empty = JSON.parse(json_report(result_of([])));
		const full = JSON.parse(json_report(result_of([small_comparison([other_codes])], { known: [other_codes] })));
		expect(Object.keys(empty)).toEqual(Object.keys(full));
		expect(empty).toMatchObject({ passed: true, totals: { steps: 0, equal: 0 }, plays: [], groups: [] });
		const shapes = (list: object[]): Set<string> => new Set(list.map((entry) => Object.keys(entry).join()));
		expect(shapes(full.plays[0].steps).size).toBe(1);
		expect(shapes(full.plays[0].differences).size).toBe(1);
	});

	it("passes with known differences only, and fails with outdated ones", () => {
		const known = [{ ...other_codes, matches: () => true }];
		const comparisons = [small_comparison(known)];
		expect(JSON.parse(json_report(result_of(comparisons, { known }))).passed).toBe(true);
		expect(JSON.parse(json_report(result_of(comparisons, { known, outdated: known }))).passed).toBe(false);
	});

	it("tells how to play a random play again, and no passwords", () => {
		const text = json_report(result_of([large_comparison(300)]));
		expect(JSON.parse(text).plays[0].repeat).toBe("enjamb compare --random 3 --steps 300 --seed 7");
		expect(JSON.parse(text).groups).toHaveLength(300);
		expect(text).not.toContain("a secret password");
	});

	it("names the options without which a play would be another", () => {
		const text = json_report(
			result_of([large_comparison(300)], { again: "--config 'my prosody.cfg.lua' --reference /opt/prosody" }),
		);
		expect(JSON.parse(text).plays[0].repeat).toBe(
			"enjamb compare --config 'my prosody.cfg.lua' --reference /opt/prosody --random 3 --steps 300 --seed 7",
		);
	});

	it("tells of a third server beside the others", () => {
		const report = JSON.parse(json_report(result_of_three([three_comparisons([other_codes])], [other_codes])));
		expect(report).toMatchObject({
			format: "enjamb-compare-1",
			subject: "Enjamb 0.1.0",
			totals: { steps: 4, equal: 2, known: 1, different: 1 },
			known: [{ id: "other-status-codes", count: 1, steps: 1 }],
			also: {
				name: third_name,
				passed: false,
				totals: { plays: 1, different_plays: 1, steps: 4, equal: 1, known: 0, different: 3 },
				known: [{ id: "other-status-codes", count: 0, steps: 0 }],
			},
		});
		expect(report.also.groups).toHaveLength(4);
		const [play] = report.plays;
		expect(play.steps.map((step: { also_status: string }) => step.also_status)).toEqual([
			"equal",
			"different",
			"different",
			"different",
		]);
		expect(play.steps[2].also[0]).toMatchObject({ player: "Romeo", ended: null });
		expect(play.steps[2].also[0].stanzas[0]).toContain("what window");
		expect(play.also_differences[0]).toMatchObject({ step: 2, kind: "extra element", path: "presence/x/hat" });
		expect(play.also_differences[0].text).toContain("Enjamb with Prosody's rooms in Lua sends it");
	});

	it("passes only if the third server does", () => {
		const fine = small_comparison([{ ...other_codes, matches: () => true }]);
		const also = { name: third_name, known: [], comparisons: [small_comparison()] };
		const failing = JSON.parse(json_report(result_of([fine], { also })));
		expect([failing.passed, failing.totals.different, failing.also.passed]).toEqual([false, 0, false]);
		const passing = JSON.parse(json_report(result_of([fine], { also: { ...also, comparisons: [fine] } })));
		expect([passing.passed, passing.also.passed]).toEqual([true, true]);
	});
});
