import { expect, it } from "vitest";
import type { Bucket, Bus, Entry } from "../../../../host/util/cluster/types.ts";
import { eventually } from "../../../helper.ts";

/** One program's connection: what specs need of it. */
export interface Connected {
	readonly bus: Bus;
	bucket(name: string): Promise<Bucket>;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (data: Uint8Array | undefined): string | undefined =>
	data === undefined ? undefined : Buffer.from(data).toString();
const shown = (entry: Entry | undefined): string | undefined => text(entry?.value);

/** What a bus with buckets does, whichever carries it. @param connect gives connections to the same broker, with buckets that are empty */
export function behaves_as_bus(connect: () => Promise<Connected>): void {
	it("brings what is published to all who have subscribed, in order", async () => {
		const [one, other] = [await connect(), await connect()];
		const heard: string[] = [];
		one.bus.subscribe("talk.a.*", (data) => heard.push(`one ${text(data)}`));
		other.bus.subscribe("talk.>", (data) => heard.push(`other ${text(data)}`));
		const end = other.bus.subscribe("talk.a.b", () => heard.push("ended"));
		end();
		await answer_from(other.bus, "ready.other");
		await answer_from(one.bus, "ready.one");
		for (let n = 0; n < 3; n++) one.bus.publish("talk.a.b", bytes(String(n)));
		one.bus.publish("talks", bytes("elsewhere"));
		one.bus.publish("talk.c", bytes("3"));
		await eventually(() => expect(heard).toHaveLength(7));
		expect(heard.filter((line) => line.startsWith("one"))).toEqual(["one 0", "one 1", "one 2"]);
		expect(heard.filter((line) => line.startsWith("other"))).toEqual(["other 0", "other 1", "other 2", "other 3"]);

		/** Once this has its own answer, what was subscribed before is known. */
		async function answer_from(bus: Bus, subject: string): Promise<void> {
			const stop = bus.subscribe(subject, (_data, reply) => reply !== undefined && bus.publish(reply, bytes("yes")));
			expect(text(await bus.request(subject, bytes("?"), 5000))).toBe("yes");
			stop();
		}
	});

	it("rejects a request at once where nobody listens", async () => {
		const { bus } = await connect();
		await expect(bus.request("nobody.there", bytes("?"), 100_000)).rejects.toThrow();
	});

	it("refuses a message that is too long", async () => {
		const { bus } = await connect();
		expect(() => bus.publish("long", new Uint8Array(bus.longest + 1))).toThrow();
	});

	it("changes keys by compare-and-set", async () => {
		const [one, other] = [await connect(), await connect()];
		const [here, there] = [await one.bucket("plain"), await other.bucket("plain")];
		expect(await here.get("a.b")).toBeUndefined();
		const first = await here.create("a.b", bytes("1"));
		expect(first).toBeGreaterThan(0);
		expect(await there.create("a.b", bytes("2"))).toBeUndefined();
		expect(await there.get("a.b")).toEqual({ value: expect.anything(), revision: first });
		const second = await there.update("a.b", bytes("2"), first ?? 0);
		expect(second).toBeGreaterThan(first ?? 0);
		expect(await here.update("a.b", bytes("3"), first ?? 0)).toBeUndefined();
		expect(shown(await here.get("a.b"))).toBe("2");
		expect(await here.delete("a.b", first ?? 0)).toBe(false);
		expect(await here.delete("a.b", second ?? 0)).toBe(true);
		expect(await there.get("a.b")).toBeUndefined();
		expect(await there.update("a.b", bytes("4"), second ?? 0)).toBeUndefined();
		const third = await there.create("a.b", bytes("5"));
		expect(third).toBeGreaterThan(second ?? 0);
	});

	it("lets one of many create a key, or change it", async () => {
		const all = await Promise.all([connect(), connect(), connect()]);
		const buckets = await Promise.all(all.map((one) => one.bucket("race")));
		for (let round = 0; round < 10; round++) {
			const made = await Promise.all(buckets.map((one, index) => one.create(`k${round}`, bytes(String(index)))));
			const won = made.filter((revision) => revision !== undefined);
			expect(won).toHaveLength(1);
			const changed = await Promise.all(buckets.map((one, index) => one.update(`k${round}`, bytes(`+${index}`), won[0] ?? 0)));
			expect(changed.filter((revision) => revision !== undefined)).toHaveLength(1);
		}
	});

	it("tells of keys that are there, and of their changes", async () => {
		const [one, other] = [await connect(), await connect()];
		const bucket = await one.bucket("seen");
		const watched = await other.bucket("seen");
		const first = (await bucket.create("x.a", bytes("1"))) ?? 0;
		await bucket.create("y.a", bytes("elsewhere"));
		await bucket.create("xx", bytes("another beginning"));
		const seen: string[] = [];
		const revisions: number[] = [];
		const end = watched.watch("x", (key, entry, revision) => {
			seen.push(`${key} ${shown(entry)}`);
			revisions.push(revision);
		});
		await eventually(() => expect(seen).toEqual(["x.a 1"]));
		const second = (await bucket.update("x.a", bytes("2"), first)) ?? 0;
		await bucket.create("x.b", bytes("3"));
		await bucket.delete("x.a", second);
		await eventually(() => expect(seen).toEqual(["x.a 1", "x.a 2", "x.b 3", "x.a undefined"]));
		expect(revisions[0]).toBe(first);
		expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
		end();
		const all: string[] = [];
		watched.watch("", (key, entry) => {
			if (entry !== undefined) all.push(`${key} ${shown(entry)}`);
		});
		await eventually(() => expect([...all].sort()).toEqual(["x.b 3", "xx another beginning", "y.a elsewhere"]));
		await bucket.create("x.c", bytes("4"));
		await eventually(() => expect(all).toContain("x.c 4"));
		expect(seen).toHaveLength(4);
	});
}
