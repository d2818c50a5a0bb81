// Rooms of a real ejabberd, moved, in the hands of a real Prosody and in ours.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { run } from "../../../../host/cli/migrate/run.ts";
import { prepare_ejabberd } from "../../../../tools/bench/ejabberd.ts";
import { has_ejabberd } from "../../../../tools/ejabberd.ts";
import { find_prosody } from "../../../../tools/reference.ts";
import { Client } from "../../../../tools/scansion/client.ts";
import { patience } from "../../../helper.ts";
import { left_out } from "../../../needs.ts";
import { affiliate, balcony, configure, enter, garden, say, service, set_avatar } from "../../alternation/make.ts";
import { type ObservedRoom, observe_room } from "../../alternation/observe.ts";
import { login, Stage } from "../../alternation/servers.ts";

const reason = !has_ejabberd() ? "There is no ejabberd" : find_prosody() === undefined ? "There is no Prosody" : undefined;
const is_left_out = left_out(reason, "rooms of a real ejabberd are not moved");

const config = `
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
`;

let folder: string | undefined;
let erlang: ChildProcess | undefined;
let stage: Stage | undefined;

afterEach(async () => {
	erlang?.kill("SIGKILL");
	erlang = undefined;
	await stage?.end();
	stage = undefined;
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
	folder = undefined;
});

async function free_port(): Promise<number> {
	const server = createServer();
	await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
	const at = server.address();
	await new Promise((closed) => server.close(closed));
	return typeof at === "object" && at !== null ? at.port : 0;
}

/** Tries until it works. */
async function eventually<T>(attempt: () => Promise<T | undefined>): Promise<T> {
	for (const end = Date.now() + 240_000; ; ) {
		const found = await attempt();
		if (found !== undefined) return found;
		if (Date.now() > end) throw new Error("it never came to that");
		await delay(200);
	}
}

/** One who owns rooms; the account is made as soon as the server is up. */
async function romeo(port: number, tell: (line: string) => void): Promise<Client> {
	return eventually(async () => {
		tell('ejabberd_auth:try_register(<<"romeo">>,<<"localhost">>,<<"any">>).');
		const jid = "romeo@localhost";
		const client = await Client.connect({ host: "127.0.0.1", port, jid, password: "any", resource: "r", timeout: patience });
		return client.ok ? client.value : undefined;
	});
}

function is_dumped(path: string): boolean {
	try {
		return readFileSync(path, "latin1").trimEnd().endsWith(".");
	} catch {
		return false;
	}
}

it.skipIf(is_left_out)("rooms of ejabberd go on in Prosody and with us", async () => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	const port = await free_port();
	const { command, environment } = prepare_ejabberd(folder, port, true);
	const settings = environment["EJABBERD_CONFIG_PATH"] ?? "";
	const with_accounts = readFileSync(settings, "utf8").replace("auth_method: [anonymous]", "auth_method: [internal]");
	writeFileSync(settings, with_accounts.replace(/anonymous_protocol: .*\n/, ""));
	const [program = "", ...given] = command;
	// Its shell is how it is told to write a dump.
	const child = spawn(
		program,
		given.filter((argument) => argument !== "-noinput"),
		{
			env: { ...process.env, ...environment },
			stdio: ["pipe", "ignore", "ignore"],
		},
	);
	erlang = child;
	const tell = (line: string): void => void child.stdin.write(`${line}\n`);
	const owner = await romeo(port, tell);
	await enter(owner, balcony, "romeo");
	await configure(owner, balcony, {
		"muc#roomconfig_roomname": "The Balcony — ‘Balkon’",
		"muc#roomconfig_roomdesc": 'Two\nlines, "quoted"',
		"muc#roomconfig_persistentroom": "1",
		"muc#roomconfig_moderatedroom": "1",
		members_by_default: "0",
		"muc#roomconfig_whois": "anyone",
		"muc#roomconfig_changesubject": "0",
		"muc#roomconfig_maxusers": "50",
		mam: "1",
	});
	await affiliate(owner, balcony, "juliet@localhost", "owner", "It is the east");
	await affiliate(owner, balcony, "mercutio@localhost", "member");
	await affiliate(owner, balcony, "verona.example", "outcast");
	await say(owner, balcony, "romeo", { subject: "But, soft! 🌒" });
	for (const body of ["one", "two & <three>", "vier: äöü \u{1f339}", "'five'\n\"six\"\\"])
		await say(owner, balcony, "romeo", { body });
	await set_avatar(owner, balcony, "a picture");
	await enter(owner, garden, "romeo");
	await configure(owner, garden, { "muc#roomconfig_persistentroom": "1", "muc#roomconfig_publicroom": "0", mam: "1" });
	await affiliate(owner, garden, "juliet@localhost", "owner");
	// Archives are written after messages are sent.
	const dump = join(folder, "dump.txt");
	await eventually(async () => {
		rmSync(dump, { force: true });
		tell(`ejabberd_admin:dump_to_textfile("${dump}").`);
		await eventually(async () => is_dumped(dump) || undefined);
		return readFileSync(dump, "latin1").match(/\{archive_msg,\s*\{/g)?.length === 5 || undefined;
	});
	child.kill("SIGKILL");

	stage = new Stage(config, undefined);
	const said: string[] = [];
	const write = (text: string): void => void said.push(text);
	const progress = { is_terminal: false, columns: 80, now: () => performance.now(), write };
	const status = await run({ from: `ejabberd:${dump}`, to: `internal:${stage.data}`, dry_run: false, write, progress });
	expect(status, said.join("")).toBe(0);
	expect(said.join("")).toMatch(/option max_users = 50: Prosody has no such option/);

	const seen: Record<string, ObservedRoom>[] = [];
	for (const start of [() => stage?.prosody(), () => stage?.ours()]) {
		const running = await start();
		if (running === undefined) throw new Error("nobody plays");
		const juliet = await login(running.port, "juliet", "any");
		seen.push({
			balcony: await observe_room(juliet, balcony, "juliet", false),
			garden: await observe_room(juliet, garden, "juliet", false),
		});
		await juliet.disconnect();
		await stage.curtain();
	}
	const [prosody, ours] = seen;
	expect(ours?.["garden"]).toEqual(prosody?.["garden"]);
	expect({ ...ours?.["balcony"], presences: [] }).toEqual({ ...prosody?.["balcony"], presences: [] });
	const room = ours?.["balcony"];
	expect(room?.joined).toContain("affiliation=owner");
	expect(room?.settings).toMatchObject({
		"muc#roomconfig_roomname": ["The Balcony — ‘Balkon’"],
		"muc#roomconfig_roomdesc": ['Two\nlines, "quoted"'],
		"muc#roomconfig_persistentroom": ["1"],
		"muc#roomconfig_publicroom": ["1"],
		"muc#roomconfig_moderatedroom": ["1"],
		"muc#roomconfig_whois": ["anyone"],
		"muc#roomconfig_changesubject": [],
		"muc#roomconfig_enablearchiving": ["1"],
	});
	expect(ours?.["garden"]?.settings["muc#roomconfig_publicroom"]).toEqual(["0"]);
	expect(room?.affiliations.map((item) => item.replace(/ xmlns=.*/, ""))).toEqual(
		[
			`affiliation=member jid=mercutio@localhost`,
			`affiliation=outcast jid=verona.example`,
			`affiliation=owner jid=romeo@localhost`,
			`affiliation=owner jid=juliet@localhost`,
		].sort(),
	);
	expect(room?.subject[0]).toContain(`${balcony}/romeo | - | - | But, soft! 🌒`);
	expect(room?.avatar).toBe(Buffer.from("a picture").toString("base64"));
	const bodies = room?.archive.map((item) => item.split(" | ")[2]);
	expect(bodies).toEqual(["-", "one", "two & <three>", "vier: äöü \u{1f339}", "'five'\n\"six\"\\"]);
	expect(room?.archive.every((item) => item.includes(`${balcony}/romeo`))).toBe(true);
});
