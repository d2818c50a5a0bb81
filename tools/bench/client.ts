// No counterpart: a client that logs in, enters rooms, and from then on only counts.

import { ns } from "../../host/util/ns.ts";
import type { Carrier } from "./types.ts";
import { open_wire, type Wire } from "./wires.ts";

/** How long a server may take to answer, in milliseconds. Storms keep it busy for long. */
const patience = 180_000;

/** How much of what came is kept, to say where somebody waits in vain. */
const kept = 300;

/** What somebody waits for. */
interface Waiting {
	readonly marker: string;
	found(): void;
	failed(error: Error): void;
}

/** Whose client it is; any password will do. */
export interface Account {
	readonly name: string;
	readonly resource: string;
}

/** What PLAIN says (RFC 4616). */
function plain(name: string): string {
	return Buffer.from(`\0${name}\0any`).toString("base64");
}

/** One connection. */
export class BenchClient {
	/** Called with everything that arrives, as bytes in a string. */
	onpiece: ((piece: string) => void) | undefined;
	private text = "";
	private waiting: Waiting | undefined;
	private ended = false;

	private constructor(private readonly wire: Wire) {
		wire.onpiece = (piece) => this.arrived(piece);
		wire.ongone = (error) => this.gone(error);
	}

	/** Connects and logs in, anonymously where no account is named. */
	static async open(port: number, carrier: Carrier = "tcp", account?: Account): Promise<BenchClient> {
		const client = await BenchClient.log_in(port, carrier, account);
		const resource = account === undefined ? "" : `<resource>${account.resource}</resource>`;
		await client.ask(`<iq type='set' id='bind'><bind xmlns='${ns.bind}'>${resource}</bind></iq>`, "</iq>");
		return client;
	}

	/** Connects and logs in, without a resource. */
	static async log_in(port: number, carrier: Carrier, account: Account | undefined): Promise<BenchClient> {
		const client = new BenchClient(open_wire(port, carrier));
		await client.until("</stream:features>", () => client.wire.open());
		const [mechanism, words] = account === undefined ? ["ANONYMOUS", ""] : ["PLAIN", plain(account.name)];
		await client.ask(`<auth xmlns='${ns.sasl}' mechanism='${mechanism}'>${words}</auth>`, "<success");
		await client.until("</stream:features>", () => client.wire.open());
		return client;
	}

	/** See {@link Wire.gives_bytes}. */
	get gives_bytes(): boolean {
		return this.wire.gives_bytes;
	}

	/** Has somebody else look at all that arrives, as bytes, which are there during the call only; undefined ends that. By TCP and TLS only. */
	look_at_bytes(look: ((bytes: Uint8Array) => void) | undefined): void {
		this.wire.onbytes = look;
	}

	/** Sends a stanza. */
	send(text: string): void {
		this.wire.send(text);
	}

	/** Sends a stanza and waits until the answer has some text in it. */
	ask(stanza: string, marker: string): Promise<void> {
		return this.until(marker, () => this.send(stanza));
	}

	/** Does something and waits until what comes of it has some text in it. */
	private until(marker: string, act: () => void): Promise<void> {
		this.text = "";
		const answered = new Promise<void>((found, failed) => {
			const timer = setTimeout(() => failed(new Error(`no ${marker} came; the last was ${this.text.slice(-300)}`)), patience);
			const settle = (): void => {
				clearTimeout(timer);
				this.waiting = undefined;
			};
			this.waiting = {
				marker,
				found: () => {
					settle();
					found();
				},
				failed: (error) => {
					settle();
					failed(error);
				},
			};
		});
		act();
		return answered;
	}

	/** Enters a room. */
	join(room: string, nick: string): Promise<void> {
		return this.ask(`<presence to='${room}/${nick}'><x xmlns='${ns.muc}'/></presence>`, "code='110'");
	}

	/** Stops reading, like a client whose network is gone. */
	pause(): void {
		this.wire.pause();
	}

	close(): void {
		this.ended = true;
		this.wire.close();
	}

	private arrived(piece: string): void {
		this.onpiece?.(piece);
		const { waiting } = this;
		if (waiting === undefined) return;
		// Of what was there before, as much as may be a part of the marker; of a long piece, nothing but its end is kept
		const { marker } = waiting;
		const seam = this.text.slice(-marker.length) + piece.slice(0, marker.length);
		if (piece.includes(marker) || seam.includes(marker)) waiting.found();
		else
			this.text =
				piece.length < kept ? (this.text + piece).slice(-kept) : Buffer.from(piece.slice(-kept), "latin1").toString("latin1");
	}

	private gone(error: Error): void {
		this.waiting?.failed(error);
		if (this.ended) return;
		this.ended = true;
		this.wire.close();
	}
}

/** Opens clients, a few at a time; in the order of their numbers. */
async function open_all(count: number, open: (index: number) => Promise<BenchClient>): Promise<BenchClient[]> {
	const clients: BenchClient[] = [];
	let begun = 0;
	const next = async (): Promise<void> => {
		while (begun < count) {
			const index = begun++;
			clients[index] = await open(index);
		}
	};
	await Promise.all(Array.from({ length: Math.min(20, count) }, next));
	return clients;
}

/** Logs clients in anonymously. */
export function open_clients(port: number, count: number, carrier?: Carrier): Promise<BenchClient[]> {
	return open_all(count, () => BenchClient.open(port, carrier));
}

/** Logs clients in anonymously over TCP, so many at each of the servers in turn. */
export function open_clients_on(ports: readonly number[], count: number, together = 1): Promise<BenchClient[]> {
	return open_all(count, (index) => BenchClient.open(ports[Math.floor(index / together) % ports.length] ?? 0));
}

/** Logs people in over TCP. */
export function open_accounts(port: number, accounts: readonly Account[]): Promise<BenchClient[]> {
	return open_all(accounts.length, (index) => BenchClient.open(port, "tcp", accounts[index]));
}
