import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { BenchClient } from "../../../tools/bench/client.ts";
import { serve_floor } from "../../../tools/bench/floor.ts";
import { measure, type Operation } from "../../../tools/bench/load.ts";
import { fill_rooms, join_storm, leave } from "../../../tools/bench/rooms.ts";
import { timed_body } from "../../../tools/bench/stanza_counter.ts";
import type { Effort, Subject } from "../../../tools/bench/types.ts";

const effort: Effort = { warm_up_ms: 20, measure_ms: 100, storms: 2 };
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
	for (const close of closers.splice(0)) await close();
});

/** The floor in this very process. */
async function floor(): Promise<Subject> {
	const server = serve_floor(0);
	await once(server, "listening");
	const address = server.address();
	if (typeof address !== "object" || address === null) throw new Error("expected a port");
	const stop = async (): Promise<void> => {
		server.close();
		await once(server, "close");
	};
	closers.push(stop);
	return { name: "floor", carrier: "tcp", port: address.port, pid: process.pid, start_ms: 0, stop };
}

describe("a load on the floor", () => {
	it("goes round in a closed loop until it is over, and nothing of it is lost", async () => {
		const subject = await floor();
		const rooms = await fill_rooms(subject, 2, 3);
		let sent = 0;
		const operations = rooms.map(
			({ jid, clients }): Operation => ({
				clients,
				marker: "</message>",
				fan: clients.length,
				window: 4,
				timed: clients.slice(0, 1),
				act(index) {
					sent++;
					const client: BenchClient | undefined = clients[index % clients.length];
					client?.send(`<message type='groupchat' to='${jid}'><body>${timed_body(performance.now())}</body></message>`);
				},
			}),
		);
		const found = await measure(subject, operations, effort);
		leave(rooms);
		expect(sent).toBeGreaterThan(8);
		expect(found.deliveries).toBeGreaterThan(0);
		expect(found.deliveries).toBeLessThanOrEqual(sent * 3);
		expect(found.max_ms).toBeGreaterThanOrEqual(found.p99_ms);
		expect(found.p99_ms).toBeGreaterThanOrEqual(found.p50_ms);
	});

	it("may be a storm, in which everybody sees everybody", async () => {
		const found = await join_storm(await floor(), 7, effort);
		expect(found.deliveries).toBe(2 * 7 * 7);
	});

	it("may be one of several rooms, in which everybody sees those of the own room", async () => {
		const found = await join_storm(await floor(), 3, effort, undefined, 2);
		expect(found.deliveries).toBe(2 * 6 * 3);
	});
});
