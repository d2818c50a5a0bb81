import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { metronome_source } from "../../../../host/cli/migrate/metronome_source.ts";
import { run } from "../../../../host/cli/migrate/run.ts";
import type { Unit } from "../../../../host/cli/migrate/types.ts";
import { find_prosody } from "../../../../tools/reference.ts";
import { not_installed } from "../../../needs.ts";
import { balcony, service } from "../../alternation/make.ts";
import { type ObservedRoom, observe_room } from "../../alternation/observe.ts";
import { login, Stage } from "../../alternation/servers.ts";

const no_prosody = not_installed(find_prosody(), "Prosody", "rooms of Metronome are not moved to a real one");

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): void {
	const full = join(folder, path);
	mkdirSync(dirname(full), { recursive: true });
	writeFileSync(full, text);
}

const host = "conference%2elocalhost";

/** As its util/serialization.lua writes: each key in brackets, texts by %q, which leaves UTF-8 as it is. */
function write_room(data = "", affiliations = '\t\t["romeo@localhost"] = "owner";\n'): void {
	write(
		`${host}/config/balcony.dat`,
		`return {\n\t["jid"] = "${balcony}";\n\t["_data"] = {\n\t\t["whois"] = "moderators";\n${data}\t\t["persistent"] = true;\n\t};\n\t["_affiliations"] = {\n${affiliations}\t};\n};\n`,
	);
	write(`${host}/persistent.dat`, `return {\n\t["${balcony}"] = true;\n\t["gone@${service}"] = false;\n};\n`);
}

function entry(number: number, timestamp: number, more = ""): string {
	return `\t[${number}] = {\n\t\t["time"] = "20:00:00";\n\t\t["timestamp"] = ${timestamp};\n\t\t["from"] = "romeo@localhost/r";\n\t\t["resource"] = "${balcony}/romeo";\n\t\t["id"] = "m${timestamp}";\n\t\t["uid"] = "uid-${timestamp}";\n\t\t["type"] = "groupchat";\n${more}\t};\n`;
}

function write_log(day: string, ...found: string[]): void {
	write(`${host}/stanza_log/${day}/balcony.dat`, `return {\n${found.join("")}};\n`);
}

function read(store: string) {
	const source = metronome_source(folder);
	const unit = source.units().find((each: Unit) => each.store === store);
	const table = unit === undefined ? undefined : source.read_table(unit);
	return { source, unit, table: Object.fromEntries(table?.table ?? []), unreadable: table?.unreadable ?? [] };
}

describe("rooms of Metronome", () => {
	it("have their settings and affiliations where Prosody looks for them", () => {
		write_room(
			'\t\t["name"] = "The B\xe4lcony";\n\t\t["description"] = "Two\\\nlines";\n\t\t["history_length"] = 15;\n\t\t["logging"] = true;\n\t\t["limits_enabled"] = true;\n'.replace(
				"\\\n",
				"\\n",
			),
			'\t\t["Romeo@localhost"] = "owner";\n\t\t["verona.example"] = "outcast";\n\t\t["x@y"] = "none";\n\t\t["z@y"] = "king";\n',
		);
		const { table, source } = read("config");
		expect(table).toEqual({
			_jid: balcony,
			_data: {
				whois: "moderators",
				name: "The Bälcony",
				description: "Two\nlines",
				history_length: 15,
				persistent: true,
				archiving: true,
			},
			_affiliation_data: {},
			"romeo@localhost": "owner",
			"verona.example": "outcast",
		});
		expect(source.left_behind().map(({ what }) => what)).toEqual(["setting limits_enabled", "affiliation"]);
		expect(read("persistent").table).toEqual({ [balcony]: true });
	});

	it("are not archived where they had no log", () => {
		write_room();
		expect(read("config").table["_data"]).toMatchObject({ archiving: false });
	});

	it("are read from JSON too", () => {
		write_room();
		write(`${host}/config/balcony.dat`, `{"jid":"${balcony}","_data":{"name":"J"},"_affiliations":{"a@b":"admin"}}`);
		expect(read("config").table).toMatchObject({ _data: { name: "J" }, "a@b": "admin" });
	});

	it("keep their icons", () => {
		write_room();
		const photo = '{\n\t\t["name"] = "vCard";\n\t\t["attr"] = {\n\t\t\t["xmlns"] = "vcard-temp";\n\t\t};\n\t}';
		write(`${host}/room_icons/balcony.dat`, `return {\n\t["photo"] = ${photo};\n\t["hash"] = "abc";\n};\n`);
		expect(read("vcard_muc").table).toEqual({ name: "vCard", attr: { xmlns: "vcard-temp" } });
	});

	it("keep their logs, day by day", () => {
		write_room();
		const tag = '{\n\t\t\t\t["name"] = "encryption";\n\t\t\t\t["attr"] = {\n\t\t\t\t\t["xmlns"] = "u";\n\t\t\t\t};\n\t\t\t}';
		write_log(
			"20251122",
			entry(1, 100, '\t\t["subject"] = "S";\n'),
			entry(2, 101, '\t\t["body"] = "two & 2";\n\t\t["oid"] = "o";\n'),
		);
		write_log("20251123", entry(1, 200, `\t\t["body"] = "three";\n\t\t["tags"] = {\n\t\t\t[1] = ${tag};\n\t\t};\n`));
		const { source, unit } = read("muc_log");
		const found = unit === undefined ? [] : [...source.read_archive(unit, 0)];
		expect(found.map(({ record }) => [record?.key, record?.when, record?.xml])).toEqual([
			["uid-100", 100, `<message from='${balcony}/romeo' id='m100' type='groupchat'><subject>S</subject></message>`],
			[
				"uid-101",
				101,
				`<message from='${balcony}/romeo' id='m101' type='groupchat'><body>two &amp; 2</body><origin-id xmlns='urn:xmpp:sid:0' id='o'/></message>`,
			],
			[
				"uid-200",
				200,
				`<message from='${balcony}/romeo' id='m200' type='groupchat'><body>three</body><encryption xmlns='u'/></message>`,
			],
		]);
		for (const [at, { next }] of found.entries()) {
			expect(unit && [...source.read_archive(unit, next)]).toHaveLength(found.length - at - 1);
		}
	});

	it("that cannot be read are kept, and so are entries of their logs", () => {
		write_room();
		write(`${host}/config/other.dat`, 'return {\n\t["jid');
		write(`${host}/config/third.dat`, "return {};\n");
		write_log("20251122", "\t[1] = 5;\n", entry(2, 1, '\t\t["body"] = "\\000";\n'), entry(3, 2));
		write_log("20251123", "\t[");
		const source = metronome_source(folder);
		const tables = source.units().filter(({ store }) => store === "config");
		expect(tables.map((unit) => source.read_table(unit).unreadable.length)).toEqual([0, 1, 1]);
		const archive = source.units().find(({ kind }) => kind === "archive");
		const found = archive === undefined ? [] : [...source.read_archive(archive, 0)];
		expect(found.map(({ unreadable }) => unreadable?.reason.split(":")[0])).toEqual([
			"it has no time",
			"it holds text that XML cannot carry",
			undefined,
			expect.stringContaining("line"),
		]);
	});

	it("are all that is taken", () => {
		write_room();
		write("localhost/accounts/romeo.dat", "return {};\n");
		write(`${host}/redirects.dat`, "return {};\n");
		expect(metronome_source(folder).left_behind()).toEqual([
			{ what: "conference.localhost/redirects.dat", reason: "only rooms and their logs are taken", count: 1 },
			{ what: "localhost/", reason: "only room services are taken", count: 1 },
		]);
	});

	it.skipIf(no_prosody)("go on in a real Prosody and with us", async () => {
		write_room(
			`\t\t["name"] = "The Balcony";\n\t\t["moderated"] = true;\n\t\t["logging"] = true;\n\t\t["subject"] = "But, soft!";\n\t\t["subject_from"] = "${balcony}/romeo";\n`,
			'\t\t["romeo@localhost"] = "owner";\n\t\t["juliet@localhost"] = "owner";\n\t\t["verona.example"] = "outcast";\n',
		);
		write_log("20251122", entry(1, 1763800000, '\t\t["body"] = "one";\n'), entry(2, 1763800001, '\t\t["body"] = "zwei: ü";\n'));
		const stage = new Stage(
			`
modules_enabled = { "saslauth", "disco" }
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
storage = "internal"
muc_log_expires_after = "never"
VirtualHost "localhost"
Component "${service}" "muc"
	modules_enabled = { "muc_mam", "vcard_muc" }
`,
			undefined,
		);
		try {
			const said: string[] = [];
			const write_down = (text: string): void => void said.push(text);
			const progress = { is_terminal: false, columns: 80, now: () => performance.now(), write: write_down };
			const places = { from: `metronome:${folder}`, to: `internal:${stage.data}` };
			expect(await run({ ...places, dry_run: false, write: write_down, progress }), said.join("")).toBe(0);
			const seen: ObservedRoom[] = [];
			for (const start of [() => stage.prosody(), () => stage.ours()]) {
				const juliet = await login((await start()).port, "juliet", "any");
				seen.push(await observe_room(juliet, balcony, "juliet", false));
				await juliet.disconnect();
				await stage.curtain();
			}
			const [prosody, ours] = seen;
			expect(ours).toEqual({ ...prosody, presences: ours?.presences });
			expect(ours?.settings).toMatchObject({ "muc#roomconfig_roomname": ["The Balcony"], "muc#roomconfig_moderatedroom": ["1"] });
			expect(ours?.subject[0]).toContain(`${balcony}/romeo | - | - | But, soft!`);
			expect(ours?.archive.map((item) => item.split(" | ")[2])).toEqual(["one", "zwei: ü"]);
			expect(ours?.affiliations).toHaveLength(3);
		} finally {
			await stage.end();
		}
	});
});
