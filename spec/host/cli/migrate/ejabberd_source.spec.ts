import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ejabberd_source } from "../../../../host/cli/migrate/ejabberd_source.ts";
import type { Source } from "../../../../host/cli/migrate/types.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function source(...terms: string[]): Source {
	const path = join(folder, "dump.txt");
	writeFileSync(path, terms.map((term) => `${term}.\n`).join(""));
	return ejabberd_source(path);
}

/** A room with these options and the usual ones. */
function room(options: string, name = "balcony"): string {
	return `{muc_room,{<<"${name}">>,<<"rooms.example">>},\n  [{persistent,true},{anonymous,true},${options}\n   {public,true}]}`;
}

function config(read: Source, name = "balcony"): Record<string, unknown> {
	const unit = read.units().find(({ store, user }) => store === "config" && user === name);
	const table = unit && read.read_table(unit).table;
	return Object.fromEntries(table ?? []);
}

const data = (read: Source): unknown => config(read)["_data"];
const usual = { persistent: true, whois: "moderators" };

function archived(id: number, parts: { body?: string; nick?: string; owner?: string } = {}): string {
	const { body = "text", nick = "romeo", owner = `<<"balcony">>,<<"rooms.example">>` } = parts;
	return `{archive_msg,\n {${owner}},\n <<"17953778190${id}">>,{1795,377819,${id}},\n {<<"romeo">>,<<"example">>,<<"r">>},{<<"romeo">>,<<"example">>,<<>>},
 {xmlel,<<"message">>,[{<<"to">>,<<"balcony@rooms.example">>},{<<"type">>,<<"groupchat">>},{<<"xmlns">>,<<"jabber:client">>}],
  [{xmlel,<<"body">>,[],[{xmlcdata,<<"${body}">>}]},{xmlel,<<"x">>,[{<<"xmlns">>,<<"u">>}],[{xmlel,<<"y">>,[],[]}]}]},\n <<"${nick}">>,groupchat}`;
}

describe("rooms of ejabberd", () => {
	it.each([
		["{title,<<>>},", usual],
		['{title,<<"T">>},{description,<<"D">>},{lang,<<"de">>},', { ...usual, name: "T", description: "D", language: "de" }],
		["{public,false},", usual],
		["{members_only,true},{allow_user_invites,true},", { ...usual, members_only: true, allow_member_invites: true }],
		['{password_protected,false},{password,<<"p">>},', usual],
		['{password_protected,true},{password,<<"p">>},', { ...usual, password: "p" }],
		["{moderated,true},{members_by_default,true},", usual],
		["{moderated,true},{members_by_default,false},", { ...usual, moderated: true }],
		["{allow_change_subj,true},{mam,false},", { ...usual, changesubject: true, archiving: false }],
		["{mam,true},", { ...usual, archiving: true }],
		["{presence_broadcast,[moderator,participant,visitor]},", usual],
		["{presence_broadcast,[moderator]},", { ...usual, presence_broadcast: { moderator: true } }],
		["{allow_private_messages,false},", { ...usual, allow_pm: "none" }],
		["{allowpm,participants},", { ...usual, allow_pm: "participant" }],
		["{allow_private_messages_from_visitors,nobody},", { ...usual, allow_pm: "participant" }],
		[
			'{subject,[{text,<<>>,<<"S">>}]},{subject_author,<<"romeo">>},',
			{ ...usual, subject: "S", subject_from: "balcony@rooms.example/romeo" },
		],
		['{subject,<<"S">>},', { ...usual, subject: "S" }],
		[
			'{subject,<<"S">>},{subject_author,{<<"romeo">>,{jid,<<"r">>,<<"e">>,<<>>,<<"r">>,<<"e">>,<<>>}}},',
			{ ...usual, subject: "S", subject_from: "balcony@rooms.example/romeo" },
		],
		[
			'{title,"T\\303\\274r"},{description,[]},{password,"p"},{password_protected,true},',
			{ ...usual, name: "Tür", password: "p" },
		],
		['{subject,"S"},{subject_author,"romeo"},', { ...usual, subject: "S", subject_from: "balcony@rooms.example/romeo" }],
	])("with %s", (options, expected) => expect(data(source(room(options)))).toEqual(expected));

	it("have hidden ones among them", () => {
		const hidden = `{muc_room,{<<"balcony">>,<<"rooms.example">>},[{public,false},{anonymous,false}]}`;
		const read = source(hidden);
		expect(data(read)).toEqual({ hidden: true, whois: "anyone" });
		const persistent = read.units().find(({ store }) => store === "persistent");
		expect(persistent && read.read_table(persistent).table).toBeUndefined();
	});

	it("keep affiliations, reasons and hats", () => {
		const read = source(
			room(
				`{affiliations,[{{<<"Romeo">>,<<"example">>,<<>>},{owner,<<>>}},{{<<>>,<<"bad.example">>,<<>>},{outcast,<<"why">>}},
				{{<<"a">>,<<"example">>,<<>>},member},{{<<"b">>,<<"example">>,<<>>},{none,<<>>}},{{<<"c">>,<<"example">>,<<>>},{king,<<>>}}]},
				{hats_defs,[{<<"urn:a">>,{<<"A">>,<<"0.5">>}}]},{hats_users,[{{<<"a">>,<<"example">>,<<>>},[<<"urn:a">>,{<<"urn:b">>,<<"B">>}]}]},`,
			),
		);
		expect(config(read)).toMatchObject({
			_jid: "balcony@rooms.example",
			_affiliation_data: {
				"bad.example": { reason: "why" },
				"a@example": { hats: { "urn:a": { active: true, title: "A" }, "urn:b": { active: true, title: "B" } } },
			},
			"romeo@example": "owner",
			"bad.example": "outcast",
			"a@example": "member",
		});
		expect(Object.keys(config(read))).toHaveLength(6);
		expect(read.left_behind().map(({ what }) => what)).toEqual(["affiliation", "hats' colours"]);
	});

	it("have names that are lists in old dumps, and affiliations in a map in new ones", () => {
		const old = `{muc_room,{"balcony","rooms.example"},[{persistent,true},{affiliations,[{{"romeo","example",[]},{owner,[]}}]}]}`;
		expect(config(source(old))).toMatchObject({ _jid: "balcony@rooms.example", "romeo@example": "owner" });
		const affiliations = '#{{<<"romeo">>,<<"example">>,<<>>} => {owner,<<"why">>},{<<"a">>,<<"example">>,<<>>} => member}';
		const read = source(
			room(`{affiliations,${affiliations}},{hats_users,#{{<<"a">>,<<"example">>,<<>>} => [{<<"urn:b">>,<<"B">>}]}},`),
		);
		expect(config(read)).toMatchObject({
			_affiliation_data: {
				"romeo@example": { reason: "why" },
				"a@example": { hats: { "urn:b": { active: true, title: "B" } } },
			},
			"romeo@example": "owner",
			"a@example": "member",
		});
		expect(read.left_behind()).toEqual([]);
	});

	it("say what Prosody has no twin of, where it matters", () => {
		const read = source(
			room("{max_users,200},{captcha_protected,false},"),
			room("{max_users,10},{invented,1},", "garden"),
			room("{max_users,10},", "tomb"),
			'{muc_registered,{{<<"a">>,<<"b">>},<<"rooms.example">>},<<"nick">>}',
		);
		expect(read.left_behind()).toEqual([
			{ what: "option max_users = 10", reason: "Prosody has no such option", count: 2 },
			{ what: "option invented", reason: "it is not known", count: 1 },
			{ what: "table muc_registered", reason: "only rooms and their archives are taken", count: 1 },
		]);
	});

	it("keep their avatars as tables hold them", () => {
		const read = source(room(`{vcard,<<"<vCard xmlns='vcard-temp'><FN>x</FN></vCard>">>},`));
		const unit = read.units().find(({ store }) => store === "vcard_muc");
		expect(unit && read.read_table(unit).table?.get("name")).toBe("vCard");
	});

	it("keep their archives, in order, as Prosody would have them", () => {
		const own = `<<"romeo">>,<<"example">>`;
		const read = source(
			room(""),
			archived(10, { body: "one" }),
			archived(11, { body: "two & <3> \\303\\244" }),
			archived(12, { owner: own }),
			archived(13, { nick: "" }),
		);
		const unit = read.units().find(({ kind }) => kind === "archive");
		const entries = unit === undefined ? [] : [...read.read_archive(unit, 0)];
		expect(entries.map(({ record }) => [record?.key, record?.when, record?.with])).toEqual([
			["1795377819010", 1795377819, "message<groupchat"],
			["1795377819011", 1795377819, "message<groupchat"],
			["1795377819013", 1795377819, "message<groupchat"],
		]);
		expect(entries.map(({ record }) => record?.xml)[1]).toBe(
			"<message from='balcony@rooms.example/romeo' type='groupchat'><body>two &amp; &lt;3&gt; ä</body><x xmlns='u'><y/></x></message>",
		);
		expect(entries[2]?.record?.xml).toContain("from='balcony@rooms.example' ");
		const rest = unit === undefined ? [] : [...read.read_archive(unit, entries[0]?.next ?? 0)];
		expect(rest).toHaveLength(2);
		expect(read.left_behind().map(({ what }) => what)).toEqual(["fractions of seconds in an archive", "archive of an account"]);
	});

	it("that cannot be read are kept", () => {
		const bad_time = archived(11).replace("{1795,377819,11}", "yesterday");
		const read = source(room(""), "{muc_room,{<<", '{muc_room,{<<"a@b@c">>,<<>>},[]}', "nonsense", archived(10), bad_time);
		const unit = read.units().find(({ store }) => store === "unreadable");
		const { unreadable } = unit === undefined ? { unreadable: [] } : read.read_table(unit);
		expect(unreadable.map(({ raw }) => raw.toString().trim())).toEqual([
			"{muc_room,{<<.",
			'{muc_room,{<<"a@b@c">>,<<>>},[]}.',
			"nonsense.",
		]);
		const archive = read.units().find(({ kind }) => kind === "archive");
		const entries = archive === undefined ? [] : [...read.read_archive(archive, 0)];
		expect(entries.map(({ unreadable }) => unreadable?.reason)).toEqual([undefined, "it has no id, or no time"]);
	});
});
