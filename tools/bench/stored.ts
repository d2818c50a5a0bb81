// No counterpart: servers that find much stored when they start.

import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { ns } from "../../host/util/ns.ts";
import { BenchClient } from "./client.ts";
import { median } from "./latencies.ts";
import { rss_mib } from "./processes.ts";
import { room_jid } from "./rooms.ts";
import type { RoomStorage, Scenario } from "./types.ts";

/** When the first message was said, and how many seconds after it each next one. */
const first_time = 1_700_000_000;
const pause = 3;
/** How often each query is asked; the first times are not counted. */
const asked = 25;
const warm = 4;

const host = "conference.localhost";
const room = room_jid("old");

function hex(number: number, digits: number): string {
	return number.toString(16).padStart(digits, "0");
}

/** The id of a message: as Prosody 13 makes them, with its time. */
function id_of(index: number): string {
	const time = hex((first_time + index * pause) * 1000, 12);
	return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(index & 0xfff, 3)}-8000-${hex(index, 12)}`;
}

function stamp(index: number): string {
	return `${new Date((first_time + index * pause) * 1000).toISOString().slice(0, 19)}Z`;
}

const body = "x".repeat(80);

/** Writes Prosody's tables with an archive of so many messages, or with so many rooms. */
function write_tables(folder: string, messages: number, rooms: number): void {
	const database = new Sqlite(join(folder, "bench.sqlite"));
	database.pragma("journal_mode = OFF");
	database.pragma("synchronous = OFF");
	database.exec(`
		CREATE TABLE "prosody" ("host" TEXT NOT NULL, "user" TEXT NOT NULL, "store" TEXT NOT NULL, "key" TEXT NOT NULL,
			"type" TEXT NOT NULL, "value" TEXT NOT NULL);
		CREATE UNIQUE INDEX "prosody_unique_index" ON "prosody" ("host", "user", "store", "key");
		CREATE TABLE "prosodyarchive" ("sort_id" INTEGER PRIMARY KEY AUTOINCREMENT, "host" TEXT NOT NULL, "user" TEXT NOT NULL,
			"store" TEXT NOT NULL, "key" TEXT NOT NULL, "when" INTEGER NOT NULL, "with" TEXT NOT NULL, "type" TEXT NOT NULL,
			"value" TEXT NOT NULL);`);
	const [node = ""] = room.split("@");
	const add = database.prepare(
		`INSERT INTO "prosodyarchive" ("host", "user", "store", "key", "when", "with", "type", "value") VALUES ('${host}', '${node}', 'muc_log', ?, ?, 'message<groupchat', 'xml', ?)`,
	);
	const keep = database.prepare(`INSERT INTO "prosody" VALUES ('${host}', ?, ?, ?, ?, ?)`);
	database.transaction(() => {
		for (let index = 0; index < messages; index++) {
			const text = `<message type='groupchat' id='m${index}' from='${room}/nick${index % 50}'><body>${index} ${body}</body></message>`;
			add.run(id_of(index), first_time + index * pause, text);
		}
		for (let index = 0; index < rooms; index++) {
			const name = `stored${index}`;
			keep.run(name, "config", "_jid", "string", `${name}@${host}`);
			keep.run(name, "config", "_data", "json", `{"persistent":true,"name":"Room ${index}"}`);
			keep.run("", "persistent", `${name}@${host}`, "boolean", "true");
		}
	})();
	for (const [name, columns] of [
		["index", `"key"`],
		["with_when", `"with", "when"`],
		["when", `"when"`],
		["sort", `"sort_id"`],
	] as const) {
		const unique = name === "index" ? "UNIQUE " : "";
		database.exec(`CREATE ${unique}INDEX "prosodyarchive_${name}" ON "prosodyarchive" ("host", "user", "store", ${columns})`);
	}
	database.close();
}

/** Writes Prosody's list of an archive with so many messages. */
function write_list(folder: string, messages: number): void {
	const path = join(folder, "conference%2elocalhost", "muc_log");
	mkdirSync(path, { recursive: true });
	const [node = ""] = room.split("@");
	const file = openSync(join(path, `${node}.list`), "w");
	let text = "";
	for (let index = 0; index < messages; index++) {
		const content = `\t{\n\t\t"${index} ${body}";\n\t\t["name"] = "body";\n\t\t["attr"] = {};\n\t};\n\t["name"] = "message";\n`;
		const attr = `\t["attr"] = {\n\t\t["type"] = "groupchat";\n\t\t["id"] = "m${index}";\n\t\t["from"] = "${room}/nick${index % 50}";\n\t\t["stamp"] = "${stamp(index)}";\n\t};\n`;
		const own = `\t["key"] = "${id_of(index)}";\n\t["when"] = ${first_time + index * pause};\n\t["with"] = "message<groupchat";\n`;
		text += `item({\n${content}${attr}${own}});\n`;
		if (text.length > 1 << 22) {
			writeSync(file, text, null, "latin1");
			text = "";
		}
	}
	writeSync(file, text, null, "latin1");
	closeSync(file);
}

/** The median time that a query takes, in milliseconds. */
async function time_of(client: BenchClient, name: string, form: string, set: string, more = ""): Promise<number> {
	const times: number[] = [];
	const x = `<x xmlns='${ns.data}' type='submit'><field var='FORM_TYPE' type='hidden'><value>${ns.mam}</value></field>${form}</x>`;
	for (let turn = 0; turn < asked; turn++) {
		const begun = performance.now();
		const query = `<query xmlns='${ns.mam}'>${form === "" ? "" : x}<set xmlns='${ns.rsm}'>${set}</set>${more}</query>`;
		await client.ask(`<iq type='set' id='${name}${turn}' to='${room}'>${query}</iq>`, `id='${name}${turn}'`);
		if (turn >= warm) times.push(performance.now() - begun);
	}
	return median(times);
}

function field(name: string, value: string): string {
	return `<field var='${name}'><value>${value}</value></field>`;
}

/** What pages of a very long archive take. */
export function archive_scenario(messages: number, storage: RoomStorage): Scenario {
	const name = `${(messages / 1_000_000).toLocaleString("en")} million`;
	return {
		id: `stored-${messages}-messages-${storage}`,
		title: `Slowest kind of query, an archive of ${name} messages, ${storage}`,
		unit: "ms",
		storage,
		archive: true,
		floor: false,
		prepare: (folder) => (storage === "sql" ? write_tables(folder, messages, 0) : write_list(folder, messages)),
		async run(subject) {
			const client = await BenchClient.open(subject.port);
			try {
				await client.join(room, "reader");
				const begun = performance.now();
				await time_of(client, "first", "", "<max>1</max>");
				const first = performance.now() - begun;
				const half = Math.floor(messages / 2);
				const from = field("start", stamp(half));
				const until = field("end", stamp(half + Math.floor(messages / 10)));
				const page = "<max>50</max>";
				const found = {
					last: await time_of(client, "last", "", `${page}<before/>`),
					middle: await time_of(client, "middle", "", `${page}<after>${id_of(half)}</after>`),
					time: await time_of(client, "time", from + until, page),
					flip: await time_of(client, "flip", from + until, `${page}<before/>`, "<flip-page/>"),
					count: await time_of(client, "count", from + until, "<max>0</max>"),
					"unknown id": await time_of(client, "unknown", "", `${page}<after>unknown</after>`),
				};
				return {
					value: Math.max(...Object.values(found)),
					details: { ...found, "first ones, in all": first, MiB: rss_mib(subject.pid) },
				};
			} finally {
				client.close();
			}
		},
	};
}

/** How long a server with very many stored rooms takes to start. */
export function stored_rooms_scenario(rooms: number): Scenario {
	return {
		id: `stored-${rooms}-rooms`,
		title: `From start to listening, ${rooms.toLocaleString("en")} stored rooms`,
		unit: "ms",
		storage: "sql",
		floor: false,
		prepare: (folder) => write_tables(folder, 0, rooms),
		run: (subject) => Promise.resolve({ value: subject.start_ms, details: { MiB: rss_mib(subject.pid) } }),
	};
}
