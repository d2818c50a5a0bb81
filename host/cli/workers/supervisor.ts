// No counterpart: a Prosody is one process.

import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { make_config_reader } from "../../composition.ts";
import { Claims } from "../../core/claims.ts";
import { end_subject } from "../../core/cluster/worker_base.ts";
import { WriterLines } from "../../core/cluster/worker_writers.ts";
import { worker_timeout } from "../../core/cluster/workers.ts";
import type { Config } from "../../core/configmanager.ts";
import { create_loggingmanager, type LoggingManager, read_log_option } from "../../core/loggingmanager.ts";
import { watch_stray_errors } from "../../core/module_guard.ts";
import type { Log } from "../../core/types.ts";
import { data_folder, prepare_data_folder } from "../../startup.ts";
import { MemoryBroker } from "../../util/cluster/memory.ts";
import { type Clock, life_of_text } from "../../util/cluster/types.ts";
import { refuse, type ServerFiles } from "../opening.ts";
import { reloading, type Tell, tell_systemd } from "../service_manager.ts";
import type { Message, Order, Report } from "./messages.ts";
import { WorkerNumbers } from "./orphans.ts";
import { set_up_workers, WorkerProcess } from "./process.ts";
import { SocketFolder } from "./sockets.ts";

/** In how many parts of the time that a worker may be silent it is asked whether it goes on. */
const asks = 8;
/** How long one may be silent at least that does not serve yet, and has much to read; in milliseconds. */
const patience_at_start = 60_000;
/** How long workers may take to end, in milliseconds: modules may take their time, connections too. */
const longest_end = 75_000;
/** Whoever has lived for so long did not fail at once; and how long it takes at most until another one begins. In milliseconds. */
const usual_life = 60_000;
const first_pause = 1000;
const longest_pause = 60_000;

const clock: Clock = {
	now: () => performance.now(),
	after(milliseconds, act) {
		const timer = setTimeout(act, milliseconds);
		return () => clearTimeout(timer);
	},
};

function config_folder({ config }: ServerFiles): string {
	return config === undefined ? process.cwd() : dirname(resolve(config));
}

function logging_of(config: Config, files: ServerFiles): ReturnType<typeof read_log_option> {
	const is_debug = config.get("*", "debug") === true;
	return read_log_option(config.get("*", "log"), config_folder(files), is_debug, config.get("*", "syslog_facility"));
}

/** One worker after the other under one name. */
interface Place {
	readonly node: string;
	process: WorkerProcess | undefined;
	/** How often in a row it has ended soon. */
	failures: number;
	/** Until the next one begins. */
	pause: NodeJS.Timeout | undefined;
}

interface Services {
	readonly log: Log;
	readonly logging: LoggingManager;
	readonly tell: Tell;
	readonly numbers: WorkerNumbers;
	readonly claims: Claims;
	readonly sockets: SocketFolder;
	/** How long a worker may be silent, in milliseconds. */
	readonly timeout: number;
}

/** Starts workers, and starts those again that end; has what one of them says get to the others. */
class Supervisor {
	private readonly broker = new MemoryBroker({ first_revision: Date.now(), forgetful: new Set(["owners"]) });
	private readonly bus = this.broker.connect("supervisor", clock);
	private readonly lines = new WriterLines(this.bus);
	private readonly places: Place[];
	/** What somebody sees once all serve. */
	private welcome: string | undefined;
	private is_serving = false;
	private is_ending = false;
	private reloads: Set<WorkerProcess> | undefined;
	private last_reload = 0;
	private end_of_patience: NodeJS.Timeout | undefined;

	constructor(
		count: number,
		private readonly services: Services,
		private readonly read_config: (() => void) | undefined,
	) {
		this.places = Array.from({ length: count }, (_, index) => ({
			node: `worker-${index + 1}`,
			process: undefined,
			failures: 0,
			pause: undefined,
		}));
		this.bus.subscribe(end_subject, (data, reply) => {
			const life = life_of_text(Buffer.from(data).toString());
			const place = this.places.find(({ node }) => node === life?.node);
			if (life === undefined || place === undefined) return;
			const raised = place.process?.raise(life) ?? Promise.resolve();
			void raised.then(() => this.answer(reply, ""));
		});
		setInterval(() => this.look(), services.timeout / asks);
	}

	private answer(reply: string | undefined, text: string): void {
		if (reply !== undefined) this.bus.publish(reply, Buffer.from(text));
	}

	/** Begins with one worker: what is wrong is told once. */
	start(): void {
		const [first] = this.places;
		if (first !== undefined) this.begin(first);
	}

	private begin(place: Place): void {
		clearTimeout(place.pause);
		place.pause = undefined;
		if (this.is_ending) return;
		place.process = new WorkerProcess(place.node, this.broker, clock, this.services.sockets, {
			said: (process, report) => this.said(place, process, report),
			warn: (text) => this.services.log("warn", "%s", text),
			ended: (process, how) => this.ended(place, process, how),
		});
		this.write_numbers();
	}

	private write_numbers(): void {
		try {
			this.services.numbers.write(this.processes().map(({ pid }) => pid));
		} catch (error) {
			this.services.log(
				"error",
				"The numbers of the workers cannot be written: %s",
				error instanceof Error ? error.message : error,
			);
		}
	}

	private processes(): WorkerProcess[] {
		return this.places.flatMap(({ process }) => process ?? []);
	}

	private said(place: Place, from: WorkerProcess, [word, text]: Message<Report>): void {
		const { log } = this.services;
		switch (word) {
			case "ready":
				from.is_ready = true;
				log("info", "%s serves (process %d)", place.node, from.pid);
				// It may have read the configuration before it changed
				if (from.begun < this.last_reload) from.tell("reload");
				this.is_ready(text);
				return;
			case "failed":
				if (!this.is_serving) this.fail(text);
				else log("error", "%s cannot serve: %s", place.node, text);
				return;
			case "reloaded":
				this.note_reloaded(from);
				return;
			case "stop-wanted":
				this.stop(text);
				return;
			case "reload-wanted":
				this.reload(from);
				return;
		}
	}

	private is_ready(welcome: string): void {
		if (this.is_serving) return;
		if (this.welcome === undefined) {
			this.welcome = welcome;
			for (const place of this.places.slice(1)) this.begin(place);
		}
		if (!this.places.every(({ process }) => process?.is_ready)) return;
		this.is_serving = true;
		this.services.claims.write_pid();
		process.stdout.write(this.welcome);
		this.services.tell("READY=1");
	}

	/** The server does not get as far as to serve. */
	private fail(reason: string): void {
		this.is_ending = true;
		for (const one of this.processes()) one.kill();
		this.finish();
		refuse(reason);
	}

	private ended(place: Place, process: WorkerProcess, how: string): void {
		const { log } = this.services;
		place.process = undefined;
		this.lines.gone(place.node);
		this.note_reloaded(process);
		this.write_numbers();
		if (this.is_ending) {
			if (this.processes().length > 0) return;
			this.finish();
			globalThis.process.exit(0);
		}
		if (!this.is_serving) this.fail(`${place.node} has ended ${how} before it served; the log may say why`);
		const lived = performance.now() - process.begun;
		place.failures = lived >= usual_life ? 0 : place.failures + 1;
		// Whoever ends for the first time is missed
		const pause = place.failures <= 1 ? 0 : Math.min(longest_pause, first_pause * 2 ** (place.failures - 2));
		const when = pause === 0 ? "now" : `in ${pause / 1000} s`;
		log("error", "%s (process %d) has ended %s; another one begins %s", place.node, process.pid, how, when);
		place.pause = setTimeout(() => this.begin(place), pause);
	}

	private finish(): void {
		this.services.numbers.remove();
		this.services.sockets.remove();
		this.services.claims.release();
	}

	/** Asks all workers whether they go on, and ends those that do not: what they have is needed elsewhere. */
	private look(): void {
		for (const { node, process } of this.places) {
			if (process === undefined) continue;
			const { log, timeout } = this.services;
			const patience = process.is_ready ? timeout : Math.max(patience_at_start, timeout);
			if (process.ask() < (asks * patience) / timeout) continue;
			log("error", "%s (process %d) has not answered for %d s, and is killed", node, process.pid, patience / 1000);
			process.kill();
		}
	}

	private tell_all(order: Order, text = ""): void {
		for (const process of this.processes()) process.tell(order, text);
	}

	/** Ends all workers, and then this process. */
	stop(reason: string): void {
		this.services.tell("STOPPING=1");
		if (!this.is_ending) this.services.log("info", "Shutting down: %s", reason);
		this.is_ending = true;
		if (this.processes().length > 0) {
			this.tell_all("stop", reason);
			this.end_of_patience ??= setTimeout(() => this.kill_rest(), longest_end);
			// Whoever does not serve yet does not listen to this either
			for (const process of this.processes()) if (!process.is_ready) process.kill();
			return;
		}
		this.finish();
		process.exit(0);
	}

	private kill_rest(): void {
		for (const process of this.processes()) {
			this.services.log("error", "%s (process %d) does not end, and is killed", process.node, process.pid);
			process.kill();
		}
	}

	/** @param by the worker that has done it already */
	reload(by?: WorkerProcess): void {
		if (!this.is_serving) return;
		this.services.tell(reloading());
		this.read_config?.();
		this.last_reload = performance.now();
		// What has kept them from serving may be mended
		for (const place of this.places) if (place.pause !== undefined) this.begin(place);
		this.reloads = new Set(this.processes().filter((process) => process !== by && process.is_ready));
		for (const process of this.reloads) process.tell("reload");
		this.note_reloaded(by);
	}

	private note_reloaded(process: WorkerProcess | undefined): void {
		if (this.reloads === undefined) return;
		if (process !== undefined) this.reloads.delete(process);
		if (this.reloads.size > 0) return;
		this.reloads = undefined;
		this.services.tell("READY=1");
	}

	signal(signal: "SIGUSR1" | "SIGUSR2"): void {
		this.tell_all(signal);
	}
}

/** Takes what a server needs for itself alone; ends the program where it cannot have that. */
async function claim(config: Config, data: string, log: Log): Promise<{ claims: Claims; numbers: WorkerNumbers }> {
	const unwritable = prepare_data_folder(data);
	if (unwritable !== undefined) refuse(unwritable);
	const claims = new Claims(log);
	const named = config.get("*", "pidfile");
	const claimed = claims.take(data, typeof named === "string" ? resolve(data, named) : undefined);
	if (!claimed.ok) {
		claims.release();
		refuse(claimed.error);
	}
	const numbers = new WorkerNumbers(data);
	const { ended, stays } = await numbers.end_orphans();
	if (ended.length > 0) log("warn", "Workers of an earlier start were still there, and were ended: %s", ended.join(", "));
	if (stays !== undefined) refuse(`process ${stays} is a worker of an earlier start, and does not end`);
	return { claims, numbers };
}

/** Runs a server as several processes, until it is told to end. */
export async function supervise(config: Config, files: ServerFiles, count: number): Promise<void> {
	const logging = create_loggingmanager(logging_of(config, files));
	const log = logging.logger("workers");
	watch_stray_errors(log);
	const timeout = worker_timeout(config);
	if (!timeout.ok) refuse(timeout.error);
	const data = data_folder(config, config_folder(files));
	const { claims, numbers } = await claim(config, data, log);
	const sockets = new SocketFolder(data);
	const tell = await tell_systemd(log);
	// What is left concerns this process only
	for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete process.env[name];
	const cores = availableParallelism();
	if (count > cores) log("warn", "%d workers are more than this machine has cores (%d): they share them", count, cores);
	set_up_workers();
	const read = files.config === undefined ? undefined : await make_config_reader(files.config);
	const read_config = (): void => {
		const loaded = read?.();
		// What is wrong with it the workers say
		if (loaded?.ok !== false) logging.reconfigure(logging_of(loaded?.value.config ?? config, files));
	};
	const supervisor = new Supervisor(
		count,
		{ log, logging, tell, numbers, claims, sockets, timeout: timeout.value * 1000 },
		read_config,
	);
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => supervisor.stop(`Received ${signal}`));
	process.on("SIGHUP", () => {
		log("info", "Received SIGHUP");
		supervisor.reload();
	});
	for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
		process.on(signal, () => {
			log("info", "Received %s", signal);
			supervisor.signal(signal);
		});
	}
	supervisor.start();
}
