import { once } from "node:events";
import { connect as connect_tcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connect_tls, createSecureContext, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TlsContext } from "../../../host/core/types.ts";
import type { SocketConnection } from "../../../host/net/connection.ts";
import { default_network_settings, type NetworkSettings } from "../../../host/net/network_settings.ts";
import { NetServer } from "../../../host/net/server.ts";
import { Turn } from "../../../host/util/turn.ts";
import { self_signed_certificate } from "../../../host/util/x509.ts";
import { memory_pair } from "./memory_pair.ts";

const { certificate, key } = self_signed_certificate(["localhost"], 10);
const context: TlsContext = {
	names: ["localhost"],
	options: { secureContext: createSecureContext({ cert: certificate, key }), maxVersion: "TLSv1.3" },
};

const servers: NetServer[] = [];
const sockets: Duplex[] = [];

afterEach(async () => {
	for (const socket of sockets.splice(0)) socket.destroy();
	await Promise.all(servers.splice(0).map((server) => server.close()));
});

function create_server(settings: Partial<NetworkSettings> = {}) {
	const turn = new Turn(() => {});
	const log = vi.fn();
	const server = new NetServer(turn, { ...default_network_settings, shutdown_deadline: 0.1, ...settings }, log);
	servers.push(server);
	return { server, turn, log };
}

/** What an owner is told. */
function watch(connection: SocketConnection) {
	const seen = { data: "", closed: [] as (string | undefined)[] };
	const changed = new EventTarget();
	connection.ondata = (chunk) => {
		seen.data += chunk.toString();
		changed.dispatchEvent(new Event("change"));
	};
	connection.onclose = (error) => {
		seen.closed.push(error);
		changed.dispatchEvent(new Event("change"));
	};
	const until = async (condition: () => boolean): Promise<void> => {
		while (!condition()) await new Promise((resolve) => changed.addEventListener("change", resolve, { once: true }));
	};
	return { seen, until };
}

/** A connection over a pair in memory, with what its client reads. */
function connect(settings: Partial<NetworkSettings> = {}) {
	const made = create_server(settings);
	const [near, client] = memory_pair();
	sockets.push(client);
	let watched: ReturnType<typeof watch> | undefined;
	const connection = made.server.adopt(near, (accepted) => {
		watched = watch(accepted);
	});
	if (watched === undefined) throw new Error("the connection was not told of");
	return { ...made, near, client, connection, ...watched };
}

async function read_until(stream: Duplex, end: string): Promise<string> {
	let text = "";
	while (!text.endsWith(end)) {
		const chunk: Buffer | null = stream.read();
		if (chunk === null)
			await Promise.race([once(stream, "readable"), once(stream, "end").then(() => Promise.reject(new Error(`ended: ${text}`)))]);
		else text += chunk.toString();
	}
	return text;
}

async function tls_over(stream: Duplex): Promise<TLSSocket> {
	const client = connect_tls({ socket: stream, rejectUnauthorized: false, servername: "localhost" });
	sockets.push(client);
	await once(client, "secureConnect");
	return client;
}

describe("writing", () => {
	it("goes out at the end of the turn, in one piece", async () => {
		const { connection, near, client, turn } = connect();
		const write = vi.spyOn(near, "write");
		expect(connection.write("a")).toBe(true);
		expect(connection.write("b")).toBe(true);
		expect(connection.pending).toBe(2);
		expect(write).not.toHaveBeenCalled();
		turn.end();
		expect(write.mock.calls.map(([text]) => text)).toEqual(["ab"]);
		expect(await read_until(client, "b")).toBe("ab");
	});

	it("is forgotten when the turn fails, but for what belongs to the stream", async () => {
		const { connection, client, turn } = connect();
		turn.join({
			commit() {
				throw new Error("disk full");
			},
			rollback() {},
		});
		connection.write("<stream>", true);
		connection.write("<message/>");
		connection.write("</stream>", true);
		turn.end();
		expect(await read_until(client, "</stream>")).toBe("<stream></stream>");
	});

	it("comes out before the connection is closed", async () => {
		const { connection, client, seen, until, server } = connect();
		connection.write("last words");
		connection.close();
		expect(connection.write("more")).toBe(false);
		expect(await read_until(client, "words")).toBe("last words");
		client.resume();
		await once(client, "end");
		client.end();
		await until(() => seen.closed.length > 0);
		await connection.closed;
		expect(seen.closed).toEqual([undefined]);
		expect(server.size).toBe(0);
	});

	it("beyond the limit ends the connection", async () => {
		const { connection, seen } = connect({ max_send_buffer_size: 100_000 });
		expect(connection.write("x".repeat(99_999))).toBe(true);
		expect(connection.write("xx")).toBe(false);
		// The owner is still writing: what follows from the end of the connection has to wait.
		expect(seen.closed).toEqual([]);
		await connection.closed;
		expect(seen.closed).toEqual(["no space left in buffer"]);
		expect(connection.write("x")).toBe(false);
	});

	it("counts what the peer has not taken, turn after turn", async () => {
		const { connection, seen, turn } = connect({ max_send_buffer_size: 100_000 });
		let written = 0;
		while (connection.write("x".repeat(1000))) {
			written++;
			turn.end();
		}
		expect(written).toBeGreaterThanOrEqual(100);
		expect(written).toBeLessThan(200);
		await connection.closed;
		expect(seen.closed).toEqual(["no space left in buffer"]);
	});

	it("stops reading from a peer that does not take what it is sent, until it does", async () => {
		const { connection, near, client, turn, seen, until } = connect();
		connection.write("x".repeat(2 * 1024 * 1024));
		turn.end();
		expect(near.isPaused()).toBe(true);
		client.write("hello");
		const drained = new Promise<void>((resolve) => {
			connection.ondrain = resolve;
		});
		client.resume();
		await drained;
		await until(() => seen.data === "hello");
	});

	it("gives up a peer that takes nothing for too long", async () => {
		const { connection, seen } = connect({ send_timeout: 0.02 });
		connection.write("x".repeat(100_000));
		await connection.closed;
		expect(seen.closed).toEqual(["write timeout"]);
	});
});

describe("reading", () => {
	it("can be paused and resumed", async () => {
		const { connection, near, client, seen, until } = connect();
		connection.pause();
		client.write("a");
		expect(near.isPaused()).toBe(true);
		connection.resume();
		await until(() => seen.data === "a");
	});

	it("asks the owner about silence, and ends the connection unless told otherwise", async () => {
		const { connection, seen } = connect({ read_timeout: 0.01 });
		let asked = 0;
		connection.onreadtimeout = () => ++asked < 3;
		await connection.closed;
		expect(asked).toBe(3);
		expect(seen.closed).toEqual(["read timeout"]);
	});

	it("survives owners that throw", async () => {
		const { connection, client, seen, log } = connect();
		connection.ondata = () => {
			throw new Error("mistake");
		};
		client.write("x");
		await connection.closed;
		expect(seen.closed).toEqual(["internal error"]);
		expect(log.mock.calls[0]?.[3]).toContain("mistake");
	});

	it("tells once that the peer is gone, and still lets it read the answer", async () => {
		const { connection, client, seen, until } = connect();
		connection.ondata = () => connection.write("answer");
		client.end("question");
		expect(await read_until(client, "answer")).toBe("answer");
		await until(() => seen.closed.length > 0);
		await connection.closed;
		expect(seen.closed).toEqual(["closed"]);
	});

	it("tells of broken streams", async () => {
		const { connection, near, seen } = connect();
		near.destroy(new Error("wire cut"));
		await connection.closed;
		expect(seen.closed).toEqual(["wire cut"]);
	});
});

describe("starttls", () => {
	it("sends what was written before in the clear, and all that follows encrypted", async () => {
		const { connection, client, seen, until } = connect();
		connection.write("<proceed/>");
		connection.starttls(context);
		connection.write("secret");
		expect(await read_until(client, "/>")).toBe("<proceed/>");
		const tls = await tls_over(client);
		expect(await read_until(tls, "secret")).toBe("secret");
		expect(connection.secure).toBe(true);
		expect(connection.ssl_info()?.protocol).toBe("TLSv1.3");
		tls.write("hello");
		await until(() => seen.data === "hello");
		tls.end();
		await until(() => seen.closed.length > 0);
		expect(seen.closed).toEqual(["closed"]);
	});

	it("never hands on what came in the clear", async () => {
		const { connection, client, seen, turn } = connect();
		connection.write("<proceed/>");
		connection.starttls(context);
		client.write("<auth>injected</auth>");
		turn.end();
		await connection.closed;
		expect(seen.data).toBe("");
		expect(seen.closed).toHaveLength(1);
		expect(seen.closed[0]).toMatch(/^TLS: /);
	});

	it("gives up a handshake that takes too long", async () => {
		const { connection, seen, turn } = connect({ ssl_handshake_timeout: 0.02 });
		connection.starttls(context);
		turn.end();
		await connection.closed;
		expect(seen.closed).toEqual(["TLS handshake timed out"]);
	});

	it("ends with a peer that goes in the midst of a handshake, whatever waits for it", async () => {
		const { connection, client, seen, turn } = connect();
		connection.starttls(context);
		connection.write("never read");
		turn.end();
		connection.close();
		turn.end();
		client.end();
		client.resume();
		await connection.closed;
		expect(seen.closed).toEqual(["TLS handshake cut short"]);
	});

	it("survives garbage in an encrypted connection", async () => {
		const { server } = create_server();
		const accepted: SocketConnection[] = [];
		const listening = await server.listen({
			interface: "127.0.0.1",
			port: 0,
			onconnect: (connection) => accepted.push(connection),
		});
		if (!listening.ok) throw new Error(listening.error.message);
		const raw = connect_tcp(listening.value.port, "127.0.0.1");
		sockets.push(raw);
		await once(raw, "connect");
		while (accepted.length === 0) await new Promise(setImmediate);
		const [connection] = accepted;
		if (connection === undefined) throw new Error("not accepted");
		const { seen } = watch(connection);
		connection.starttls(context);
		const tls = await tls_over(raw);
		tls.on("error", () => {});
		raw.write("this is no TLS record at all, and longer than a record header");
		await connection.closed;
		expect(seen.closed).toHaveLength(1);
		expect(seen.data).toBe("");
	});
});

describe("ports", () => {
	async function listen(server: NetServer, options: { port?: number; tls?: boolean } = {}) {
		const accepted: SocketConnection[] = [];
		const result = await server.listen({
			interface: "127.0.0.1",
			port: options.port ?? 0,
			onconnect: (connection) => accepted.push(connection),
			...(options.tls ? { tls: () => context } : {}),
		});
		return { result, accepted };
	}

	async function dial(port: number): Promise<Socket> {
		const socket = connect_tcp(port, "127.0.0.1");
		sockets.push(socket);
		await once(socket, "connect");
		return socket;
	}

	it("take connections, with the peer's address", async () => {
		const { server } = create_server();
		const { result, accepted } = await listen(server);
		if (!result.ok) throw new Error(result.error.message);
		const socket = await dial(result.value.port);
		while (accepted.length === 0) await new Promise(setImmediate);
		expect(accepted[0]?.ip).toBe("127.0.0.1");
		accepted[0]?.write("hi");
		expect(await read_until(socket, "hi")).toBe("hi");
	});

	it("that are occupied are an error value", async () => {
		const { server } = create_server();
		const first = await listen(server);
		if (!first.result.ok) throw new Error(first.result.error.message);
		const second = await listen(server, { port: first.result.value.port });
		expect(second.result).toMatchObject({ ok: false, error: { code: "EADDRINUSE" } });
	});

	it("of addresses that this machine does not have are an error value", async () => {
		const { server } = create_server();
		expect(await server.listen({ interface: "192.0.2.1", port: 0, onconnect() {} })).toMatchObject({
			ok: false,
			error: { code: "EADDRNOTAVAIL" },
		});
	});

	it("with TLS tell of a connection once it is encrypted", async () => {
		const { server } = create_server();
		const { result, accepted } = await listen(server, { tls: true });
		if (!result.ok) throw new Error(result.error.message);
		const socket = await dial(result.value.port);
		const tls = await tls_over(socket);
		while (accepted.length === 0) await new Promise(setImmediate);
		expect(accepted[0]?.secure).toBe(true);
		accepted[0]?.write("hi");
		expect(await read_until(tls, "hi")).toBe("hi");
	});

	it("with TLS do not tell of peers that speak something else", async () => {
		const { server } = create_server();
		const { result, accepted } = await listen(server, { tls: true });
		if (!result.ok) throw new Error(result.error.message);
		const socket = await dial(result.value.port);
		socket.write("<stream:stream>\n\n\n\n\n");
		socket.resume();
		await once(socket, "close");
		expect(accepted).toEqual([]);
		while (server.size > 0) await new Promise(setImmediate);
	});

	it("survive resets", async () => {
		const { server } = create_server();
		const { result, accepted } = await listen(server);
		if (!result.ok) throw new Error(result.error.message);
		const socket = await dial(result.value.port);
		while (accepted.length === 0) await new Promise(setImmediate);
		const [connection] = accepted;
		if (connection === undefined) throw new Error("not accepted");
		const { seen } = watch(connection);
		socket.resetAndDestroy();
		await connection.closed;
		expect(seen.closed).toEqual(["closed"]);
	});

	it("close, and connections with them after their last words", async () => {
		const { server } = create_server();
		const { result, accepted } = await listen(server);
		if (!result.ok) throw new Error(result.error.message);
		const socket = await dial(result.value.port);
		while (accepted.length === 0) await new Promise(setImmediate);
		accepted[0]?.write("bye");
		const closed = server.close();
		expect(await read_until(socket, "bye")).toBe("bye");
		await closed;
		expect(server.size).toBe(0);
		const refused = connect_tcp(result.value.port, "127.0.0.1");
		const [error] = await once(refused, "error");
		expect(error).toMatchObject({ code: "ECONNREFUSED" });
	});
});
