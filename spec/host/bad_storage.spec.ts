// What is broken on the disk hits who needs it, and nobody else: the log names the file, which stays as it is.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../host/core/config/config.ts";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { ask, expect_stanza, start_test_server, type TestServer } from "../helper.ts";

const service = "conference.localhost";
const service_folder = "conference%2elocalhost";

let folder: string;
let server: TestServer | undefined;

type Options = Record<string, Record<string, ConfigValue>>;

async function start(config: Options = {}): Promise<TestServer> {
	server = await start_test_server({
		data_path: folder,
		config: { ...config, "*": { storage: "internal", muc_log_expires_after: "never", ...config["*"] } },
		log: [{ to: { file: join(folder, "server.log") }, level: "info" }],
	});
	return server;
}

async function stop(): Promise<void> {
	await server?.stop();
	server = undefined;
}

/** What was logged so far. */
function logged(): string {
	return readFileSync(join(folder, "server.log"), "utf8");
}

function put(name: string, content: string): string {
	const path = join(folder, name);
	mkdirSync(join(path, ".."), { recursive: true });
	writeFileSync(path, content);
	return path;
}

/** Enters a room; answers with the presence that comes back, which may be an error. */
async function enter(client: Client, room: string, nick = "nick"): Promise<st.Stanza> {
	client.send(
		st
			.presence({ to: `${room}@${service}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.up(),
	);
	return expect_stanza(client, (stanza) => stanza.attr["from"] === `${room}@${service}/${nick}`);
}

function condition(stanza: st.Stanza): string | undefined {
	return stanza.get_child("error")?.first_tag?.name;
}

async function archived(client: Client, room: string): Promise<(string | undefined)[]> {
	const query = st
		.iq({ type: "set", to: `${room}@${service}`, id: "mam" })
		.query("urn:xmpp:mam:2")
		.up();
	const answer = await ask(client, query);
	expect(answer.attr["type"]).toBe("result");
	return client.queue.splice(0).flatMap((stanza) => {
		const forwarded = stanza.get_child("result", "urn:xmpp:mam:2")?.get_child("forwarded", "urn:xmpp:forward:0");
		const message = forwarded?.tags.find(({ name }) => name === "message");
		return message === undefined ? [] : [message.get_child_text("body")];
	});
}

async function say(client: Client, room: string, body: string): Promise<st.Stanza> {
	client.send(st.message({ to: `${room}@${service}`, type: "groupchat", id: `say ${body}` }, body));
	return expect_stanza(
		client,
		(stanza) => stanza.name === "message" && (stanza.attr["id"] === `say ${body}` || stanza.get_child_text("body") === body),
	);
}

/** A persistent room as Prosody stores it. */
function room_file(name: string, nick = "romeo"): string {
	return `return {\n\t["_jid"] = "${name}@${service}";\n\t["_data"] = {\n\t\t["persistent"] = true;\n\t\t["name"] = "Room ${name}";\n\t};\n\t["_affiliation_data"] = {\n\t\t["romeo@localhost"] = {\n\t\t\t["reserved_nickname"] = "${nick}";\n\t\t};\n\t};\n\t["romeo@localhost"] = "owner";\n};\n`;
}

function put_room(name: string, content = room_file(name)): string {
	return put(`${service_folder}/config/${name}.dat`, content);
}

function put_list(...names: string[]): void {
	put(`${service_folder}/persistent.dat`, `return {\n${names.map((name) => `\t["${name}@${service}"] = true;\n`).join("")}};\n`);
}

function item(body: string, when: number): string {
	return `item({\n\t{\n\t\t"${body}";\n\t\t["attr"] = {};\n\t\t["name"] = "body";\n\t};\n\t["when"] = ${when};\n\t["attr"] = {\n\t\t["stamp"] = "2020-01-01T00:00:00Z";\n\t\t["type"] = "groupchat";\n\t\t["from"] = "good@${service}/romeo";\n\t};\n\t["with"] = "message<groupchat";\n\t["name"] = "message";\n\t["key"] = "id ${body}";\n});\n`;
}

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-bad-"));
});
afterEach(async () => {
	await stop();
	rmSync(folder, { recursive: true, force: true });
});

describe("a file that was cut off", () => {
	it("closes the account in it, and leaves the others open", async () => {
		const config: Options = { "*": { authentication: "internal_plain" } };
		const text = 'return {\n\t["password"] = "pass';
		const path = put("localhost/accounts/romeo.dat", text);
		put("localhost/accounts/juliet.dat", 'return {\n\t["password"] = "password";\n};\n');
		const { client } = await start(config);
		await expect(client("romeo")).rejects.toThrow();
		await client("juliet");
		expect(logged()).toContain(`Cannot read the store accounts of romeo@localhost: ${path}, line 2: expected the end of a text`);
		expect(logged()).toContain("the file is left as it is");
		await stop();
		expect(readFileSync(path, "utf8")).toBe(text);
	});

	it("closes the room in it, and leaves the others open", async () => {
		put_list("good", "bad");
		put_room("good");
		const text = room_file("bad").slice(0, 100);
		const path = put_room("bad", text);
		const running = await start();
		const romeo = await running.client("romeo");
		expect(condition(await enter(romeo, "bad"))).toBe("internal-server-error");
		expect((await enter(romeo, "good", "romeo")).attr["type"]).toBeUndefined();
		const items = await ask(romeo, st.iq({ type: "get", to: service, id: "items" }).query(ns.disco_items).up());
		expect(items.first_tag?.tags.map((tag) => tag.attr["jid"])).toContain(`good@${service}`);
		expect(logged()).toContain(`${path}, line 5: expected`);
		await stop();
		expect(readFileSync(path, "utf8")).toBe(text);
		// Put right by hand, it is the room that it was.
		put_room("bad");
		const again = await start();
		expect((await enter(await again.client("romeo"), "bad", "romeo")).attr["type"]).toBeUndefined();
	});

	it("keeps the whole messages of an archive, and puts the rest aside before the next one", async () => {
		put_list("good");
		put_room("good");
		const [one, two, three] = [item("one", 1577836800), item("two", 1577836801), item("three", 1577836802)];
		const path = put(`${service_folder}/muc_log/good.list`, one + two + three.slice(0, three.length / 2));
		const running = await start();
		const romeo = await running.client("romeo");
		await enter(romeo, "good", "romeo");
		expect(await archived(romeo, "good")).toEqual(["one", "two"]);
		await say(romeo, "good", "four");
		expect(await archived(romeo, "good")).toEqual(["one", "two", "four"]);
		await stop();
		const aside = `${path}.cut-${Buffer.byteLength(one + two)}`;
		expect(readFileSync(aside, "utf8")).toBe(three.slice(0, three.length / 2));
		expect(readFileSync(path, "utf8").startsWith(`${one}${two}item({\n`)).toBe(true);
		expect(logged()).toContain(
			`${path} ends within an entry; the ${Buffer.byteLength(readFileSync(aside))} bytes of it were put into ${aside}`,
		);
	});

	it.each([
		["is put aside at the next start, so that Prosody can read the archive", true],
		["stays as it is where the server came to its end, since somebody else has left it", false],
	])("%s", async (_what, was_killed) => {
		const [one, two] = [item("one", 1577836800), item("two", 1577836801)];
		const path = put(`${service_folder}/muc_log/quiet.list`, one + two.slice(0, 20));
		const older = put(`${service_folder}/muc_log/older.list`, one + two.slice(0, 20));
		utimesSync(older, 1577836800, 1577836800);
		if (was_killed) put(".enjamb.lock", "");
		await start();
		await stop();
		expect(readFileSync(path, "utf8")).toBe(was_killed ? one : one + two.slice(0, 20));
		const aside = `${path}.cut-${Buffer.byteLength(one)}`;
		if (was_killed) {
			expect(readFileSync(aside, "utf8")).toBe(two.slice(0, 20));
			expect(logged()).toContain("Lists that ended within an entry can be read again: 1");
		} else expect(existsSync(aside)).toBe(false);
		expect(readFileSync(older, "utf8")).toBe(one + two.slice(0, 20));
		expect(existsSync(join(folder, ".enjamb.lock"))).toBe(false);
	});
});

it("a stale index is removed, and the archive is whole", async () => {
	put_list("good");
	put_room("good");
	const one = item("one", 1577836800);
	put(`${service_folder}/muc_log/good.list`, one + item("two", 1577836801));
	const stale = Buffer.alloc(16);
	stale.writeBigUInt64LE(7767640n, 0);
	stale.writeBigUInt64LE(BigInt(one.length), 8);
	const path = join(folder, service_folder, "muc_log/good.lidx");
	writeFileSync(path, stale);
	const running = await start();
	expect(await archived(await running.client("romeo"), "good")).toEqual(["one", "two"]);
	await stop();
	expect(existsSync(path)).toBe(false);
	expect(logged()).toContain(`${path} does not fit its list, and was removed`);
});

it("a nick that is no UTF-8 is read as it was probably meant, and the room works", async () => {
	put_list("good");
	const path = put_room("good", room_file("good", "rom\\255eo"));
	const running = await start();
	const romeo = await running.client("romeo");
	const juliet = await running.client("juliet");
	await enter(juliet, "good", "juliet");
	await say(juliet, "good", "hello");
	await enter(romeo, "good", "anything");
	await ask(
		romeo,
		st
			.iq({ type: "set", to: `good@${service}`, id: "ban" })
			.query(ns.muc_admin)
			.tag("item", { jid: "tybalt@localhost", affiliation: "outcast" })
			.up()
			.up(),
	);
	await stop();
	expect(logged()).toContain(`${path}, line 9: a text is not UTF-8`);
	expect(logged()).toContain("the reserved_nickname of romeo@localhost is not valid UTF-8");
	const text = readFileSync(path, "utf8");
	expect(text).toContain('["reserved_nickname"] = "rom\\195\\191eo"');
	expect(text).toContain('["tybalt@localhost"] = "outcast"');
});

describe("a host that nothing can be stored for", () => {
	it("does not run where its folder is none, and the others do", async () => {
		put(service_folder, "a file in place of a folder");
		const running = await start();
		const romeo = await running.client("romeo");
		expect(condition(await ask(romeo, st.iq({ type: "get", to: service, id: "info" }).query(ns.disco_info).up()))).toBeDefined();
		expect((await ask(romeo, st.iq({ type: "get", to: "localhost", id: "info" }).query(ns.disco_info).up())).attr["type"]).toBe(
			"result",
		);
		const path = join(folder, service_folder);
		expect(logged()).toContain(
			`${service} does not run, since nothing can be stored there: ${path} is a file: expected a folder`,
		);
		await stop();
		expect(readFileSync(path, "utf8")).toBe("a file in place of a folder");
	});

	it.each([
		[
			"is locked by another process",
			(file: Sqlite.Database) => file.exec('CREATE TABLE "x" ("y"); BEGIN EXCLUSIVE'),
			/does not run yet: .*prosody\.sqlite: another process is using it \(database is locked\); it is tried again/,
		],
		[
			"is of a newer version",
			(file: Sqlite.Database) =>
				file.exec(
					'CREATE TABLE "prosody" ("host", "user", "store", "key", "type", "value", "since"); INSERT INTO "prosody" ("host") VALUES (1)',
				),
			/does not run, .*prosody\.sqlite: the table prosody has the columns host, user, store, key, type, value, since: expected host, user, store, key, type, value/,
		],
	])("does not run where its database %s, and the others do", async (_what, prepare, expected) => {
		const path = join(folder, "prosody.sqlite");
		const other = new Sqlite(path);
		prepare(other);
		const running = await start({ [service]: { storage: "sql" } });
		const romeo = await running.client("romeo");
		expect((await ask(romeo, st.iq({ type: "get", to: "localhost", id: "info" }).query(ns.disco_info).up())).attr["type"]).toBe(
			"result",
		);
		expect(logged()).toMatch(expected);
		await stop();
		if (other.inTransaction) other.exec("ROLLBACK");
		const tables = other.prepare("SELECT name FROM sqlite_schema").pluck().all();
		expect(tables).toHaveLength(1);
		other.close();
	});

	it("is the reason not to start at all where it is the only one", async () => {
		put("localhost", "a file in place of a folder");
		put(service_folder, "another one");
		await expect(start()).rejects.toThrow(`${join(folder, "localhost")} is a file: expected a folder`);
	});
});

describe("a full disk", () => {
	it.skipIf(!existsSync("/dev/full"))("keeps back what it cannot hold, and says so to its sender", async () => {
		put_list("good");
		put_room("good");
		const running = await start();
		const [romeo, juliet] = [await running.client("romeo"), await running.client("juliet")];
		await enter(romeo, "good", "romeo");
		await enter(juliet, "good", "juliet");
		mkdirSync(join(folder, service_folder, "muc_log"), { recursive: true });
		symlinkSync("/dev/full", join(folder, service_folder, "muc_log", "good.list~"));
		const refused = await say(romeo, "good", "lost");
		expect(condition(refused)).toBe("internal-server-error");
		const told = await say(romeo, "good", "kept");
		expect(told.attr["type"]).toBe("groupchat");
		// Juliet was never shown what is not stored.
		const shown = await expect_stanza(juliet, (stanza) => stanza.get_child("body") !== undefined);
		expect(shown.get_child_text("body")).toBe("kept");
		expect(await archived(romeo, "good")).toEqual(["kept"]);
		expect(logged()).toMatch(
			/Could not store what was done: .*good\.list: could not be written; it is as it was before \(the disk is full, ENOSPC\)/,
		);
	});
});

describe("names that no file can have", () => {
	it("are no accounts, and make none", async () => {
		const long = "я".repeat(60);
		const { server: host, client } = await start({ "*": { authentication: "internal_plain" } });
		await expect(client(long)).rejects.toThrow();
		expect(host.usermanager.create_user(long, "localhost", "password")).toMatchObject({
			ok: false,
			error: expect.stringContaining("longer than a name of files may be"),
		});
		expect(host.usermanager.create_user("romeo", "localhost", "password").ok).toBe(true);
		const romeo = await client("romeo");
		romeo.send(st.message({ to: `${long}@localhost`, id: "m" }, "anybody?"));
		expect(condition(await expect_stanza(romeo, ({ attr }) => attr["id"] === "m"))).toBe("service-unavailable");
		expect(logged()).not.toContain("error");
	});

	it("are no rooms, and who wants one is told why", async () => {
		const { client } = await start();
		const romeo = await client("romeo");
		for (const long of ["я".repeat(60), "-".repeat(100)]) {
			expect(condition(await enter(romeo, long))).toBe("resource-constraint");
			const info = await ask(
				romeo,
				st
					.iq({ type: "get", to: `${long}@${service}`, id: "info" })
					.query(ns.disco_info)
					.up(),
			);
			expect(condition(info)).toBe("item-not-found");
		}
		expect((await enter(romeo, "x".repeat(240))).attr["type"]).toBeUndefined();
		expect(existsSync(join(folder, service_folder, "muc_log"))).toBe(false);
		expect(logged()).not.toContain("error");
	});

	it("are rooms all the same where the storage has no files", async () => {
		const { client } = await start({ "*": { storage: "sql" } });
		const romeo = await client("romeo");
		expect((await enter(romeo, "я".repeat(60))).attr["type"]).toBeUndefined();
	});
});

describe("texts that are no UTF-8, or no XML", () => {
	it("do not keep owners from their room, where they can set others", async () => {
		put_list("old");
		const path = put_room(
			"old",
			room_file("old")
				.replace("Room old", "Gr\\252n\\1")
				.replace('["romeo@localhost"] = "owner";', '["romeo@localhost"] = "owner";\n\t["jos\\233@localhost"] = "member";')
				.replace('"romeo";', '"rom\\233o";'),
		);
		const running = await start();
		const romeo = await running.client("romeo");
		const rooms = await ask(
			romeo,
			st.iq({ type: "get", to: service, id: "rooms" }).query("http://jabber.org/protocol/disco#items").up(),
		);
		expect(rooms.first_tag?.first_tag?.attr["name"]).toBe("Grün\ufffd");
		const form = await ask(
			romeo,
			st
				.iq({ type: "get", to: `old@${service}`, id: "form" })
				.query(ns.muc_owner)
				.up(),
		);
		const fields = form.first_tag?.get_child("x", ns.data)?.tags ?? [];
		expect(fields.find(({ attr }) => attr["var"] === "muc#roomconfig_roomname")?.get_child_text("value")).toBe("Grün\ufffd");
		const list = st
			.iq({ type: "get", to: `old@${service}`, id: "list" })
			.query(ns.muc_admin)
			.tag("item", { affiliation: "member" });
		expect((await ask(romeo, list.reset())).first_tag?.first_tag?.attr["jid"]).toBe("josé@localhost");
		const change = st
			.iq({ type: "set", to: `old@${service}`, id: "set" })
			.query(ns.muc_owner)
			.tag("x", { xmlns: ns.data, type: "submit" });
		change.tag("field", { var: "FORM_TYPE" }).text_tag("value", "http://jabber.org/protocol/muc#roomconfig").up();
		change.tag("field", { var: "muc#roomconfig_roomname" }).text_tag("value", "Green").up();
		expect((await ask(romeo, change.reset())).attr["type"]).toBe("result");
		expect(logged()).toContain("Room old@conference.localhost: the setting name is not valid UTF-8");
		await stop();
		expect(readFileSync(path, "latin1")).toContain('["name"] = "Green"');
	});

	it("do not keep users from their roster", async () => {
		put(
			"localhost/roster/romeo.dat",
			'return {\n\t["nurse@localhost"] = { ["subscription"] = "both"; ["name"] = "M\\252tterchen"; ["groups"] = { ["f\\252r"] = true } };\n};\n',
		);
		const { client } = await start();
		const roster = await ask(await client("romeo"), st.iq({ type: "get", id: "roster" }).query(ns.roster).up());
		expect(roster.first_tag?.first_tag?.attr["name"]).toBe("Mütterchen");
		expect(roster.first_tag?.first_tag?.get_child_text("group")).toBe("für");
	});
});
