import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrokerClient } from "../../../../host/util/cluster/broker_client.ts";
import { BrokerService } from "../../../../host/util/cluster/broker_service.ts";
import { MemoryBroker } from "../../../../host/util/cluster/memory.ts";
import type { Clock } from "../../../../host/util/cluster/types.ts";
import { eventually } from "../../../helper.ts";
import { behaves_as_bus } from "./behaviour.ts";

const clock: Clock = {
	now: () => performance.now(),
	after(milliseconds, act) {
		const timer = setTimeout(act, milliseconds);
		return () => clearTimeout(timer);
	},
};

describe("a broker in another process", () => {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-broker-"));
	const path = join(folder, "broker");
	const broker = new MemoryBroker();
	const services: BrokerService[] = [];
	let server: Server;

	beforeAll(async () => {
		server = createServer((stream) => services.push(new BrokerService(broker.connect("any", clock), stream, () => {})));
		await new Promise<void>((resolve) => server.listen(path, resolve));
	});
	afterAll(() => {
		for (const service of services) service.stop();
		server.close();
		rmSync(folder, { recursive: true, force: true });
	});

	async function stream(): Promise<Socket> {
		const socket = connect(path);
		await new Promise((resolve) => socket.once("connect", resolve));
		return socket;
	}

	behaves_as_bus(async () => {
		const client = new BrokerClient(await stream());
		return { bus: client, bucket: async (name) => client.bucket(name) };
	});

	it("rejects what is under way where it is gone", async () => {
		const client = new BrokerClient(await stream());
		const other = new BrokerClient(await stream());
		other.subscribe("silent", () => services.at(-2)?.stop());
		await other.bucket("any").get("key");
		await expect(client.request("silent", Buffer.from("?"), 60_000)).rejects.toThrow("no connection");
		expect(client.is_connected).toBe(false);
		await expect(client.bucket("any").get("key")).rejects.toThrow("no connection");
	});

	it("takes nothing more from whoever sends something else than frames, and goes on for others", async () => {
		for (const damaged of ["GET / HTTP/1.1\r\nHost: here\r\n\r\n", "\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"]) {
			const socket = await stream();
			let is_closed = false;
			socket.on("close", () => {
				is_closed = true;
			});
			socket.resume();
			socket.write(Buffer.from(damaged, "latin1"));
			await eventually(() => expect(is_closed).toBe(true));
		}
		const client = new BrokerClient(await stream());
		expect(await client.bucket("still").create("there", Buffer.from("yes"))).toBeGreaterThan(0);
	});

	it("takes the frames as they come, in any pieces", async () => {
		const socket = await stream();
		const taps: Buffer[] = [];
		const write = socket.write.bind(socket);
		const client = new BrokerClient(socket);
		socket.write = ((chunk: Buffer) => {
			for (const byte of chunk) taps.push(Buffer.from([byte]));
			return true;
		}) as typeof socket.write;
		const answer = client.bucket("pieces").create("key", Buffer.from("value"));
		for (const tap of taps) {
			write(tap);
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(await answer).toBeGreaterThan(0);
		expect(Buffer.from(broker.get("pieces", "key")?.value ?? []).toString()).toBe("value");
	});
});

describe("a broker that forgets", () => {
	it("keeps nothing of keys that are deleted, and gives revisions above the first one", async () => {
		const forgetting = new MemoryBroker({ first_revision: 1000, forgetful: new Set(["owners"]) });
		const bucket = forgetting.connect("any").bucket("owners");
		const first = (await bucket.create("key", Buffer.from("a"))) ?? 0;
		expect(first).toBeGreaterThan(1000);
		expect(await bucket.delete("key", first)).toBe(true);
		expect(await bucket.update("key", Buffer.from("b"), first)).toBeUndefined();
		expect(await bucket.create("key", Buffer.from("c"))).toBeGreaterThan(first);
	});
});
