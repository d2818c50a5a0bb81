// No counterpart: other servers, each in a process and a folder of its own on this machine.

import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../host/util/ns.ts";
import { stream_header } from "../host/util/xmppstream.ts";

/** Where they listen. */
export const address = "127.0.0.1";
const kept_log_lines = 2000;

/** A free port of the loopback interface. */
export async function free_port(): Promise<number> {
	const server = createServer();
	await new Promise<void>((listening) => server.listen(0, address, listening));
	const at = server.address();
	await new Promise((closed) => server.close(closed));
	return typeof at === "object" && at !== null ? at.port : 0;
}

/** Whether a server for clients answers there: while Prosody starts, connections are accepted but not served. */
function answers(port: number, timeout: number): Promise<boolean> {
	return new Promise((answer) => {
		const socket = connect(port, address);
		const done = (answered: boolean) => {
			socket.destroy();
			answer(answered);
		};
		socket.setTimeout(timeout, () => done(false));
		socket.once("connect", () => socket.write(stream_header({ xmlns: ns.client, to: "localhost", version: "1.0" })));
		socket.once("data", () => done(true));
		socket.once("close", () => done(false));
		socket.once("error", () => done(false));
	});
}

/** A process with its last output. */
export class Running {
	private lines: string[] = [];
	private readonly process: ChildProcess;
	/** Why it ended, or could not begin; undefined while it runs. */
	ended: string | undefined;
	private readonly kill = () => this.process.kill("SIGKILL");
	/** An interrupted run leaves no servers and files behind. */
	private readonly abandon = () => {
		this.kill();
		rmSync(this.folder, { recursive: true, force: true });
	};

	/** @param folder of its own, which it begins in */
	constructor(
		path: string,
		args: readonly string[],
		private readonly folder: string,
		environment: Readonly<Record<string, string>> = {},
	) {
		this.process = spawn(path, args, {
			cwd: folder,
			env: { ...process.env, ...environment },
			stdio: ["ignore", "pipe", "pipe"],
		});
		for (const output of [this.process.stdout, this.process.stderr]) {
			output?.setEncoding("utf8").on("data", (text: string) => this.collect(text));
		}
		this.process.once("error", (error) => this.end(error.message));
		this.process.once("exit", (code, signal) => this.end(signal === null ? `exit status ${code}` : `signal ${signal}`));
		process.once("exit", this.abandon);
	}

	get pid(): number {
		return this.process.pid ?? 0;
	}

	log(): string {
		return this.lines.join("");
	}

	last_lines(count: number): string {
		return this.log().trimEnd().split("\n").slice(-count).join("\n");
	}

	/** Asks it to end, and kills it when it has not ended within five seconds. */
	async stop(): Promise<void> {
		if (this.ended !== undefined || this.process.pid === undefined) return;
		const exited = new Promise((resolve) => this.process.once("exit", resolve));
		this.process.kill("SIGTERM");
		const timer = setTimeout(this.kill, 5000);
		await exited;
		clearTimeout(timer);
	}

	private collect(text: string): void {
		this.lines.push(text);
		if (this.lines.length > kept_log_lines) this.lines = this.lines.slice(-kept_log_lines / 2);
	}

	private end(reason: string): void {
		this.ended ??= reason;
		process.removeListener("exit", this.abandon);
	}
}

/**
 * Waits until it answers clients; a text says why it does not.
 * @param timeout in milliseconds
 * @param signs what it logs when it has its ports, and when it cannot have one and goes on without: another server may answer there
 */
export async function until_answering(
	running: Running,
	port: number,
	timeout: number,
	signs?: { readonly ready: string; readonly port_taken: string },
): Promise<string | undefined> {
	const deadline = Date.now() + timeout;
	for (;;) {
		if (running.ended !== undefined) return `it ended with ${running.ended}`;
		if (signs !== undefined && running.log().includes(signs.port_taken)) return "its port is taken";
		const left = deadline - Date.now();
		if (left <= 0) return `it did not answer within ${timeout / 1000} s`;
		if ((signs === undefined || running.log().includes(signs.ready)) && (await answers(port, left))) return undefined;
		await delay(20);
	}
}
