import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Readable, Writable } from "node:stream";

/** Finds Chromium on the PATH; undefined where there is none. */
export function find_chromium(): string | undefined {
	const folders = (process.env["PATH"] ?? "").split(delimiter);
	return ["chromium", "chromium-browser", "google-chrome"]
		.flatMap((name) => folders.map((folder) => join(folder, name)))
		.find(existsSync);
}

/** A browser that shows nothing, and asks nobody for anything. */
function options(profile: string): string[] {
	const switches = [
		"headless",
		"no-sandbox",
		"disable-gpu",
		"disable-quic",
		"no-first-run",
		"disable-background-networking",
		"disable-component-update",
		"disable-sync",
		"hide-scrollbars",
		`user-data-dir=${profile}`,
		"window-size=1400,1000",
	];
	return switches.map((option) => `--${option}`);
}

async function make_profile(): Promise<{ profile: string; remove(): Promise<void> }> {
	const profile = await mkdtemp(join(tmpdir(), "enjamb-chromium-"));
	// Chromium's own children may still be writing when it has ended.
	return { profile, remove: () => rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) };
}

/** Loads a page and answers with its document as it is when its scripts have run. */
export async function dump_dom(chromium: string, url: string): Promise<string> {
	const { profile, remove } = await make_profile();
	const done = new Promise<string>((resolve, reject) => {
		execFile(
			chromium,
			[...options(profile), "--dump-dom", url],
			{ encoding: "utf8", maxBuffer: 100 * 1024 * 1024, timeout: 60_000 },
			(error, stdout) => (error ? reject(error) : resolve(stdout)),
		);
	});
	return done.finally(remove);
}

/** An open page. */
export interface Page {
	/** Goes to an address and waits until it has loaded. */
	open(url: string): Promise<void>;
	/** What an expression comes to in the page; it may be a promise. */
	evaluate(expression: string): Promise<unknown>;
	/** Waits until an expression is true in the page. */
	until(expression: string): Promise<void>;
	press(key: string): Promise<void>;
	resize(width: number, height: number): Promise<void>;
	/** What was asked for beside pages, scripts that were refused, and errors, since it was last asked. */
	complaints(): string[];
}

function is_record(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}

/** Speaks the browser's own protocol over a pipe: one JSON document after the other, each ended by a zero byte. */
class Connection {
	private number = 0;
	private text = "";
	private readonly waiting = new Map<unknown, { resolve(value: unknown): void; reject(error: Error): void }>();
	private readonly listeners = new Set<(method: unknown, params: unknown) => void>();
	private readonly output: Writable;

	constructor(browser: ChildProcess) {
		const [, , , output, input] = browser.stdio;
		if (!(output instanceof Writable) || !(input instanceof Readable)) throw new Error("expected two pipes to the browser");
		this.output = output;
		input.setEncoding("utf8").on("data", (text: string) => {
			const parts = (this.text + text).split("\0");
			this.text = parts.pop() ?? "";
			for (const part of parts) this.receive(JSON.parse(part));
		});
		browser.once("exit", () => {
			for (const { reject } of this.waiting.values()) reject(new Error("the browser has ended"));
		});
	}

	on(listener: (method: unknown, params: unknown) => void): void {
		this.listeners.add(listener);
	}

	send(method: string, params: object = {}, session_id?: unknown): Promise<unknown> {
		const id = ++this.number;
		this.output.write(`${JSON.stringify({ id, method, params, sessionId: session_id })}\0`);
		return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
	}

	private receive(message: unknown): void {
		if (!is_record(message)) return;
		const waiting = this.waiting.get(message["id"]);
		if (!waiting) for (const listener of this.listeners) listener(message["method"], message["params"]);
		else if ("error" in message) waiting.reject(new Error(JSON.stringify(message["error"])));
		else waiting.resolve(message["result"]);
		this.waiting.delete(message["id"]);
	}
}

function field(value: unknown, ...path: string[]): unknown {
	return path.reduce((inner: unknown, name) => (is_record(inner) ? inner[name] : undefined), value);
}

async function open_page(connection: Connection): Promise<Page> {
	const targets = field(await connection.send("Target.getTargets"), "targetInfos");
	const target = Array.isArray(targets) ? targets.find((info) => field(info, "type") === "page") : undefined;
	const attached = await connection.send("Target.attachToTarget", { targetId: field(target, "targetId"), flatten: true });
	const session = field(attached, "sessionId");
	const complaints: string[] = [];
	let loaded = () => {};
	connection.on((method, params) => {
		if (method === "Page.loadEventFired") loaded();
		if (method === "Runtime.exceptionThrown") complaints.push(JSON.stringify(field(params, "exceptionDetails")));
		if (method === "Log.entryAdded") complaints.push(String(field(params, "entry", "text")));
		if (method === "Network.requestWillBeSent") {
			const url = String(field(params, "request", "url"));
			if (!/^(file|about):/.test(url) || field(params, "type") !== "Document") complaints.push(`asked for ${url}`);
		}
	});
	for (const domain of ["Page", "Runtime", "Log", "Network"]) await connection.send(`${domain}.enable`, {}, session);
	const evaluate = async (expression: string): Promise<unknown> => {
		const done = await connection.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, session);
		const problem = field(done, "exceptionDetails");
		if (problem !== undefined) throw new Error(JSON.stringify(problem));
		return field(done, "result", "value");
	};
	return {
		complaints: () => complaints.splice(0),
		async open(url) {
			// From another document: a fragment alone would not load the page again.
			for (const address of ["about:blank", url]) {
				const done = new Promise<void>((resolve) => {
					loaded = resolve;
				});
				await connection.send("Page.navigate", { url: address }, session);
				await done;
			}
		},
		evaluate,
		async until(expression) {
			await evaluate(
				`new Promise((resolve) => { const look = () => (${expression}) ? resolve() : setTimeout(look, 20); look(); })`,
			);
		},
		async press(key) {
			await connection.send("Input.dispatchKeyEvent", { type: "keyDown", key, text: key }, session);
			await connection.send("Input.dispatchKeyEvent", { type: "keyUp", key }, session);
		},
		async resize(width, height) {
			const metrics = { width, height, deviceScaleFactor: 1, mobile: false };
			await connection.send("Emulation.setDeviceMetricsOverride", metrics, session);
		},
	};
}

/** A browser with one page. */
export interface Browser {
	readonly page: Page;
	stop(): Promise<void>;
}

/** Starts a browser for tests. */
export async function start_browser(chromium: string): Promise<Browser> {
	const { profile, remove } = await make_profile();
	const browser = spawn(chromium, [...options(profile), "--remote-debugging-pipe", "about:blank"], {
		stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
	});
	const ended = new Promise((resolve) => browser.once("exit", resolve));
	const connection = new Connection(browser);
	const stop = async (): Promise<void> => {
		connection.send("Browser.close").catch(() => browser.kill());
		await ended;
		await remove();
	};
	try {
		return { page: await open_page(connection), stop };
	} catch (problem) {
		await stop();
		throw problem;
	}
}
