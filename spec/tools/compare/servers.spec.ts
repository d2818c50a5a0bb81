// Plays whose clients are on three servers: the one with the rooms, a Prosody and an ejabberd.

import { describe, expect, it } from "vitest";
import { reachable } from "../../../host/cli/compare/servers.ts";
import { start_subject } from "../../../host/cli/compare/subjects.ts";
import { default_config_text } from "../../../tools/compare/endpoints.ts";
import { known_differences, servers_differences } from "../../../tools/compare/known_differences.ts";
import { elsewhere } from "../../../tools/compare/neighbours.ts";
import { random_play } from "../../../tools/compare/random.ts";
import { default_stage, distant_stage, on_stage } from "../../../tools/compare/stage.ts";
import type { Play } from "../../../tools/compare/types.ts";
import { run, status } from "../../../tools/compare.ts";
import { missing_for_peers } from "../../../tools/peers.ts";
import { find_prosody } from "../../../tools/reference.ts";
import { left_out } from "../../needs.ts";

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const is_left_out = left_out(missing_for_peers(prosody), "plays with clients on three servers are not compared");

const stage = { ...distant_stage, elsewhere: ["b.example", "c.example"] };

function jids({ players }: Play): string[] {
	return players.map(({ jid }) => jid);
}

describe("accounts", () => {
	it("are dealt out over the hosts, all clients of one together, the admin where the rooms are", () => {
		expect(jids(on_stage(random_play(1, 3, 40), stage))).toEqual([
			"romeo@home.example",
			"romeo@home.example",
			"juliet@b.example",
			"mercutio@c.example",
			"nurse@home.example",
			"admin@home.example",
		]);
	});

	it("are on other hosts in the next play", () => {
		expect(jids(on_stage(random_play(1, 4, 40), stage))[0]).toBe("romeo@b.example");
		expect(jids(on_stage(random_play(1, 5, 40), stage))[0]).toBe("romeo@c.example");
	});

	it("are meant by what clients send, in upper case, too", () => {
		const play: Play = {
			title: "",
			source: "seed:1:1:2",
			players: [{ name: "Romeo", jid: "romeo@localhost", password: "" }],
			steps: [
				{
					kind: "send",
					player: "Romeo",
					label: "",
					xml: "<a jid='romeo@localhost/x' to='ROOM@CONFERENCE.LOCALHOST/y' by='ROMEO@LOCALHOST' on='localhost' of='tybalt@localhost'/>",
				},
			],
		};
		expect(on_stage(play, stage).steps[0]).toMatchObject({
			xml: "<a jid='romeo@b.example/x' to='ROOM@CONFERENCE.HOME.EXAMPLE/y' by='ROMEO@B.EXAMPLE' on='home.example' of='tybalt@home.example'/>",
		});
		expect(on_stage(play, default_stage)).toEqual(play);
	});
});

describe.skipIf(is_left_out)("clients on three servers", () => {
	it.each([
		["get the same from both", "", status.equal],
		["are told so where rooms differ", "\tmuc_room_default_moderated = true\n", status.different],
	])("%s", { timeout: 180_000 }, async (_, more, expected) => {
		const out: string[] = [];
		const ended = await run({
			scripts: [],
			random: { plays: 1, steps: 40, seed: 7 },
			reference: prosody,
			config_text: default_config_text.replaceAll(default_stage.host, stage.host),
			stage: { ...distant_stage, elsewhere: Object.values(elsewhere) },
			plugin_paths: [],
			start_subject: (text) => start_subject(text + more),
			reachable,
			known: [...known_differences, ...servers_differences],
			command: "",
			json: true,
			write: (text) => void out.push(text),
			complain: (text) => void out.push(text),
		});
		expect(ended, out.join("").slice(-3000)).toBe(expected);
		const said = out.join("");
		for (const host of Object.values(elsewhere)) expect(said).toContain(`@${host}/`);
	});
});
