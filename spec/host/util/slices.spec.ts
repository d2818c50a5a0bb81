import { setImmediate as next_turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Slices } from "../../../host/util/slices.ts";
import { Turn } from "../../../host/util/turn.ts";

function rig() {
	const log: string[] = [];
	let now = 0;
	const turn = new Turn(() => expect.unreachable());
	const outlet = { seal: () => {}, flush: () => void log.push("flush"), discard: () => expect.unreachable() };
	const slices = new Slices(turn, () => now);
	const task = (name: string, takes: number, changes: { is_wanted?: () => boolean; must?: boolean; fails?: boolean } = {}) => {
		slices.run({
			work() {
				now += takes;
				log.push(name);
				turn.touch(outlet);
				if (changes.fails) throw new Error("oh");
			},
			is_wanted: changes.is_wanted ?? (() => true),
			hold: () => (changes.must ? undefined : () => void log.push(`release ${name}`)),
			failed: (error) => void log.push(`${name} failed: ${String(error)}`),
		});
	};
	return { log, task, turn };
}

/** Long enough for some slices. */
async function some_turns(): Promise<void> {
	for (let count = 0; count < 10; count++) await next_turn();
}

describe("work in slices", () => {
	it("is done at once while a turn has time for it", async () => {
		const { log, task } = rig();
		for (const name of ["a", "b", "c"]) task(name, 3);
		expect(log).toEqual(["a", "b", "c"]);
		await some_turns();
		expect(log).toEqual(["a", "b", "c", "flush"]);
	});

	it("waits where it is more, in order, with a turn for others between any two slices", async () => {
		const { log, task } = rig();
		for (const name of ["a", "b", "c", "d"]) task(name, 5);
		expect(log).toEqual(["a", "b"]);
		await next_turn();
		expect(log).toEqual(["a", "b", "flush"]);
		task("late", 0);
		await some_turns();
		const second = ["c", "release c", "d", "release d", "flush"];
		expect(log).toEqual(["a", "b", "flush", ...second, "late", "release late", "flush"]);
	});

	it("does not wait where it cannot", () => {
		const { log, task } = rig();
		task("a", 10);
		task("b", 1, { must: true });
		expect(log).toEqual(["a", "b"]);
	});

	it("is left where nobody wants it any more, and goes on where some of it fails", async () => {
		const { log, task } = rig();
		task("a", 10);
		task("b", 1, { is_wanted: () => false });
		task("c", 1, { fails: true });
		task("d", 1);
		await some_turns();
		expect(log).toEqual(["a", "flush", "release b", "c", "c failed: Error: oh", "release c", "d", "release d", "flush"]);
	});
});
