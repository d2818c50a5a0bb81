// Turns that are not stored when they end: others go on, in order, and fail with those that they depend on.

import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { OutBuffer } from "../../../host/util/out_buffer.ts";
import { type Outlet, type Participant, Turn } from "../../../host/util/turn.ts";

/** What sockets have written, in order. */
let written: string[];
let told: { error: string; work: readonly object[] }[];
let turn: Turn;

/** A socket as those of connections are, but that it writes to a list. */
class Socket implements Outlet {
	readonly out = new OutBuffer();

	constructor(private readonly name: string) {}

	say(text: string, keep = false): void {
		this.out.add(text, keep);
		turn.touch(this);
	}

	seal(): void {
		this.out.seal();
	}

	flush(): void {
		for (const piece of this.out.take()) written.push(`${this.name}: ${"text" in piece ? piece.text : piece}`);
	}

	discard(): void {
		this.out.discard();
		this.seal();
		this.flush();
	}

	hold(): ReturnType<NonNullable<Outlet["hold"]>> {
		const segment = this.out.hold();
		return {
			release: () => {
				this.out.release(segment);
				this.flush();
			},
			discard: () => {
				this.out.drop(segment);
				this.flush();
			},
		};
	}
}

/** A database somewhere else, which answers when it is told to. */
class Remote implements Participant {
	readonly stored: string[] = [];
	private collected: string[] = [];
	private readonly on_their_way: { settle: () => void; refuse: (error: Error) => void }[] = [];
	rollbacks = 0;

	write(text: string): void {
		this.collected.push(text);
		turn.join(this);
	}

	commit(): Promise<void> {
		const batch = this.collected;
		this.collected = [];
		return new Promise((resolve, reject) => {
			this.on_their_way.push({
				settle: () => {
					this.stored.push(...batch);
					resolve();
				},
				refuse: reject,
			});
		});
	}

	rollback(): void {
		this.rollbacks++;
		this.collected = [];
	}

	get waiting(): number {
		return this.on_their_way.length;
	}

	async answer(problem?: string): Promise<void> {
		const first = this.on_their_way.shift();
		if (problem === undefined) first?.settle();
		else first?.refuse(new Error(problem));
		await delay(0);
	}
}

/** A database that somebody else may have locked. */
class Lockable implements Participant {
	readonly stored: string[] = [];
	private collected: string[] = [];
	is_locked = false;
	tries = 0;

	constructor(private readonly name = "database") {}

	write(text: string): void {
		this.collected.push(text);
		turn.join(this);
	}

	prepare(): string | undefined {
		this.tries++;
		return this.is_locked ? `${this.name} is locked` : undefined;
	}

	commit(): void {
		this.stored.push(...this.collected.splice(0));
	}

	rollback(): void {
		this.collected = [];
	}
}

let romeo: Socket;
let juliet: Socket;
let nurse: Socket;
/** Milliseconds, which pass only where a test lets them. */
let now: number;
const patience = 10_000;

async function until(condition: () => boolean): Promise<void> {
	await vi.waitFor(() => expect(condition()).toBe(true), { interval: 5, timeout: 60_000 });
}

beforeEach(() => {
	written = [];
	told = [];
	now = 0;
	[romeo, juliet, nurse] = [new Socket("romeo"), new Socket("juliet"), new Socket("nurse")];
	turn = new Turn(
		(error, work) => {
			told.push({ error: error instanceof Error ? error.message : String(error), work });
			for (const one of work) if (one instanceof Socket) one.say("sorry");
		},
		() => now,
		patience,
	);
});

describe("a commit that answers later", () => {
	it("keeps what its turn says, and nothing of others", async () => {
		const remote = new Remote();
		remote.write("a");
		romeo.say("stored");
		turn.end();
		juliet.say("pong");
		turn.end();
		expect(written).toEqual(["juliet: pong"]);
		await remote.answer();
		expect(written).toEqual(["juliet: pong", "romeo: stored"]);
		expect(remote.stored).toEqual(["a"]);
	});

	it("keeps the order for each session", async () => {
		const remote = new Remote();
		remote.write("a");
		romeo.say("first");
		turn.end();
		romeo.say("second");
		juliet.say("second");
		turn.end();
		expect(written).toEqual(["juliet: second"]);
		await remote.answer();
		expect(written).toEqual(["juliet: second", "romeo: firstsecond"]);
		romeo.say("third");
		turn.end();
		expect(written.at(-1)).toBe("romeo: third");
	});

	it("has those wait that store in the same place, which then go together", async () => {
		const remote = new Remote();
		for (const text of ["a", "b", "c"]) {
			remote.write(text);
			romeo.say(text);
			turn.end();
		}
		expect(remote.waiting).toBe(1);
		await remote.answer();
		expect(written).toEqual(["romeo: a"]);
		expect(remote.waiting).toBe(1);
		await remote.answer();
		expect(written.join()).toBe("romeo: a,romeo: b,romeo: c");
		expect(remote.stored).toEqual(["a", "b", "c"]);
	});

	it("fails with all that depend on it, and with nobody else", async () => {
		const remote = new Remote();
		const room = {};
		turn.record(romeo);
		remote.write("a");
		turn.concern(room);
		romeo.say("a");
		turn.end();
		turn.record(juliet);
		turn.concern(room);
		juliet.say("who sees a");
		turn.end();
		turn.record(nurse);
		nurse.say("something else");
		turn.end();
		turn.record(juliet);
		remote.write("b");
		expect(written).toEqual(["nurse: something else"]);
		await remote.answer("no");
		expect(told).toEqual([{ error: "no", work: [romeo, juliet, juliet] }]);
		expect(written).toEqual(["nurse: something else", "romeo: sorry", "juliet: sorrysorry"]);
		expect(remote.stored).toEqual([]);
		remote.write("c");
		turn.end();
		await remote.answer();
		expect(remote.stored).toEqual(["c"]);
	});

	it("succeeds though a later one fails that stores in the same place", async () => {
		const remote = new Remote();
		remote.write("a");
		romeo.say("a");
		turn.end();
		turn.record(juliet);
		remote.write("b");
		turn.fail(new Error("no"));
		turn.end();
		expect(told).toEqual([{ error: "no", work: [juliet] }]);
		await remote.answer();
		expect(written).toEqual(["juliet: sorry", "romeo: a"]);
		expect(remote.stored).toEqual(["a"]);
		expect(remote.waiting).toBe(0);
	});

	it("does not take what a turn is writing that has not ended, and may fail", async () => {
		const remote = new Remote();
		remote.write("a");
		turn.end();
		remote.write("b");
		turn.end();
		turn.record(juliet);
		remote.write("c");
		turn.fail(new Error("no"));
		await remote.answer();
		await remote.answer();
		await remote.answer();
		expect(told).toEqual([{ error: "no", work: [juliet] }]);
		expect(remote.stored).not.toContain("c");
	});

	it("takes back what is in memory, the latest first", async () => {
		const remote = new Remote();
		const undone: string[] = [];
		const room = {};
		for (const text of ["a", "b"]) {
			turn.concern(room);
			if (text === "a") remote.write(text);
			turn.remember({ undo: () => void undone.push(text) });
			turn.end();
		}
		turn.concern(room);
		turn.remember({ undo: () => void undone.push("c") });
		await remote.answer("no");
		expect(undone).toEqual(["c", "b", "a"]);
	});

	it("tells those who want to know when all is stored", async () => {
		const remote = new Remote();
		remote.write("a");
		let is_done = false;
		const done = turn.done().then(() => {
			is_done = true;
		});
		await delay(1);
		expect(is_done).toBe(false);
		await remote.answer();
		await done;
		expect(remote.stored).toEqual(["a"]);
		await turn.done();
	});

	it("comes before those of others, of which none is begun where it fails", async () => {
		const [remote, other] = [new Remote(), new Lockable()];
		remote.write("a");
		other.write("a");
		turn.end();
		expect(other.stored).toEqual([]);
		await remote.answer("no");
		expect(other.stored).toEqual([]);
		other.write("b");
		turn.end();
		expect(other.stored).toEqual(["b"]);
	});
});

describe("a lock", () => {
	it("costs its turn the time that it is held, and others nothing", async () => {
		const database = new Lockable();
		database.is_locked = true;
		database.write("a");
		romeo.say("a");
		turn.end();
		juliet.say("pong");
		turn.end();
		expect(written).toEqual(["juliet: pong"]);
		await until(() => database.tries > 2);
		database.is_locked = false;
		await until(() => written.length === 2);
		expect(written).toEqual(["juliet: pong", "romeo: a"]);
		expect(told).toEqual([]);
	});

	it("makes one turn of those that store in the same place, the one that goes on too", async () => {
		const database = new Lockable();
		database.is_locked = true;
		for (const text of ["a", "b"]) {
			database.write(text);
			romeo.say(text);
			turn.end();
		}
		database.write("c");
		romeo.say("c");
		database.is_locked = false;
		await until(() => written.length > 0);
		await turn.done();
		expect(written.join("")).toBe("romeo: aromeo: bromeo: c");
		expect(database.stored).toEqual(["a", "b", "c"]);
		expect(turn.counts.commits).toBe(1);
	});

	it("fails its turn when it is held for too long", async () => {
		const database = new Lockable();
		database.is_locked = true;
		turn.record(romeo);
		database.write("a");
		romeo.say("a");
		romeo.say("kept", true);
		turn.end();
		now += patience;
		await until(() => told.length > 0);
		expect(told).toEqual([{ error: "database is locked, for 10 s", work: [romeo] }]);
		expect(written).toEqual(["romeo: kept", "romeo: sorry"]);
		database.is_locked = false;
		database.write("b");
		await turn.done();
		expect(database.stored).toEqual(["b"]);
	});

	it("keeps the other database of its turn from storing anything", async () => {
		const [free, locked] = [new Lockable("one"), new Lockable("two")];
		locked.is_locked = true;
		free.write("a");
		locked.write("a");
		turn.end();
		now += patience;
		await until(() => told.length > 0);
		expect([free.stored, locked.stored]).toEqual([[], []]);
	});

	it("gives each stanza a turn of its own, so that only those wait that have to", async () => {
		const database = new Lockable();
		database.is_locked = true;
		database.write("a");
		turn.end();
		turn.record(romeo);
		database.write("b");
		romeo.say("b");
		turn.record(juliet);
		juliet.say("pong");
		turn.end();
		expect(written).toEqual(["juliet: pong"]);
		database.is_locked = false;
		await turn.done();
		expect(written).toEqual(["juliet: pong", "romeo: b"]);
	});

	it("brings turns together that have waited for two databases, once one needs both", async () => {
		const [one, two] = [new Lockable("one"), new Lockable("two")];
		one.is_locked = true;
		two.is_locked = true;
		const undone: string[] = [];
		const write = (text: string, ...databases: Lockable[]): void => {
			for (const database of databases) database.write(text);
			turn.remember({ undo: () => void undone.push(text) });
			turn.end();
		};
		write("a", one);
		write("b", two);
		write("c", one, two);
		one.is_locked = false;
		now += patience;
		await until(() => told.length > 0);
		expect(told).toHaveLength(1);
		expect(undone).toEqual(["c", "b", "a"]);
		expect([one.stored, two.stored]).toEqual([[], []]);
	});
});

describe("a write that fails at the call", () => {
	it("fails the turn, whoever looks at it", () => {
		const database = new Lockable();
		turn.record(romeo);
		database.write("a");
		romeo.say("a");
		turn.fail(new Error("no room"));
		turn.end();
		expect(told).toEqual([{ error: "no room", work: [romeo] }]);
		expect(written).toEqual(["romeo: sorry"]);
		expect(database.stored).toEqual([]);
	});
});
