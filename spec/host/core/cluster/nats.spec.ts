import { jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { real_clock } from "../../../../host/core/cluster/clock.ts";
import { Nats, type NatsOptions, without_secrets } from "../../../../host/core/cluster/nats.ts";
import { Links } from "../../../../host/util/cluster/link.ts";
import { Membership } from "../../../../host/util/cluster/membership.ts";
import { Ownership } from "../../../../host/util/cluster/ownership.ts";
import { life_text } from "../../../../host/util/cluster/types.ts";
import { promise_of } from "../../../../host/util/waiting.ts";
import { eventually } from "../../../helper.ts";
import { not_installed } from "../../../needs.ts";
import { find_nats, start_nats, type TestNats } from "../../databases/nats.ts";
import { behaves_as_bus } from "../../util/cluster/behaviour.ts";

const missing = not_installed(find_nats(), "nats-server", "nodes are not tried over a real NATS");

describe.skipIf(missing)("NATS", () => {
	let server: TestNats;
	const connections: Nats[] = [];
	const others: TestNats[] = [];

	beforeAll(async () => {
		server = await start_nats();
	});

	afterEach(async () => {
		try {
			await Promise.all(connections.splice(0).map((nats) => nats.close()));
		} finally {
			await Promise.all(others.splice(0).map((other) => other.remove()));
		}
	});

	afterAll(() => server?.remove());

	/** Another NATS, which ends with the test. */
	async function start_other(args?: readonly string[]): Promise<TestNats> {
		const other = await start_nats(args);
		others.push(other);
		return other;
	}

	async function connect(options: Partial<NatsOptions> = {}): Promise<Nats> {
		const nats = await Nats.connect({ servers: [server.url], name: "spec", patience: 20_000, ...options });
		connections.push(nats);
		return nats;
	}

	describe("as a bus with buckets", () => {
		behaves_as_bus(async () => {
			const nats = await connect();
			// What deletes without a trace does the same where nobody watches
			return { bus: nats, bucket: (name) => nats.bucket(name, { is_watched: name === "seen" }) };
		});
	});

	it("keeps nothing of a key that was deleted where nobody watches, and never gives a revision twice", async () => {
		const other = await start_other();
		const nats = await connect({ servers: [other.url] });
		const bucket = await nats.bucket("unwatched", { is_watched: false });
		const { streams } = await jetstreamManager(nats.connection);
		const messages = async (): Promise<number> => (await streams.info("KV_unwatched")).state.messages;
		let last = 0;
		for (let round = 0; round < 50; round++) {
			const revision = (await bucket.create(`k${round % 3}`, Buffer.from("1"))) ?? 0;
			expect(revision).toBeGreaterThan(last);
			last = (await bucket.update(`k${round % 3}`, Buffer.from("2"), revision)) ?? 0;
			expect(await bucket.delete(`k${round % 3}`, revision)).toBe(false);
			expect(await messages()).toBe(1);
			expect(await bucket.delete(`k${round % 3}`, last)).toBe(true);
			expect(await bucket.delete(`k${round % 3}`, last)).toBe(false);
		}
		expect(await messages()).toBe(0);
		expect(() => bucket.watch("", () => undefined)).toThrow("are not told");
		await other.end("SIGKILL");
		await eventually(() => expect(nats.is_connected).toBe(false));
		other.start();
		await eventually(async () => expect(await bucket.get("k0")).toBeUndefined());
		expect(await bucket.create("k0", Buffer.from("1"))).toBeGreaterThan(last);
		expect(await messages()).toBe(1);
	});

	it("deletes what was there or fails, while others change it and create it anew", async () => {
		const nodes = await Promise.all([connect(), connect(), connect()]);
		const [one, ...rest] = await Promise.all(nodes.map((nats) => nats.bucket("fought", { is_watched: false })));
		if (one === undefined) throw new RangeError("expected buckets");
		for (let round = 0; round < 100; round++) {
			const revision = (await one.create("k", Buffer.from("1"))) ?? 0;
			const deleted = one.delete("k", revision);
			const [updated, created] = await Promise.all([
				rest[0]?.update("k", Buffer.from("2"), revision),
				rest[1]?.create("k", Buffer.from("3")),
			]);
			// One of both has the key as it was, and what was created after that is there
			expect(await deleted).toBe(updated === undefined);
			const there = await one.get("k");
			expect(there?.revision).toBe(updated ?? created);
			if (updated !== undefined) expect(created).toBeUndefined();
			if (there !== undefined) expect(await one.delete("k", there.revision)).toBe(true);
		}
	});

	it("deletes as the administrator's bucket allows", async () => {
		const warnings: string[] = [];
		const nats = await connect({ warn: (text) => warnings.push(text) });
		await new Kvm(nats.connection).create("deep", { history: 5 });
		const bucket = await nats.bucket("deep", { is_watched: false });
		expect(warnings).toEqual([expect.stringContaining("KV_deep keeps a small message for each deleted key")]);
		const first = (await bucket.create("k", Buffer.from("1"))) ?? 0;
		const second = (await bucket.update("k", Buffer.from("2"), first)) ?? 0;
		expect(await bucket.delete("k", first)).toBe(false);
		expect(await bucket.delete("k", second)).toBe(true);
		expect(await bucket.get("k")).toBeUndefined();
		expect(await bucket.create("k", Buffer.from("3"))).toBeGreaterThan(second);
	});

	it("is waited for, and the administrator is told once why", async () => {
		const other = await start_other();
		await other.end();
		const warnings: string[] = [];
		const url = other.url.replace("//", "//romeo:secret@");
		const connected = connect({ servers: [url], warn: (text) => warnings.push(text) });
		await eventually(() => expect(warnings).toHaveLength(1));
		expect(warnings[0]).toContain(`NATS cannot be reached at ${other.url}`);
		other.start();
		expect((await connected).is_connected).toBe(true);
		await connections.pop()?.close();
		await other.end("SIGKILL");
		const ending = new AbortController();
		const aborted = Nats.connect({ servers: [other.url], name: "spec", patience: 100 }, ending.signal);
		ending.abort();
		await expect(aborted).rejects.toThrow();
		expect(without_secrets(url)).toBe(other.url);
	});

	it("asks for a name and a password where the server does", async () => {
		const other = await start_other(["--user", "romeo", "--pass", "a/b"]);
		const nats = await connect({ servers: [other.url.replace("//", "//romeo:a%2Fb@")] });
		expect(nats.is_connected).toBe(true);
		await expect(nats.bucket("none")).rejects.toThrow();
	});

	it("goes on after it was gone: keys are there, and changes are told that were made meanwhile", async () => {
		const other = await start_other();
		const connected = { servers: [other.url] };
		const [one, two] = [await connect(connected), await connect(connected)];
		const [here, there] = [await one.bucket("kept"), await two.bucket("kept")];
		const seen: string[] = [];
		const end = here.watch("", (key, entry) => seen.push(`${key} ${entry !== undefined}`));
		const first = (await there.create("a", Buffer.from("1"))) ?? 0;
		await eventually(() => expect(seen).toEqual(["a true"]));
		await other.end("SIGKILL");
		await eventually(() => expect([one.is_connected, two.is_connected]).toEqual([false, false]));
		await expect(there.get("a")).rejects.toThrow();
		expect(() => one.publish("nobody", Buffer.from(""))).not.toThrow();
		other.start();
		await eventually(async () => expect(await there.get("a")).toMatchObject({ revision: first }));
		await there.delete("a", first);
		await there.create("b", Buffer.from("2"));
		await eventually(() => expect(seen).toEqual(["a true", "a false", "b true"]));
		end();
	});

	/** A node that has entered, and what it heard. */
	async function node(name: string) {
		const nats = await connect({ name, patience: 6000 });
		const clock = real_clock();
		const fence = { raise: () => Promise.resolve() };
		// Long, since this machine may do much else
		const membership = new Membership({ node: name, clock, bucket: await nats.bucket("nodes"), fence, lease: 20_000 });
		const ownership = new Ownership({ membership, clock, bucket: await nats.bucket("owners") });
		const heard: string[] = [];
		const links = new Links({
			bus: nats,
			clock,
			membership,
			prefix: "spec",
			on_item: (from, item, stored) => {
				heard.push(`${from.node}: ${Buffer.from(item)}`);
				stored();
			},
			on_lost: (to, items) => heard.push(...items.map((item) => `lost ${to.node}: ${Buffer.from(item)}`)),
		});
		await eventually(async () => expect(await membership.start()).toMatchObject({ ok: true }));
		return { membership, ownership, links, heard };
	}

	it("carries nodes: who is there, who has what, what passes between them, and an end", async () => {
		const nodes = await Promise.all(["a", "b", "c"].map(node));
		const [a, b, c] = nodes;
		if (a === undefined || b === undefined || c === undefined) throw new Error("three nodes");
		await eventually(() => expect(nodes.map(({ membership }) => [...membership.others()].length)).toEqual([2, 2, 2]));
		const room = "tea room@conference.example";
		const owners = await Promise.all(nodes.map(({ ownership }) => promise_of(ownership.acquire(room))));
		expect(owners.filter((owner) => owner === "mine")).toHaveLength(1);
		const [one, other] = [a.membership.me, c.membership.me];
		if (one === undefined || other === undefined) throw new Error("no life");
		expect(a.links.send(other, [Buffer.from("first"), Buffer.from("second")])).toBe(true);
		expect(c.links.send(one, [Buffer.from("back")])).toBe(true);
		await eventually(() => expect([a.heard, c.heard]).toEqual([["c: back"], ["a: first", "a: second"]]));
		const dead: string[] = [];
		b.membership.listen({ on_dead: (life) => dead.push(life_text(life)) });
		await promise_of(a.ownership.acquire("as room"));
		await c.membership.leave();
		await eventually(() => expect(dead).toEqual([life_text(other)]));
		// One that says nothing more
		a.membership.stop();
		a.links.stop();
		await eventually(() => expect(dead).toEqual([life_text(other), life_text(one)]));
		expect(await promise_of(b.ownership.acquire("as room"))).toBe("mine");
		expect(await promise_of(b.ownership.acquire(room))).toBe("mine");
		for (const { membership, links } of nodes) {
			membership.stop();
			links.stop();
		}
	});
});

describe("the clock", () => {
	it("never goes back, and says when time is over", async () => {
		const clock = real_clock();
		const before = clock.now();
		await new Promise<void>((resolve) => clock.after(20, resolve));
		expect(clock.now()).toBeGreaterThan(before);
		const call_off = clock.after(0, () => {
			throw new Error("called off");
		});
		call_off();
	});
});
