// A real Prosody, and three of our servers as one, whose clients are spread over them: the same random plays.
// By hand: CLUSTER_COMPARE=50 npx vitest run spec/host/core/cluster/compare.spec.ts

import { describe, expect, it } from "vitest";
import { default_config_text } from "../../../../tools/compare/endpoints.ts";
import { known_differences } from "../../../../tools/compare/known_differences.ts";
import { default_stage } from "../../../../tools/compare/stage.ts";
import { run, status } from "../../../../tools/compare.ts";
import { find_prosody } from "../../../../tools/reference.ts";
import { not_installed } from "../../../needs.ts";
import { start_nodes } from "./nodes.ts";

const reference = process.env["ENJAMB_REFERENCE"];
const no_prosody = not_installed(find_prosody(reference), "Prosody", "three nodes are not compared with one");

const plays = Number(process.env["CLUSTER_COMPARE"] ?? 3);
const seed = Number(process.env["CLUSTER_SEED"] ?? 71);

describe.skipIf(no_prosody)("three nodes beside one Prosody", () => {
	it("answer clients that are spread over them alike", { timeout: 3_600_000 }, async () => {
		let report = "";
		const compared = await run({
			scripts: [],
			random: { plays, steps: 60, seed },
			reference,
			config_text: default_config_text,
			stage: default_stage,
			plugin_paths: [],
			start_subject: (text: string) => start_nodes({ text }),
			known: known_differences,
			command: "",
			write: (text) => {
				report += text;
			},
			complain: (text) => {
				report += text;
			},
		});
		if (process.env["CLUSTER_COMPARE"] !== undefined) console.log(report);
		expect(compared, report).toBe(status.equal);
	});
});
