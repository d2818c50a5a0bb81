import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Burden, type Loaded, plan_moves, spread_all, weight_of } from "../../../../host/util/cluster/balance.ts";
import { Usage } from "../../../../host/util/cluster/usage.ts";

function node(name: string, load: number, cpu = 0.1): Loaded {
	return { life: { node: name, incarnation: 1 }, load, cpu };
}

function rooms(...weights: number[]): Burden[] {
	return weights.map((weight, index) => ({ key: `room${index}`, weight }));
}

const text = ({ key, to }: { key: string; to: { node: string } }): string => `${key} to ${to.node}`;

describe("what moves to nodes with less to do", () => {
	it("is nothing where all have about the same", () => {
		expect(plan_moves(node("a", 11), [node("b", 10), node("c", 9)], rooms(1, 1, 1), 10)).toEqual([]);
		expect(plan_moves(node("a", 0.5), [node("b", 0)], rooms(0.1, 0.1), 10)).toEqual([]);
	});

	it("is the heaviest that fits, to who has the least", () => {
		const moves = plan_moves(node("a", 30), [node("b", 0)], rooms(3, 20, 7), 10);
		expect(moves.map(text)).toEqual(["room2 to b", "room0 to b"]);
	});

	it("is not the one big thing, which would be as big over there", () => {
		expect(plan_moves(node("a", 20), [node("b", 0)], rooms(20), 10)).toEqual([]);
	});

	it("goes from several nodes to one without giving it too much", () => {
		const weights = Array.from({ length: 100 }, () => 1);
		const from_a = plan_moves(node("a", 100), [node("b", 100), node("c", 0)], rooms(...weights), 100);
		const from_b = plan_moves(node("b", 100), [node("a", 100), node("c", 0)], rooms(...weights), 100);
		expect(from_a.length + from_b.length).toBeGreaterThan(60);
		expect(from_a.length + from_b.length).toBeLessThanOrEqual(67);
	});

	it("does not go to a node that is busy with other things", () => {
		expect(plan_moves(node("a", 30), [node("b", 0, 0.9)], rooms(5, 5), 10)).toEqual([]);
		expect(plan_moves(node("a", 30, 0.95), [node("b", 0, 0.9)], rooms(5, 5), 10)).not.toEqual([]);
	});

	it("is not more at a time than is wanted", () => {
		expect(plan_moves(node("a", 100), [node("b", 0)], rooms(...Array.from({ length: 100 }, () => 1)), 10)).toHaveLength(10);
	});

	it("comes to an end, and never makes another node the busiest, whatever rooms there are", () => {
		const weight = fc.double({ min: 0.02, max: 50, noNaN: true });
		const nodes = fc.array(fc.array(weight, { maxLength: 30 }), { minLength: 2, maxLength: 6 });
		fc.assert(
			fc.property(nodes, (all) => {
				const names = all.map((_weights, index) => `n${index}`);
				const has = new Map(names.map((name, index) => [name, new Map(all[index]?.map((one, at) => [`${name}.${at}`, one]))]));
				const load_of = (name: string): number => [...(has.get(name)?.values() ?? [])].reduce((sum, one) => sum + one, 0);
				const most = Math.max(...names.map(load_of));
				let rounds = 0;
				for (; rounds < 200; rounds++) {
					// All decide at the same time, from the same facts
					const loads = names.map((name) => node(name, load_of(name)));
					const moves = loads.flatMap((me) => {
						const own = [...(has.get(me.life.node) ?? [])].map(([key, one]) => ({ key, weight: one }));
						const others = loads.filter((one) => one !== me);
						return plan_moves(me, others, own, 10).map((move) => ({ ...move, from: me.life.node }));
					});
					if (moves.length === 0) break;
					for (const { from, to, key, weight: one } of moves) {
						has.get(from)?.delete(key);
						has.get(to.node)?.set(key, one);
					}
					expect(Math.max(...names.map(load_of))).toBeLessThanOrEqual(most + 1e-9);
				}
				expect(rounds).toBeLessThan(200);
			}),
		);
	});
});

describe("what a node has that leaves", () => {
	it("goes to those who have the least by then, the heaviest first", () => {
		const moves = spread_all([node("b", 10), node("c", 0)], rooms(1, 12, 4));
		expect(moves.map(text)).toEqual(["room1 to c", "room2 to b", "room0 to c"]);
		expect(spread_all([], rooms(1))).toEqual([]);
	});
});

describe("how much is done for a key", () => {
	it("is known by second, fades, and comes along from another node", () => {
		let now = 0;
		const usage = new Usage({ now: () => now });
		for (let second = 0; second < 300; second++) {
			for (let number = 0; number < 5; number++) usage.note("hall");
			now += 1000;
		}
		expect(usage.rate("hall")).toBeCloseTo(5, 0);
		now += 600_000;
		expect(usage.rate("hall")).toBeLessThan(0.01);
		expect(usage.idle_time("hall")).toBe(601_000);
		usage.came("den", 7);
		expect(usage.rate("den")).toBe(7);
		expect(usage.age("den")).toBe(0);
		usage.forget("den");
		expect(usage.rate("den")).toBe(0);
	});

	it("weighs more where more people hear it", () => {
		expect(weight_of(10, 320)).toBeGreaterThan(5 * weight_of(10, 2));
		expect(weight_of(0, 3000)).toBeGreaterThan(1);
		expect(weight_of(0, 0)).toBeGreaterThan(0);
	});
});
