import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Inbox } from "./inbox.ts";

/** A line that the client wrote, as slixmpp_client.py describes them. */
type Line = Readonly<Record<string, unknown>>;

/** A Python that has slixmpp; undefined where there is none. Debian's own Python has its packages, another one in front has not. */
export function find_python(): string | undefined {
	return ["python3", "/usr/bin/python3"].find((python) => spawnSync(python, ["-c", "import slixmpp"]).status === 0);
}

function is_line(value: unknown): value is Line {
	return typeof value === "object" && value !== null;
}

/** A client that uses slixmpp, in a process of its own. */
export class SlixmppClient {
	/** What happened to it, oldest first. */
	readonly events = new Inbox<Line>();
	/** What the library warned of. */
	readonly complaints: string[] = [];

	private readonly answers = new Inbox<Line>();
	private readonly child: ChildProcess;
	private readonly exited: Promise<unknown>;
	private orders = 0;
	private errors = "";

	constructor(python: string) {
		const child = spawn(python, ["-u", join(import.meta.dirname, "slixmpp_client.py")], { stdio: "pipe" });
		this.child = child;
		// Not `exit`: what it wrote last is read first
		this.exited = new Promise((resolve) => child.once("close", resolve));
		child.stderr.setEncoding("utf8").on("data", (text: string) => (this.errors += text));
		child.stdin.on("error", () => {});
		child.on("error", (error) => this.end(error.message));
		child.on("close", (code, signal) => this.end(`slixmpp's process ended (${code ?? signal})`));
		createInterface(child.stdout).on("line", (text) => this.read(text));
	}

	private end(reason: string): void {
		const error = new Error(`${reason}\n${this.errors}`);
		this.answers.end(error);
		this.events.end(error);
	}

	private read(text: string): void {
		const line: unknown = JSON.parse(text);
		if (!is_line(line)) return;
		if (line["event"] === "complaint") this.complaints.push(`${line["level"]}: ${line["text"]}`);
		else if ("id" in line) this.answers.add(line);
		else this.events.add(line);
	}

	/** Has it do something; answers with what came of it, and fails where the library did. */
	async order(what: string, details: Line): Promise<unknown> {
		this.orders += 1;
		const id = this.orders;
		this.child.stdin?.write(`${JSON.stringify({ ...details, id, do: what })}\n`);
		const answer = await this.answers.take(`an answer to ${what}`, (line) => line["id"] === id);
		if ("error" in answer) throw new Error(`${what}: ${answer["error"]}`);
		return answer["result"];
	}

	/** Ends the process, and waits until it is gone. */
	async stop(): Promise<void> {
		this.child.kill("SIGKILL");
		await this.exited;
	}
}
