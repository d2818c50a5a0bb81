import { describe, expect, it } from "vitest";
import { life_text } from "../../../../host/util/cluster/types.ts";
import { lease, type Node, SmallWorld } from "./small_world.ts";

/** @throws where the node has no life */
function life_of(node: Node | undefined): string {
	const life = node?.membership.me;
	if (life === undefined) throw new Error("no life");
	return life_text(life);
}

describe("membership", () => {
	it("knows who is there, with what they say of themselves", async () => {
		const small = new SmallWorld();
		const [a, b] = [small.node("a"), small.node("b", { info: () => ({ load: 0.5 }) })];
		expect(await small.brings(a.membership.start())).toEqual({ ok: true, value: a.membership.me });
		expect(await small.brings(b.membership.start())).toEqual({ ok: true, value: b.membership.me });
		await small.until(() => [...a.membership.others()].length === 1);
		expect([...a.membership.others()]).toEqual([{ life: b.membership.me, info: { load: 0.5 }, is_leaving: false }]);
		await small.pass(10 * lease);
		expect([a, b].map(({ membership }) => membership.may_serve())).toEqual([true, true]);
		expect(a.told).toEqual([`begun ${life_of(a)}`, `joined ${life_of(b)}`]);
		b.membership.announce_leaving();
		await small.until(() => [...a.membership.others()].some(({ is_leaving }) => is_leaving));
		const left = life_of(b);
		expect(await small.brings(b.membership.leave())).toBe(true);
		await small.until(() => a.told.includes(`dead ${left}`), 100);
		expect(b.told.at(-1)).toBe(`over ${left}`);
		expect(small.fences.filter((life) => life === left)).toHaveLength(1);
	});

	it("declares a node dead that is not heard, and dead for certain only once the database was told", async () => {
		const small = new SmallWorld();
		const [a, b, c] = await small.started("a", "b", "c");
		const killed = life_of(c);
		c?.process.kill();
		small.has_database = false;
		await small.until(
			() => a?.told.includes(`ended ${killed}`) === true && b?.told.includes(`ended ${killed}`) === true,
			2 * lease,
		);
		await small.pass(5000);
		expect([...(a?.told ?? []), ...(b?.told ?? [])]).not.toContain(`dead ${killed}`);
		small.has_database = true;
		await small.until(() => a?.told.includes(`dead ${killed}`) === true && b?.told.includes(`dead ${killed}`) === true, 1000);
		expect(a?.told.filter((line) => line.includes(killed))).toEqual([`joined ${killed}`, `ended ${killed}`, `dead ${killed}`]);
	});

	it("refuses a second node of the same name, and takes the place of one that was killed", async () => {
		const small = new SmallWorld();
		const [a] = await small.started("a");
		const second = small.node("a");
		expect(await small.brings(second.membership.start())).toEqual({ ok: false, error: "another node named a is in the cluster" });
		expect(a?.membership.may_serve()).toBe(true);
		second.membership.stop();
		const before = life_of(a);
		a?.process.kill();
		const third = small.node("a");
		expect(await small.brings(third.membership.start())).toMatchObject({ ok: true });
		expect(third.membership.me?.incarnation).toBeGreaterThan(Number(before.slice(2)));
	});

	it("gives up a life that was interrupted, and begins another one", async () => {
		const small = new SmallWorld();
		const [a, b] = await small.started("a", "b");
		const before = life_of(b);
		b?.process.stop();
		await small.until(() => a?.told.includes(`dead ${before}`) === true);
		expect(b?.membership.may_serve()).toBe(false);
		b?.process.go_on();
		expect(b?.membership.may_serve()).toBe(false);
		await small.until(() => b?.membership.may_serve() === true, 2 * lease);
		expect(b?.told.slice(-2)).toEqual([`over ${before}`, `begun ${life_of(b)}`]);
		expect(small.fences).toContain(before);
		expect(a?.told.at(-1)).toBe(`joined ${life_of(b)}`);
	});

	it("may not serve while it does not hear NATS, and goes on where nobody took its place", async () => {
		const small = new SmallWorld();
		const nodes = await small.started("a", "b", "c");
		const lives = nodes.map(life_of);
		small.network.set_broker(false);
		await small.pass(lease);
		expect(nodes.some(({ membership }) => membership.may_serve())).toBe(false);
		await small.pass(20_000);
		small.network.set_broker(true);
		await small.until(() => nodes.every(({ membership }) => membership.may_serve()), lease);
		await small.pass(5 * lease);
		expect(nodes.map(life_of)).toEqual(lives);
	});

	it("goes on where the answer to a renewal was lost", async () => {
		const small = new SmallWorld();
		const [a] = await small.started("a");
		const life = life_of(a);
		for (let n = 0; n < 20; n++) {
			small.network.cut("a1");
			await small.pass(37);
			small.network.mend("a1");
			await small.pass(lease / 3);
		}
		await small.until(() => a?.membership.may_serve() === true, lease);
		expect(life_of(a)).toBe(life);
	});

	it("goes on where somebody deletes the bucket's keys", async () => {
		const small = new SmallWorld();
		const [a, b] = await small.started("a", "b");
		const before = life_of(a);
		const anybody = small.anybodys("nodes");
		const entry = await small.brings(anybody.get("a"));
		if (!(entry instanceof Error)) await small.brings(anybody.delete("a", entry?.revision ?? 0));
		await small.until(() => a?.membership.may_serve() === true && life_of(a) !== before);
		await small.until(() => b?.told.includes(`dead ${before}`) === true);
	});

	it("says what it cannot read, and goes on", async () => {
		const small = new SmallWorld();
		const warnings: string[] = [];
		const a = small.node("a", { warn: (text) => warnings.push(text) });
		await small.brings(a.membership.start());
		const anybody = small.anybodys("nodes");
		for (const [name, value] of Object.entries({ x: "", y: "null", z: '{"incarnation":-1}' })) {
			await small.brings(anybody.create(name, Buffer.from(value)));
		}
		await small.pass(lease * 3);
		expect(warnings).toEqual(["x", "y", "z"].map((name) => `what node ${name} says of itself cannot be read`));
		expect(a.membership.may_serve()).toBe(true);
	});
});
