// No counterpart: the way to the thread that talks to a database.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { failed, ok, type Result } from "../../util/error.ts";
import type { StorageError } from "../types.ts";
import { type Answer, address_text, type Outcome, type ServerAddress, type Work, type WorkerData } from "./messages.ts";

/** Where the build puts the thread's program. */
const built = ["./sql_worker.js", "../sql_worker.js"].map((name) => fileURLToPath(new URL(name, import.meta.url)));

/** Starts the thread: with the program of the build, or, in the sources, with one that is made of them. */
function start_worker(data: WorkerData): Worker {
	const options = { workerData: data, transferList: [data.port], stdout: false, stderr: false };
	const file = built.find((path) => existsSync(path));
	if (file !== undefined) return new Worker(file, options);
	const esbuild: typeof import("esbuild") = createRequire(import.meta.url)("esbuild");
	const { outputFiles } = esbuild.buildSync({
		absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
		entryPoints: ["worker.ts"],
		bundle: true,
		format: "cjs",
		platform: "node",
		target: "node20",
		external: ["pg-native"],
		supported: { "dynamic-import": false },
		write: false,
		logLevel: "silent",
	});
	return new Worker(outputFiles[0]?.text ?? "", { ...options, eval: true });
}

/** How long asking took that had to be waited for: how often, and milliseconds. */
export interface Waits {
	count: number;
	milliseconds: number;
	longest: number;
}

type Done = (answer: Result<Outcome, StorageError>) => void;

/** Asks the thread, and waits for its answer or not. */
export class Link {
	readonly waits: Waits = { count: 0, milliseconds: 0, longest: 0 };
	private worker: Worker | undefined;
	private port: MessagePort | undefined;
	private signal = new Int32Array(new SharedArrayBuffer(4));
	private last_id = 0;
	private readonly waiting = new Map<number, Done>();
	/** What was waited for too long; until its answer is there, nothing is waited for. */
	private overdue: number | undefined;
	private is_closed = false;
	/** How many threads were lost, with what was open there. */
	losses = 0;

	constructor(private readonly address: ServerAddress) {}

	private trouble(text: string): Result<never, StorageError> {
		return failed({ text: `${address_text(this.address)}: ${text}`, locked: true });
	}

	private open(): MessagePort {
		if (this.port !== undefined) return this.port;
		const { port1: port, port2 } = new MessageChannel();
		this.signal = new Int32Array(new SharedArrayBuffer(4));
		const worker = start_worker({ address: this.address, port: port2, signal: this.signal });
		port.on("message", (answer: Answer) => this.receive(answer));
		const ended = (reason: string): void => {
			if (this.worker === worker) this.lose(reason);
		};
		worker.on("error", (error) => ended(error instanceof Error ? error.message : String(error)));
		worker.on("exit", () => ended("it has ended"));
		// Nothing of it keeps a process running
		worker.unref();
		port.unref();
		this.worker = worker;
		this.port = port;
		return port;
	}

	/** The thread is gone; the next question starts another one. */
	private lose(reason: string): void {
		this.losses++;
		this.port?.close();
		this.port = undefined;
		this.worker = undefined;
		this.overdue = undefined;
		const waiting = [...this.waiting.values()];
		this.waiting.clear();
		for (const done of waiting) done(this.trouble(`the thread that talks to it is gone: ${reason}`));
	}

	private receive(answer: Answer): void {
		const { id } = answer;
		if (id === this.overdue) this.overdue = undefined;
		const done = this.waiting.get(id);
		this.waiting.delete(id);
		if (this.waiting.size === 0) this.port?.unref();
		done?.(answer.ok ? ok(answer.outcome) : answer);
	}

	/** Asks for something; the answer comes when it comes, after those to everything that was asked before. */
	ask(work: Work): Promise<Result<Outcome, StorageError>> {
		if (this.is_closed) return Promise.resolve(this.trouble("the database is closed"));
		const port = this.open();
		const id = ++this.last_id;
		port.postMessage({ id, work });
		port.ref();
		return new Promise((resolve) => this.waiting.set(id, resolve));
	}

	/** Asks for something without wanting to know what becomes of it. */
	tell(work: Work): void {
		if (!this.is_closed) this.open().postMessage({ id: ++this.last_id, work });
	}

	/**
	 * Asks for something and waits for the answer; this thread does nothing else meanwhile.
	 * @param limit how long, in milliseconds
	 */
	wait_for(work: Work, limit: number): Result<Outcome, StorageError> {
		if (this.is_closed) return this.trouble("the database is closed");
		const port = this.open();
		if (this.overdue !== undefined && !this.catch_up(port)) return this.trouble("it does not answer");
		const id = ++this.last_id;
		let found: Result<Outcome, StorageError> | undefined;
		this.waiting.set(id, (answer) => {
			found = answer;
		});
		const begun = performance.now();
		port.postMessage({ id, work });
		while (found === undefined) {
			const seen = Atomics.load(this.signal, 0);
			if (this.receive_all(port, () => found !== undefined)) continue;
			const left = begun + limit - performance.now();
			if (left <= 0) break;
			Atomics.wait(this.signal, 0, seen, left);
		}
		const took = performance.now() - begun;
		this.waits.count++;
		this.waits.milliseconds += took;
		this.waits.longest = Math.max(this.waits.longest, took);
		if (found !== undefined) return found;
		this.overdue = id;
		return this.trouble(`no answer within ${Math.round(limit / 1000)} s`);
	}

	/** Takes the answers that are there; answers whether there were any. */
	private receive_all(port: MessagePort, is_enough: () => boolean): boolean {
		let any = false;
		while (!is_enough()) {
			const next = receiveMessageOnPort(port);
			if (next === undefined) return any;
			any = true;
			this.receive(next.message);
		}
		return any;
	}

	/** Whether what was overdue is answered by now. */
	private catch_up(port: MessagePort): boolean {
		this.receive_all(port, () => this.overdue === undefined);
		return this.overdue === undefined;
	}

	/** Ends the thread and its connections. */
	close(): void {
		this.is_closed = true;
		const { worker } = this;
		this.tell_goodbye();
		this.lose("the database is closed");
		void worker?.terminate();
	}

	private tell_goodbye(): void {
		this.port?.postMessage({ id: ++this.last_id, work: { kind: "close" } });
	}
}
