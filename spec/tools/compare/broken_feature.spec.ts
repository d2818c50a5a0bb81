import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start_subject } from "../../../host/cli/compare/subjects.ts";
import { default_config_text } from "../../../tools/compare/endpoints.ts";
import { default_stage } from "../../../tools/compare/stage.ts";
import { run, status } from "../../../tools/compare.ts";
import { read_script, run as run_scansion } from "../../../tools/scansion.ts";

let folder = "";
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "enjamb-broken-"));
	await writeFile(
		join(folder, "mod_gag.ts"),
		`import type { ModuleApi } from "enjamb";
export default (module: ModuleApi) => {
	module.hook("muc-get-default-role", ({ affiliation }) => (affiliation === undefined ? "visitor" : undefined), 100);
};`,
	);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The usual configuration, which ends with the room service, and for that a module that takes everybody's voice away. */
function broken_config(): string {
	return `plugin_paths = { "${folder}" }\n${default_config_text}\tmodules_enabled:append { "gag" }\n`;
}

/** A whole server that begins anew when the last client leaves, in place of a Prosody. */
function whole_config(): string {
	return default_config_text.replace('"time", "ping"', '"time", "ping", "debug_reset"');
}

describe("a room feature that somebody broke", () => {
	it("is found by random plays, shrunk to a few steps that show it on both servers, and shown on the page", async () => {
		const whole = await start_subject(whole_config());
		const out: string[] = [];
		try {
			const html = join(folder, "page.html");
			const ended = await run({
				scripts: [],
				random: { plays: 4, steps: 60, seed: 5 },
				reference: `127.0.0.1:${whole.port}`,
				config_text: default_config_text,
				stage: default_stage,
				plugin_paths: [],
				start_subject: () => start_subject(broken_config()),
				known: [],
				html,
				shrink_to: folder,
				command: "enjamb compare --random 4",
				write: (text) => void out.push(text),
				complain: () => undefined,
			});
			expect(ended).toBe(status.different);
			expect(out.join("")).toMatch(/visitor/);
			expect(await readFile(html, "utf8")).toContain("visitor");

			const [name = ""] = (await readdir(folder)).filter((file) => file.endsWith(".scs"));
			const file = join(folder, name);
			const script = read_script(file);
			if (!script.ok) throw new Error(script.error.message);
			const done = script.value.steps.filter(({ action }) => !action.startsWith("receives"));
			expect(done.length).toBeLessThanOrEqual(6);
			const quiet = { write: () => undefined, complain: () => undefined, timeout: 1 };
			expect(await run_scansion([file], { ...quiet, host: "127.0.0.1", port: whole.port })).toBe(0);
			expect(await run_scansion([file], { ...quiet, start_server: () => start_subject(broken_config()) })).toBe(1);
		} finally {
			await whole.stop();
		}
	});

	it("would not be found if it were whole: the same plays are equal then", async () => {
		const whole = await start_subject(whole_config());
		try {
			const ended = await run({
				scripts: [],
				random: { plays: 4, steps: 60, seed: 5 },
				reference: `127.0.0.1:${whole.port}`,
				config_text: default_config_text,
				stage: default_stage,
				plugin_paths: [],
				start_subject,
				known: [],
				command: "",
				write: () => undefined,
				complain: () => undefined,
			});
			expect(ended).toBe(status.equal);
		} finally {
			await whole.stop();
		}
	});
});

describe("what cannot be compared", () => {
	const options = {
		random: undefined,
		config_text: default_config_text,
		stage: default_stage,
		plugin_paths: [],
		start_subject,
		known: [],
		command: "",
		write: () => undefined,
	};

	it.each([
		["nothing is named", { scripts: [] }, /nothing to compare: name scripts, or ask for random plays/],
		["a script is not there", { scripts: ["nowhere.scs"] }, /nowhere\.scs/],
		[
			"the reference is no Prosody",
			{ scripts: ["spec/scansion"], reference: "/nowhere/prosody" },
			/\/nowhere\/prosody is no prosody/,
		],
		[
			"nobody listens at the reference's address",
			{ scripts: ["spec/scansion"], reference: "127.0.0.1:1" },
			/could not connect|127\.0\.0\.1/,
		],
	])("says so: %s", async (_what, more, expected) => {
		const told: string[] = [];
		const ended = await run({ ...options, ...more, complain: (text) => void told.push(text) });
		expect(ended).toBe(status.not_compared);
		expect(told.join("")).toMatch(expected);
	});
});
