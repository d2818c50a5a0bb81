// No counterpart: the least that a stanza from one client to another can cost here, to say how much of its cost is the server's own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { free_port } from "../reference.ts";
import { measure, type Operation } from "./load.ts";
import { pinned } from "./processes.ts";
import type { OwnScenario } from "./types.ts";

/** As many pairs, and as much under way, as where one client writes to another. */
const pairs = 50;
const under_way = 2;
/** How long the process may take to listen, in milliseconds. */
const patience = 30_000;

/** One end. */
interface End {
	readonly socket: Socket;
	other: End | undefined;
	out: string;
}

/**
 * Listens on a port of the loopback address. Connections are two and two; what comes over one goes out over the other, nobody looks at it, and
 * each has one write a turn.
 */
export function serve_pipe(port: number): Server {
	let alone: End | undefined;
	let dirty: End[] = [];
	const flush = (): void => {
		const written = dirty;
		dirty = [];
		for (const end of written) {
			end.socket.write(end.out, "latin1");
			end.out = "";
		}
	};
	const pass = (end: End, text: string): void => {
		if (dirty.length === 0) setImmediate(flush);
		if (end.out === "") dirty.push(end);
		end.out += text;
	};
	return createServer({ noDelay: true }, (socket) => {
		const end: End = { socket, other: alone, out: "" };
		if (alone === undefined) alone = end;
		else {
			alone.other = end;
			alone = undefined;
		}
		socket.on("data", (chunk) => end.other && pass(end.other, chunk.toString("latin1")));
		socket.on("error", () => socket.destroy());
		socket.on("close", () => {
			if (alone === end) alone = undefined;
		});
	}).listen(port, "127.0.0.1", 1024);
}

/** A client that only counts. */
class PipeClient {
	onpiece: ((piece: string) => void) | undefined;

	private constructor(readonly socket: Socket) {
		socket.on("data", (chunk: Buffer) => this.onpiece?.(chunk.toString("latin1")));
		socket.on("error", () => socket.destroy());
	}

	static async open(port: number): Promise<PipeClient> {
		const socket = connect(port, "127.0.0.1");
		await once(socket, "connect");
		socket.setNoDelay(true);
		return new PipeClient(socket);
	}
}

/** The first client, once somebody listens. */
async function first_client(port: number): Promise<PipeClient> {
	const deadline = performance.now() + patience;
	for (;;) {
		try {
			return await PipeClient.open(port);
		} catch (error) {
			if (performance.now() > deadline) throw error;
			await delay(20);
		}
	}
}

/** A message as it comes out of a server: there it has more attributes than it had. */
const text = `<message to='person50@localhost/one' type='chat' id='m100000' xml:lang='en' from='person0@localhost/one'><body>${"x".repeat(100)}</body></message>`;

/** What passes through a process that does nothing but read and write: the kernel's part, and that of Node's sockets. */
export const pipe_scenario: OwnScenario = {
	id: "single-pipe",
	title: `Messages through a process that only reads and writes, ${pairs} pairs`,
	unit: "µs a message",
	async measure(effort, { program, core }) {
		const port = await free_port();
		const [command, ...rest] = pinned(core, [...program, "bench", "--pipe", String(port)]);
		const child = spawn(command, rest, { stdio: "ignore" });
		const end = (): void => void child.kill("SIGKILL");
		process.once("exit", end);
		const clients: PipeClient[] = [];
		try {
			clients.push(await first_client(port));
			while (clients.length < 2 * pairs) clients.push(await PipeClient.open(port));
			const operations = clients.flatMap((one, index): Operation[] => {
				const other = clients[index + 1];
				if (index % 2 === 1 || other === undefined) return [];
				const act = (): void => void one.socket.write(text, "latin1");
				return [{ clients: [other], marker: "</message>", fan: 1, window: under_way, act }];
			});
			const { cpu_micros, kernel_micros = 0 } = await measure({ name: "floor", pid: child.pid ?? 0 }, operations, effort);
			return { value: cpu_micros, details: { "the kernel": kernel_micros, "Node's sockets": cpu_micros - kernel_micros } };
		} finally {
			for (const { socket } of clients) socket.destroy();
			process.removeListener("exit", end);
			end();
		}
	},
};
