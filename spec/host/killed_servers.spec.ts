// Servers that are killed at any time, ours and those around it: nobody stays in a room who is gone, and nothing is lost that anybody in a
// room saw. ENJAMB_KILLS says how often (6 when not given).

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { NameServer } from "../../tools/name_server.ts";
import { missing_for_peers } from "../../tools/peers.ts";
import { find_prosody, free_port } from "../../tools/reference.ts";
import { left_out } from "../needs.ts";
import { type Mortal, type OwnServer, ping_interval, service, start_far, start_own, start_uplink } from "./killed/servers.ts";
import { type Home, occupants_of, Seen, Wanderer } from "./killed/wanderer.ts";
import { start_storage } from "./storage_server.ts";

const program = resolve(process.env["ENJAMB_PROGRAM"] ?? join(import.meta.dirname, "../../dist/enjamb.js"));
const kills = Number(process.env["ENJAMB_KILLS"] ?? 6);
const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const is_left_out = left_out(missing_for_peers(prosody), "servers around ours are not killed");

/** The longest that a life may be until the next kill, in milliseconds. */
const longest_life = 1000;
/** How long a busy machine may take for what needs no time, in seconds. */
const leeway = 60;
const loud = `loud@${service}`;
const quiet = `quiet@${service}`;

const ends: (() => Promise<unknown> | unknown)[] = [];

beforeAll(() => {
	if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it, and npm test does so first`);
});
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

function will_end<Thing extends { stop(): unknown }>(thing: Thing): Thing {
	ends.push(() => thing.stop());
	return thing;
}

/** What anybody saw and the archives do not have. */
function lost({ messages, nowhere }: Seen, data: string, storage: string): string[] {
	const server = start_storage({ "*": { storage, storage_archive_item_limit: 1_000_000 }, [service]: {} }, { folder: data });
	const wrong = nowhere.map((message) => `${message}: delivered, and archived nowhere`);
	const archive = server.open("muc_log", "archive", service);
	for (const [room, bodies] of messages) {
		const found = archive.find(room.split("@")[0] ?? "");
		if (!found.ok) throw new Error(found.error.text);
		const stored = new Map(found.value.items.map(({ id, stanza }) => [id, stanza.get_child_text("body")]));
		for (const [id, body] of bodies) {
			if (stored.get(id) !== body) wrong.push(`${room}, message ${id}: ${stored.get(id) ?? "not there"} instead of ${body}`);
		}
	}
	server.stop(true);
	return wrong;
}

/** Waits until those who are in a room are exactly those who know that they are. Answers with how long that took, in seconds. */
async function until_exact(room: string, wanderers: readonly Wanderer[], from: Home): Promise<number> {
	const start = Date.now();
	for (;;) {
		const there = await occupants_of(room, from);
		const expected = wanderers.map(({ nick }) => nick);
		const seconds = (Date.now() - start) / 1000;
		if (!expected.includes(undefined) && there?.join() === expected.sort().join()) return seconds;
		if (seconds > ping_interval + leeway) {
			expect(`${room}: ${there?.join()}`, wanderers.map(({ story }) => story).join("\n")).toBe(`${room}: ${expected.join()}`);
		}
		await delay(100);
	}
}

describe.skipIf(is_left_out).each([
	["rooms as a component of a Prosody, and a Prosody elsewhere", "internal", true, "prosody"],
	["rooms as a component of a Prosody, and an ejabberd elsewhere", "sql", true, "ejabberd"],
	["accounts and rooms here, and a Prosody elsewhere", "sql", false, "prosody"],
	["accounts and rooms here, and an ejabberd elsewhere", "internal", false, "ejabberd"],
] as const)("%s, with storage %s", (_, storage, has_uplink, elsewhere) => {
	it(`keeps who is there and all that was said, with ${kills} kills`, { timeout: 120_000 + kills * 60_000 }, async () => {
		const names = await NameServer.start();
		ends.push(() => names.close());
		const component_port = has_uplink ? await free_port() : undefined;
		const uplink = component_port === undefined ? undefined : will_end(await start_uplink(names, component_port, prosody));
		const ours: OwnServer = will_end(await start_own(program, names, storage, component_port));
		const far = will_end(await start_far(names, elsewhere, prosody));
		const home = uplink?.home ?? ours.home;
		if (home === undefined || far.home === undefined) throw new Error("there is nowhere to log in");
		const seen = new Seen();
		const wanderers = [
			new Wanderer("romeo", home, [loud, quiet], seen),
			new Wanderer("juliet", home, [loud, quiet], seen),
			new Wanderer("nurse", far.home, [loud, quiet], seen),
			new Wanderer("friar", far.home, [loud, quiet], seen),
		];
		ends.push(() => Promise.all(wanderers.map((wanderer) => wanderer.stop())));
		const mortals: readonly Mortal[] = uplink === undefined ? [ours, far] : [uplink, ours, far];
		const counts = new Map<string, number>();
		let longest = 0;
		for (let kill = 1; kill <= kills; kill++) {
			await delay(Math.random() * longest_life);
			// Each at least once, and then by chance; at times two at once
			const next = (number: number): Mortal | undefined => mortals[number % mortals.length];
			const first = next(kill <= mortals.length ? kill - 1 : Math.floor(Math.random() * mortals.length));
			const second = Math.random() < 0.2 ? next(Math.floor(Math.random() * mortals.length)) : undefined;
			const dying = [...new Set([first, second])].filter((mortal) => mortal !== undefined);
			for (const { what } of dying) counts.set(what, (counts.get(what) ?? 0) + 1);
			await Promise.all(dying.map((mortal) => mortal.die_and_rise()));
			for (const room of [loud, quiet]) longest = Math.max(longest, await until_exact(room, wanderers, home));
		}
		await Promise.all(wanderers.map((wanderer) => wanderer.stop()));
		await ours.rest();
		expect(seen.count).toBeGreaterThan(kills);
		expect(lost(seen, ours.data, storage)).toEqual([]);
		expect(
			ours
				.log()
				.split("\n")
				.filter((line) => /^\S+\s+error\t/.test(line)),
		).toEqual([]);
		console.info(
			`${[...counts].map(([what, count]) => `${what}: killed ${count} times`).join("; ")}; ${seen.count} messages seen, none lost; ` +
				`after ${longest.toFixed(1)} s at the latest, everybody was right about who is there`,
		);
	});
});
