// People in a room of a cluster whose nodes come and go: they talk, hear, and log in elsewhere where their connection ends.

import { setTimeout as delay } from "node:timers/promises";
import { bare } from "../../../../host/util/jid.ts";
import { ns } from "../../../../host/util/ns.ts";
import type { Stanza } from "../../../../host/util/stanza.ts";
import * as st from "../../../../host/util/stanza.ts";
import { Client } from "../../../../tools/scansion/client.ts";

/** Something that was heard. */
export interface Heard {
	readonly room: string;
	readonly id: string;
	readonly body: string;
	/** In milliseconds of the process. */
	readonly at: number;
}

const answer_time = 10_000;
/** How much later than others a client may see that its connection has ended, in milliseconds. */
const ending = 3000;

export class Person {
	/** What was heard live, by connection. */
	readonly hearings: Heard[][] = [];
	/** When what was said, in milliseconds of the process. */
	readonly said_at = new Map<string, number>();
	/** What was said and came back, or was heard by others. */
	said = 0;
	refused = 0;
	/** When a room did not know somebody whose connection stood, and how that was seen. */
	readonly losses: string[] = [];
	client: Client | undefined;
	private readonly is_in = new Set<string>();
	private is_over = false;
	private readonly running: Promise<void>;

	/**
	 * @param rooms where it is, and talks in turn
	 * @param ports where it may log in now, the next best first
	 */
	constructor(
		readonly name: string,
		private readonly rooms: readonly string[],
		private readonly ports: () => number[],
		private readonly pause: number,
	) {
		this.running = this.live();
	}

	/** Says nothing more, and goes on listening for a moment. */
	async quiet(): Promise<void> {
		this.is_over = true;
		await this.running;
	}

	async leave(): Promise<void> {
		this.is_over = true;
		await this.running;
		await Promise.race([this.client?.disconnect(), delay(2000)]);
	}

	private async live(): Promise<void> {
		let port = 0;
		while (!this.is_over) {
			const { client } = this;
			if (client === undefined || client.ended !== undefined) {
				const ports = this.ports();
				port = ports[Math.floor(Math.random() * ports.length)] ?? port;
				if (!(await this.enter(port))) await delay(200);
				continue;
			}
			const body = `${this.name} ${this.said}`;
			this.said_at.set(body, performance.now());
			const to = this.rooms[this.said % this.rooms.length];
			client.send(st.message({ to, type: "groupchat", id: `${this.name}-${this.said}` }, body));
			this.said++;
			const end = performance.now() + this.pause;
			do this.listen(client);
			while ((await delay(20)) === undefined && performance.now() < end && !this.is_over);
		}
	}

	private async enter(port: number): Promise<boolean> {
		this.is_in.clear();
		const jid = `${this.name}@localhost`;
		const client = await Client.connect({ host: "127.0.0.1", port, jid, password: "any", timeout: answer_time });
		if (!client.ok) return false;
		this.client = client.value;
		this.hearings.push([]);
		for (const room of this.rooms) if (!(await this.join(room))) return false;
		return true;
	}

	private async join(room: string): Promise<boolean> {
		const { client } = this;
		if (client === undefined) return false;
		const x = st.presence({ to: `${room}/${this.name}` }).tag("x", { xmlns: ns.muc });
		client.send(x.tag("history", { maxstanzas: "0" }).reset());
		const own = await client.take(
			({ name, attr }) => name === "presence" && attr["from"] === `${room}/${this.name}` && attr["type"] !== "unavailable",
			answer_time,
		);
		if (own === undefined || own.attr["type"] === "error") return false;
		this.is_in.add(room);
		return true;
	}

	/** Takes what has come. */
	listen(client: Client): void {
		for (const stanza of client.queue.splice(0)) this.hear(stanza);
	}

	private hear(stanza: Stanza): void {
		const room = bare(stanza.attr["from"]) ?? "";
		const is_own = stanza.attr["from"] === `${room}/${this.name}`;
		if (stanza.name === "presence" && is_own && stanza.attr["type"] === "unavailable") this.out(room, stanza);
		if (stanza.name !== "message") return;
		if (stanza.attr["type"] === "error") {
			this.refused++;
			if (stanza.get_error()?.condition === "not-acceptable") this.out(room, stanza);
			return;
		}
		const id = stanza.get_child("stanza-id", "urn:xmpp:sid:0")?.attr["id"];
		const body = stanza.get_child_text("body");
		if (body === undefined || id === undefined || stanza.get_child("delay", ns.delay) !== undefined) return;
		this.hearings.at(-1)?.push({ room, id, body, at: performance.now() });
	}

	/** A room has lost somebody whose connection stands. */
	private out(room: string, stanza: Stanza): void {
		const { client } = this;
		if (client?.ended !== undefined || !this.is_in.delete(room)) return;
		const at = new Date().toISOString();
		void delay(ending).then(() => {
			// That its end was seen in the room first is no loss
			if (client?.ended === undefined) this.losses.push(`${at} ${this.name} ${stanza.toString()}`);
		});
		void this.join(room);
	}
}

/** Everything in the archive of a room, oldest first: ids with bodies. */
export async function archive_of(client: Client, room: string): Promise<Map<string, string>> {
	const found = new Map<string, string>();
	for (let after: string | undefined; ; ) {
		const query = st.iq({ to: room, type: "set", id: `mam-${found.size}` }).tag("query", { xmlns: ns.mam });
		query.tag("set", { xmlns: ns.rsm }).text_tag("max", "250");
		if (after !== undefined) query.text_tag("after", after);
		client.send(query.reset());
		for (;;) {
			const stanza = await client.take(
				({ attr, name }) => (name === "iq" && attr["id"] === `mam-${found.size}`) || name === "message" || name === "iq",
				answer_time,
			);
			if (stanza === undefined) throw new Error(`the archive does not answer: ${client.ended ?? "too late"}`);
			const result = stanza.get_child("result", ns.mam);
			if (result !== undefined) {
				const [, body] = /<body>([^<]*)<\/body>/.exec(result.toString()) ?? [];
				after = result.attr["id"];
				if (after !== undefined) found.set(after, body ?? "");
			}
			if (stanza.name !== "iq" || !(stanza.attr["id"]?.startsWith("mam-") ?? false)) continue;
			if (stanza.attr["type"] === "error") throw new Error(`the archive refuses: ${stanza.toString()}`);
			if (stanza.get_child("fin", ns.mam)?.attr["complete"] === "true") return found;
			break;
		}
	}
}
