// A real Prosody, and three of our servers as one, whose clients are spread over them: the same random plays.
// By hand: CLUSTER_COMPARE=50 npx vitest run spec/host/core/cluster/compare.spec.ts

import { describe, expect, it } from "vitest";
import * as jid from "../../../../host/util/jid.ts";
import { ns } from "../../../../host/util/ns.ts";
import { default_config_text } from "../../../../tools/compare/endpoints.ts";
import { known_differences } from "../../../../tools/compare/known_differences.ts";
import { default_stage } from "../../../../tools/compare/stage.ts";
import type { KnownDifference } from "../../../../tools/compare/types.ts";
import { run, status } from "../../../../tools/compare.ts";
import { find_prosody } from "../../../../tools/reference.ts";
import { not_installed } from "../../../needs.ts";
import { start_nodes } from "./nodes.ts";

const reference = process.env["ENJAMB_REFERENCE"];
const no_prosody = not_installed(find_prosody(reference), "Prosody", "three nodes are not compared with one");

/** A room that comes to another node, such as where a command for administrators names it, asks those on other nodes whether they are there still. */
const asks_who_is_there: KnownDifference = {
	id: "cluster-asks-who-is-there",
	reason: "the end of a session on another node may have been lost with a node, and Prosody has no other nodes",
	matches: ({ reference_stanza, subject_stanza: stanza }) =>
		reference_stanza === undefined &&
		stanza?.name === "iq" &&
		stanza.attr["type"] === "get" &&
		stanza.get_child("ping", ns.ping) !== undefined &&
		jid.resource(stanza.attr["from"] ?? "") === undefined,
};

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
			known: [...known_differences, asks_who_is_there],
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
