import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { find_prosody, type Reference, start_reference } from "../../tools/reference.ts";
import { Client } from "../../tools/scansion/client.ts";
import { eventually, patience } from "../helper.ts";
import { not_installed } from "../needs.ts";

const prosody = find_prosody();
const no_prosody = not_installed(prosody, "Prosody", "no real one is started");

let folder: string;
let running: Reference | undefined;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(async () => {
	vi.unstubAllEnvs();
	await running?.stop();
	running = undefined;
	rmSync(folder, { recursive: true });
});

/** An executable that stands in for Prosody. */
function executable(name: string, script: string): string {
	const file = join(folder, name);
	writeFileSync(file, `#!/bin/sh\n${script}\n`);
	chmodSync(file, 0o755);
	return file;
}

function is_running(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

describe("start_reference", () => {
	it.skipIf(no_prosody)("starts a Prosody of its own, and leaves nothing of it behind", async () => {
		const started = await start_reference();
		if (!started.ok) throw new Error(started.error);
		running = started.value;
		const { host, port, pid, data_folder } = started.value;
		const connected = await Client.connect({ host, port, jid: "ada@localhost", password: "any", timeout: patience });
		expect(connected.ok && connected.value.full_jid).toContain("ada@localhost/");
		if (connected.ok) await connected.value.disconnect();
		await eventually(() => expect(started.value.log()).toContain("ada@localhost"));
		expect(is_running(pid)).toBe(true);
		await started.value.stop();
		expect(is_running(pid)).toBe(false);
		expect(existsSync(data_folder)).toBe(false);
	});

	it.skipIf(no_prosody)("keeps data where it is told to, and takes modules and configuration", async () => {
		const plugins = join(folder, "plugins");
		mkdirSync(plugins);
		const greeting = `module:log("info", "greetings from %s", module:get_option_string("spec_name"))
module:open_store("spec_greeting"):set("ada", { "hello" })
`;
		writeFileSync(join(plugins, "mod_spec_greeting.lua"), greeting);
		const config = `modules_enabled = { "saslauth", "spec_greeting" }
spec_name = "the spec"
authentication = "internal_plain"
storage = "internal"
VirtualHost "localhost"
`;
		const data_folder = join(folder, "data");
		const started = await start_reference({ config, plugin_paths: [plugins], data_folder });
		if (!started.ok) throw new Error(started.error);
		running = started.value;
		await eventually(() => expect(started.value.log()).toContain("greetings from the spec"));
		await started.value.stop();
		expect(readFileSync(join(data_folder, "localhost", "spec_greeting", "ada.dat"), "utf8")).toContain("hello");
	});

	it.skipIf(no_prosody)("tells with the log why it did not start", async () => {
		// Other specs start Prosodys meanwhile, whose folders are elsewhere
		vi.stubEnv("TMPDIR", folder);
		const started = await start_reference({ config: 'VirtualHost "localhost' });
		expect(!started.ok && started.error).toMatch(/did not start: it ended with exit status 1\n[\s\S]*prosody\.cfg\.lua/);
		expect(readdirSync(folder)).toEqual([]);
	});

	it("tells that there is none", async () => {
		const started = await start_reference({ prosody: join(folder, "prosody") });
		expect(started).toEqual({
			ok: false,
			error: `${join(folder, "prosody")} was not found; install Prosody, or name its executable or a built checkout of it`,
		});
	});

	it("tells that a checkout is not built", async () => {
		executable("prosody", "exit 0");
		for (const name of ["plugins", "util"]) mkdirSync(join(folder, name));
		const started = await start_reference({ prosody: folder });
		expect(!started.ok && started.error).toContain("is a checkout of Prosody that is not built; run ./configure and make in it");
	});

	it("gives up on one that does not answer, and ends it", async () => {
		const pid_file = join(folder, "pid");
		const silent = executable("silent", `echo $$ > ${pid_file}; echo "thinking..."; exec sleep 60`);
		const started = await start_reference({ prosody: silent, timeout: 500 });
		expect(!started.ok && started.error).toBe(`${silent} did not start: it did not answer within 0.5 s\nthinking...`);
		expect(is_running(Number(readFileSync(pid_file, "utf8")))).toBe(false);
	});
});
