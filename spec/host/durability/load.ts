// A server under load that is killed, and what its clients were told until then.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { patience } from "../../helper.ts";

export const service = "conference.localhost";
/** A host whose accounts have passwords. */
export const staff = "staff.localhost";
const clerk = `clerk@${staff}`;
export const hall = `hall@${service}`;

const first_password = "first password";

/** How many messages of a speaker are on their way at once. */
const window = 20;

function config(data: string, storage: string): string {
	return `
data_path = "${data}"
interfaces = { "127.0.0.1" }
c2s_ports = { 0 }
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
modules_enabled = { "disco", "roster", "saslauth", "ping" }
modules_disabled = { "s2s", "tls" }
storage = ${storage}
storage_archive_item_limit = 1000000
storage_lock_timeout = 0.15
muc_log_expires_after = "never"
muc_room_default_persistent = true
VirtualHost "localhost"
VirtualHost "${staff}"
	authentication = "internal_hashed"
	modules_enabled = { "register" }
Component "${service}" "muc"
	modules_enabled = { "muc_mam" }
`;
}

/** A server in a process of its own. */
export interface Victim {
	readonly port: number;
	readonly pid: number;
	/** Ends it at once, as a machine's memory guard or a power failure of the process would. */
	kill(): Promise<void>;
	/** Ends it as an administrator does. */
	stop(): Promise<void>;
}

/**
 * Writes the configuration of a server and makes the account in it whose password changes. Answers with the file's path.
 * @param storage the option, as Lua, with what else belongs to it on lines of their own
 */
export function prepare(program: string, folder: string, storage: string): string {
	const path = join(folder, "prosody.cfg.lua");
	writeFileSync(path, config(join(folder, "data"), storage));
	execFileSync(process.execPath, [program, "adduser", clerk, "--config", path], { input: `${first_password}\n`, stdio: "pipe" });
	return path;
}

/** Starts the built program on a folder that was prepared. */
export async function start_victim(program: string, folder: string, path: string): Promise<Victim> {
	const child: ChildProcess = spawn(process.execPath, [program, "start", "--config", path], { cwd: folder });
	const ended = once(child, "close");
	let said = "";
	const port = await new Promise<number>((resolve, reject) => {
		const listen = (chunk: unknown): void => {
			said += String(chunk);
			const found = /listens on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
			if (found !== undefined) resolve(Number(found));
		};
		child.stdout?.on("data", listen);
		child.stderr?.on("data", listen);
		child.once("close", () => reject(new Error(`the server did not start: ${said}`)));
	});
	const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
		child.kill(signal);
		await ended;
	};
	return { port, pid: child.pid ?? 0, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}

/** Values that were set one after another. */
export class Attempts {
	/** What was confirmed last, and what was sent after it and not refused: one of these is what is stored. */
	private possible: string[] = [];
	confirmed = 0;
	refused = 0;

	async make(value: string, attempt: () => Promise<Answer>): Promise<void> {
		this.possible.push(value);
		const answer = await attempt();
		if (answer === "confirmed") {
			this.possible = [value];
			this.confirmed++;
		}
		if (answer === "refused") {
			this.possible = this.possible.filter((known) => known !== value);
			this.refused++;
		}
	}

	/** Undefined where anything may be, since nothing was confirmed yet. */
	allowed(): readonly string[] | undefined {
		return this.confirmed === 0 ? undefined : this.possible;
	}

	/** Which of them it is was seen. */
	settle(value: string): void {
		this.possible = [value];
	}

	get candidates(): readonly string[] {
		return this.possible;
	}
}

/** What became of something that was asked for; lost where the server was gone before it answered. */
type Answer = "confirmed" | "refused" | "lost";

/** What clients know, over all lives of a server: it must never be untrue again. */
export class Known {
	/** Bodies by room and the id that the archive gave them. */
	readonly messages = new Map<string, Map<string, string>>();
	/** Names of the hall that were sent, in order, without those that were refused; and how many of them were confirmed. */
	readonly names = new Attempts();
	readonly passwords = new Attempts();
	/** Who was confirmed to be a member of the hall, and of whom it was said that they are not. */
	readonly members = new Set<string>();
	readonly refused_members = new Set<string>();
	/** What was delivered though no archive had given it an id. */
	readonly nowhere: string[] = [];
	/** Beginnings of messages that were refused. */
	readonly refused = new Set<string>();

	hear(stanza: Stanza): void {
		if (stanza.name === "message" && stanza.attr["type"] === "error") this.refused.add(`${stanza.attr["id"]} `);
		const room = stanza.attr["from"]?.split("/")[0] ?? "";
		const id = stanza.get_child("stanza-id", "urn:xmpp:sid:0")?.attr["id"];
		const body = stanza.get_child_text("body");
		if (stanza.name !== "message" || stanza.attr["type"] !== "groupchat" || body === undefined) return;
		if (id === undefined) {
			this.nowhere.push(`${room}: ${body}`);
			return;
		}
		const known = this.messages.get(room) ?? new Map<string, string>();
		known.set(id, body);
		this.messages.set(room, known);
	}

	get count(): number {
		return [...this.messages.values()].reduce((sum, { size }) => sum + size, 0);
	}
}

async function login(port: number, name: string): Promise<Client> {
	const jid = `${name}@localhost`;
	const client = await Client.connect({ host: "127.0.0.1", port, jid, password: "any", timeout: patience });
	if (!client.ok) throw new Error(client.error);
	return client.value;
}

async function enter(client: Client, room: string, nick: string): Promise<string[]> {
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.up(),
	);
	const others: string[] = [];
	for (;;) {
		const stanza = await client.take(
			({ name, attr }) => name === "presence" && attr["from"]?.startsWith(`${room}/`) === true,
			patience,
		);
		if (stanza === undefined) throw new Error(`could not enter ${room}: ${client.ended}`);
		if (stanza.attr["from"] === `${room}/${nick}`) {
			if (stanza.attr["type"] === "error") throw new Error(`could not enter ${room}: ${stanza}`);
			return others;
		}
		others.push(stanza.attr["from"] ?? "");
	}
}

async function configure(client: Client, room: string, fields: Record<string, string>): Promise<Answer> {
	const iq = st
		.iq({ type: "set", to: room, id: `c${Math.random()}` })
		.query(ns.muc_owner)
		.tag("x", { xmlns: ns.data, type: "submit" });
	for (const [name, value] of Object.entries({ FORM_TYPE: "http://jabber.org/protocol/muc#roomconfig", ...fields })) {
		iq.tag("field", { var: name }).text_tag("value", value).up();
	}
	return confirmed(client, iq.reset());
}

/** Sends an IQ; answers whether it was confirmed before the server was gone. */
async function confirmed(client: Client, iq: Stanza): Promise<Answer> {
	client.send(iq);
	const answer = await client.take(({ name, attr }) => name === "iq" && attr["id"] === iq.attr["id"], patience);
	if (answer === undefined) return "lost";
	const error = answer.get_error();
	if (error !== undefined && error.type !== "wait") throw new Error(`refused: ${answer}`);
	return error === undefined ? "confirmed" : "refused";
}

/** Speaks as fast as the server answers, until it is gone. */
async function speak(client: Client, known: Known, rooms: readonly string[], word: string): Promise<void> {
	for (let number = 0; client.ended === undefined; number++) {
		const id = `${word} ${number}`;
		client.send(st.message({ to: rooms[number % rooms.length], type: "groupchat", id }, `${id} ${"ä".repeat(number % 400)}`));
		if (number % window === window - 1)
			known.hear((await client.take(({ attr }) => attr["id"] === id, patience)) ?? st.message());
	}
}

/** Changes the hall's name and members, one after another, until the server is gone. */
async function govern(client: Client, known: Known, word: string): Promise<void> {
	for (let number = 0; client.ended === undefined; number++) {
		const name = `${word} ${number}`;
		await known.names.make(name, () => configure(client, hall, { "muc#roomconfig_roomname": name }));
		const jid = `member-${word}-${number}@example.org`;
		const iq = st
			.iq({ type: "set", to: hall, id: `a${number}` })
			.query(ns.muc_admin)
			.tag("item", { jid, affiliation: "member" });
		const answer = await confirmed(client, iq.reset());
		if (answer === "confirmed") known.members.add(jid);
		if (answer === "refused") known.refused_members.add(jid);
	}
}

/** Logs in with the password that is the right one now. Throws where that is none of those that it can be. */
async function login_with_password(port: number, known: Known): Promise<Client> {
	const { passwords } = known;
	const candidates = passwords.candidates.length === 0 ? [first_password] : passwords.candidates;
	const reasons: string[] = [];
	for (const password of [...candidates, ...(passwords.confirmed === 0 ? [first_password] : [])]) {
		const client = await Client.connect({ host: "127.0.0.1", port, jid: clerk, password, timeout: patience });
		if (client.ok) {
			passwords.settle(password);
			return client.value;
		}
		reasons.push(`${password}: ${client.error}`);
	}
	throw new Error(`none of the passwords is right: ${reasons.join(", ")}`);
}

/** Changes a password, again and again, until the server is gone. */
async function change_passwords(client: Client, known: Known, word: string): Promise<void> {
	for (let number = 0; client.ended === undefined; number++) {
		const password = `${word} ${number}`;
		const iq = st
			.iq({ type: "set", to: staff, id: `p${number}` })
			.query("jabber:iq:register")
			.text_tag("username", "clerk")
			.text_tag("password", password);
		await known.passwords.make(password, () => confirmed(client, iq.reset()));
	}
}

/**
 * Lets clients talk, make rooms and change one, and kills the server in the middle of it.
 * @param word what tells this life of the server from others
 * @param lifetime until it is killed, in milliseconds
 * @param troubles what befalls the server meanwhile
 * @returns whom the first to enter the hall found there
 */
export async function live_and_die(
	victim: Victim,
	known: Known,
	word: string,
	lifetime: number,
	troubles?: { run(pid: number): Promise<void>; stop(): void },
): Promise<string[]> {
	const [owner, speaker, listener] = [
		await login(victim.port, "owner"),
		await login(victim.port, "speaker"),
		await login(victim.port, "listener"),
	];
	const found = await enter(owner, hall, "owner");
	const staff_client = await login_with_password(victim.port, known);
	if (known.names.confirmed === 0) await configure(owner, hall, { "muc#roomconfig_changesubject": "1" });
	const rooms = [hall, `${word}-a@${service}`, `${word}-b@${service}`];
	for (const room of rooms.slice(1)) {
		await enter(owner, room, "owner");
		await configure(owner, room, {});
	}
	for (const room of rooms) {
		await enter(speaker, room, "speaker");
		await enter(listener, room, "listener");
	}
	const working = Promise.all([
		speak(speaker, known, rooms, word),
		govern(owner, known, word),
		change_passwords(staff_client, known, word),
		troubles?.run(victim.pid),
	]);
	// Where it is slow, something has to be told before it dies for the first time
	while (known.names.confirmed === 0 || known.passwords.confirmed === 0) await delay(10);
	await delay(lifetime);
	await victim.kill();
	troubles?.stop();
	await working;
	for (const client of [owner, speaker, listener, staff_client]) {
		// All that the system still had for them has come by then.
		while (client.ended === undefined) await delay(1);
		for (const stanza of client.queue.splice(0)) known.hear(stanza);
		await client.disconnect();
	}
	return found;
}
