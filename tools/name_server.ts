// No counterpart: a name server for servers on this machine that have to find each other.

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { idna_to_ascii } from "../host/util/idna.ts";

const loopback = "127.0.0.1";
/**
 * A name that every resolver on this machine finds, even one that does not ask name servers for addresses, like that of ejabberd
 * 23.01.
 */
const this_machine = "localhost";

/** Numbers of the protocol. Source: RFC 1035 §3.2, §4.1.1; RFC 2782. */
const types = { a: 1, srv: 33 } as const;
const class_internet = 1;
const header_length = 12;
/** An answer, authoritative, with recursion asked for and available. */
const answer_flags = 0x8580;
const status = { done: 0, malformed: 1, no_such_name: 3 } as const;
/** For how many seconds answers are valid; short, since servers come and go. */
const time_to_live = 0;

const services = { "_xmpp-server._tcp": "plain", "_xmpps-server._tcp": "direct_tls" } as const;

/** On which ports of this machine a domain listens for other servers. */
export interface ServerPorts {
	readonly plain?: number;
	/** TLS from the first byte (XEP-0368). */
	readonly direct_tls?: number;
}

interface Question {
	readonly name: string;
	readonly type: number;
	/** Where it ends. */
	readonly end: number;
}

/** Reads the one question of a query; undefined for anything else. */
function read_question(query: Buffer): Question | undefined {
	if (query.length < header_length || query.readUInt16BE(4) !== 1) return undefined;
	const labels: string[] = [];
	let at = header_length;
	for (;;) {
		const length = query[at];
		if (length === undefined || length > 63) return undefined;
		at++;
		if (length === 0) break;
		labels.push(query.toString("latin1", at, at + length));
		at += length;
	}
	if (at + 4 > query.length) return undefined;
	const type = query.readUInt16BE(at);
	return { name: labels.join(".").toLowerCase(), type, end: at + 4 };
}

function encode_name(name: string): Buffer {
	const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, "latin1")]));
	return Buffer.concat([...labels, Buffer.from([0])]);
}

/** A record of the name that was asked for. */
function record(type: number, data: Buffer): Buffer {
	const head = Buffer.alloc(12);
	// The name is where the question has it
	head.writeUInt16BE(0xc000 | header_length, 0);
	head.writeUInt16BE(type, 2);
	head.writeUInt16BE(class_internet, 4);
	head.writeUInt32BE(time_to_live, 6);
	head.writeUInt16BE(data.length, 10);
	return Buffer.concat([head, data]);
}

function service_record(port: number): Buffer {
	const head = Buffer.alloc(6);
	head.writeUInt16BE(port, 4);
	return record(types.srv, Buffer.concat([head, encode_name(this_machine)]));
}

/** A name server over UDP on the loopback interface: all servers are on this machine, each on its own ports. */
export class NameServer {
	private readonly domains = new Map<string, ServerPorts>();

	private constructor(private readonly socket: Socket) {
		socket.on("message", (query, from) => this.answer(query, from));
		// The end of a client must not end the server
		socket.on("error", () => {});
	}

	/** Starts one on a free port. */
	static start(): Promise<NameServer> {
		const socket = createSocket("udp4");
		return new Promise((resolve, reject) => {
			socket.once("error", reject);
			socket.bind(0, loopback, () => {
				socket.off("error", reject);
				resolve(new NameServer(socket));
			});
		});
	}

	get port(): number {
		return this.socket.address().port;
	}

	/** Says where the servers of domains listen. */
	place(ports: ServerPorts, ...domains: string[]): void {
		for (const domain of domains) this.domains.set((idna_to_ascii(domain) ?? domain).toLowerCase(), ports);
	}

	close(): void {
		this.socket.close();
	}

	private answer(query: Buffer, { address, port }: RemoteInfo): void {
		if (query.length < header_length) return;
		const question = read_question(query);
		const found = question === undefined ? status.malformed : this.records(question);
		const records = typeof found === "number" ? [] : found;
		const head = Buffer.alloc(header_length);
		query.copy(head, 0, 0, 2);
		head.writeUInt16BE(answer_flags | (typeof found === "number" ? found : status.done), 2);
		head.writeUInt16BE(question === undefined ? 0 : 1, 4);
		head.writeUInt16BE(records.length, 6);
		this.socket.send(
			Buffer.concat([head, query.subarray(header_length, question?.end ?? header_length), ...records]),
			port,
			address,
		);
	}

	/** The records that answer a question, or the status that says why there are none. */
	private records({ name, type }: Question): Buffer[] | number {
		if (name === this_machine || this.domains.has(name)) {
			return type === types.a ? [record(types.a, Buffer.from(loopback.split(".").map(Number)))] : [];
		}
		for (const [service, kind] of Object.entries(services)) {
			if (!name.startsWith(`${service}.`)) continue;
			const domain = name.slice(service.length + 1);
			const port = this.domains.get(domain)?.[kind];
			if (port !== undefined) return type === types.srv ? [service_record(port)] : [];
		}
		return status.no_such_name;
	}
}
