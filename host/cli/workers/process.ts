// No counterpart: a Prosody is one process.

import cluster, { type Worker } from "node:cluster";
import { Socket } from "node:net";
import { BrokerService } from "../../util/cluster/broker_service.ts";
import type { MemoryBroker } from "../../util/cluster/memory.ts";
import { read_record, write_record } from "../../util/cluster/node_record.ts";
import type { Clock, Life } from "../../util/cluster/types.ts";
import { watch_handed } from "./handed_connections.ts";
import { type Message, type Order, type Report, read_report } from "./messages.ts";
import { type SocketFolder, sockets_variable } from "./sockets.ts";

/** The file of a worker that leads to the broker, and the variable of its environment that has its name. */
export const broker_file = 3;
export const node_variable = "ENJAMB_WORKER";

/** How long a worker that takes its leave may take until it has ended, in milliseconds. */
const leave_time = 5000;

/** How workers are started. */
export function set_up_workers(): void {
	cluster.setupPrimary({
		exec: process.argv[1] ?? "",
		args: process.argv.slice(2),
		stdio: ["ignore", "inherit", "inherit", "pipe", "ipc"],
	});
	// Connections go to one worker after the other
	cluster.schedulingPolicy = cluster.SCHED_RR;
}

/** Told of what a worker says, and of its end. */
export interface WorkerListener {
	said(process: WorkerProcess, report: Message<Report>): void;
	/** Something that an administrator should know. */
	warn(text: string): void;
	/** It has ended: nothing more comes of it. */
	ended(process: WorkerProcess, how: string): void;
}

/** A worker from its beginning to its end. */
export class WorkerProcess {
	readonly begun = performance.now();
	private readonly worker: Worker;
	private readonly service: BrokerService | undefined;
	/** Lives up to this one belong to earlier processes. */
	private readonly earlier: number;
	private unanswered = 0;
	private readonly waiting: (() => void)[] = [];
	private is_over = false;
	private readonly end_handed: () => void;
	/** Whether it serves. */
	is_ready = false;

	constructor(
		readonly node: string,
		private readonly broker: MemoryBroker,
		clock: Clock,
		sockets: SocketFolder,
		listener: WorkerListener,
	) {
		this.earlier = broker.last_revision;
		this.worker = cluster.fork({ [node_variable]: node, [sockets_variable]: sockets.path });
		this.end_handed = watch_handed(this.worker.process);
		const stream = this.worker.process.stdio[broker_file];
		const warn = (text: string): void => listener.warn(`${node} (process ${this.pid}): ${text}`);
		if (stream instanceof Socket) this.service = new BrokerService(broker.connect(node, clock), stream, warn);
		this.worker.on("message", (message) => {
			const report = read_report(message);
			if (report === undefined) return;
			this.unanswered = 0;
			listener.said(this, report);
		});
		this.worker.on("error", () => {});
		// When nothing holds a file of it any more, it is gone for certain
		this.worker.process.once("exit", (code, signal) => {
			this.end();
			listener.ended(this, signal === null ? `with status ${code}` : `by ${signal}`);
		});
		this.worker.process.once("error", (error) => {
			if (this.pid !== 0) return;
			this.end();
			listener.ended(this, `before it began: ${error.message}`);
		});
	}

	get pid(): number {
		return this.worker.process.pid ?? 0;
	}

	tell(order: Order, text = ""): void {
		if (!this.is_over && this.worker.isConnected()) this.worker.send([order, text], () => {});
	}

	/** Asks whether it goes on. @returns how often it was asked since it last said something */
	ask(): number {
		this.tell("ping");
		return this.unanswered++;
	}

	kill(): void {
		if (!this.is_over) this.worker.process.kill("SIGKILL");
	}

	/** Resolves once nothing more can come of a life: where it was this process's, it has ended by then. */
	raise({ incarnation }: Life): Promise<void> {
		if (this.is_over || incarnation <= this.earlier) return Promise.resolve();
		// Whoever has said by itself that its life is over is about to end
		const { state } = this.record() ?? {};
		if (state === "over") setTimeout(() => this.kill(), leave_time).unref();
		else this.kill();
		return new Promise((resolve) => this.waiting.push(resolve));
	}

	private record(): ReturnType<typeof read_record> {
		const entry = this.broker.get("nodes", this.node);
		return entry && read_record(entry.value, entry.revision);
	}

	private end(): void {
		this.is_over = true;
		this.end_handed();
		this.service?.stop();
		const entry = this.broker.get("nodes", this.node);
		const record = this.record();
		if (entry !== undefined && record !== undefined && record.state !== "over") {
			this.broker.put("nodes", this.node, write_record({ ...record, state: "over" }), entry.revision);
		}
		for (const resolve of this.waiting.splice(0)) resolve();
	}
}
