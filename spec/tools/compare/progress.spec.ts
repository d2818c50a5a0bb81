import { describe, expect, it } from "vitest";
import { create_progress } from "../../../tools/compare/progress.ts";
import type { Terminal } from "../../../tools/compare/terminal.ts";
import { small_comparison, three_comparisons } from "./report_fixture.ts";

const file: Terminal = { rewrites: false, colour: false, width: 100 };
const terminal: Terminal = { rewrites: true, colour: true, width: 100 };

describe("progress", () => {
	function record(plays: number, to: Terminal): string[] {
		const comparisons = Array.from({ length: plays }, () => small_comparison());
		const written: string[] = [];
		const progress = create_progress(
			(text) => written.push(text),
			comparisons.map(({ play }) => play),
			to,
		);
		for (const done of comparisons) progress.played(done);
		progress.end();
		return written;
	}

	it("is one line on a terminal, that is cleared at the end", () => {
		const written = record(4, { ...terminal, colour: false });
		expect(written.join("")).not.toContain("\n");
		expect(written.every((text) => text.startsWith("\r\u001b[K"))).toBe(true);
		expect(written[2]).toContain("[############------------] 2 of 4 plays, 6 steps, 4 different");
		expect(written.at(-1)).toBe("\r\u001b[K");
	});

	it("never fills more than the terminal's width", () => {
		for (const text of record(4, { rewrites: true, colour: false, width: 80 })) {
			expect(text.replace("\r\u001b[K", "").length).toBeLessThanOrEqual(80);
		}
	});

	it("is a few lines without a terminal, the last of them complete", () => {
		const written = record(95, file);
		expect(written).toHaveLength(10);
		expect(written.every((text) => text.endsWith("\n"))).toBe(true);
		expect(written.at(-1)).toBe("95 of 95 plays, 285 steps, 190 different\n");
	});

	it("says nothing when there is nothing to play", () => {
		expect(record(0, terminal)).toEqual([]);
		expect(record(0, file)).toEqual([]);
	});

	it("counts a step that differs on either of two servers, once", () => {
		const written: string[] = [];
		const { own, third } = three_comparisons();
		const progress = create_progress((text) => written.push(text), [own.play], file);
		progress.played(own, third);
		expect(written).toEqual(["1 of 1 play, 4 steps, 3 different\n"]);
	});
});
