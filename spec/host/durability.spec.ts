// Killed in the middle of it, whatever else befalls it: what anybody was told is true after the restart. ENJAMB_KILLS says how often
// (6 when not given).

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Known, live_and_die, prepare, service, start_victim, type Victim } from "./durability/load.ts";
import { missing } from "./durability/missing.ts";
import { can_mount, mount, Troubles, unmount } from "./durability/trouble.ts";
import { run_lua, why_not } from "./prosody_lua.ts";

const program = resolve(process.env["ENJAMB_PROGRAM"] ?? join(import.meta.dirname, "../../dist/enjamb.js"));
const kills = Number(process.env["ENJAMB_KILLS"] ?? 6);
const longest_life = 400;
/** With troubles, so that some come and go. */
const longest_troubled_life = 1200;
const no_prosody = why_not("util.datamanager");

let folder: string;
let victim: Victim | undefined;

beforeAll(() => {
	if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it, and npm test does so first`);
});
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-durability-"));
});
afterEach(async () => {
	await victim?.kill();
	victim = undefined;
	if (can_mount) unmount(join(folder, "data"));
	rmSync(folder, { recursive: true, force: true });
});

/** Whether Prosody can read every file, which it does not if one entry of a list is broken. */
function unreadable_for_prosody(): string {
	if (no_prosody !== undefined) return "";
	const stores = join(folder, "data", "conference%2elocalhost");
	const calls = readdirSync(stores).flatMap((store) => {
		if (store.includes(".")) return [];
		return readdirSync(join(stores, store)).flatMap((file) => {
			const [, user, extension] = /^(.*)\.(dat|list)$/.exec(file) ?? [];
			if (user === undefined) return [];
			return [`check("${extension}", dm.path_decode("${user}"), "${store}")`];
		});
	});
	return run_lua(
		`prosody = { paths = { data = arg[1] }, platform = "posix" }
		local dm = require "util.datamanager"
		local function check(extension, user, store)
			local load = extension == "dat" and dm.load or dm.list_load
			local data, problem = load(user, "${service}", store)
			if not data then print(user, store, problem) end
		end
		${calls.join("\n")}`,
		{ args: [join(folder, "data")] },
	);
}

describe.each([
	["internal", "and otherwise left in peace"],
	["sql", "and otherwise left in peace"],
	["internal", "in all kinds of trouble"],
	["sql", "in all kinds of trouble"],
])("with storage %s, %s", (storage, circumstances) => {
	const is_troubled = circumstances.includes("trouble");

	it(`keeps all that it told, killed ${kills} times under load`, { timeout: kills * 60_000 }, async () => {
		const data = join(folder, "data");
		mkdirSync(data);
		if (is_troubled && can_mount) mount(data);
		const troubles = is_troubled ? new Troubles(storage, data) : undefined;
		if (troubles?.names.length === 0) throw new Error("there is nothing that could go wrong here");
		const known = new Known();
		const path = prepare(program, folder, `"${storage}"`);
		for (let life = 1; life <= kills; life++) {
			victim = await start_victim(program, folder, path);
			const lifetime = Math.random() * (is_troubled ? longest_troubled_life : longest_life);
			const found = await live_and_die(victim, known, `life${life}`, lifetime, troubles);
			victim = undefined;
			// As after a clean stop: who had to log in anew is in no room.
			expect(found).toEqual([]);
			// All rooms of all lives take long to look through: those of this one every time, the others now and then.
			const all = life % 10 === 0 || life === kills;
			const recent = new Map([...known.messages].filter(([room]) => all || room.startsWith(`life${life}-`)));
			expect(missing(known, recent, { storage }, data)).toEqual([]);
		}
		expect(known.count).toBeGreaterThan(kills);
		expect(known.names.confirmed).toBeGreaterThan(0);
		expect(known.passwords.confirmed).toBeGreaterThan(0);
		// What the last kill has cut off is put aside at the next start; so was what the ones before had
		victim = await start_victim(program, folder, path);
		await victim.stop();
		victim = undefined;
		if (storage === "internal") expect(unreadable_for_prosody()).toBe("");
		else {
			const file = new Sqlite(join(folder, "data", "prosody.sqlite"));
			expect(file.pragma("integrity_check", { simple: true })).toBe("ok");
			file.close();
		}
		const refused = known.names.refused + known.passwords.refused + known.refused_members.size;
		console.info(
			`${storage}, ${circumstances}: ${kills} kills, ${known.count} messages received, ${known.names.confirmed} names, ` +
				`${known.members.size} members and ${known.passwords.confirmed} passwords confirmed; ` +
				`${known.refused.size} messages and ${refused} changes refused; ` +
				[...(troubles?.counts ?? [])].map(([name, count]) => `${count} times ${name}`).join(", "),
		);
	});
});
