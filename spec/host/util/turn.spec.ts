import { setImmediate as next_turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Turn } from "../../../host/util/turn.ts";

function recorder() {
	const log: string[] = [];
	const participant = (name: string, fails = false) => ({
		commit() {
			if (fails) throw new Error(`${name} is full`);
			log.push(`commit ${name}`);
		},
		rollback: () => void log.push(`rollback ${name}`),
	});
	const outlet = (name: string) => ({
		flush: () => void log.push(`flush ${name}`),
		discard: () => void log.push(`discard ${name}`),
	});
	return { log, participant, outlet };
}

describe("a turn", () => {
	it("commits before it flushes, each once, when the event loop has read everything", async () => {
		const { log, participant, outlet } = recorder();
		const turn = new Turn(() => expect.unreachable());
		const database = participant("db");
		const socket = outlet("socket");
		turn.touch(socket);
		turn.join(database);
		turn.join(database);
		turn.touch(socket);
		expect(log).toEqual([]);
		await next_turn();
		expect(log).toEqual(["commit db", "flush socket"]);
		await next_turn();
		expect(turn.counts).toMatchObject({ turns: 1, commits: 1, flushes: 1, failures: 0 });
	});

	it("goes on while more comes in, for as long as the last commit took", async () => {
		let now = 0;
		const turn = new Turn(
			() => expect.unreachable(),
			() => now,
		);
		const database = {
			commit() {
				now += 5;
			},
			rollback: () => expect.unreachable(),
		};
		const work = (): void => {
			turn.record({});
			turn.join(database);
		};
		work();
		await next_turn();
		expect(turn.counts.commits).toBe(1);
		for (const ended of [1, 1, 1, 2]) {
			work();
			await next_turn();
			expect(turn.counts.commits).toBe(ended);
			now += 2;
		}
		// Where nothing comes in any more, nothing waits
		work();
		await next_turn();
		await next_turn();
		expect(turn.counts.commits).toBe(3);
		// Nor does what needs no commit
		turn.record({});
		await next_turn();
		expect(turn.counts.turns).toBe(4);
	});

	it("may leave what it has to say for later, until somebody has more to say or there is time", () => {
		const { log } = recorder();
		let now = 0;
		const turn = new Turn(
			() => expect.unreachable(),
			() => now,
		);
		const outlet = (name: string) => ({
			seal: () => void log.push(`seal ${name}`),
			flush() {
				now += 2;
				log.push(`flush ${name}`);
			},
			discard: () => expect.unreachable(),
		});
		const all = ["a", "b", "c", "d", "e"].map(outlet);
		for (const one of all) turn.touch(one);
		turn.end(false);
		expect(log.splice(0)).toEqual(["seal a", "seal b", "seal c", "seal d", "seal e"]);
		const [, second, , fourth] = all;
		if (second === undefined || fourth === undefined) throw new RangeError("expected five");
		turn.touch(second);
		turn.forget(fourth);
		turn.end();
		expect(log.splice(0)).toEqual(["seal b", "flush b"]);
		expect(turn.flush_patient(3)).toBe(false);
		expect(log.splice(0)).toEqual(["flush a", "flush c"]);
		expect(turn.flush_patient(3)).toBe(true);
		expect(log).toEqual(["flush e"]);
	});

	it("throws away what it has to say when a commit fails, and then tells the senders", () => {
		const { log, participant, outlet } = recorder();
		const socket = outlet("socket");
		const turn = new Turn((error, work) => {
			log.push(`told of ${String(error)} about ${work.length}`);
			turn.touch(socket);
		});
		turn.record({ stanza: 1 });
		turn.record({ stanza: 2 });
		turn.join(participant("good"));
		turn.join(participant("bad", true));
		turn.touch(socket);
		turn.end();
		expect(log).toEqual([
			"commit good",
			"rollback good",
			"rollback bad",
			"discard socket",
			"told of Error: bad is full about 2",
			"flush socket",
		]);
		expect(turn.counts.failures).toBe(1);
	});

	it("does what is left for its end once, before it commits", () => {
		const { log, participant, outlet } = recorder();
		const turn = new Turn(() => expect.unreachable());
		const write = (): void => {
			log.push("write");
			turn.join(participant("db"));
		};
		for (let times = 0; times < 3; times++) turn.before_end(write);
		turn.touch(outlet("socket"));
		turn.end();
		turn.end();
		expect(log).toEqual(["write", "commit db", "flush socket"]);
	});

	it("fails where that throws", () => {
		const failures: unknown[] = [];
		const { log, participant, outlet } = recorder();
		const turn = new Turn((error) => failures.push(error));
		turn.join(participant("db"));
		turn.touch(outlet("socket"));
		turn.before_end(() => {
			throw new Error("cannot be written");
		});
		turn.end();
		expect(log).toEqual(["rollback db", "discard socket"]);
		expect(failures).toEqual([new Error("cannot be written")]);
	});

	it("does not tell about the failure of telling", () => {
		const { participant } = recorder();
		let told = 0;
		const turn = new Turn(() => {
			told++;
			turn.join(participant("still bad", true));
		});
		turn.join(participant("bad", true));
		turn.end();
		expect(told).toBe(1);
		turn.join(participant("bad again", true));
		turn.end();
		expect(told).toBe(2);
	});

	it("forgets work and outlets that are gone", () => {
		const { log, outlet } = recorder();
		const turn = new Turn(() => expect.unreachable());
		const socket = outlet("socket");
		turn.touch(socket);
		turn.forget(socket);
		turn.end();
		expect(log).toEqual([]);
	});

	it("leaves what a flush causes to the next turn", () => {
		const log: string[] = [];
		const turn = new Turn(() => expect.unreachable());
		const second = { flush: () => void log.push("second"), discard: () => undefined };
		turn.touch({ flush: () => turn.touch(second), discard: () => undefined });
		turn.end();
		expect(log).toEqual([]);
		turn.end();
		expect(log).toEqual(["second"]);
	});
});
