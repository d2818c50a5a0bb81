import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Client } from "../../../tools/scansion/client.ts";
import { expect_stanza, metric_value, start_test_server } from "../../helper.ts";
import { missing_here, folder as modules, on_both, type Stage, without_prosody } from "./community.ts";
import { enter, is_self, room, say } from "./terrace.ts";

// mod_firewall on the host of those who are in a room: its rules look at each copy of what is said there, and nobody can tell that
// they are not asked about each.

const is_missing = missing_here("firewall");
const no_prosody = without_prosody();
const folder = mkdtempSync(join(tmpdir(), "enjamb-firewall-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, rules: string): string {
	const path = join(folder, name);
	writeFileSync(path, rules);
	return path;
}

const rules = `
%ZONE quiet: mira@localhost
%LIST heard: memory
%RATE words: 0.001 (burst 2)
%SEARCH body: body#
%PATTERN word: [a-z]+

::deliver

KIND: message
INSPECT: body#/=for all but tomas
TO: tomas@localhost
DROP.

KIND: message
INSPECT: body#/=for all but mira
ENTERING: quiet
DROP.

INSPECT: body#/=only for the second
TO: <*>@localhost/<b*>
DROP.

INSPECT: body#~=^nobo(d)y
DROP.

PAYLOAD: urn:example:x
STRIP=x urn:example:x
INJECT=<seen xmlns='urn:example:seen'/>

INSPECT: body#/=twice a word
LIMIT: words
DROP.

INSPECT: body#/=remember
ADD_TO=heard $<@to|bare>

INSPECT: body#/=who remembers
CHECK LIST: heard contains $<@to|bare>
DROP.

COUNT: word in body > 8
TO: tomas@localhost
DROP.

INSPECT: body#/=by chain
JUMP_CHAIN=user/own

::user/own
TO: mira@localhost
DROP.
`;

const bodies = [
	"hello",
	"for all but tomas",
	"for all but mira",
	"only for the second",
	"nobody",
	"twice a word",
	"who remembers",
	"remember this",
	"who remembers now",
	"one two three four five six seven eight nine",
	"by chain",
];

/** What is said in the room until its end, as one hears it. */
async function heard(client: Client): Promise<string[]> {
	const texts: string[] = [];
	for (;;) {
		const stanza = await expect_stanza(client, ({ name, attr }) => name === "message" && attr["from"] === `${room}/Orla`);
		const seen = stanza.get_child("seen", "urn:example:seen") ? " (seen)" : "";
		const body = `${stanza.get_child_text("body")}${seen}${stanza.get_child("x", "urn:example:x") ? " (x)" : ""}`;
		if (body === "the end") return texts;
		texts.push(body);
	}
}

async function talk(stage: Stage): Promise<{ [name: string]: string[] }> {
	const clients = new Map<string, Client>();
	for (const [name, resource] of [
		["orla", "a"],
		["mira", "b1"],
		["tomas", "b2"],
		["ines", "c"],
	] as const) {
		const client = await stage.client(name, resource);
		clients.set(name, client);
		client.send(enter(`${name[0]?.toUpperCase()}${name.slice(1)}`));
		await expect_stanza(client, is_self);
	}
	const orla = clients.get("orla");
	for (const body of bodies) orla?.send(say(body));
	orla?.send(say("marked").tag("x", { xmlns: "urn:example:x" }).reset());
	orla?.send(say("the end"));
	const texts: { [name: string]: string[] } = {};
	for (const [name, client] of clients) texts[name] = await heard(client);
	return texts;
}

describe("mod_firewall", () => {
	it.skipIf(is_missing)("lets each of those in a room hear what its rules let pass, as on a real Prosody", async () => {
		const options = `muc_room_locking = false\nfirewall_scripts = { "${script("rules.pfw", rules)}" }`;
		const troupe = { accounts: ["presence", "message", "iq", "firewall"], options };
		const [ours, prosodys] = await on_both(troupe, no_prosody, talk);
		expect(ours).toEqual(prosodys);
		expect(ours["tomas"]).not.toContain("for all but tomas");
		expect(ours["ines"]).toContain("for all but tomas");
	});

	it.skipIf(is_missing)("is not asked about each copy where its own rules against spam let them pass", async () => {
		// nothing is logged, so that chains that say so in the log say nothing
		const stage = await start_test_server({
			config: {
				"*": {
					plugin_paths: [modules],
					firewall_scripts: ["module:scripts/spam-blocking.pfw"],
					muc_room_locking: false,
					statistics: "internal",
				},
				localhost: { modules_enabled: ["firewall"] },
			},
		});
		try {
			const { events } = stage.server;
			const calls = (): number => {
				events.fire_event("stats-update", {});
				return metric_value(stage.server, 'enjamb_lua_calls_total{host="localhost",module="firewall"}');
			};
			const clients: Client[] = [];
			for (let number = 0; number < 20; number++) {
				const client = await stage.client(number === 0 ? "orla" : `guest${number}`, "a");
				clients.push(client);
				client.send(enter(number === 0 ? "Orla" : `Guest${number}`));
				await expect_stanza(client, is_self);
			}
			const before = calls();
			clients[0]?.send(say("hello"));
			clients[0]?.send(say("the end"));
			for (const client of clients) expect(await heard(client)).toEqual(["hello"]);
			// two messages for twenty each: its rules are in four chains, one of which passes on to the next
			expect(calls() - before).toBeLessThan(20);
		} finally {
			await stage.stop();
		}
	});
});
