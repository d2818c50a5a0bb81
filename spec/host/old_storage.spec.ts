// Files that older versions of Prosody have left.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import { read_data } from "../../host/util/serialization.ts";
import * as st from "../../host/util/stanza.ts";
import { ask, expect_stanza, start_test_server } from "../helper.ts";

const room = "old-room@conference.localhost";
let folder: string;

function put(name: string, content: string): string {
	const path = join(folder, name);
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, content);
	return path;
}

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-old-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("requests that wait in a roster of long ago reach their user, and are no contact", async () => {
	put(
		"localhost/roster/romeo.dat",
		'return {\n\t["pending"] = { ["juliet@verona.example"] = true };\n\t["nurse@verona.example"] = { ["subscription"] = "both"; ["groups"] = {} };\n};\n',
	);
	// Somebody whose address is that word
	put("localhost/roster/paris.dat", 'return {\n\t["pending"] = { ["subscription"] = "to"; ["groups"] = {} };\n};\n');
	const server = await start_test_server({ data_path: folder, config: { "*": { storage: "internal" } } });
	const romeo = await server.client("romeo");
	const roster = await ask(romeo, st.iq({ type: "get", id: "roster" }).query(ns.roster).up());
	expect(roster.first_tag?.tags.map(({ attr }) => attr["jid"])).toEqual(["nurse@verona.example"]);
	romeo.send(st.presence());
	const request = await expect_stanza(romeo, ({ attr }) => attr["type"] === "subscribe");
	expect(request.attr["from"]).toBe("juliet@verona.example");
	const paris = await server.client("paris");
	const other = await ask(paris, st.iq({ type: "get", id: "roster" }).query(ns.roster).up());
	expect(other.first_tag?.tags.map(({ attr }) => attr["jid"])).toEqual(["pending"]);
	await server.stop();
});

it("a room of before 0.12, with archive entries without keys and times, is the room that it was", async () => {
	// Keys without brackets, line breaks behind a backslash, and affiliations in a table of their own.
	const path = put(
		"conference%2elocalhost/config/old%2droom.dat",
		`return {
	jid = "${room}";
	_data = { name = "Gr\\195\\188n"; description = "two\\
lines"; persistent = true; whois = "anyone"; history_length = 7, };
	_affiliations = { ["romeo@localhost"] = "owner"; ["juliet@localhost"] = "member"; ["tybalt@localhost"] = "outcast" };
};
`,
	);
	put("conference%2elocalhost/persistent.dat", `return {\n\t["${room}"] = true;\n};\n`);
	const old_item = (body: string, stamp: string): string =>
		`item({\n\t["name"] = "message";\n\t["attr"] = {\n\t\t["from"] = "${room}/juliet";\n\t\t["type"] = "groupchat";\n\t\t["stamp"] = "${stamp}";\n\t\t["stamp_legacy"] = "20200101T00:00:00";\n\t};\n\t[1] = {\n\t\t["name"] = "body";\n\t\t["attr"] = {};\n\t\t[1] = "${body}";\n\t};\n\t["with"] = "message<groupchat";\n});\n`;
	put(
		"conference%2elocalhost/muc_log/old%2droom.list",
		old_item("one", "2020-01-01T00:00:00Z") + old_item("two", "2020-01-01T00:00:01Z"),
	);
	const server = await start_test_server({
		data_path: folder,
		config: { "*": { storage: "internal", muc_log_expires_after: "never" } },
	});
	const romeo = await server.client("romeo");
	romeo.send(
		st
			.presence({ to: `${room}/romeo` })
			.tag("x", { xmlns: ns.muc })
			.up(),
	);
	const own = await expect_stanza(romeo, ({ attr }) => attr["from"] === `${room}/romeo`);
	expect(own.get_child("x", ns.muc_user)?.get_child("item")?.attr["affiliation"]).toBe("owner");
	const info = await ask(romeo, st.iq({ type: "get", to: room, id: "info" }).query(ns.disco_info).up());
	expect(info.first_tag?.get_child("identity")?.attr["name"]).toBe("Grün");
	await expect_stanza(romeo, (stanza) => stanza.get_child("subject") !== undefined);
	romeo.queue.splice(0);
	await ask(romeo, st.iq({ type: "set", to: room, id: "mam" }).query("urn:xmpp:mam:2").up());
	const found = romeo.queue.flatMap((stanza) => stanza.get_child("result", "urn:xmpp:mam:2") ?? []);
	const forwarded = found.map((result) => result.get_child("forwarded", "urn:xmpp:forward:0"));
	expect(found.map(({ attr }) => attr["id"])).toEqual(["1", "2"]);
	expect(forwarded.map((item) => item?.get_child("delay", ns.delay)?.attr["stamp"])).toEqual([
		"2020-01-01T00:00:00Z",
		"2020-01-01T00:00:01Z",
	]);
	expect(forwarded.map((item) => item?.tags.find(({ name }) => name === "message")?.toString()).join()).not.toContain("stamp=");
	const promoted = st.iq({ type: "set", to: room, id: "a" }).query(ns.muc_admin);
	promoted.tag("item", { jid: "juliet@localhost", affiliation: "admin" });
	expect((await ask(romeo, promoted.reset())).attr["type"]).toBe("result");
	await server.stop();
	const stored = read_data(readFileSync(path));
	expect(stored.ok && stored.value).toMatchObject({
		_jid: room,
		_data: { name: "Grün", description: "two\nlines", persistent: true, whois: "anyone", history_length: 7 },
		"romeo@localhost": "owner",
		"juliet@localhost": "admin",
		"tybalt@localhost": "outcast",
	});
});
