// No counterpart: somebody who has nothing to do with a load, from a process of its own: talks in another room, pings the server, logs in.

import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../host/util/ns.ts";
import { BenchClient } from "./client.ts";
import { type CoreTime, core_watch } from "./processes.ts";
import { room_jid } from "./rooms.ts";
import type { Subject } from "./types.ts";

/** How often it says something, in milliseconds. */
const pause = 5;
/** How often it pings the server, and logs in, in milliseconds. */
const ping_pause = 20;
const login_pause = 100;
/** How often it says something before it counts: the first answers still warm up the server. */
const warming = 50;

/** The longest wait for one kind of answer, in milliseconds. */
interface Wait {
	/** From the question to the answer. */
	readonly whole: number;
	/**
	 * What it would have been at most, had the server and this process their cores for themselves: without the time in which they could
	 * have gone on and waited for a core, and no more than the time that the server was on one.
	 */
	readonly alone: number;
}

/** The longest waits since the last look. */
export interface Waits {
	/** For one's own message, in another room. */
	readonly message: Wait;
	/** For the server's answer to a ping. */
	readonly ping: Wait;
	/** For a whole login, which is several questions. */
	readonly login: Wait;
}

/** A process with clients that wait. */
export interface Probe {
	/** The longest waits since the last call of either. */
	waits(): Promise<Waits>;
	/** The longest wait for a message of its own since the last call of either, in milliseconds. */
	longest(): Promise<number>;
	stop(): void;
}

/** Waits as details of a finding, with what they were beside. */
export function wait_details(beside: string, waits: Waits): Record<string, number> {
	const details: Record<string, number> = {};
	for (const [name, { whole, alone }] of Object.entries<Wait>({ ...waits })) {
		details[`${beside}: ${name}, ms`] = whole;
		details[`${beside}: ${name}, ms without queues for cores`] = alone;
	}
	return details;
}

/** Starts a probe; `program` is the command line of this program. */
export async function start_probe(program: readonly string[], { port, pid }: Pick<Subject, "port" | "pid">): Promise<Probe> {
	const [command = process.execPath, ...rest] = program;
	const child = spawn(command, [...rest, "bench", "--probe", String(port), "--pid", String(pid)], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	let lines = "";
	let wake: (() => void) | undefined;
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		lines += text;
		wake?.();
	});
	child.once("exit", () => wake?.());
	const line = async (): Promise<string> => {
		while (!lines.includes("\n")) {
			if (child.exitCode !== null) throw new Error("the probe ended");
			await new Promise<void>((resolve) => {
				wake = resolve;
			});
		}
		const [first = "", ...others] = lines.split("\n");
		lines = others.join("\n");
		return first;
	};
	await line();
	const waits = async (): Promise<Waits> => {
		child.stdin.write("?");
		const [message = 0, own = 0, ping = 0, pinged = 0, login = 0, logged = 0] = (await line()).split(" ").map(Number);
		return {
			message: { whole: message, alone: own },
			ping: { whole: ping, alone: pinged },
			login: { whole: login, alone: logged },
		};
	};
	return {
		waits,
		longest: async () => (await waits()).message.whole,
		stop: () => void child.kill(),
	};
}

/** The longest of many waits. */
class Longest {
	private whole = 0;
	private alone = 0;
	private begun: { readonly at: number; readonly used: number; readonly queued: number } | undefined;

	/** @param look what the server has used of its core until now, and how long it and this process have waited for theirs */
	constructor(private readonly look: () => CoreTime) {}

	/** Waits for something once more. */
	async wait(action: () => Promise<void>): Promise<void> {
		this.begun = { at: performance.now(), ...this.look() };
		await action();
		this.count();
		this.begun = undefined;
	}

	/** Both figures, which begin anew. It may be waiting at this moment. */
	take(): string {
		this.count();
		const text = `${this.whole} ${this.alone}`;
		this.whole = 0;
		this.alone = 0;
		return text;
	}

	private count(): void {
		const { begun } = this;
		if (begun === undefined) return;
		const whole = performance.now() - begun.at;
		const { used, queued } = this.look();
		this.whole = Math.max(this.whole, whole);
		this.alone = Math.max(this.alone, Math.min(used - begun.used, whole - (queued - begun.queued)));
	}
}

/** The process of a probe: it answers each byte of its input with a line. */
export async function serve_probe(port: number, pid: number): Promise<void> {
	const [server, own] = [core_watch(pid), core_watch(process.pid)];
	const look = (): CoreTime => {
		const { all, first } = server();
		return { used: all.used, queued: first.queued + own().first.queued };
	};
	const [message, ping, login] = [new Longest(look), new Longest(look), new Longest(look)];
	const [talker, pinger] = [await BenchClient.open(port), await BenchClient.open(port)];
	const room = room_jid("probe");
	await talker.join(room, "probe");
	const say = (index: number): Promise<void> =>
		talker.ask(`<message type='groupchat' id='i${index}' to='${room}'><body>hello</body></message>`, `id='i${index}'`);
	const ask = (index: number): Promise<void> =>
		pinger.ask(`<iq type='get' id='p${index}' to='localhost'><ping xmlns='${ns.ping}'/></iq>`, `id='p${index}'`);
	const enter = async (): Promise<void> => (await BenchClient.open(port)).close();
	const go_on = async (longest: Longest, between: number, action: (index: number) => Promise<void>): Promise<void> => {
		for (let index = 0; ; index++) {
			await longest.wait(() => action(index));
			await delay(between);
		}
	};
	for (let index = 0; index < warming; index++) {
		await say(-index - 1);
		await ask(-index - 1);
		if (index % 10 === 0) await enter();
		await delay(pause);
	}
	process.stdin.on("data", () => process.stdout.write(`${message.take()} ${ping.take()} ${login.take()}\n`));
	process.stdin.on("end", () => process.exit());
	process.stdout.write("ready\n");
	await Promise.all([go_on(message, pause, say), go_on(ping, ping_pause, ask), go_on(login, login_pause, enter)]);
}
