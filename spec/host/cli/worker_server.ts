// A server of several processes, in a process of its own.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { free_port } from "../../../tools/reference.ts";
import { Running } from "../../../tools/running.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { patience } from "../../helper.ts";

export const program = resolve(process.env["ENJAMB_PROGRAM"] ?? join(import.meta.dirname, "../../../dist/enjamb.js"));
export const service = "conference.localhost";

/** How long a server may take until it serves, and until it has ended, in milliseconds. */
const longest = 2 * patience;

/** A folder with the configuration of a server, which may run several times. */
export class WorkerServer {
	readonly folder = mkdtempSync(join(tmpdir(), "enjamb-workers-"));
	readonly config = join(this.folder, "prosody.cfg.lua");
	port = 0;
	private running: Running | undefined;
	private readonly clients: Client[] = [];

	/**
	 * @param general lines before the hosts
	 * @param rooms lines of the room service, and of hosts after it
	 */
	async configure(general = "", rooms = "	muc_room_locking = false"): Promise<void> {
		this.port = await free_port();
		writeFileSync(
			this.config,
			`data_path = "${this.folder}/data"
interfaces = { "127.0.0.1" }
c2s_ports = { ${this.port} }
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
modules_enabled = { "disco", "roster", "saslauth", "ping", "carbons", "blocklist", "admin_shell" }
modules_disabled = { "s2s", "tls" }
storage = "sql"
log = { info = "*console" }
worker_timeout = 30
${general}
VirtualHost "localhost"
Component "${service}" "muc"
	modules_enabled = { "muc_mam" }
${rooms}
`,
		);
	}

	run(...args: string[]): Running {
		const running = new Running(
			process.execPath,
			[program, "start", "--config", this.config, ...args],
			mkdtempSync(join(this.folder, "run-")),
		);
		this.running = running;
		return running;
	}

	/** Starts it, and waits until all workers serve. */
	async start(workers: number): Promise<Running> {
		const running = this.run("--workers", String(workers));
		await until(
			() => running.log().includes("listens on") || running.ended !== undefined,
			() => running.log(),
		);
		if (running.ended !== undefined) throw new Error(`it does not start: ${running.ended}\n${running.log()}`);
		return running;
	}

	/** The process of a worker, by its name, as the log has it; the newest one. */
	worker(node: string): number {
		const found = [...(this.running?.log() ?? "").matchAll(new RegExp(`${node} serves \\(process (\\d+)\\)`, "g"))];
		return Number(found.at(-1)?.[1] ?? 0);
	}

	async login(name: string): Promise<Client> {
		const jid = `${name}@localhost`;
		const client = await Client.connect({ host: "127.0.0.1", port: this.port, jid, password: "any", timeout: patience });
		if (!client.ok) throw new Error(client.error);
		this.clients.push(client.value);
		return client.value;
	}

	/** Ends its first process with a signal, and waits for that. */
	async end(signal: NodeJS.Signals): Promise<void> {
		const { running } = this;
		if (running === undefined) return;
		if (running.ended === undefined) process.kill(running.pid, signal);
		await until(
			() => running.ended !== undefined,
			() => running.log(),
		);
	}

	async remove(): Promise<void> {
		for (const client of this.clients.splice(0)) await client.disconnect();
		await this.running?.stop();
		rmSync(this.folder, { recursive: true, force: true });
	}

	file(name: string): string {
		return readFileSync(join(this.folder, "data", name), "utf8");
	}
}

/** Waits for a fact; where it does not come about, the error says what was there instead. */
export async function until(is_so: () => boolean, what: () => string): Promise<void> {
	const deadline = performance.now() + longest;
	while (!is_so()) {
		if (performance.now() > deadline) throw new Error(`it does not come about:\n${what()}`);
		await delay(20);
	}
}
