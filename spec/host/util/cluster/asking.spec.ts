import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Asking } from "../../../../host/util/cluster/asking.ts";
import { most_parts, parts_of, read_part } from "../../../../host/util/cluster/parts.ts";
import type { Life } from "../../../../host/util/cluster/types.ts";
import type { Result } from "../../../../host/util/error.ts";
import { type Node, SmallWorld } from "./small_world.ts";

describe("parts of answers", () => {
	it("bring bytes of any length, in messages that are short enough", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 900 }), fc.integer({ min: 300, max: 600 }), (bytes, longest) => {
				const parts = parts_of("a.1", "name", "answer", bytes, longest);
				const read = parts.map(read_part);
				expect(parts.every(({ length }) => length <= longest)).toBe(true);
				expect(read.map((part) => [part?.kind, part?.from, part?.name, part?.index, part?.count])).toEqual(
					parts.map((_part, index) => ["answer", "a.1", "name", index, parts.length]),
				);
				expect(Buffer.concat(read.map((part) => part?.bytes ?? Buffer.alloc(0)))).toEqual(Buffer.from(bytes));
			}),
		);
	});

	it("that are damaged are none, or are others", () => {
		for (const text of [
			"",
			"answer",
			"answer a.1 name 0 1",
			"answer a.1 name 1 1\n",
			"answer a.1 name 0 33\n",
			"lie a.1 name 0 1\n",
		]) {
			expect(read_part(Buffer.from(text)), text).toBeUndefined();
		}
		fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void read_part(bytes)));
	});
});

const never = new Promise<string>(() => undefined);

interface Side {
	readonly node: Node;
	readonly life: Life;
	readonly asking: Asking;
	readonly asked: string[];
}

/** Two nodes that ask each other. */
async function two(answer: (asked: string) => Promise<string> = async (asked) => `answer to ${asked}`) {
	const small = new SmallWorld();
	const nodes = await small.started("a", "b");
	const sides = nodes.map((node): Side => {
		const asked: string[] = [];
		const life = node.membership.me;
		if (life === undefined) throw new Error("no life");
		const asking = asking_of(small, node, asked, answer);
		return { node, life, asking, asked };
	});
	const [a, b] = sides;
	if (a === undefined || b === undefined) throw new Error("two nodes");
	const ask = async (text = "?", to = b): Promise<Result<string, string>> => {
		const told = await small.brings(a.asking.ask(to.life, text));
		if (told instanceof Error) throw told;
		return told;
	};
	return { small, a, b, ask };
}

function asking_of(small: SmallWorld, node: Node, asked: string[], answer: (asked: string) => Promise<string>): Asking {
	return new Asking({
		bus: small.bus_of(node),
		clock: node.process,
		membership: node.membership,
		prefix: "spec",
		answer(from, text) {
			asked.push(`${from.node}: ${text.length > 100 ? text.length : text}`);
			return answer(text);
		},
	});
}

describe("a question to another node", () => {
	it("is answered once", async () => {
		const { a, b, ask } = await two();
		expect(await ask("who?")).toEqual({ ok: true, value: "answer to who?" });
		expect([a.asked, b.asked]).toEqual([[], ["a: who?"]]);
	});

	it("brings answers that are longer than a message, and whatever letters are in them", async () => {
		const long = "ä€😀".repeat(300_000);
		const { ask } = await two(async () => long);
		expect(await ask()).toEqual({ ok: true, value: long });
	});

	it("is told where the answer is too long, and where the question is", async () => {
		const { ask } = await two(async () => "x".repeat(most_parts * 1_000_000));
		expect(await ask()).toEqual({ ok: false, error: "its answer of 32000000 characters is too long" });
		expect(await ask("x".repeat(2_000_000))).toEqual({ ok: false, error: "what is asked is too long" });
	});

	it("is told what is wrong over there", async () => {
		const { ask } = await two(() => Promise.reject(new Error("it has a cold")));
		expect(await ask()).toEqual({ ok: false, error: "it has a cold" });
	});

	it("is waited for while the other node is at it", async () => {
		const { small, b, ask } = await two(() => new Promise((resolve) => void b_process().after(30_000, () => resolve("late"))));
		const b_process = () => b.node.process;
		const from = small.world.now;
		expect(await ask()).toEqual({ ok: true, value: "late" });
		expect(small.world.now - from).toBeGreaterThanOrEqual(30_000);
	});

	it.each(["kill", "stop"] as const)("ends with a node that is asked (%s)", async (what) => {
		const { b, ask } = await two(async () => {
			b.node.process[what]();
			return never;
		});
		expect(await ask()).toEqual({ ok: false, error: "it is gone" });
		expect(await ask()).toEqual({ ok: false, error: "it is gone" });
	});

	it("ends where its own node is stopped meanwhile, and goes on as another life", async () => {
		const { small, a, b, ask } = await two(async (asked) => {
			if (asked !== "stop") return "heard";
			a.node.process.stop();
			return never;
		});
		const told = ask("stop");
		await small.until(() => b.node.told.some((line) => line.startsWith("dead a")));
		a.node.process.go_on();
		expect(await told).toEqual({ ok: false, error: "this node was cut off from the others" });
		await small.until(() => a.node.membership.may_serve() && b.node.membership.is_alive(a.node.membership.me ?? a.life));
		expect(await ask("again")).toEqual({ ok: true, value: "heard" });
	});

	it("ends where a part of the answer, or all of it, is lost", async () => {
		const { small, a, b, ask } = await two(async () => "x".repeat(3_000_000));
		const bus = small.bus_of(b.node);
		const { publish } = bus;
		let count = 0;
		bus.publish = (subject, data, reply) => {
			count += subject.includes(".answer.") ? 1 : 0;
			if (!(subject.includes(".answer.") && count === 2)) publish.call(bus, subject, data, reply);
		};
		expect(await ask()).toEqual({ ok: false, error: "a part of its answer was lost" });
		bus.publish = (subject, data, reply) => {
			if (!subject.includes(".answer.")) publish.call(bus, subject, data, reply);
		};
		expect(await ask()).toEqual({ ok: false, error: "it does not answer" });
		// That changes nothing for later ones
		bus.publish = publish;
		expect((await ask()).ok).toBe(true);
		expect(a.node.membership.may_serve()).toBe(true);
	});

	it("ignores answers of those who were not asked, and what cannot be read", async () => {
		const { small, a, b, ask } = await two();
		const bus = small.bus_of(b.node);
		const { publish } = bus;
		bus.publish = (subject, data, reply) => {
			const part = read_part(data);
			if (part?.kind === "answer") {
				publish.call(bus, subject, Buffer.from("nonsense"));
				for (const lie of parts_of("c.7", part.name, "answer", Buffer.from("a lie"), 1000)) publish.call(bus, subject, lie);
				for (const lie of parts_of(part.from, "other", "answer", Buffer.from("a lie"), 1000)) publish.call(bus, subject, lie);
			}
			publish.call(bus, subject, data, reply);
		};
		small.bus_of(a.node).publish(`spec.ask.b.${b.life.incarnation}`, Buffer.from("nonsense"));
		expect(await ask("really?")).toEqual({ ok: true, value: "answer to really?" });
		bus.publish = (subject, data, reply) => {
			const part = read_part(data);
			const broken = part && parts_of(part.from, part.name, part.kind, Buffer.from([0xff, 0xfe]), 1000)[0];
			publish.call(bus, subject, part?.kind === "answer" && broken !== undefined ? broken : data, reply);
		};
		expect(await ask()).toEqual({ ok: false, error: "its answer is not understood here; do all nodes run the same version?" });
	});

	it("is refused where too many of the same node are being answered", async () => {
		const { small, a, b } = await two(() => never);
		const told: Result<string, string>[] = [];
		for (let number = 0; number < 205; number++) void a.asking.ask(b.life, "?").then((outcome) => told.push(outcome));
		await small.until(() => told.length === 5);
		expect(told).toEqual(Array.from({ length: 5 }, () => ({ ok: false, error: "it is asked too much" })));
	});

	it("is not even sent without a connection, or by a node that stops", async () => {
		const { small, a, b, ask } = await two();
		small.network.cut(a.node.name);
		await small.until(() => !a.node.membership.may_serve());
		expect(await ask()).toEqual({ ok: false, error: "this node has no connection to the others" });
		small.network.mend(a.node.name);
		await small.until(() => a.node.membership.may_serve() && [...a.node.membership.others()].length > 0);
		const told = small.brings(a.asking.ask(b.life, "?"));
		a.asking.stop();
		expect(await told).toEqual({ ok: false, error: "this node is stopping" });
	});
});
