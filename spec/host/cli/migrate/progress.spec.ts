import { describe, expect, it } from "vitest";
import { duration_text, grouped, Progress } from "../../../../host/cli/migrate/progress.ts";

function output(is_terminal: boolean, columns = 70) {
	const state = { now: 0, text: [] as string[] };
	return {
		state,
		shown: () => state.text.join(""),
		output: { is_terminal, columns, now: () => state.now, write: (text: string) => void state.text.push(text) },
	};
}

describe("progress", () => {
	it("is a bar with rate and time left on a terminal", () => {
		const { state, shown, output: terminal } = output(true);
		const progress = new Progress(terminal, "Moving", 1000);
		state.now = 2000;
		progress.advance(250, 50_000, () => "muc_log of a room with a name that is too long for this terminal");
		expect(shown()).toContain("Moving [#####---------------] 25% 25,000 records/s, 6s left  muc_log");
		expect(
			shown()
				.split("\r")
				.every((line) => line.length < 75),
		).toBe(true);
		progress.advance(1, 1, () => "too early");
		expect(shown()).not.toContain("too early");
		state.now = 8000;
		progress.advance(749, 150_000, () => "the end");
		progress.finish();
		expect(shown()).toContain("\r\u001b[KMoving: 200,001 records in 8s, 25,000 records/s\n");
	});

	it.each([
		[50, "Moving [###-------] 25% 25,000 records/s, 6s left"],
		[40, "Moving 25% 25,000 records/s, 6s left  m"],
		[20, "Moving 25% 25,000 r"],
		[0, "M"],
	])("says how far it is first, where there are %d columns", (columns, expected) => {
		const { state, shown, output: terminal } = output(true, columns);
		const progress = new Progress(terminal, "Moving", 1000);
		state.now = 2000;
		progress.advance(250, 50_000, () => "muc_log of a room");
		expect(shown()).toBe(`\r\u001b[K${expected}`);
	});

	it("gives a terminal no orders from files", () => {
		for (const is_terminal of [true, false]) {
			const { state, shown, output: shown_to } = output(is_terminal, 120);
			const progress = new Progress(shown_to, "Moving", 100);
			state.now = 20_000;
			progress.advance(1, 1, () => "größe\u001b[31m\r\u009b2J\u202e\ud800 🌒");
			expect(shown()).toMatch(/größe\?\[31m\?\?2J\?\? 🌒/);
		}
	});

	it("is a line now and then elsewhere", () => {
		const { state, shown, output: log } = output(false);
		const progress = new Progress(log, "Moving", 100);
		for (state.now = 0; state.now <= 20_000; state.now += 1000) progress.advance(1, 10, () => "x");
		expect(shown().split("\n")).toHaveLength(3);
		expect(shown()).not.toContain("\r");
	});

	it("does not count what an earlier run has done as this one's speed", () => {
		const { state, shown, output: terminal } = output(true);
		const progress = new Progress(terminal, "Moving", 100);
		progress.skip(50);
		state.now = 1000;
		progress.advance(25, 25, () => "x");
		expect(shown()).toContain("75% 25 records/s, 1s left");
	});

	it("knows nothing of time when there is nothing to do", () => {
		const { shown, output: terminal } = output(true);
		new Progress(terminal, "Moving", 0).advance(0, 0, () => "x");
		expect(shown()).toContain("100% 0 records/s  x");
	});

	it.each([
		[0.4, "0s"],
		[59, "59s"],
		[61, "1m01s"],
		[7260, "2h01m"],
	])("says %d seconds as %s", (seconds, text) => expect(duration_text(seconds)).toBe(text));

	it("groups digits", () => expect([1, 1234, 1234567].map(grouped)).toEqual(["1", "1,234", "1,234,567"]));
});
