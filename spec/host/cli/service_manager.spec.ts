import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DgramSocket } from "node-unix-socket";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tell_systemd, watchdog_interval } from "../../../host/cli/service_manager.ts";
import { free_port } from "../../../tools/reference.ts";
import { eventually } from "../../helper.ts";

const program = resolve(import.meta.dirname, "../../../dist/enjamb.js");

let folder: string;
let child: ChildProcess | undefined;
let systemd: DgramSocket | undefined;
const heard: string[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-notify-"));
	heard.length = 0;
});
afterEach(() => {
	child?.kill("SIGKILL");
	child = undefined;
	systemd?.close();
	systemd = undefined;
	rmSync(folder, { recursive: true, force: true });
});

/** Stands in for systemd: hears what a service says. */
function listen(): string {
	const path = join(folder, "notify");
	systemd = new DgramSocket();
	systemd.on("data", (text: Buffer) => void heard.push(text.toString()));
	systemd.bind(path);
	return path;
}

describe("systemd", () => {
	it("hears when all ports listen, that the server is alive, and when it reads its configuration again or stops", async () => {
		const port = await free_port();
		const config = join(folder, "prosody.cfg.lua");
		writeFileSync(
			config,
			`c2s_ports = { ${port} } interfaces = { "127.0.0.1" } storage = "memory" data_path = "${folder}/data"
			modules_enabled = { "saslauth" } modules_disabled = { "s2s" } VirtualHost "localhost"`,
		);
		const journal = join(folder, "journal");
		const out = openSync(journal, "w");
		const { dev, ino } = fstatSync(out, { bigint: true });
		const env = { ...process.env, NOTIFY_SOCKET: listen(), WATCHDOG_USEC: "100000", JOURNAL_STREAM: `${dev}:${ino}` };
		const started = spawn(process.execPath, [program, "start", "--config", config], { env, stdio: ["ignore", out, "ignore"] });
		closeSync(out);
		child = started;
		const exited = new Promise((done) => started.once("exit", done));
		await eventually(() => expect(heard).toContain("READY=1"));
		await new Promise<void>((listening, refused) => {
			const socket = connect(port, "127.0.0.1", () => {
				socket.destroy();
				listening();
			});
			socket.on("error", refused);
		});
		await eventually(() => expect(heard.filter((line) => line === "WATCHDOG=1").length).toBeGreaterThan(2));
		started.kill("SIGHUP");
		await eventually(() => {
			const began = heard.findIndex((line) => /^RELOADING=1\nMONOTONIC_USEC=\d+$/.test(line));
			expect(began).toBeGreaterThan(0);
			expect(heard.indexOf("READY=1", began)).toBeGreaterThan(began);
		});
		started.kill("SIGTERM");
		expect(await exited).toBe(0);
		await eventually(() => expect(heard).toContain("STOPPING=1"));
		expect(readFileSync(journal, "utf8")).toMatch(/^<6>general +info\tReceived SIGHUP$/m);
	});

	it("is told nothing where it does not listen, or under a path that there cannot be", async () => {
		const logged: string[] = [];
		const log = (level: string, message: string) => void logged.push(`${level} ${message}`);
		(await tell_systemd(log, {}))("READY=1");
		expect(logged).toEqual([]);
		for (const path of ["relative", "/", `/${"x".repeat(108)}`]) (await tell_systemd(log, { NOTIFY_SOCKET: path }))("READY=1");
		expect(logged).toEqual(Array.from({ length: 3 }, () => "warn NOTIFY_SOCKET: expected the path of a socket, got %s"));
	});

	it("that is gone meanwhile costs a line in the log", async () => {
		const logged: string[] = [];
		const tell = await tell_systemd((level, message) => void logged.push(`${level} ${message}`), {
			NOTIFY_SOCKET: join(folder, "nobody"),
		});
		tell("READY=1");
		await eventually(() => expect(logged).toContain("warn Could not tell systemd %s: %s"));
	});

	it.each([
		[{ WATCHDOG_USEC: "30000000" }, 15_000],
		[{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "7" }, 15_000],
		[{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "8" }, undefined],
		[{ WATCHDOG_USEC: "1" }, 1],
		[{ WATCHDOG_USEC: "soon" }, undefined],
		[{ WATCHDOG_USEC: "0" }, undefined],
		[{}, undefined],
	])("with %o wants to hear every %s ms", (environment, expected) => expect(watchdog_interval(environment, 7)).toBe(expected));
});
