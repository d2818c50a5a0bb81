import { setImmediate as next_turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Share, Slices } from "../../../host/util/slices.ts";
import { Turn } from "../../../host/util/turn.ts";

function rig() {
	const log: string[] = [];
	let now = 0;
	const turn = new Turn(() => expect.unreachable());
	const outlet = { seal: () => {}, flush: () => void log.push("flush"), discard: () => expect.unreachable() };
	const slices = new Slices(turn, () => now);
	const task = (
		name: string,
		takes: number,
		changes: { is_wanted?: () => boolean; must?: boolean; fails?: boolean; apart?: boolean } = {},
	) => {
		slices.run({
			is_apart: changes.apart === true,
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

	it("has a turn of its own where it has to, even where there is time for it at once, after what has none", async () => {
		const { log, task } = rig();
		task("a", 1);
		task("great", 1, { apart: true });
		task("b", 1);
		task("c", 1);
		expect(log).toEqual(["a"]);
		await some_turns();
		const others = ["b", "release b", "c", "release c", "flush"];
		expect(log).toEqual(["a", "flush", ...others, "great", "release great", "flush"]);
	});

	it("shares a slice with what has turns of its own, and ends the turn between them only once", async () => {
		const { log, task, turn } = rig();
		for (let index = 0; index < 20; index++) {
			task(`great ${index}`, 1, { apart: true });
			task(`small ${index}`, 1);
		}
		const before = turn.counts.turns;
		while (log.filter((line) => line.startsWith("great")).length < 20) await next_turn();
		const done = log.filter((line) => /^(great|small)/.test(line)).map((line) => line.slice(0, 5));
		expect(done.slice(0, 8)).toEqual([...Array(4).fill("small"), ...Array(4).fill("great")]);
		expect(done).toHaveLength(40);
		// One after the other, as they came, would be a turn for each
		expect(turn.counts.turns - before).toBeLessThan(done.length - 10);
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

describe("what sessions sent", () => {
	/** Sessions with so many stanzas each, which take a millisecond; each turn's end takes `storing` for each stanza of it. */
	async function handle(sessions: number, stanzas: number, storing: number): Promise<{ turns: string[] }> {
		let now = 0;
		let handled = "";
		const turns: string[] = [];
		const participant = {
			commit() {
				now += storing * handled.length;
				turns.push(handled);
				handled = "";
			},
			rollback: () => expect.unreachable(),
		};
		const turn = new Turn(
			() => expect.unreachable(),
			() => now,
		);
		const slices = new Slices(turn, () => now);
		const shares = Array.from({ length: sessions }, () => new Share());
		const left = shares.map(() => stanzas);
		const read = (index: number): void => {
			const share = shares[index] ?? new Share();
			let is_over = slices.begin(share);
			while ((left[index] ?? 0) > 0 && !is_over) {
				now++;
				left[index] = (left[index] ?? 0) - 1;
				handled += String.fromCharCode(97 + index);
				turn.join(participant);
				is_over = slices.is_over(share);
			}
			if ((left[index] ?? 0) > 0)
				slices.later(
					share,
					() => read_in_slice(index),
					() => expect.unreachable(),
				);
		};
		// What had to wait is handled though its session has only just had its share
		const read_in_slice = (index: number): void => {
			const share = shares[index];
			if (share !== undefined) share.rests_until = Number.NEGATIVE_INFINITY;
			read(index);
		};
		for (const index of shares.keys()) read(index);
		while (left.some((count) => count > 0)) await next_turn();
		for (let count = 0; count < 4; count++) await next_turn();
		return { turns };
	}

	it("is handled in turns of a few milliseconds, in which all have their share", async () => {
		const { turns } = await handle(3, 40, 0);
		expect(turns.join("")).toHaveLength(120);
		expect(Math.max(...turns.map(({ length }) => length))).toBeLessThan(14);
		const ends = ["a", "b", "c"].map((name) => turns.findLastIndex((handled) => handled.includes(name)));
		expect(Math.max(...ends) - Math.min(...ends)).toBeLessThan(4);
	});

	it("is less in a turn where to store it takes long", async () => {
		const { turns } = await handle(1, 60, 12);
		expect(turns.join("")).toHaveLength(60);
		// No turn takes much longer than what is meant to be the longest end of one
		expect(Math.max(...turns.slice(2).map(({ length }) => length))).toBeLessThanOrEqual(3);
	});
});
