// Something between a server and its database that stalls, cuts and refuses. It is a thread: the server's own may be waiting for it.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { transformSync } from "esbuild";

/** What is done with connections. */
export interface Cutting {
	/** Whether everything goes through, nothing does, nothing does until it may again, or connections end at once. */
	readonly mode: "pass" | "stall" | "hold" | "refuse";
	/** The connection is cut, once, when the database has got this text, and before it answers. */
	readonly behind?: string;
	/** The connection is cut, once, before this text comes to the database. */
	readonly before?: string;
}

export class Cutter {
	private constructor(
		private readonly thread: Worker,
		readonly port: number,
	) {}

	/** @param target the port of the database */
	static async start(target: number): Promise<Cutter> {
		const { code } = transformSync(readFileSync(join(import.meta.dirname, "cutter_thread.ts"), "utf8"), {
			loader: "ts",
			format: "cjs",
		});
		const thread = new Worker(code, { eval: true, workerData: target });
		const [port] = await once(thread, "message");
		return new Cutter(thread, Number(port));
	}

	private async order(order: Cutting | "cut" | "count"): Promise<number> {
		const answered = once(this.thread, "message");
		this.thread.postMessage(order);
		return Number((await answered)[0]);
	}

	async set(cutting: Cutting): Promise<void> {
		await this.order(cutting);
	}

	/** Cuts all connections that there are. */
	async cut(): Promise<void> {
		await this.order("cut");
	}

	/** How many connections were cut for a text. */
	cuts(): Promise<number> {
		return this.order("count");
	}

	async stop(): Promise<void> {
		await this.thread.terminate();
	}
}
