// No counterpart: loads of clients with stream management (XEP-0198): what is said in a room, and coming back.

import { ns } from "../../host/util/ns.ts";
import { BenchClient, open_accounts } from "./client.ts";
import { measure } from "./load.ts";
import { enter, quiet, room_jid } from "./rooms.ts";
import { StanzaCounter, timed_body } from "./stanza_counter.ts";
import type { Scenario } from "./types.ts";

const account = (index: number) => ({ name: `person${index}`, resource: "one" });

/** Has a stream managed; answers with the name of the session. */
async function manage(client: BenchClient): Promise<string> {
	let text = "";
	client.onpiece = (piece) => {
		text += piece;
	};
	await client.ask(`<enable xmlns='${ns.sm3}' resume='true'/>`, "<enabled");
	client.onpiece = undefined;
	return /\bid=['"]([^'"]+)/.exec(text)?.[1] ?? "";
}

/** A client that says what it has got whenever it is asked; it gets nothing but messages. */
class ManagedListener {
	onpiece: ((piece: string) => void) | undefined;
	private readonly counter = new StanzaCounter("</message>");
	private readonly questions = new StanzaCounter("<r ");
	private handled = 0;

	constructor(client: BenchClient) {
		client.onpiece = (piece) => {
			this.handled += this.counter.count(piece);
			if (this.questions.count(piece) > 0) client.send(`<a xmlns='${ns.sm3}' h='${this.handled}'/>`);
			this.onpiece?.(piece);
		};
	}
}

/** Messages to a room whose occupants all say what they have got. */
export function managed_messages(occupants: number): Scenario {
	return {
		id: `smacks-1x${occupants}`,
		title: `Messages, 1 × ${occupants}, with stream management`,
		unit: "delivery",
		accounts: { modules: ["smacks"] },
		floor: false,
		async run(subject, effort) {
			const people = Array.from({ length: occupants }, (_, index) => account(index));
			const clients = await open_accounts(subject.port, people);
			const room = room_jid(0);
			await enter(room, clients);
			await quiet(clients);
			for (const client of clients) await manage(client);
			const listeners = clients.map((client) => new ManagedListener(client));
			const act = (index: number): void => {
				const body = timed_body(performance.now());
				clients[index % occupants]?.send(`<message type='groupchat' id='m${index}' to='${room}'><body>${body}</body></message>`);
			};
			const load = { clients: listeners, marker: "</message>", fan: occupants, window: 50, timed: listeners.slice(0, 20), act };
			try {
				return await measure(subject, [load], effort);
			} finally {
				for (const client of clients) client.close();
			}
		},
	};
}

const people = 50;
const at_once = 10;

/** Somebody whose connection breaks again and again. */
class Traveller {
	constructor(
		private readonly port: number,
		private readonly index: number,
		private client: BenchClient,
		private readonly token: string,
	) {}

	static async open(port: number, index: number): Promise<Traveller> {
		const client = await BenchClient.open(port, "tcp", account(index));
		return new Traveller(port, index, client, await manage(client));
	}

	/** Loses the connection, and goes on over another one. */
	async come_back(): Promise<void> {
		this.client.close();
		this.client = await BenchClient.log_in(this.port, "tcp", account(this.index));
		await this.client.ask(`<resume xmlns='${ns.sm3}' previd='${this.token}' h='0'/>`, "<resumed");
	}

	close(): void {
		this.client.close();
	}
}

/** Connections that break, logins without TLS, and sessions that go on. */
export const resumptions: Scenario = {
	id: "resume",
	title: "Login and resumption of a session",
	unit: "resumption",
	accounts: { modules: ["smacks"] },
	floor: false,
	async run(subject, effort) {
		const all = await Promise.all([...Array(people).keys()].map((index) => Traveller.open(subject.port, index)));
		const done: { onpiece: ((piece: string) => void) | undefined } = { onpiece: undefined };
		let failure: unknown;
		const act = (index: number): void => {
			all[index % people]?.come_back().then(
				() => done.onpiece?.("."),
				(error: unknown) => {
					failure = error;
				},
			);
		};
		try {
			return await measure(subject, [{ clients: [done], marker: ".", fan: 1, window: at_once, act }], effort);
		} catch (error) {
			throw failure ?? error;
		} finally {
			for (const one of all) one.close();
		}
	},
};
