// A program whose output goes to a full disk.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { free_port } from "../../../tools/reference.ts";
import { eventually } from "../../helper.ts";
import { open } from "../sasl2_client.ts";

const program = resolve(import.meta.dirname, "../../../dist/enjamb.js");

let folder: string;
let output: number;
let child: ChildProcess | undefined;

describe.skipIf(!existsSync("/dev/full"))("where nothing can be written to the output", () => {
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "enjamb-full-"));
		output = openSync("/dev/full", "w");
	});

	afterEach(() => {
		child?.kill("SIGKILL");
		child = undefined;
		closeSync(output);
		rmSync(folder, { recursive: true, force: true });
	});

	it("a server goes on, and ends as it should", async () => {
		const port = await free_port();
		const config = join(folder, "prosody.cfg.lua");
		const text = `data_path = "${folder}"\nc2s_ports = { ${port} }\nc2s_interfaces = { "127.0.0.1" }\nc2s_require_encryption = false
modules_enabled = { "saslauth" }\nmodules_disabled = { "s2s" }\nlog = { debug = "*console" }\nVirtualHost "localhost"\n`;
		writeFileSync(config, text);
		const started = spawn(process.execPath, [program, "start", "--config", config], { stdio: ["ignore", output, output] });
		child = started;
		const exited = new Promise((done) => started.once("exit", (code, signal) => done(code ?? signal)));
		await eventually(async () => {
			const [client] = await open(port);
			client.destroy();
		});
		// Each of them is logged
		for (let times = 0; times < 3; times++) {
			const [client, said] = await open(port);
			client.destroy();
			expect(said).toContain("</stream:features>");
		}
		started.kill("SIGTERM");
		expect(await exited).toBe(0);
	});

	it("a command fails", () => {
		const { status, stderr } = spawnSync(process.execPath, [program, "about"], {
			cwd: folder,
			stdio: ["ignore", output, "pipe"],
			encoding: "utf8",
		});
		expect(status).toBe(1);
		expect(stderr).toMatch(/^enjamb: cannot write its output: ENOSPC/);
	});
});
