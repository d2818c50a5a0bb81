// There and back: invitations, uploads, tombstones of accounts, and archives from which somebody was erased, in our hands and in
// Prosody's. ENJAMB_REFERENCE names another Prosody than the one on the PATH.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { find_prosody, free_port } from "../../tools/reference.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { not_installed } from "../needs.ts";
import { configure, enter, say } from "./alternation/make.ts";
import { done, expect_from, login, question, type Running, register, Stage } from "./alternation/servers.ts";
import { http_to } from "./http_to.ts";
import { Typist } from "./plugins/admin_shell/typing.ts";
import { why_not } from "./prosody_lua.ts";
import { RawStream } from "./raw_stream.ts";

const reference = process.env["ENJAMB_REFERENCE"];
const no_prosody = not_installed(find_prosody(reference), "Prosody", "it does not take turns with ours");
const service = "conference.localhost";
const hall = `hall@${service}`;
const upload = "urn:xmpp:http:upload:0";

function config(storage: string, http_port: number): string {
	return `
modules_enabled = { "roster", "saslauth", "disco", "presence", "register_ibr", "user_account_management", "invites", "invites_adhoc",
	"invites_register", "http_file_share", "tombstones", "admin_shell", "ping" }
modules_disabled = { "s2s", "tls" }
registration_invite_only = false
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = true
allow_user_invites = true
authentication = "internal_hashed"
admins = { "admin@localhost" }
http_ports = { ${http_port} }
http_interfaces = { "127.0.0.1" }
https_ports = {}
http_file_share_access = { "localhost" }
http_file_share_secret = "the same on both"
${storage}
muc_log_by_default = true
muc_log_expires_after = "never"

VirtualHost "localhost"

Component "${service}" "muc"
	modules_enabled = { "muc_mam" }
	restrict_room_creation = false
	muc_room_locking = false
`;
}

let stage: Stage | undefined;
afterEach(async () => {
	await stage?.end();
	stage = undefined;
});

/** Makes an invitation; gives its token. */
async function invite(client: Client): Promise<string> {
	const answer = await done(client, "set", "localhost", (iq) =>
		iq.tag("command", { xmlns: ns.commands, node: "urn:xmpp:invite#invite" }),
	);
	const [, token = ""] = /preauth=([\w-]+)/.exec(String(answer)) ?? [];
	return token;
}

/** What comes of an invitation's token, shown before an account is made. */
async function show_token(port: number, token: string): Promise<string> {
	const stream = new RawStream(port);
	stream.write(
		"<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
	);
	await stream.take(/<\/stream:features>/);
	stream.write(`<iq type='set' id='t'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></iq>`);
	const answer = await stream.take(/<iq[^>]*\/>|<\/iq>/);
	stream.close();
	return /type='(\w+)'/.exec(answer ?? "")?.[1] ?? "";
}

async function http(
	port: number,
	url: string,
	method: string,
	headers: Record<string, string>,
	text?: string,
): Promise<[number, string]> {
	const { status, body } = await http_to(port, url, method, headers, text);
	return [status, body.toString()];
}

/** Uploads a text; gives where it can be got. */
async function put(client: Client, port: number, text: string): Promise<string> {
	const answer = await done(client, "get", "localhost", (iq) =>
		iq.tag("request", { xmlns: upload, filename: "ä b.txt", size: String(text.length), "content-type": "text/plain" }),
	);
	const slot = answer.get_child("slot", upload);
	const target = slot?.get_child("put");
	const authorization = target?.get_child_text("header") ?? "";
	const [status] = await http(
		port,
		target?.attr["url"] ?? "",
		"PUT",
		{ authorization, "content-length": String(text.length) },
		text,
	);
	expect(status).toBe(201);
	return slot?.get_child("get")?.attr["url"] ?? "";
}

/** What an archive says: bodies, and what is in place of those that are gone. */
async function archive(client: Client): Promise<string[]> {
	const found: string[] = [];
	client.queue.splice(0);
	await question(client, "set", hall, (iq) => iq.tag("query", { xmlns: ns.mam }));
	for (const message of client.queue.splice(0)) {
		const said = message.get_child("result", ns.mam)?.get_child("forwarded", ns.forward)?.get_child("message", ns.client);
		if (said === undefined) continue;
		found.push(said.get_child_text("body") ?? (said.get_child("retracted", "urn:xmpp:message-retract:1") ? "retracted" : "?"));
	}
	return found;
}

async function talk(client: Client, room_nick: string, bodies: readonly string[]): Promise<void> {
	for (const body of bodies) await say(client, hall, room_nick, { body });
}

/** What a newcomer is shown, as texts. */
async function history(port: number): Promise<string> {
	const nurse = await login(port, "nurse", "secret");
	nurse.send(
		st
			.presence({ to: `${hall}/nurse` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	const seen: string[] = [];
	await expect_from(nurse, (stanza) => {
		if (stanza.name === "message") seen.push(String(stanza));
		return stanza.name === "message" && stanza.get_child("subject") !== undefined;
	});
	await nurse.disconnect();
	return seen.join("\n");
}

const storages = [
	["files", 'storage = "internal"', no_prosody],
	["SQLite", 'storage = "sql"', no_prosody || why_not("util.sql", "DBI") !== undefined],
] as const;

describe.each(storages)("on %s", (_name, storage, is_skipped) => {
	it.skipIf(is_skipped)("everything is there after each move", async () => {
		const http_port = await free_port();
		stage = new Stage(config(storage, http_port), reference);
		const { data } = stage;

		// Prosody begins
		let { port }: Running = await stage.prosody();
		for (const name of ["admin", "romeo", "juliet", "nurse", "mercutio"]) await register(port, name, "secret");
		let romeo = await login(port, "romeo", "secret");
		const juliet = await login(port, "juliet", "secret");
		await enter(juliet, hall, "juliet");
		await configure(juliet, hall, { "muc#roomconfig_persistentroom": "1" });
		await enter(romeo, hall, "montague");
		await talk(juliet, "juliet", ["who is there?"]);
		await talk(romeo, "montague", ["it is I"]);
		await talk(juliet, "juliet", ["good night"]);
		const of_prosody = await invite(romeo);
		const uploaded_there = await put(romeo, http_port, "stored by Prosody");
		await Promise.all([romeo.disconnect(), juliet.disconnect()]);
		await stage.curtain();

		// Ours: what is there is used, and somebody is erased and goes
		({ port } = await stage.ours());
		expect(await show_token(port, of_prosody)).toBe("result");
		expect(await http(http_port, uploaded_there, "GET", {})).toEqual([200, "stored by Prosody"]);
		romeo = await login(port, "romeo", "secret");
		const of_ours = await invite(romeo);
		const uploaded_here = await put(romeo, http_port, "stored by Enjamb");
		const mercutio = await login(port, "mercutio", "secret");
		await question(mercutio, "set", undefined, (iq) => iq.query(ns.register).tag("remove"));
		const typist = await Typist.connect(data);
		expect((await typist.type('muc:erase("romeo@localhost")')).text).toBe("OK: Erased");
		expect((await typist.type(`muc:retention("${hall}", "1 year")`)).text).toMatch(/^OK/);
		typist.close();
		await romeo.disconnect();
		await stage.curtain();

		// Prosody again
		({ port } = await stage.prosody());
		expect([await show_token(port, of_prosody), await show_token(port, of_ours)]).toEqual(["result", "result"]);
		expect(await http(http_port, uploaded_here, "GET", {})).toEqual([200, "stored by Enjamb"]);
		expect(await http(http_port, uploaded_there, "GET", {})).toEqual([200, "stored by Prosody"]);
		await expect(register(port, "mercutio", "secret")).rejects.toThrow("not-acceptable");
		const shown = await history(port);
		expect(shown).toContain("good night");
		expect(shown).not.toMatch(/montague|it is I/);
		const reader = await login(port, "juliet", "secret");
		expect(await archive(reader)).toEqual(["who is there?", "retracted", "good night"]);
		await enter(reader, hall, "juliet");
		await configure(reader, hall, { "muc#roomconfig_roomname": "The Hall" });
		await talk(reader, "juliet", ["good morning"]);
		await reader.disconnect();
		await stage.curtain();

		// And ours, which still knows for how long the room is archived
		({ port } = await stage.ours());
		const last = await Typist.connect(data);
		expect((await last.type(`muc:retention("${hall}")`)).text).toBe("OK: Messages are archived for 365.2 days");
		last.close();
		const again = await login(port, "juliet", "secret");
		expect(await archive(again)).toEqual(["who is there?", "retracted", "good night", "good morning"]);
		expect(await show_token(port, of_ours)).toBe("result");
		await expect(register(port, "mercutio", "secret")).rejects.toThrow("not-acceptable");
		await again.disconnect();
	});
});
