// No counterpart: listens to one room from a process of its own, while another room is stormed.

import { spawn } from "node:child_process";
import { BenchClient } from "./client.ts";
import { room_jid } from "./rooms.ts";

/** How often it says something, in milliseconds. */
const pause = 5;

/** A process with a client that gets its own messages back from a room. */
export interface Probe {
	/** The longest wait for a message of its own since the last call, in milliseconds. */
	longest(): Promise<number>;
	stop(): void;
}

/** Starts a probe; `program` is the command line of this program. */
export async function start_probe(program: readonly string[], port: number): Promise<Probe> {
	const [command = process.execPath, ...rest] = program;
	const child = spawn(command, [...rest, "bench", "--probe", String(port)], { stdio: ["pipe", "pipe", "inherit"] });
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
	return {
		async longest() {
			child.stdin.write("?");
			return Number(await line());
		},
		stop: () => void child.kill(),
	};
}

/** The process of a probe: it answers each byte of its input with a line. */
export async function serve_probe(port: number): Promise<void> {
	const client = await BenchClient.open(port);
	const room = room_jid("probe");
	await client.join(room, "probe");
	let longest = 0;
	let begun = 0;
	let waits = false;
	const say = async (index: number): Promise<void> => {
		begun = performance.now();
		waits = true;
		await client.ask(`<message type='groupchat' id='i${index}' to='${room}'><body>hello</body></message>`, `id='i${index}'`);
		waits = false;
		// The first ones still warm up the server
		if (index > 50) longest = Math.max(longest, performance.now() - begun);
		if (index === 100) process.stdout.write("ready\n");
		setTimeout(() => void say(index + 1), pause);
	};
	process.stdin.on("data", () => {
		// It may be waiting at this moment
		process.stdout.write(`${Math.max(longest, waits ? performance.now() - begun : 0)}\n`);
		longest = 0;
	});
	process.stdin.on("end", () => process.exit());
	await say(0);
}
