import { describe, expect, it } from "vitest";
import {
	type Change,
	copy_subject,
	KeptCopies,
	type KeptCopy,
	texts_of,
	write_changes,
} from "../../../../host/util/cluster/kept_copies.ts";
import { type NodeInfo, read_record } from "../../../../host/util/cluster/node_record.ts";
import { Standby } from "../../../../host/util/cluster/standby.ts";
import { type Bus, type Life, life_text } from "../../../../host/util/cluster/types.ts";
import type { Participant } from "../../../../host/util/turn.ts";
import { type Node, SmallWorld } from "./small_world.ts";

/** What happens to a request: it is lost, or only its answer is; it comes once more; it is answered with something else. */
type Fault = "question" | "answer" | "twice" | "nonsense";

class FaultyBus implements Bus {
	readonly faults: Fault[] = [];
	/** Whether every question is lost. */
	is_deaf = false;
	longest_seen = 0;

	constructor(private readonly inner: Bus) {}

	get is_connected(): boolean {
		return this.inner.is_connected;
	}

	get longest(): number {
		return this.inner.longest;
	}

	publish(subject: string, data: Uint8Array, reply?: string): void {
		this.inner.publish(subject, data, reply);
	}

	subscribe(subject: string, on_message: (data: Uint8Array, reply: string | undefined) => void): () => void {
		return this.inner.subscribe(subject, on_message);
	}

	async request(subject: string, data: Uint8Array, milliseconds: number): Promise<Uint8Array> {
		this.longest_seen = Math.max(this.longest_seen, data.length);
		const fault = this.is_deaf ? "question" : this.faults.shift();
		if (fault === "question") return new Promise(() => {});
		if (fault === "twice") this.inner.publish(subject, data);
		const answer = await this.inner.request(subject, data, milliseconds);
		if (fault === "answer") return new Promise(() => {});
		return fault === "nonsense" ? Buffer.from("what?") : answer;
	}
}

/** What one life has, which another one is to have as well. */
class Sender {
	readonly bus: FaultyBus;
	readonly standby: Standby;
	/** How many stanzas of the client of session 1 were handled; told of where it is anything. */
	handled = 0;
	/** By number: its key and its texts. */
	readonly state = new Map<number, { readonly key: string; readonly texts: string[] }>();
	private participants = new Set<Participant>();
	private readonly last_words = new Set<() => void>();

	constructor(
		small: SmallWorld,
		readonly node: Node,
	) {
		this.bus = new FaultyBus(small.bus_of(node));
		this.standby = new Standby({
			bus: this.bus,
			clock: node.process,
			membership: node.membership,
			prefix: "spec",
			turn: {
				join: (participant) => void this.participants.add(participant),
				before_end: (work) => void this.last_words.add(work),
			},
			add_rest: (add) => this.handled > 0 && add(["s", 1, this.handled, 0]),
			add_all: (add) => {
				for (const [id, { key, texts }] of this.state) {
					add(["o", id, key, "head"]);
					for (const text of texts) add(["p", [id], text, 1]);
				}
				if (this.handled > 0) add(["s", 1, this.handled, 0]);
			},
		});
		this.standby.choose();
	}

	open(id: number, key: string): void {
		this.state.set(id, { key, texts: [] });
		this.standby.add(["o", id, key, "head"]);
	}

	push(id: number, text: string): void {
		this.state.get(id)?.texts.push(text);
		this.standby.add(["p", [id], text, 1]);
	}

	/**
	 * Ends the turn; resolves when it may be seen.
	 * @param stored when the database has it
	 */
	async end(stored?: Promise<void>): Promise<void> {
		for (const work of this.last_words) {
			this.last_words.delete(work);
			work();
		}
		const participants = [...this.participants];
		this.participants = new Set();
		for (const one of participants) one.prepare?.();
		await stored;
		try {
			for (const one of participants) await one.commit();
		} catch (error) {
			for (const one of participants) one.rollback();
			throw error;
		}
	}
}

/** What is over there, as it is. */
async function copies_of(copies: KeptCopies, left: (key: string) => Promise<unknown>): Promise<KeptCopy[]> {
	const found: KeptCopy[] = [];
	const { take_out } = copies;
	copies.take_out = (key) => {
		found.push(...take_out.call(copies, key));
		return found;
	};
	await left("romeo@localhost");
	return found;
}

async function begin(...names: string[]) {
	const small = new SmallWorld(3);
	const nodes = await small.started("a", ...names);
	const [a, ...others] = nodes;
	if (a === undefined) throw new Error("a node");
	const warnings: string[] = [];
	const keepers = others.map((node) => {
		const options = { bus: small.bus_of(node), membership: node.membership, prefix: "spec" };
		return { node, copies: new KeptCopies({ ...options, warn: (text) => warnings.push(text) }) };
	});
	const [b, c] = keepers;
	if (b === undefined) throw new Error("two nodes");
	const sender = new Sender(small, a);
	const seen = (): Promise<unknown> => small.brings(sender.end());
	expect(await seen()).toBeUndefined();
	const life = a.membership.me;
	if (life === undefined) throw new Error("no life");
	/** What is over there once the sender is gone. */
	const left = async (key: string, keeper = b) => {
		a.process.kill();
		a.membership.stop();
		await small.until(() => keeper.node.membership.is_over(life));
		return keeper.copies.take_out(key).map(({ items }) => items.map(({ text }) => text));
	};
	return { small, a, b, c, sender, seen, left, life, warnings };
}

describe("copies of what a turn changes", () => {
	it.each<Fault[]>([["question"], ["answer"], ["twice"], ["question", "answer", "twice", "answer"]])(
		"are there once when the turn is seen, though %s goes wrong",
		async (...faults) => {
			const { sender, seen, left } = await begin("b");
			sender.open(1, "romeo@localhost");
			sender.push(1, "one");
			sender.bus.faults.push(...faults);
			expect(await seen()).toBeUndefined();
			sender.push(1, "two");
			expect(await seen()).toBeUndefined();
			expect(await left("romeo@localhost")).toEqual([["one", "two"]]);
		},
	);

	it("are sent as a whole before the turn is seen, where there is a gap", async () => {
		const { b, sender, seen, left, life } = await begin("b");
		sender.open(1, "romeo@localhost");
		sender.push(1, "one");
		await seen();
		b.copies.forget(life);
		sender.push(1, "two");
		expect(await seen()).toBeUndefined();
		expect(sender.standby.counts.copies).toBe(2);
		expect(await left("romeo@localhost")).toEqual([["one", "two"]]);
	});

	it("are sent as a whole after a turn that failed", async () => {
		const { sender, seen, left } = await begin("b");
		sender.open(1, "romeo@localhost");
		await seen();
		sender.standby.add(["p", [1], "never", 1]);
		sender.standby.restart();
		sender.push(1, "one");
		await seen();
		expect(await left("romeo@localhost")).toEqual([["one"]]);
	});

	it("come in several messages where they are long, in any letters", async () => {
		const { sender, seen, left } = await begin("b");
		const long = `<message xml:lang="de">${'\u{1F341}\u8336"'.repeat(400_000)}</message>`;
		sender.open(1, "romeo@localhost");
		sender.push(1, long);
		for (let n = 0; n < 5; n++) sender.push(1, "\u8336".repeat(250_000));
		expect(await seen()).toBeUndefined();
		expect(sender.bus.longest_seen).toBeLessThanOrEqual(sender.bus.longest);
		const [texts] = await left("romeo@localhost");
		expect(texts?.length).toBe(6);
		expect(texts?.[0] === long).toBe(true);
	});

	it.each([false, true])("have nothing of what comes while the turn is being stored (all of it sent: %s)", async (is_anew) => {
		const { b, small, sender, seen, left } = await begin("b");
		sender.open(1, "romeo@localhost");
		await seen();
		if (is_anew) sender.standby.restart();
		sender.handled = 1;
		sender.standby.touch();
		let is_stored: () => void = () => {};
		const ended = sender.end(new Promise((resolve) => (is_stored = resolve)));
		sender.handled = 2;
		sender.push(1, "later");
		is_stored();
		expect(await small.brings(ended)).toBeUndefined();
		const [copy] = await copies_of(b.copies, left);
		expect(copy).toMatchObject({ handled: 1, items: [] });
	});

	it("hold when all of their messages are there", async () => {
		const { b, small, a, sender, seen, left, life } = await begin("b");
		sender.open(1, "romeo@localhost");
		sender.push(1, "one");
		await seen();
		const bus = small.bus_of(a);
		const head = { from: life_text(life), to: life_text(b.node.membership.me ?? life) };
		const part = (number: number, is_first: boolean, change: Change): void => {
			const [text = ""] = texts_of([change], 1000);
			bus.publish(copy_subject("spec", "b"), write_changes({ ...head, number, is_first, is_last: false }, text));
		};
		const { messages } = sender.standby.counts;
		part(messages + 1, false, ["p", [1], "two", 1]);
		part(messages + 2, true, ["o", 2, "romeo@localhost", "head"]);
		await small.pass(1000);
		expect(await left("romeo@localhost")).toEqual([["one"]]);
	});

	it("say what was handled of others each time that all is sent", async () => {
		const { b, c, sender, seen, left, life } = await begin("b", "c");
		const other: Life = c?.node.membership.me ?? life;
		sender.standby.came(other, 7);
		sender.standby.touch();
		await seen();
		expect(b.copies.was_handled(life, other, 7)).toBe(true);
		expect(b.copies.was_handled(life, other, 8)).toBe(false);
		sender.standby.restart();
		sender.open(1, "romeo@localhost");
		await seen();
		expect(b.copies.was_handled(life, other, 7)).toBe(true);
		expect(await left("romeo@localhost")).toEqual([[]]);
	});
});

describe("a node that keeps copies", () => {
	it("holds a turn up until it is declared dead, and another one is sent everything", async () => {
		const { small, b, c, sender, seen, left } = await begin("b", "c");
		sender.open(1, "romeo@localhost");
		await seen();
		b.node.process.kill();
		b.node.membership.stop();
		sender.push(1, "one");
		expect(await seen()).toBeUndefined();
		expect(sender.standby.heir).toBeUndefined();
		expect(await seen()).toBeUndefined();
		await small.pass(10);
		expect(sender.standby.heir).toBe(c?.node.membership.me && life_text(c.node.membership.me));
		expect(await left("romeo@localhost", c)).toEqual([["one"]]);
	});

	it("that is alive and never answers is done without, which the others know first, and asked again later", async () => {
		const { small, b, sender, seen, left } = await begin("b");
		small.info = (): NodeInfo => (sender.standby.heir === undefined ? {} : { heir: sender.standby.heir });
		const bucket = small.anybodys("nodes");
		const known = async (): Promise<unknown> => {
			const entry = await small.brings(bucket.get("a"));
			return entry instanceof Error || entry === undefined ? entry : read_record(entry.value, entry.revision)?.info["heir"];
		};
		sender.open(1, "romeo@localhost");
		await seen();
		await small.pass(2000);
		expect(await known()).toBe(b.node.membership.me && life_text(b.node.membership.me));
		sender.push(1, "zero");
		sender.bus.is_deaf = true;
		expect(await seen()).toBeUndefined();
		expect(await known()).toBeUndefined();
		expect(b.node.membership.may_serve()).toBe(true);
		expect(sender.standby.heir).toBeUndefined();
		sender.push(1, "one");
		expect(await seen()).toBeUndefined();
		sender.bus.is_deaf = false;
		await small.pass(70_000);
		expect(await seen()).toBeUndefined();
		expect(sender.standby.heir).toBeDefined();
		expect(await left("romeo@localhost")).toEqual([["zero", "one"]]);
	});

	it("that is stopped has copies of nobody", async () => {
		const { b, sender, seen } = await begin("b");
		sender.open(1, "romeo@localhost");
		await seen();
		expect(b.copies.size).toBe(1);
		b.copies.stop();
		expect(b.copies.size).toBe(0);
	});

	it("that answers something else is sent everything anew", async () => {
		const { sender, seen, left } = await begin("b");
		sender.open(1, "romeo@localhost");
		sender.push(1, "one");
		sender.bus.faults.push("nonsense", "nonsense");
		expect(await seen()).toBeUndefined();
		expect(await left("romeo@localhost")).toEqual([["one"]]);
	});

	it("takes nothing that is damaged, for another life, or from one that is over", async () => {
		const { small, b, a, life, warnings } = await begin("b");
		const bus = small.bus_of(a);
		const me = b.node.membership.me ?? life;
		const head = { from: life_text(life), to: life_text(me), number: 50, is_first: true, is_last: true };
		const change: Change = ["o", 1, "romeo@localhost", "head"];
		const [text = ""] = texts_of([change], 1000);
		const whole = Buffer.from(write_changes(head, text)).toString();
		const damaged = [
			"",
			"null",
			"[]",
			whole.slice(0, -1),
			whole.replace('"o"', '"x"'),
			whole.replace('"head":{', '"hat":{'),
			whole.replace("50", '"50"'),
		];
		for (const data of damaged) bus.publish(copy_subject("spec", "b"), Buffer.from(data));
		const strangers = [
			{ ...head, from: "nobody" },
			{ ...head, to: life_text({ node: "b", incarnation: 99 }) },
			{ ...head, from: "a.0" },
		];
		for (const one of strangers) bus.publish(copy_subject("spec", "b"), write_changes(one, text));
		// A piece that belongs to nothing changes nothing
		bus.publish(copy_subject("spec", "b"), write_changes({ ...head, is_first: true, is_last: true }, '["l","1]",true]'));
		await small.pass(1000);
		expect(b.copies.size).toBe(0);
		expect(warnings.length).toBe(damaged.length);
		bus.publish(copy_subject("spec", "b"), write_changes({ ...head, number: 51, is_first: false, is_last: true }, text));
		await small.pass(1000);
		expect(b.copies.size).toBe(1);
		// What comes late a second time takes nothing back
		bus.publish(copy_subject("spec", "b"), write_changes(head, ""));
		await small.pass(1000);
		expect(b.copies.size).toBe(1);
	});
});

describe("the end of the own life", () => {
	it("lets nothing of a turn be seen whose copies nobody has", async () => {
		const { small, a, sender } = await begin("b");
		sender.open(1, "romeo@localhost");
		small.network.cut(a.name);
		const result = await small.brings(sender.end());
		expect(result).toBeInstanceOf(Error);
		expect(sender.standby.heir === undefined || !a.membership.may_serve()).toBe(true);
	});

	it("has the next life send everything", async () => {
		const { small, a, b, sender, seen, life } = await begin("b");
		sender.open(1, "romeo@localhost");
		sender.push(1, "one");
		await seen();
		small.network.cut(a.name);
		await small.until(() => b.node.membership.is_over(life));
		small.network.mend(a.name);
		await small.until(() => a.membership.me !== undefined && a.membership.me.incarnation !== life.incarnation);
		await small.until(() => sender.standby.is_on);
		expect(await seen()).toBeUndefined();
		expect(sender.standby.heir).toBeDefined();
		expect(b.copies.keys_of(a.membership.me ?? life)).toEqual(["romeo@localhost"]);
	});
});
