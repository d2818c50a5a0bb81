// A server under load that is killed, and what its clients were told until then.

import { type ChildProcess, spawn } from "node:child_process";
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
export const hall = `hall@${service}`;

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
storage = "${storage}"
storage_archive_item_limit = 1000000
muc_log_expires_after = "never"
muc_room_default_persistent = true
VirtualHost "localhost"
Component "${service}" "muc"
	modules_enabled = { "muc_mam" }
`;
}

/** A server in a process of its own. */
export interface Victim {
	readonly port: number;
	/** Ends it at once, as a machine's memory guard or a power failure of the process would. */
	kill(): Promise<void>;
	/** Ends it as an administrator does. */
	stop(): Promise<void>;
}

/** Starts the built program on a folder. */
export async function start_victim(program: string, folder: string, storage: string): Promise<Victim> {
	const path = join(folder, "prosody.cfg.lua");
	writeFileSync(path, config(join(folder, "data"), storage));
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
	return { port, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}

/** What clients know, over all lives of a server: it must never be untrue again. */
export class Known {
	/** Bodies by room and the id that the archive gave them. */
	readonly messages = new Map<string, Map<string, string>>();
	/** Names of the hall that were sent, in order, and how many of them were confirmed. */
	readonly names: string[] = [];
	confirmed_names = 0;
	/** Who was confirmed to be a member of the hall. */
	readonly members = new Set<string>();

	hear(stanza: Stanza): void {
		const room = stanza.attrs["from"]?.split("/")[0] ?? "";
		const id = stanza.get_child("stanza-id", "urn:xmpp:sid:0")?.attr["id"];
		const body = stanza.get_child_text("body");
		if (stanza.name !== "message" || stanza.attrs["type"] !== "groupchat" || id === undefined || body === undefined) return;
		const known = this.messages.get(room) ?? new Map<string, string>();
		known.set(id, body);
		this.messages.set(room, known);
	}

	get count(): number {
		return [...this.messages.values()].reduce((sum, { size }) => sum + size, 0);
	}
}

async function login(port: number, name: string): Promise<Client> {
	const client = await Client.connect({ host: "127.0.0.1", port, jid: `${name}@localhost`, password: "any", timeout: patience });
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
			({ name, attrs }) => name === "presence" && attrs["from"]?.startsWith(`${room}/`) === true,
			patience,
		);
		if (stanza === undefined) throw new Error(`could not enter ${room}: ${client.ended}`);
		if (stanza.attrs["from"] === `${room}/${nick}`) {
			if (stanza.attrs["type"] === "error") throw new Error(`could not enter ${room}: ${stanza}`);
			return others;
		}
		others.push(stanza.attrs["from"] ?? "");
	}
}

async function configure(client: Client, room: string, fields: Record<string, string>): Promise<boolean> {
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
async function confirmed(client: Client, iq: Stanza): Promise<boolean> {
	client.send(iq);
	const answer = await client.take(({ name, attrs }) => name === "iq" && attrs["id"] === iq.attrs["id"], patience);
	if (answer?.attrs["type"] === "error") throw new Error(`refused: ${answer}`);
	return answer !== undefined;
}

/** Speaks as fast as the server answers, until it is gone. */
async function speak(client: Client, rooms: readonly string[], word: string): Promise<void> {
	for (let number = 0; client.ended === undefined; number++) {
		const id = `${word} ${number}`;
		client.send(st.message({ to: rooms[number % rooms.length], type: "groupchat", id }, `${id} ${"ä".repeat(number % 400)}`));
		if (number % window === window - 1)
			await client.take(({ attrs }) => attrs["id"] === id && attrs["type"] === "groupchat", patience);
	}
}

/** Changes the hall's name and members, one after another, until the server is gone. */
async function govern(client: Client, known: Known, word: string): Promise<void> {
	for (let number = 0; client.ended === undefined; number++) {
		const name = `${word} ${number}`;
		known.names.push(name);
		const at = known.names.length;
		if (await configure(client, hall, { "muc#roomconfig_roomname": name })) known.confirmed_names = at;
		const jid = `member-${word}-${number}@example.org`;
		const iq = st
			.iq({ type: "set", to: hall, id: `a${number}` })
			.query(ns.muc_admin)
			.tag("item", { jid, affiliation: "member" });
		if (await confirmed(client, iq.reset())) known.members.add(jid);
	}
}

/**
 * Lets clients talk, make rooms and change one, and kills the server in the middle of it.
 * @param word what tells this life of the server from others
 * @param lifetime until it is killed, in milliseconds
 * @returns whom the first to enter the hall found there
 */
export async function live_and_die(victim: Victim, known: Known, word: string, lifetime: number): Promise<string[]> {
	const [owner, speaker, listener] = [
		await login(victim.port, "owner"),
		await login(victim.port, "speaker"),
		await login(victim.port, "listener"),
	];
	const found = await enter(owner, hall, "owner");
	if (known.names.length === 0) await configure(owner, hall, { "muc#roomconfig_changesubject": "1" });
	const rooms = [hall, `${word}-a@${service}`, `${word}-b@${service}`];
	for (const room of rooms.slice(1)) {
		await enter(owner, room, "owner");
		await configure(owner, room, {});
	}
	for (const room of rooms) {
		await enter(speaker, room, "speaker");
		await enter(listener, room, "listener");
	}
	const working = Promise.all([speak(speaker, rooms, word), govern(owner, known, word)]);
	await delay(lifetime);
	await victim.kill();
	await working;
	for (const client of [owner, speaker, listener]) {
		// All that the system still had for them has come by then.
		while (client.ended === undefined) await delay(1);
		for (const stanza of client.queue.splice(0)) known.hear(stanza);
		await client.disconnect();
	}
	return found;
}
