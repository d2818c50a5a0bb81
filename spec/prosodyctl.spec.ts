// Prosody's own prosodyctl, as it is installed, with a server of ours.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { find_prosody } from "../tools/reference.ts";
import { Client } from "../tools/scansion/client.ts";
import { eventually, patience } from "./helper.ts";
import { not_installed } from "./needs.ts";

const program = resolve(import.meta.dirname, "../dist/enjamb.js");

/** The prosodyctl beside a Prosody. */
function prosodyctl_of(prosody: string | undefined): string | undefined {
	const path = prosody === undefined ? undefined : join(dirname(realpathSync(prosody)), "prosodyctl");
	return path !== undefined && existsSync(path) ? path : undefined;
}

function try_with(name: string, prosodyctl: string, version: "0.12" | "13"): void {
	describe(`prosodyctl ${name}`, () => {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-prosodyctl-"));
		const path = join(folder, "prosody.cfg.lua");
		let server: ReturnType<typeof spawn>;
		let port = 0;

		function configure(more = ""): void {
			writeFileSync(
				path,
				`data_path = "${folder}/data"
pidfile = "${folder}/data/prosody.pid"
log = { info = "${folder}/log" }
plugin_paths = { "${folder}/modules" }
interfaces = { "127.0.0.1" }
c2s_ports = { 0 }
s2s_ports = {}
http_ports = {}
https_ports = {}
certificates = "${folder}"
run_as_root = true
prosodyctl_service_warnings = false
authentication = "internal_hashed"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
modules_enabled = { "disco", "roster", "saslauth", "admin_shell", "ping" }
VirtualHost "localhost"
Component "rooms.localhost" "muc"
${more}`,
			);
		}

		/** Runs prosodyctl; what it prints, without its notes about certificates. */
		function ctl(args: readonly string[], input = ""): { status: number | null; out: string } {
			const ran = spawnSync(prosodyctl, ["--config", path, ...args], { input, encoding: "utf8", cwd: folder });
			const out = `${ran.stdout}${ran.stderr}`.split("\n").filter((line) => !/certmanager|^\s*$/.test(line));
			return { status: ran.status, out: out.join("\n") };
		}

		async function log_in(password: string): Promise<boolean> {
			const client = await Client.connect({ host: "127.0.0.1", port, jid: "romeo@localhost", password, timeout: patience });
			if (client.ok) await client.value.disconnect();
			return client.ok;
		}

		beforeAll(async () => {
			for (const sub of ["data", "modules"]) mkdirSync(join(folder, sub));
			writeFileSync(
				join(folder, "modules", "mod_hello.lua"),
				'module:set_global(); function module.command(arg) print("hello "..tostring(arg[1])); return 0; end',
			);
			configure();
			expect(ctl(["status"])).toMatchObject({ out: expect.stringContaining("Prosody is not running") });
			server = spawn(process.execPath, [program, "start", "--config", path], { stdio: ["ignore", "pipe", "inherit"] });
			let said = "";
			server.stdout?.on("data", (chunk) => {
				said += String(chunk);
			});
			port = await eventually(() => {
				const found = Number(/listens on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
				if (!(found > 0)) throw new Error(`it does not listen: ${said}`);
				return found;
			});
		});
		afterAll(async () => {
			if (server.exitCode === null) server.kill("SIGKILL");
			rmSync(folder, { recursive: true, force: true });
		});

		it("status", () => {
			expect(ctl(["status"])).toEqual({ status: 0, out: `Prosody is running with PID ${server.pid}` });
		});

		it("shell, with a line and with words", () => {
			expect(ctl(["shell", "c2s:count()"])).toEqual({ status: 0, out: "OK: Total: 0 clients" });
			expect(ctl(["shell", "host", "list"])).toEqual({
				status: 0,
				out: "localhost\nrooms.localhost (muc component)\nOK: 2 hosts",
			});
			expect(ctl(["shell", "user", "list", "away.example"])).toEqual({ status: 1, out: "Error: No such host" });
			expect(ctl(["shell", "module", "reload", "ping", "localhost"])).toEqual({
				status: 0,
				out: "Reloaded on localhost\nOK: Module reloaded on 1 host",
			});
			expect(ctl(["shell"], "c2s:count()\nquit\n").out).toContain("| OK: Total: 0 clients");
		});

		it("adduser, passwd and deluser", async () => {
			expect(ctl(["adduser", "romeo@localhost"], "first\nfirst\n").status).toBe(0);
			expect(await log_in("first")).toBe(true);
			expect(ctl(["passwd", "romeo@localhost"], "second\nsecond\n").status).toBe(0);
			expect(await log_in("first")).toBe(false);
			expect(await log_in("second")).toBe(true);
			expect(ctl(["deluser", "romeo@localhost"]).status).toBe(0);
			expect(await log_in("second")).toBe(false);
			expect(ctl(["deluser", "romeo@localhost"]).status).toBe(1);
		});

		it("mod_ of a module, and about", () => {
			expect(ctl(["mod_hello", "world"])).toEqual({ status: 0, out: "hello world" });
			expect(ctl(["about"]).status).toBe(0);
		});

		it("reload", async () => {
			configure('VirtualHost "second.example"\n');
			expect(ctl(["reload"])).toEqual({
				status: 0,
				out:
					version === "13"
						? "Served from now on: second.example\nOK: Config reloaded (you may need to reload modules to take effect)"
						: "Prosody log files re-opened and config file reloaded. You may need to reload modules for some changes to take effect.",
			});
			await eventually(() => expect(ctl(["shell", "host:list()"]).out).toContain("second.example"));
		});

		it("stop", async () => {
			expect(ctl(["stop"])).toEqual({ status: 0, out: "Stopped" });
			await eventually(() => expect(server.exitCode).toBe(0));
			expect(ctl(["status"]).out).toContain("Prosody is not running");
			expect(ctl(["shell", "c2s:count()"]).status).toBe(1);
		});
	});
}

const debian = prosodyctl_of(find_prosody());
if (!not_installed(debian, "prosodyctl", "it is not tried with a server of ours") && debian !== undefined) {
	try_with("as installed", debian, "0.12");
}
const named = process.env["ENJAMB_REFERENCE"];
const thirteen = named === undefined ? undefined : prosodyctl_of(find_prosody(named));
if (thirteen !== undefined) try_with("of 13", thirteen, "13");
else console.warn("ENJAMB_REFERENCE names no Prosody 13: its prosodyctl is not tried with a server of ours");
