import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start_subject } from "../../../host/cli/compare/subjects.ts";
import { default_config_text } from "../../../tools/compare/endpoints.ts";
import { play_from_script } from "../../../tools/compare/from_script.ts";
import { known_differences } from "../../../tools/compare/known_differences.ts";
import { default_stage } from "../../../tools/compare/stage.ts";
import { run } from "../../../tools/compare.ts";
import { find_prosody, start_reference } from "../../../tools/reference.ts";
import { parse_script } from "../../../tools/scansion/parse.ts";
import { run as play } from "../../../tools/scansion.ts";
import { not_installed } from "../../needs.ts";

const no_prosody = not_installed(find_prosody(), "Prosody", "nothing is recorded on a real one");

let folder = "";
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "enjamb-recorded-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a session that mod_scansion_record wrote down", () => {
	it("is a play of clients with the resources that they had", () => {
		const script = parse_script(
			[
				"# mod_scansion_record on host 'localhost' recording started 2026-01-01T12:00:00Z",
				"",
				"[Client] Romeo's phone",
				"\tpassword: password",
				"\tjid: ann@localhost/k3y",
				"",
				"-----",
				"",
				"Romeo's phone connects",
				"",
				"Romeo's phone sends:",
				"\t<presence xml:lang='en'/>",
				"",
				"Romeo's phone receives:",
				"\t<presence from='ann@localhost/k3y'/>",
				"",
				"Romeo's phone disconnects",
				"",
			].join("\n"),
			"recorded.scs",
		);
		if (!script.ok) throw new Error(script.error.message);
		const recorded = play_from_script(script.value);
		expect(recorded.players).toEqual([{ name: "Romeo's phone", jid: "ann@localhost", password: "password", resource: "k3y" }]);
		expect(recorded.steps.map(({ kind, line }) => [kind, line])).toEqual([
			["connect", 9],
			["send", 12],
			["disconnect", 17],
		]);
	});

	it.skipIf(no_prosody)("can be compared as it is", async () => {
		const recording = default_config_text.replace('VirtualHost "localhost"', '$&\n\tmodules_enabled = { "scansion_record" }');
		const prosody = await start_reference({ config: recording, data_folder: folder });
		if (!prosody.ok) throw new Error(prosody.error);
		const script = join(import.meta.dirname, "../../scansion/muc_join_leave.scs");
		const quiet = { write: () => undefined, complain: () => undefined };
		expect(await play([script], { ...quiet, host: prosody.value.host, port: prosody.value.port })).toBe(0);
		await prosody.value.stop();
		const [recorded = ""] = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".scs"));
		const told: string[] = [];
		const status = await run({
			scripts: [join(folder, recorded)],
			random: undefined,
			reference: undefined,
			config_text: default_config_text,
			stage: default_stage,
			plugin_paths: [],
			start_subject,
			known: known_differences,
			command: "",
			write: (text) => void told.push(text),
			complain: () => undefined,
		});
		expect(told.join("")).toMatch(/16 of 16 steps equal/);
		expect(status).toBe(0);
	});
});
