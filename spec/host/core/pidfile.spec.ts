import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lock_name } from "../../../host/core/claims.ts";
import { PidFile } from "../../../host/core/pidfile.ts";
import { find_prosody } from "../../../tools/reference.ts";
import { not_installed } from "../../needs.ts";
import { start_named } from "../named_process.ts";
import { why_not } from "../prosody_lua.ts";

let folder: string;
let path: string;
const children: ChildProcess[] = [];
const taken: PidFile[] = [];

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-pid-"));
	path = join(folder, "prosody.pid");
});

afterEach(async () => {
	for (const file of taken.splice(0)) file.release();
	for (const child of children.splice(0)) await end(child);
	rmSync(folder, { recursive: true });
});

async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill("SIGTERM");
	await once(child, "exit");
}

/** Starts a program, and waits until it says something. */
async function start(command: string, args: readonly string[]): Promise<ChildProcess> {
	const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
	children.push(child);
	await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
	return child;
}

function take(): ReturnType<typeof PidFile.take> {
	const result = PidFile.take(path);
	if (result.ok) taken.push(result.value);
	return result;
}

/** What Prosody's way of locking makes of the file. */
const lock_script = `local f = io.open(arg[1], "r+"); print(require "lfs".lock(f, "w") and "locked" or "refused"); io.flush()`;

describe("a pid file", () => {
	it("is there with the number until it is let go of", () => {
		const file = take();
		if (!file.ok) throw new Error(file.error.text);
		expect(readFileSync(path, "utf8")).toBe("");
		file.value.write();
		expect(readFileSync(path, "utf8")).toBe(String(process.pid));
		expect(readdirSync(folder)).toEqual(["prosody.pid"]);
		taken.pop()?.release();
		expect(readdirSync(folder)).toEqual([]);
	});

	it.each([
		["nothing", ""],
		["a number of nobody", "999999999"],
		["a line", "999999999\n"],
		["this process", String(process.pid)],
		["the process that waits for this one", String(process.ppid)],
		["another program", "1"],
	])("that holds %s is taken", (_, text) => {
		writeFileSync(path, text);
		const file = take();
		if (!file.ok) throw new Error(file.error.text);
		file.value.write();
		expect(readFileSync(path, "utf8")).toBe(String(process.pid));
	});

	it("that names a living server is left to it, unless that began later", async () => {
		const child = await start_named("/usr/bin/prosody");
		children.push(child);
		writeFileSync(path, `${child.pid}\n`);
		expect(take()).toEqual({
			ok: false,
			error: { text: `prosody runs already: ${path} names its process, ${child.pid}`, taken: true },
		});
		expect(readFileSync(path, "utf8")).toBe(`${child.pid}\n`);
		utimesSync(path, 1000, 1000);
		expect(take().ok).toBe(true);
	});

	it.each([
		["text", "root:x:0:0:root:/root:/bin/bash\n", "holds something else than the number of a process"],
		["a database", undefined, "is a database, not a pid file"],
	])("that is %s stays as it is", async (_, text, problem) => {
		if (text !== undefined) writeFileSync(path, text);
		else {
			const { default: Sqlite } = await import("better-sqlite3");
			new Sqlite(path).exec("CREATE TABLE a (b)").close();
		}
		const before = readFileSync(path);
		expect(take()).toEqual({ ok: false, error: { text: `${path} ${problem}`, taken: true } });
		expect(readFileSync(path).equals(before)).toBe(true);
	});

	it("that cannot be written keeps nobody from running", () => {
		path = join(folder, "no", "folder", "x.pid");
		expect(take()).toEqual({ ok: false, error: { text: expect.stringMatching(/^cannot write .*ENOENT/), taken: false } });
		path = folder;
		expect(take()).toEqual({ ok: false, error: { text: expect.stringMatching(/^cannot write .*/), taken: false } });
	});

	it("is had once, also within one process", () => {
		expect(take().ok).toBe(true);
		expect(take()).toMatchObject({
			ok: false,
			error: { text: expect.stringMatching(/^another server of this process/), taken: true },
		});
		taken[0]?.write();
		expect(take().ok).toBe(false);
		expect(readFileSync(path, "utf8")).toBe(String(process.pid));
	});

	it("is not removed where somebody else has put another one in its place", () => {
		expect(take().ok).toBe(true);
		rmSync(path);
		writeFileSync(path, "1");
		taken.pop()?.release();
		expect(readFileSync(path, "utf8")).toBe("1");
	});
});

describe.skipIf(why_not("lfs") !== undefined)("Prosody's lock and ours", () => {
	it("keep each other out", async () => {
		expect(take().ok).toBe(true);
		taken[0]?.write();
		const lua = (): string => spawnSync("lua5.4", ["-", path], { input: lock_script, encoding: "utf8" }).stdout.trim();
		expect(lua()).toBe("refused");
		taken.pop()?.release();
		for (const text of ["", "12345"]) {
			writeFileSync(path, text);
			expect(lua()).toBe("locked");
			writeFileSync(join(folder, "lock.lua"), `${lock_script}\nos.execute("sleep 60")`);
			const child = await start("lua5.4", [join(folder, "lock.lua"), path]);
			expect(take()).toEqual({
				ok: false,
				error: { text: `another server runs already (process ${child.pid}), and has locked ${path}`, taken: true },
			});
			expect(readFileSync(path, "utf8")).toBe(text);
			child.kill("SIGKILL");
			await once(child, "exit");
			expect(take().ok).toBe(true);
			taken.pop()?.release();
		}
	});
});

/** A port that is free now. */
async function free_port(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	server.close();
	return typeof address === "object" && address !== null ? address.port : 0;
}

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const no_prosody = not_installed(prosody, "Prosody", "it is not started beside this server");

describe("two servers on the same data", () => {
	/** Each listens elsewhere, so that no port stands in the way. */
	async function write_config(pidfile: string | undefined): Promise<void> {
		mkdirSync(join(folder, "data"), { recursive: true });
		for (const name of ["one", "two"]) {
			writeFileSync(
				join(folder, `${name}.cfg.lua`),
				`run_as_root = true; data_path = "${folder}/data"; interfaces = { "127.0.0.1" }; c2s_ports = { ${await free_port()} }
				s2s_ports = {}; http_ports = {}; https_ports = {}; storage = "internal"; authentication = "internal_hashed"
				${pidfile === undefined ? "" : `pidfile = "${pidfile}"`}
				modules_enabled = { "posix", "roster", "saslauth" }; modules_disabled = { "s2s" }
				log = { info = "${folder}/${name}.log" }
				VirtualHost "localhost"\n`,
			);
		}
	}

	const log_of = (name: string): string => readFileSync(join(folder, `${name}.log`), "utf8");
	const enjamb = (name: string): Promise<ChildProcess> =>
		start("node", ["dist/enjamb.js", "start", "--config", join(folder, `${name}.cfg.lua`)]);

	async function start_prosody(name: string): Promise<ChildProcess> {
		const child = spawn(prosody ?? "", ["-F", "--config", join(folder, `${name}.cfg.lua`)], { stdio: "ignore" });
		children.push(child);
		const is_ready = (): boolean =>
			child.exitCode !== null ||
			(existsSync(join(folder, `${name}.log`)) && /Activated service 'c2s'|quitting/.test(log_of(name)));
		await expect.poll(is_ready, { timeout: 15_000 }).toBe(true);
		return child;
	}

	/** Starts a second Enjamb, and answers with why it does not run. */
	async function refused(): Promise<string> {
		const child = spawn("node", ["dist/enjamb.js", "start", "--config", join(folder, "two.cfg.lua")], {
			stdio: ["ignore", "pipe", "pipe"],
		});
		children.push(child);
		let said = "";
		child.stderr.on("data", (chunk: Buffer) => {
			said += chunk;
		});
		child.stdout.on("data", (chunk: Buffer) => {
			said += `started: ${chunk}`;
			child.kill("SIGTERM");
		});
		await once(child, "exit");
		return said;
	}

	it.each([["prosody.pid"], [undefined]])("Enjamb beside Enjamb, with pid file %s", async (pidfile) => {
		await write_config(pidfile);
		const first = await enjamb("one");
		const at = join(folder, "data", pidfile ?? lock_name);
		expect(readFileSync(at, "utf8")).toBe(String(first.pid));
		expect(await refused()).toMatch(
			new RegExp(`^enjamb: another server runs already \\(process ${first.pid}\\), and has locked `, "m"),
		);
		expect(readFileSync(at, "utf8")).toBe(String(first.pid));
		expect(first.exitCode).toBe(null);
		await end(first);
		expect(existsSync(at)).toBe(false);
	});

	it("Enjamb after one that was killed", async () => {
		await write_config("prosody.pid");
		const first = await enjamb("one");
		first.kill("SIGKILL");
		await once(first, "exit");
		expect(readFileSync(join(folder, "data", "prosody.pid"), "utf8")).toBe(String(first.pid));
		const second = await enjamb("two");
		expect(readFileSync(join(folder, "data", "prosody.pid"), "utf8")).toBe(String(second.pid));
	});

	it("no pid before the ports listen, and the file of nobody where they do not", async () => {
		await write_config("prosody.pid");
		const blocker = createServer().listen(
			Number(/c2s_ports = \{ (\d+)/.exec(readFileSync(join(folder, "two.cfg.lua"), "utf8"))?.[1]),
			"127.0.0.1",
		);
		await once(blocker, "listening");
		expect(await refused()).toMatch(/cannot listen on .*the port is in use by another program/);
		blocker.close();
		expect(existsSync(join(folder, "data", "prosody.pid"))).toBe(false);
	});

	describe.skipIf(no_prosody)("one of them Prosody", () => {
		it.each([["prosody.pid"], [undefined]])("Enjamb beside Prosody, with pid file %s", async (pidfile) => {
			await write_config(pidfile);
			const first = await start_prosody("one");
			// Prosody writes it some time after its ports listen
			if (pidfile !== undefined) {
				await expect.poll(() => existsSync(join(folder, "data", pidfile)), { timeout: 15_000 }).toBe(true);
			}
			const before = pidfile === undefined ? undefined : statSync(join(folder, "data", pidfile)).mtimeMs;
			expect(await refused()).toMatch(
				/^enjamb: prosody \(process \d+\) runs on the data in .*: stop it, and disable its service/m,
			);
			expect(first.exitCode).toBe(null);
			if (pidfile === undefined) return;
			expect(readFileSync(join(folder, "data", pidfile), "utf8")).toBe(String(first.pid));
			expect(statSync(join(folder, "data", pidfile)).mtimeMs).toBe(before);
		});

		it("Prosody beside Enjamb", async () => {
			await write_config("prosody.pid");
			const first = await enjamb("one");
			const second = await start_prosody("two");
			// 0.12 says that it quits, and fails in that: it does so beside another Prosody as well
			const quits = readFileSync(prosody ?? "", "latin1").includes("prosody.util.startup");
			if (quits) await expect.poll(() => second.exitCode, { timeout: 15_000 }).toBe(1);
			await expect
				.poll(() => log_of("two"), { timeout: 15_000 })
				.toContain(`Another Prosody instance seems to be running with PID ${first.pid}, quitting`);
			expect(readFileSync(join(folder, "data", "prosody.pid"), "utf8")).toBe(String(first.pid));
			expect(first.exitCode).toBe(null);
		});
	});
});
