// Clients that stay in rooms whatever is killed: who comes back as soon as there is somebody to come back to.

import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { Client } from "../../../tools/scansion/client.ts";

/** Where an account is now; its server may be another every time, and may be down. */
export type Home = () => { readonly domain: string; readonly host: string; readonly port: number };

/** How long an answer may take, in milliseconds, before somebody tries again. */
const patience = 3000;
/** How long somebody waits before the next attempt, and says something, in milliseconds. */
const pause = 100;
const rhythm = 15;

/** What anybody saw in rooms: it must be in their archives. */
export class Seen {
	/** Bodies by room and by the id that the archive gave them. */
	readonly messages = new Map<string, Map<string, string>>();
	/** Bodies that came though no archive had given them an id. */
	readonly nowhere: string[] = [];

	hear(stanza: Stanza): void {
		const body = stanza.get_child_text("body");
		if (stanza.name !== "message" || stanza.attr["type"] !== "groupchat" || body === undefined) return;
		const [room = ""] = (stanza.attr["from"] ?? "").split("/");
		const id = stanza.get_child("stanza-id", ns.stanza_id)?.attr["id"];
		if (id === undefined) this.nowhere.push(`${room}: ${body}`);
		else this.messages.set(room, (this.messages.get(room) ?? new Map()).set(id, body));
	}

	get count(): number {
		return [...this.messages.values()].reduce((sum, { size }) => sum + size, 0);
	}
}

function join(room: string, nick: string): Stanza {
	return st
		.presence({ to: `${room}/${nick}` })
		.tag("x", { xmlns: ns.muc })
		.reset();
}

function is_own(stanza: Stanza): boolean {
	return stanza.get_child("x", ns.muc_user)?.tags.some(({ attr }) => attr["code"] === "110") === true;
}

async function log_in(name: string, home: Home): Promise<Client | undefined> {
	const { domain, host, port } = home();
	const client = await Client.connect({ host, port, jid: `${name}@${domain}`, password: "any", timeout: patience });
	return client.ok ? client.value : undefined;
}

/** Who is in a room, as somebody sees who enters it; undefined where nobody gets in. */
export async function occupants_of(room: string, home: Home): Promise<string[] | undefined> {
	const client = await log_in("observer", home);
	if (client === undefined) return undefined;
	try {
		client.send(join(room, "observer"));
		const nicks: string[] = [];
		for (;;) {
			const stanza = await client.take(
				({ name, attr }) => name === "presence" && attr["from"]?.startsWith(room) === true,
				patience,
			);
			if (stanza === undefined || stanza.attr["type"] === "error") return undefined;
			if (is_own(stanza)) return nicks.sort();
			nicks.push(stanza.attr["from"]?.slice(room.length + 1) ?? "");
		}
	} finally {
		client.send(st.presence({ to: `${room}/observer`, type: "unavailable" }));
		await client.settle();
		await client.disconnect();
	}
}

/** Somebody who is in all rooms, and talks in the first one. */
export class Wanderer {
	/** The nick of the client that is there now, in all rooms; undefined while it is not. */
	nick: string | undefined;
	private lives = 0;
	private last: string[] = [];
	private is_wanted = true;
	private readonly life: Promise<void>;

	constructor(
		private readonly name: string,
		private readonly home: Home,
		private readonly rooms: readonly string[],
		private readonly seen: Seen,
	) {
		this.life = this.live();
	}

	/** What happened to it last, for messages of specs. */
	get story(): string {
		return `${this.name}, life ${this.lives}: ${this.last.join("; ")}`;
	}

	private note(event: string): void {
		this.last = [...this.last.slice(-9), `${new Date().toISOString().slice(11, 23)} ${event}`];
	}

	async stop(): Promise<void> {
		this.is_wanted = false;
		await this.life;
	}

	private async live(): Promise<void> {
		while (this.is_wanted) {
			const client = await log_in(this.name, this.home);
			this.note(client === undefined ? "could not log in" : "logged in");
			if (client === undefined) await delay(pause);
			else await this.stay(client, `${this.name}-${++this.lives}`);
		}
	}

	private async stay(client: Client, nick: string): Promise<void> {
		const inside = new Set<string>();
		for (let number = 0; this.is_wanted && client.ended === undefined; number++) {
			for (const room of this.rooms) {
				if (inside.has(room) || client.ended !== undefined) continue;
				if (await this.enter(client, room, nick)) inside.add(room);
				else await delay(pause);
			}
			this.listen(client, inside);
			this.nick = inside.size === this.rooms.length && client.ended === undefined ? nick : undefined;
			const id = `${nick} ${number}`;
			client.send(st.message({ to: this.rooms[0], type: "groupchat", id }, `${nick} says ${number}`));
			// Whoever went on without an answer would keep a slow machine from ever answering
			const answer = await client.take(({ name, attr }) => name === "message" && attr["id"] === id, patience);
			if (answer !== undefined) this.hear(answer, inside);
			await delay(rhythm);
		}
		this.nick = undefined;
		this.listen(client, inside);
		await client.disconnect();
	}

	private async enter(client: Client, room: string, nick: string): Promise<boolean> {
		client.send(join(room, nick));
		const answer = await client.take(
			(stanza) =>
				stanza.name === "presence" &&
				(is_own(stanza) || stanza.attr["type"] === "error") &&
				stanza.attr["from"]?.startsWith(room) === true,
			patience,
		);
		this.note(
			`entering ${room}: ${answer?.get_error()?.condition ?? answer?.attr["type"] ?? (answer === undefined ? "no answer" : "done")}`,
		);
		return answer !== undefined && answer.attr["type"] === undefined;
	}

	private listen(client: Client, inside: Set<string>): void {
		for (const stanza of client.queue.splice(0)) this.hear(stanza, inside);
	}

	/** Takes note of something; rooms that say that this one is not there, or is no more, are entered again. */
	private hear(stanza: Stanza, inside: Set<string>): void {
		const [room = ""] = (stanza.attr["from"] ?? "").split("/");
		const condition = stanza.attr["type"] === "error" ? stanza.get_error()?.condition : undefined;
		if (condition !== undefined) this.note(`${room} says ${condition}`);
		if (condition === "not-acceptable" || (stanza.attr["type"] === "unavailable" && is_own(stanza))) inside.delete(room);
		this.seen.hear(stanza);
	}
}
