// The program itself, killed while it moves data.

import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { archive_item_text } from "../../../../host/cli/migrate/list_items.ts";
import * as st from "../../../../host/util/stanza.ts";

/** What npm test builds first. */
const program = resolve(import.meta.dirname, "../../../../dist/enjamb.js");
const messages = 40_000;

let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => {
	if (!existsSync(program)) throw new Error("dist/enjamb.js is missing: npm run build makes it, and npm test does so first");
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(() => {
	child?.kill("SIGKILL");
	rmSync(folder, { recursive: true, force: true });
});

function write_archive(): string {
	const data = join(folder, "data");
	mkdirSync(join(data, "rooms/muc_log"), { recursive: true });
	const lines: string[] = [];
	for (let number = 0; number < messages; number++) {
		const stanza = st.message({ type: "groupchat", from: "tea@rooms/romeo" }, `message ${number}`);
		const text = archive_item_text({ key: `k${number}`, when: number, with: "message<groupchat", stanza, xml: "" });
		if (text.ok) lines.push(text.value);
	}
	appendFileSync(join(data, "rooms/muc_log/tea.list"), lines.join(""));
	return data;
}

interface Ended {
	readonly status: number | null;
	readonly out: string;
}

function start(from: string, to: string): Promise<Ended> {
	const started = spawn(process.execPath, [program, "migrate", "--from", from, "--to", to]);
	child = started;
	let out = "";
	for (const stream of [started.stdout, started.stderr]) {
		stream.on("data", (chunk) => {
			out += String(chunk);
		});
	}
	return new Promise((done) => started.once("close", (status) => done({ status, out })));
}

function steps(journal: string): number {
	return existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length : 0;
}

/** Kills it as soon as it has come further than before; answers false where it came to its end first. */
async function kill_on_the_way(from: string, to: string, journal: string): Promise<boolean> {
	const before = steps(journal);
	let has_ended = false;
	const ended = start(from, to).then((result) => {
		has_ended = true;
		return result;
	});
	while (!has_ended && (steps(journal) <= before || steps(journal) < 2)) await delay(2);
	await delay(Math.random() * 20);
	child?.kill("SIGKILL");
	return (await ended).status === null;
}

const digest_of = (out: string): string | undefined => /Digest of both: ([0-9a-f]{64})/.exec(out)?.[1];

it("loses and doubles nothing", async () => {
	const files = `internal:${write_archive()}`;
	const database = join(folder, "a.sqlite");
	let kills = 0;
	for (let time = 0; time < 4; time++) if (await kill_on_the_way(files, `sql:${database}`, `${database}.migration`)) kills++;
	const there = await start(files, `sql:${database}`);
	const back = join(folder, "back");
	const journal = join(back, "enjamb.migration");
	for (let time = 0; time < 4; time++) if (await kill_on_the_way(`sql:${database}`, `internal:${back}`, journal)) kills++;
	const returned = await start(`sql:${database}`, `internal:${back}`);
	expect(kills).toBeGreaterThan(2);
	for (const { status, out } of [there, returned]) {
		expect(out).toContain("Going on where an earlier run ended");
		expect(out).toContain("Verified: 40,000 records");
		expect(status).toBe(0);
	}
	expect(digest_of(returned.out)).toBe(digest_of(there.out));
});
