import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ejabberd_source } from "../../../../host/cli/migrate/ejabberd_source.ts";

let folder: string;
let path: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	path = join(folder, "ejabberd.db");
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(...statements: string[]): void {
	const database = new Sqlite(path);
	for (const statement of statements) database.exec(statement);
	database.close();
}

// As in its sql/lite.sql.
const tables = `
	CREATE TABLE muc_room (name text NOT NULL, host text NOT NULL, opts text NOT NULL, created_at TIMESTAMP);
	CREATE TABLE archive (username text NOT NULL, timestamp BIGINT UNSIGNED NOT NULL, peer text, bare_peer text, xml text NOT NULL,
		txt text, id INTEGER PRIMARY KEY AUTOINCREMENT, kind text, nick text);`;
const room = `INSERT INTO muc_room (name, host, opts) VALUES ('balcony', 'rooms.example', '[{title,<<"Bühne"/utf8>>},{persistent,true},{affiliations,[{{<<"romeo">>,<<"example">>,<<>>},{owner,<<>>}}]}]')`;

function message(id: number, owner: string, xml: string, nick = "romeo"): string {
	return `INSERT INTO archive (username, timestamp, xml, nick) VALUES ('${owner}', 17953778190000${id}, '${xml.replaceAll("'", "''")}', '${nick}')`;
}

describe("the database of an ejabberd", () => {
	it("gives its rooms and their archives", () => {
		write(
			tables,
			room,
			message(10, "balcony@rooms.example", "<message xmlns='jabber:client' to='x' type='groupchat'><body>one</body></message>"),
			message(11, "romeo", "<message/>"),
			message(12, "balcony@rooms.example", "<message><body>"),
			message(13, "balcony@rooms.example", "<message type='groupchat'><body>two</body></message>", ""),
		);
		const source = ejabberd_source(path);
		const [config] = source.units().filter(({ store }) => store === "config");
		expect(config && Object.fromEntries(source.read_table(config).table ?? [])).toMatchObject({
			_jid: "balcony@rooms.example",
			_data: { name: "Bühne", persistent: true },
			"romeo@example": "owner",
		});
		const [archive] = source.units().filter(({ kind }) => kind === "archive");
		const found = archive === undefined ? [] : [...source.read_archive(archive, 0)];
		expect(found.map(({ record }) => record && [record.key, record.when, record.xml])).toEqual([
			["1795377819000010", 1795377819, "<message from='balcony@rooms.example/romeo' type='groupchat'><body>one</body></message>"],
			undefined,
			["1795377819000013", 1795377819, "<message from='balcony@rooms.example' type='groupchat'><body>two</body></message>"],
		]);
		expect(found[1]?.unreadable?.place).toContain("item 3");
		expect(archive && [...source.read_archive(archive, found[0]?.next ?? 0)]).toHaveLength(2);
		expect(source.left_behind().map(({ what }) => what)).toContain("archive of an account");
		source.close();
		expect(readdirSync(folder)).toEqual(["ejabberd.db"]);
	});

	it("keeps rooms aside that cannot be read", () => {
		write(tables, room, "INSERT INTO muc_room (name, host, opts) VALUES ('b', 'rooms.example', '[{')");
		const source = ejabberd_source(path);
		const unit = source.units().find(({ store }) => store === "unreadable");
		expect(unit && source.read_table(unit).unreadable.map(({ place }) => place)).toEqual([`${path}: room b@rooms.example`]);
		source.close();
	});

	it("is told from others", () => {
		write("CREATE TABLE prosody (x)");
		expect(() => ejabberd_source(path)).toThrow("there is no table muc_room: expected a database of ejabberd");
	});
});
