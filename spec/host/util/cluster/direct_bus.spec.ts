import type { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { DirectBus } from "../../../../host/util/cluster/direct_bus.ts";
import { MemoryBroker } from "../../../../host/util/cluster/memory.ts";
import type { Clock } from "../../../../host/util/cluster/types.ts";
import { eventually } from "../../../helper.ts";
import { memory_pair } from "../../net/memory_pair.ts";

const clock: Clock = {
	now: () => performance.now(),
	after(milliseconds, act) {
		const timer = setTimeout(act, milliseconds);
		return () => clearTimeout(timer);
	},
};

/** Nodes with streams in memory. */
class Machine {
	readonly broker = new MemoryBroker();
	/** Streams by who has opened them, and to whom. */
	readonly streams = new Map<string, Duplex>();
	readonly warnings: string[] = [];
	private readonly takers = new Map<string, (stream: Duplex, node: string) => void>();

	add(node: string): DirectBus {
		return new DirectBus({
			node,
			prefix: "p",
			broker: this.broker.connect(node, clock),
			streams: {
				open: (other) => {
					const [ours, theirs] = memory_pair();
					const take = this.takers.get(other);
					// As sockets are whose first line was read
					theirs.pause();
					if (take === undefined) ours.destroy();
					else take(theirs, node);
					this.streams.set(`${node} ${other}`, ours);
					return ours;
				},
				answer: (take) => void this.takers.set(node, take),
			},
			warn: (text) => void this.warnings.push(text),
		});
	}
}

const text_of = (data: Uint8Array): string => Buffer.from(data).toString();

describe("a bus whose messages go to their node directly", () => {
	it("hands over what names a node, in order, and leaves the rest to the broker", async () => {
		const machine = new Machine();
		const [a, b] = [machine.add("a"), machine.add("b")];
		const heard: string[] = [];
		b.subscribe("p.link.b", (data) => void heard.push(text_of(data)));
		const end = b.subscribe("p.ask.b.12", (data) => void heard.push(`asked ${text_of(data)}`));
		b.subscribe("other.told", (data) => void heard.push(`told ${text_of(data)}`));
		a.subscribe("p.link.a", (data) => void heard.push(`own ${text_of(data)}`));
		for (const number of [1, 2, 3]) a.publish("p.link.b", Buffer.from(String(number)));
		a.publish("p.ask.b.12", Buffer.from("4"));
		await eventually(() => expect(heard).toEqual(["1", "2", "3", "asked 4"]));
		expect(machine.broker.counts.published).toBe(0);
		a.publish("other.told", Buffer.from("5"));
		await eventually(() => expect(heard.at(-1)).toBe("told 5"));
		expect(machine.broker.counts.published).toBe(1);
		end();
		a.publish("p.ask.b.12", Buffer.from("nobody"));
		a.publish("p.link.b", Buffer.from("6"));
		await eventually(() => expect(heard.at(-1)).toBe("6"));
		expect(heard).not.toContain("asked nobody");
		expect(machine.streams.size).toBe(1);
		expect(() => a.publish("p.link.b", Buffer.alloc(a.longest + 1))).toThrow("at most");
	});

	it("carries questions and their answers, and says where there is none", async () => {
		const machine = new Machine();
		const [a, b] = [machine.add("a"), machine.add("b")];
		b.subscribe("p.copy.b", (data, reply = "") => b.publish(reply, Buffer.from(`heard ${text_of(data)}`)));
		b.subscribe("p.silent.b", () => machine.streams.get("a b")?.destroy());
		const asking = ["one", "two"].map((text) => a.request("p.copy.b", Buffer.from(text), 60_000));
		expect((await Promise.all(asking)).map(text_of)).toEqual(["heard one", "heard two"]);
		await expect(a.request("p.nothing.b", Buffer.from(""), 60_000)).rejects.toThrow("nobody listens");
		await expect(a.request("p.copy.gone", Buffer.from(""), 60_000)).rejects.toThrow("gone is not there");
		// Whatever was asked before its end is not answered
		await expect(a.request("p.silent.b", Buffer.from(""), 60_000)).rejects.toThrow("b is not there");
		// A new stream takes the place of the one that has ended
		expect(text_of(await a.request("p.copy.b", Buffer.from("again"), 60_000))).toBe("heard again");
		b.subscribe("p.mute.b", () => {});
		await expect(a.request("p.mute.b", Buffer.from(""), 1)).rejects.toThrow("in time");
	});

	it("loses messages to a node that does not take them, says so once, and goes on later", async () => {
		const machine = new Machine();
		const a = machine.add("a");
		const b = machine.add("b");
		let heard = 0;
		b.subscribe("p.link.b", () => void heard++);
		const megabyte = Buffer.alloc(1_000_000);
		a.publish("p.link.b", megabyte);
		await eventually(() => expect(heard).toBe(1));
		const stream = machine.streams.get("a b");
		stream?.cork();
		for (let number = 0; number < 100; number++) a.publish("p.link.b", megabyte);
		expect(machine.warnings).toEqual(["b does not take what it is told: messages to it are lost"]);
		await expect(a.request("p.link.b", megabyte, 60_000)).rejects.toThrow("does not take");
		// Node's own uncork of what was sent together leaves one
		await new Promise((resolve) => process.nextTick(resolve));
		stream?.uncork();
		await eventually(() => expect(heard).toBe(69));
		a.publish("p.link.b", megabyte);
		await eventually(() => expect(heard).toBe(70));
	});
});
