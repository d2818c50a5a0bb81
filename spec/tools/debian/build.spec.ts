import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DgramSocket } from "node-unix-socket";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Client } from "../../../tools/scansion/client.ts";
import { eventually, patience } from "../../helper.ts";
import { not_installed } from "../../needs.ts";

const has_dpkg = spawnSync("dpkg-deb", ["--version"]).status === 0;
const no_dpkg = not_installed(has_dpkg, "dpkg-deb", "no package for Debian is built");
const builder = join(import.meta.dirname, "../../../tools/debian/build.mjs");

describe.skipIf(no_dpkg)("the package for Debian, in a clean root folder", () => {
	let folder: string;
	let root: string;
	let child: ChildProcess | undefined;
	let systemd: DgramSocket | undefined;

	/** Debian's package manager, on the clean folder. Nothing else is installed there, and its scripts have no other root. */
	function dpkg(...options: readonly string[]): string {
		const given = ["--force-script-chrootless", "--force-depends", "--force-not-root", "--no-triggers"];
		return execFileSync("dpkg", [`--root=${root}`, `--log=${folder}/dpkg.log`, ...given, ...options], {
			encoding: "utf8",
			stdio: "pipe",
		});
	}

	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), "enjamb-debian-"));
		root = join(folder, "root");
		for (const path of ["info", "updates", "triggers"]) mkdirSync(join(root, "var/lib/dpkg", path), { recursive: true });
		for (const path of ["status", "available"]) writeFileSync(join(root, "var/lib/dpkg", path), "");
		execFileSync(process.execPath, [builder, folder], { stdio: "pipe" });
	});
	afterAll(() => {
		child?.kill("SIGKILL");
		systemd?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	it("installs", () => {
		const file = readdirSync(folder).find((name) => name.endsWith(".deb")) ?? "";
		expect(dpkg("--install", join(folder, file))).toContain("systemctl enable --now enjamb");
		expect(dpkg("--status", "enjamb")).toContain("Status: install ok installed");
		expect(statSync(join(root, "etc/enjamb/enjamb.cfg.lua")).mode & 0o777).toBe(0o640);
		expect(existsSync(join(root, "usr/share/man/man1/enjamb.1.gz"))).toBe(true);
	});

	it("has a unit that systemd can read, and that lets little through", () => {
		const unit = readFileSync(join(root, "lib/systemd/system/enjamb.service"), "utf8");
		expect(unit).toMatch(/^Type=notify$/m);
		if (spawnSync("systemd-analyze", ["--version"]).status !== 0) return;
		// What it runs is looked for where it will be
		const verified = spawnSync("systemd-analyze", ["verify", "--man=no", `--root=${root}`, "enjamb.service"], {
			encoding: "utf8",
		});
		const about_it = verified.stderr.split("\n").filter((line) => line.includes("enjamb.service"));
		expect(about_it.filter((line) => !/is not executable|No such file|not found/.test(line))).toEqual([]);
		const rated = execFileSync("systemd-analyze", ["security", "--offline=true", `--root=${root}`, "enjamb.service"], {
			encoding: "utf8",
		});
		expect(Number(/Overall exposure level for enjamb\.service: ([\d.]+)/.exec(rated)?.[1])).toBeLessThan(2.5);
	});

	it("has a manual that can be read", () => {
		if (spawnSync("man", ["--version"]).status !== 0) return;
		const shown = spawnSync("man", ["--warnings", join(root, "usr/share/man/man1/enjamb.1.gz")], { encoding: "utf8" });
		expect(shown.stderr).toBe("");
		expect(shown.stdout).toContain("/etc/enjamb/enjamb.cfg.lua");
	});

	it("runs with its configuration, makes accounts, and tells systemd", async () => {
		const program = join(root, "usr/bin/enjamb");
		const given = readFileSync(join(root, "etc/enjamb/enjamb.cfg.lua"), "utf8");
		const config = join(folder, "enjamb.cfg.lua");
		const here = given
			.replaceAll('"/var/lib/enjamb"', `"${folder}/data"`)
			.replaceAll("/run/enjamb/", `${folder}/`)
			.replaceAll('"/etc/enjamb/certs"', `"${root}/etc/enjamb/certs"`);
		writeFileSync(
			config,
			`${here.replace("VirtualHost", 'c2s_ports = { 0 } s2s_ports = {} interfaces = { "127.0.0.1" }\nVirtualHost')}`,
		);
		const checked = spawnSync(program, ["check", "--config", config], { encoding: "utf8" });
		expect(checked.stdout + checked.stderr).toMatch(/ 0 errors/);
		const added = spawnSync(program, ["adduser", "--config", config, "romeo@localhost"], {
			input: "secret\nsecret\n",
			encoding: "utf8",
		});
		expect([added.status, added.stderr]).toEqual([0, ""]);

		const path = join(folder, "notify");
		const heard: string[] = [];
		systemd = new DgramSocket();
		systemd.on("data", (text: Buffer) => void heard.push(text.toString()));
		systemd.bind(path);
		const started = spawn(program, ["start", "--config", config], {
			env: { ...process.env, NOTIFY_SOCKET: path },
			stdio: "pipe",
		});
		child = started;
		let out = "";
		for (const stream of [started.stdout, started.stderr]) {
			stream.on("data", (chunk) => {
				out += String(chunk);
			});
		}
		await eventually(() => expect(heard, out).toContain("READY=1"));
		const port = Number(/127\.0\.0\.1:(\d+) \(c2s\)/.exec(out)?.[1]);
		const client = await Client.connect({
			host: "127.0.0.1",
			port,
			jid: "romeo@localhost",
			password: "secret",
			timeout: patience,
		});
		expect(client.ok ? "" : client.error).toBe("");
		if (client.ok) await client.value.disconnect();
		const exited = new Promise((done) => started.once("exit", done));
		started.kill("SIGTERM");
		expect(await exited).toBe(0);
	});

	it("goes without a trace, but for data", () => {
		dpkg("--purge", "enjamb");
		const left = execFileSync("find", [root, "-type", "f", "-not", "-path", "*/var/lib/dpkg/*"], { encoding: "utf8" });
		expect(left).toBe("");
	});
});
