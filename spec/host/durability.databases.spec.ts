// Killed in the middle of it, the server as well as its database, with connections that are cut and stall: what anybody was told is true
// afterwards, and what was refused is not there. ENJAMB_KILLS says how often (3 when not given).

import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { not_installed } from "../needs.ts";
import { Cutter } from "./databases/cutter.ts";
import { find_mariadb, start_mariadb } from "./databases/mariadb.ts";
import { find_postgresql, start_postgresql } from "./databases/postgresql.ts";
import type { TestDatabase } from "./databases/types.ts";
import { Known, live_and_die, prepare, start_victim, type Victim } from "./durability/load.ts";
import { missing } from "./durability/missing.ts";

const program = resolve(process.env["ENJAMB_PROGRAM"] ?? join(import.meta.dirname, "../../dist/enjamb.js"));
const kills = Number(process.env["ENJAMB_KILLS"] ?? 3);
const longest_life = 2000;
const no_postgresql = not_installed(find_postgresql(), "PostgreSQL", "it is not killed");
const no_mariadb = not_installed(find_mariadb(), "MariaDB", "it is not killed");

let folder: string;
let victim: Victim | undefined;
let database: TestDatabase | undefined;
let way: Cutter | undefined;

beforeAll(() => {
	if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it, and npm test does so first`);
});
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-durability-"));
});
afterEach(async () => {
	await victim?.kill();
	victim = undefined;
	await way?.stop();
	await database?.remove();
	rmSync(folder, { recursive: true, force: true });
});

/** What befalls a database while the server runs. */
class Troubles {
	readonly counts = new Map<string, number>();
	private is_over = false;
	private readonly all: readonly (readonly [string, () => Promise<void>])[];

	constructor(place: TestDatabase, between: Cutter) {
		this.all = [
			[
				"killed",
				async () => {
					await place.stop("SIGKILL");
					await delay(Math.random() * 300);
					await place.start();
				},
			],
			["cut", () => between.cut()],
			["cut before a commit", () => between.set({ mode: "pass", before: "COMMIT" })],
			["cut behind a commit", () => between.set({ mode: "pass", behind: "COMMIT" })],
			[
				"stalled",
				async () => {
					await between.set({ mode: "stall" });
					await delay(Math.random() * 300);
					// What did not come through never will
					await between.cut();
					await between.set({ mode: "pass" });
				},
			],
		];
	}

	async run(): Promise<void> {
		this.is_over = false;
		while (!this.is_over) {
			await delay(Math.random() * 300);
			const [name, trouble] = this.all[Math.floor(Math.random() * this.all.length)] ?? [];
			if (this.is_over || name === undefined || trouble === undefined) continue;
			this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
			await trouble();
		}
	}

	stop(): void {
		this.is_over = true;
	}
}

describe.each([
	["PostgreSQL", no_postgresql, start_postgresql],
	["MariaDB", no_mariadb, start_mariadb],
])("with %s", (name, is_left_out, start) => {
	it.skipIf(is_left_out)(`keeps all that it told, killed ${kills} times under load`, { timeout: kills * 120_000 }, async () => {
		database = await start();
		way = await Cutter.start(database.port);
		const data = join(folder, "data");
		mkdirSync(data);
		const troubles = new Troubles(database, way);
		const known = new Known();
		const sql = { ...database.sql, port: way.port };
		const option = Object.entries(sql).map(([key, given]) => `${key} = ${JSON.stringify(given)}`);
		const path = prepare(program, folder, `"sql"\nsql = { ${option.join("; ")} }`);
		for (let life = 1; life <= kills; life++) {
			victim = await start_victim(program, folder, path);
			const found = await live_and_die(victim, known, `life${life}`, Math.random() * longest_life, troubles);
			victim = undefined;
			await way.set({ mode: "pass" });
			expect(found).toEqual([]);
			const recent = new Map([...known.messages].filter(([room]) => life === kills || room.startsWith(`life${life}-`)));
			expect(missing(known, recent, { storage: "sql", sql: database.sql }, data)).toEqual([]);
		}
		expect(known.count).toBeGreaterThan(kills);
		const refused = known.names.refused + known.passwords.refused + known.refused_members.size;
		console.info(
			`${name}: ${kills} kills, ${known.count} messages received, ${known.names.confirmed} names, ${known.members.size} members and ` +
				`${known.passwords.confirmed} passwords confirmed; ${known.refused.size} messages and ${refused} changes refused; ` +
				[...troubles.counts].map(([trouble, count]) => `${count} times ${trouble}`).join(", "),
		);
	});
});
