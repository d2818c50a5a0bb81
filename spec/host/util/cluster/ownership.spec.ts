import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { key_of } from "../../../../host/util/cluster/keys.ts";
import { life_text } from "../../../../host/util/cluster/types.ts";
import { promise_of } from "../../../../host/util/waiting.ts";
import { lease, type Node, SmallWorld } from "./small_world.ts";

const room = "tea room@conference.example";

/** Three nodes that have entered, as a tuple. */
async function three(small: SmallWorld): Promise<[Node, Node, Node]> {
	const [a, b, c] = await small.started("a", "b", "c");
	if (a === undefined || b === undefined || c === undefined) throw new Error("three nodes");
	return [a, b, c];
}

describe("ownership", () => {
	it("is had by one of many who want it, and the others learn by whom", async () => {
		const small = new SmallWorld();
		const nodes = await three(small);
		const answers = await small.brings(Promise.all(nodes.map(({ ownership }) => promise_of(ownership.acquire(room)))));
		if (answers instanceof Error) throw answers;
		const winner = nodes[answers.indexOf("mine")];
		expect(answers.filter((one) => one === "mine")).toHaveLength(1);
		expect(answers.filter((one) => one !== "mine")).toEqual([winner?.membership.me, winner?.membership.me]);
		for (const node of nodes) expect(node.ownership.owner_of(room)).toEqual(node === winner ? "mine" : winner?.membership.me);
		expect([...(winner?.ownership.mine() ?? [])]).toEqual([room]);
		expect(winner?.ownership.count).toBe(1);
	});

	it("is found without being taken", async () => {
		const small = new SmallWorld();
		const [a, b] = await three(small);
		expect(await small.brings(promise_of(a.ownership.find(room)))).toBeUndefined();
		// While one looks, another call takes
		const [found, taken] = [a.ownership.find(room), a.ownership.acquire(room)];
		expect(await small.brings(promise_of(found))).toBeUndefined();
		expect(await small.brings(promise_of(taken))).toBe("mine");
		expect(await small.brings(promise_of(b.ownership.find(room)))).toEqual(a.membership.me);
	});

	it("is lost with its owner's life, and is taken once the database refuses what that wants to store", async () => {
		const small = new SmallWorld();
		const [a, b] = await three(small);
		await small.brings(promise_of(a.ownership.acquire(room)));
		await small.brings(promise_of(b.ownership.acquire(room)));
		const dead = a.membership.me;
		if (dead === undefined) throw new Error("no life");
		expect(b.ownership.keys_of(dead)).toEqual([room]);
		a.process.stop();
		small.has_database = false;
		await small.until(() => b.told.includes(`ended ${life_text(dead)}`));
		expect(b.ownership.owner_of(room)).toBeUndefined();
		expect(b.ownership.keys_of(dead)).toEqual([room]);
		expect(await small.brings(promise_of(b.ownership.acquire(room)))).toBeInstanceOf(Error);
		small.has_database = true;
		expect(await small.brings(promise_of(b.ownership.acquire(room)))).toBe("mine");
		expect(small.fences).toContain(life_text(dead));
		expect(a.membership.may_serve()).toBe(false);
		a.process.go_on();
		await small.until(() => a.membership.may_serve());
		expect(a.lost).toEqual([room]);
		expect(a.ownership.owner_of(room)).toBeUndefined();
		expect(await small.brings(promise_of(a.ownership.acquire(room)))).toEqual(b.membership.me);
	});

	it("is handed over once what the next owner needs is stored", async () => {
		const small = new SmallWorld();
		const [a, b, c] = await three(small);
		const { me } = b.membership;
		if (me === undefined) throw new Error("no life");
		expect(await small.brings(a.ownership.hand_over(room, me))).toBe(false);
		await small.brings(promise_of(a.ownership.acquire(room)));
		await small.brings(promise_of(c.ownership.acquire(room)));
		let is_stored = (): void => undefined;
		const given = a.ownership.hand_over(room, me, () => new Promise((resolve) => (is_stored = resolve)));
		expect(a.ownership.owner_of(room)).toBeUndefined();
		const asked = promise_of(a.ownership.acquire(room));
		const taken = promise_of(b.ownership.acquire(room));
		expect(await small.brings(taken)).toEqual(a.membership.me);
		is_stored();
		expect(await small.brings(given)).toBe(true);
		expect(await small.brings(asked)).toEqual(me);
		// Others still think that a has it; a says no
		expect(c.ownership.owner_of(room)).toEqual(a.membership.me);
		c.ownership.forget(room);
		expect(await small.brings(promise_of(c.ownership.acquire(room)))).toEqual(me);
		b.ownership.forget(room);
		expect(await small.brings(promise_of(b.ownership.acquire(room)))).toBe("mine");
	});

	it("stays where it cannot be stored for the next owner", async () => {
		const small = new SmallWorld();
		const [a, b] = await three(small);
		await small.brings(promise_of(a.ownership.acquire(room)));
		const { me } = b.membership;
		if (me === undefined) throw new Error("no life");
		expect(await small.brings(a.ownership.hand_over(room, me, () => Promise.reject(new Error("full"))))).toBe(false);
		expect(a.ownership.owner_of(room)).toBe("mine");
		expect(await small.brings(a.ownership.release(room))).toBe(true);
		expect(await small.brings(promise_of(b.ownership.find(room)))).toBeUndefined();
		expect(await small.brings(promise_of(b.ownership.acquire(room)))).toBe("mine");
	});

	it("is given away for certain, however often the answer is lost", async () => {
		const small = new SmallWorld();
		const [a, b] = await three(small);
		await small.brings(promise_of(a.ownership.acquire(room)));
		const { me } = b.membership;
		if (me === undefined) throw new Error("no life");
		const given = a.ownership.hand_over(room, me);
		for (let n = 0; n < 10; n++) {
			small.network.cut("a1");
			await small.pass(40);
			small.network.mend("a1");
			await small.pass(lease / 3);
		}
		expect(await small.brings(given)).toBe(true);
		expect(await small.brings(promise_of(b.ownership.acquire(room)))).toBe("mine");
		expect(a.ownership.owner_of(room)).toEqual(me);
	});

	it("is not believed where the bucket's copy is older than what was given away", async () => {
		const small = new SmallWorld(7, 0.5);
		const [a, b] = await three(small);
		const [one, other] = [a.membership.me, b.membership.me];
		if (one === undefined || other === undefined) throw new Error("no life");
		await small.brings(promise_of(a.ownership.acquire(room)));
		let [has, next] = [a, b];
		for (let n = 0; n < 50; n++) {
			await small.brings(has.ownership.hand_over(room, next === a ? one : other));
			has.ownership.forget(room);
			next.ownership.forget(room);
			await small.brings(Promise.all([has, next].map(({ ownership }) => promise_of(ownership.acquire(room)))));
			const owners = [a, b].filter(({ ownership }) => ownership.owner_of(room) === "mine");
			expect(owners.length, `after ${n} changes`).toBeLessThan(2);
			if (owners[0] !== undefined) [has, next] = owners[0] === a ? [a, b] : [b, a];
		}
	});

	it("says where it cannot know", async () => {
		const small = new SmallWorld();
		const [a] = await three(small);
		await small.brings(small.anybodys("owners").create(key_of("odd"), Buffer.from("nobody")));
		expect(String(await small.brings(promise_of(a.ownership.acquire("odd"))))).toContain("the owner of odd cannot be read");
		small.network.set_broker(false);
		expect(await small.brings(promise_of(a.ownership.acquire("other")))).toBeInstanceOf(Error);
	});

	it("keeps so many owners in mind", async () => {
		const small = new SmallWorld();
		const [a, b] = await three(small);
		const { me } = a.membership;
		if (me === undefined) throw new Error("no life");
		for (let n = 0; n < 5; n++) await small.brings(promise_of(a.ownership.acquire(`room${n}`)));
		const few = small.few(b, 3);
		for (let n = 0; n < 5; n++) await small.brings(promise_of(few.acquire(`room${n}`)));
		expect(few.keys_of(me)).toEqual(["room2", "room3", "room4"]);
	});
});

describe("whatever happens", () => {
	const deeds = [
		"cut",
		"mend",
		"stop",
		"go on",
		"kill",
		"take",
		"hand over",
		"release",
		"NATS gone",
		"NATS there",
		"hold",
	] as const;
	const deed = fc.record({ what: fc.constantFrom(...deeds), who: fc.nat(2), pause: fc.integer({ min: 0, max: 900 }) });

	/** Plays deeds; returns after which of them two nodes may both serve as owners; -1 for none. */
	async function two_owners(
		seed: number,
		list: readonly { what: string; who: number; pause: number }[],
		part?: number,
	): Promise<number> {
		const small = new SmallWorld(seed, 0.1);
		let broken = -1;
		const make = (index: number): Node =>
			small.node("abc".charAt(index), { rate: [1, 1.01, 0.99][index] ?? 1, ...(part === undefined ? {} : { part }) });
		const nodes = [0, 1, 2].map(make);
		for (const { membership } of nodes) membership.start().catch(() => undefined);
		await small.pass(50);
		for (const [number, { what, who, pause }] of list.entries()) {
			const node = nodes[who];
			if (node === undefined) continue;
			const take = (): unknown => node.ownership.acquire(room).ended(() => undefined);
			const next = nodes[(who + 1) % 3]?.membership.me;
			if (what === "cut") small.network.cut(node.name);
			if (what === "mend") small.network.mend(node.name);
			if (what === "stop") node.process.stop();
			if (what === "go on") node.process.go_on();
			if (what === "hold") small.network.hold(node.name, "up", 700);
			if (what === "take") node.process.run(take);
			if (what === "hand over") node.process.run(() => void (next && node.ownership.hand_over(room, next)));
			if (what === "release") node.process.run(() => void node.ownership.release(room));
			if (what.startsWith("NATS")) small.network.set_broker(what.endsWith("there"));
			if (what === "kill") {
				node.process.kill();
				small.network.disconnect(node.name);
				const again = make(who);
				nodes[who] = again;
				again.membership.start().catch(() => undefined);
			}
			const end = small.world.now + pause;
			while (small.world.now < end) {
				await small.pass(Math.min(10, end - small.world.now));
				const owners = nodes.filter(({ membership, ownership }) => ownership.owner_of(room) === "mine" && membership.may_serve());
				if (owners.length > 1 && broken < 0) broken = number;
			}
		}
		return broken;
	}

	it("never are there two owners that both may serve", async () => {
		await fc.assert(
			fc.asyncProperty(fc.nat(), fc.array(deed, { minLength: 10, maxLength: 60 }), async (seed, list) => {
				expect(await two_owners(seed, list)).toBe(-1);
			}),
			{ numRuns: 60 },
		);
	});

	it("and that is found out where a node may serve for too long", async () => {
		const list = [
			{ what: "take", who: 0, pause: 500 },
			{ what: "cut", who: 0, pause: 1600 },
			{ what: "take", who: 1, pause: 600 },
		];
		expect(await two_owners(1, list)).toBe(-1);
		expect(await two_owners(1, list, 2)).toBe(2);
	});
});
