import { once } from "node:events";
import { createServer } from "node:net";
import { type ConnectionOptions, connect as connect_tls } from "node:tls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { read_client_hello } from "../../../host/net/client_hello.ts";

/** What Node's own client says first. */
async function hello_of(options: Pick<ConnectionOptions, "servername" | "maxVersion">): Promise<Buffer> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	const port = typeof address === "object" && address !== null ? address.port : 0;
	const accepted = once(server, "connection");
	const client = connect_tls({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
	client.on("error", () => {});
	const [socket] = await accepted;
	const [data] = await once(socket, "data");
	client.destroy();
	socket.destroy();
	server.close();
	return data;
}

/** The same message in more records. */
function in_records(hello: Buffer, size: number): Buffer {
	const message = hello.subarray(5);
	const pieces: Buffer[] = [];
	for (let at = 0; at < message.length; at += size) {
		const piece = message.subarray(at, at + size);
		pieces.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece);
	}
	return Buffer.concat(pieces);
}

const nobody = { server_name: undefined, speaks_1_3: false, wants_short_records: false };

describe("what a client says first", () => {
	it.each(["TLSv1.2", "TLSv1.3"] as const)("names a host or nobody, with %s", async (version) => {
		const named = await hello_of({ servername: "chat.example", maxVersion: version });
		const expected = { server_name: "chat.example", speaks_1_3: version === "TLSv1.3", wants_short_records: false };
		expect(read_client_hello(named)).toEqual(expected);
		for (const size of [20, 100]) expect(read_client_hello(in_records(named, size))).toEqual(expected);
		expect(read_client_hello(await hello_of({ maxVersion: version }))).toEqual({ ...expected, server_name: undefined });
	});

	it("is waited for, however it is cut", async () => {
		for (const hello of [await hello_of({ servername: "chat.example" }), await hello_of({})]) {
			for (let at = 0; at < hello.length; at++) expect(read_client_hello(hello.subarray(0, at))).toBe("incomplete");
			for (let at = 0; at < hello.length; at++) {
				expect(read_client_hello(in_records(hello.subarray(0, at), 7))).toBe("incomplete");
			}
		}
	});

	it("names nobody where it is something else", () => {
		for (const text of ["<?xml version='1.0'?>", "GET / HTTP/1.1\r\n\r\n", "\u0016\u0003\u0001\u0000\u0001\u0002"]) {
			expect(read_client_hello(Buffer.from(text, "latin1"))).toEqual(nobody);
		}
		expect(read_client_hello(Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255]))).toEqual(nobody);
		expect(read_client_hello(Buffer.alloc(70_000, 22))).toEqual(nobody);
	});

	it("is not read where it comes in more records than anybody needs, or in empty ones", async () => {
		const hello = await hello_of({ servername: "chat.example" });
		expect(read_client_hello(in_records(hello, 1))).toEqual(nobody);
		const unfinished = Buffer.concat([
			Buffer.from([22, 3, 1, 0, 4, 1, 0, 0xea, 0x60]),
			Buffer.alloc(6 * 63, "1603010001aa", "hex"),
		]);
		expect(read_client_hello(unfinished)).toBe("incomplete");
		expect(read_client_hello(Buffer.concat([unfinished, Buffer.from("1603010001aa", "hex")]))).toEqual(nobody);
		expect(read_client_hello(Buffer.from([22, 3, 1, 0, 0]))).toEqual(nobody);
	});

	it("may ask for short records", async () => {
		const hello = await hello_of({ servername: "chat.example" });
		// One more extension, at the end: the lengths of record, message and extensions grow by as much
		const longer = Buffer.concat([hello, Buffer.from([0, 1, 0, 1, 1])]);
		const session_at = 5 + 4 + 2 + 32;
		const suites_at = session_at + 1 + (hello[session_at] ?? 0);
		const extensions_at = suites_at + 2 + hello.readUInt16BE(suites_at) + 2;
		for (const at of [3, 7, extensions_at]) longer.writeUInt16BE(hello.readUInt16BE(at) + 5, at);
		expect(read_client_hello(longer)).toMatchObject({ server_name: "chat.example", wants_short_records: true });
	});

	it("never fails on what is broken", async () => {
		const hello = await hello_of({ servername: "chat.example" });
		fc.assert(
			fc.property(
				fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { maxLength: 6 }),
				fc.nat(hello.length),
				(edits, length) => {
					const broken = Buffer.from(hello.subarray(0, length));
					for (const [at, byte] of edits) if (at < broken.length) broken[at] = byte;
					read_client_hello(broken);
				},
			),
			{ numRuns: 3000 },
		);
	});
});
