// No counterpart: OpenSSL looks for Prosody at what a client says first.

import type { Duplex } from "node:stream";

/** What a client's first bytes say. */
export interface Hello {
	/** The host that it wants (SNI, RFC 6066 §3), if any. */
	readonly server_name: string | undefined;
	readonly speaks_1_3: boolean;
	/** Whether it asks for records that are shorter than usual (max_fragment_length, RFC 6066 §4). */
	readonly wants_short_records: boolean;
}

const handshake_record = 22;
const client_hello = 1;
const server_hello = 2;
const server_name_extension = 0;
const max_fragment_length_extension = 1;
const supported_versions_extension = 43;
const version_1_3 = 0x0304;
const host_name = 0;
/** More bytes than any client hello has. */
const longest = 64 * 1024;
/** More records than any client hello comes in. Each one more would cost work whenever another byte comes. */
const most_records = 64;

const nobody: Hello = { server_name: undefined, speaks_1_3: false, wants_short_records: false };

/** Takes bytes from the front of a buffer; beyond its end there are none. */
class Reader {
	private at = 0;

	constructor(private readonly data: Buffer) {}

	get left(): number {
		return this.data.length - this.at;
	}

	number(bytes: 1 | 2 | 3): number {
		const taken = this.take(bytes);
		return taken.length < bytes ? 0 : taken.readUIntBE(0, bytes);
	}

	take(bytes: number): Buffer {
		const taken = this.data.subarray(this.at, this.at + bytes);
		this.at += bytes;
		return taken;
	}

	/** Something whose length stands before it. */
	vector(length_bytes: 1 | 2): Buffer {
		return this.take(this.number(length_bytes));
	}
}

/** The handshake message in the records so far; undefined where they hold something else. */
function message_of(data: Buffer, type = client_hello): Buffer | "incomplete" | undefined {
	const records = new Reader(data);
	const pieces: Buffer[] = [];
	let size = 0;
	while (records.left > 0) {
		if (records.number(1) !== handshake_record || pieces.length === most_records) return undefined;
		if (records.left < 4) return "incomplete";
		records.take(2);
		const length = records.number(2);
		if (length === 0) return undefined;
		const piece = records.take(length);
		pieces.push(piece);
		size += piece.length;
		const head = pieces.length === 1 ? piece : Buffer.concat(pieces, Math.min(size, 4));
		if (head.length > 0 && head[0] !== type) return undefined;
		if (head.length >= 4) {
			const expected = 4 + head.readUIntBE(1, 3);
			if (size >= expected) return Buffer.concat(pieces, expected).subarray(4);
			if (expected > longest) return undefined;
		}
		if (piece.length < length) return "incomplete";
	}
	return "incomplete";
}

/**
 * Reads which host a client wants, where it has sent enough for that. What is not valid TLS names no host; TLS itself answers that.
 */
export function read_client_hello(data: Buffer): Hello | "incomplete" {
	const message = data.length > longest ? undefined : message_of(data);
	if (message === "incomplete") return message;
	if (message === undefined) return nobody;
	const hello = new Reader(message);
	// version, random number
	hello.take(2 + 32);
	// session, cipher suites, ways of compression
	hello.vector(1);
	hello.vector(2);
	hello.vector(1);
	const extensions = new Reader(hello.vector(2));
	let server_name: string | undefined;
	let speaks_1_3 = false;
	let wants_short_records = false;
	while (extensions.left > 0) {
		const type = extensions.number(2);
		const content = extensions.vector(2);
		if (type === server_name_extension) server_name ??= name_in(content);
		else if (type === max_fragment_length_extension) wants_short_records = true;
		else if (type === supported_versions_extension) {
			const versions = new Reader(new Reader(content).vector(1));
			while (versions.left > 0) if (versions.number(2) === version_1_3) speaks_1_3 = true;
		}
	}
	return { server_name, speaks_1_3, wants_short_records };
}

function name_in(content: Buffer): string | undefined {
	const names = new Reader(new Reader(content).vector(2));
	if (names.number(1) !== host_name) return undefined;
	const name = names.vector(2).toString("latin1");
	return name === "" ? undefined : name;
}

/**
 * The number of the cipher suite that a server chose with TLS 1.3; undefined where it chose another version.
 * @param data its first bytes, with all of its hello
 */
export function chosen_suite(data: Buffer): number | undefined {
	const message = message_of(data, server_hello);
	if (message === undefined || message === "incomplete") return undefined;
	const hello = new Reader(message);
	// version, random number, session
	hello.take(2 + 32);
	hello.vector(1);
	const suite = hello.number(2);
	hello.take(1);
	const extensions = new Reader(hello.vector(2));
	while (extensions.left > 0) {
		const type = extensions.number(2);
		const content = new Reader(extensions.vector(2));
		if (type === supported_versions_extension) return content.number(2) === version_1_3 ? suite : undefined;
	}
	return undefined;
}

/** Waits for a client's first bytes. The stream is paused then. */
export function await_client_hello(stream: Duplex, done: (hello: Hello, said: Buffer) => void): void {
	let said = Buffer.alloc(0);
	const listen = (chunk: Buffer): void => {
		said = Buffer.concat([said, chunk]);
		const hello = read_client_hello(said);
		if (hello === "incomplete") return;
		stream.off("data", listen);
		stream.pause();
		done(hello, said);
	};
	stream.on("data", listen);
}
