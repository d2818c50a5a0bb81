import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect as connect_tcp, createServer } from "node:net";
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { TlsContext } from "../../../host/core/types.ts";
import type { SocketConnection } from "../../../host/net/connection.ts";
import { default_network_settings, type NetworkSettings } from "../../../host/net/network_settings.ts";
import { NetServer } from "../../../host/net/server.ts";
import { Turn } from "../../../host/util/turn.ts";
import { self_signed_certificate } from "../../../host/util/x509.ts";
import { eventually } from "../../helper.ts";

const { certificate, key } = self_signed_certificate(["localhost"], 10);

const ccm = "TLS_AES_128_CCM_SHA256";

function context_with({ ciphers, alpn = [] }: { ciphers?: string; alpn?: string[] } = {}): TlsContext {
	const secure_context = createSecureContext({ cert: certificate, key, ...(ciphers === undefined ? {} : { ciphers }) });
	return { names: ["localhost"], options: { secureContext: secure_context, maxVersion: "TLSv1.3", ALPNProtocols: alpn } };
}

const ends: (() => unknown)[] = [];

afterEach(async () => {
	await Promise.all(ends.splice(0).map((end) => end()));
});

/** A server that says back what it hears, and its connections. */
async function listen(context: TlsContext, settings: Partial<NetworkSettings> = {}) {
	const turn = new Turn(() => {});
	const server = new NetServer(turn, { ...default_network_settings, shutdown_deadline: 0.1, ...settings }, () => {});
	ends.push(() => server.close());
	const accepted: SocketConnection[] = [];
	const closed: (string | undefined)[] = [];
	const listening = await server.listen({
		interface: "127.0.0.1",
		port: 0,
		tls: () => context,
		onconnect: (connection) => {
			accepted.push(connection);
			connection.ondata = (bytes) => {
				connection.write(Buffer.from(bytes));
				turn.end();
			};
			connection.onclose = (reason) => closed.push(reason);
		},
	});
	if (!listening.ok) throw new Error(listening.error.message);
	return { port: listening.value.port, accepted, closed, server };
}

async function client_of(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
	const client = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, servername: "localhost", ...options });
	ends.push(() => client.destroy());
	client.on("error", () => {});
	await once(client, "secureConnect");
	return client;
}

/** Says something and waits until it was said back. */
async function echo(client: TLSSocket, said: string): Promise<void> {
	let heard = "";
	client.on("data", (bytes: Buffer) => {
		heard += bytes.toString("latin1");
	});
	client.write(said, "latin1");
	await eventually(() => expect(heard.length).toBe(said.length));
	expect(heard).toBe(said);
	client.removeAllListeners("data");
}

function openssl_speaks(connection: SocketConnection | undefined): boolean {
	return Reflect.get(connection ?? {}, "agreed") === undefined;
}

describe("a handshake", () => {
	it.each(["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])(
		"of OpenSSL ends with keys, with %s",
		async (cipher) => {
			const { port, accepted, closed } = await listen(context_with({ alpn: ["xmpp-client"] }));
			const client = await client_of(port, { ciphers: cipher, ALPNProtocols: ["xmpp-client"] });
			for (const length of [1, 100, 16_384, 16_385, 300_000]) await echo(client, "x".repeat(length));
			const [connection] = accepted;
			expect(openssl_speaks(connection)).toBe(false);
			expect(connection?.ssl_info()).toEqual({ protocol: "TLSv1.3", cipher });
			expect(connection?.details()).toMatchObject({ sni: "localhost", alpn: "xmpp-client" });
			const shared = client.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));
			expect(connection?.channel_binding("tls-exporter")).toEqual(shared);
			expect(connection?.channel_binding("tls-unique")).toBeUndefined();
			expect(connection?.channel_binding("tls-server-end-point")).toHaveLength(32);
			client.end();
			await once(client, "close");
			await eventually(() => expect(closed).toEqual(["closed"]));
		},
	);

	it.each([
		["another version", { maxVersion: "TLSv1.2" }, {}, {}, "TLSv1.2"],
		["a suite that only OpenSSL speaks", { ciphers: ccm }, { ciphers: ccm }, {}, "TLSv1.3"],
		["a setting that says so", {}, {}, { openssl_records: true }, "TLSv1.3"],
	] as const)("is OpenSSL's to the end with %s", async (_, of_client, of_server, settings, version) => {
		const { port, accepted } = await listen(context_with(of_server), settings);
		const client = await client_of(port, of_client);
		for (const length of [1, 100, 40_000]) await echo(client, "x".repeat(length));
		expect(openssl_speaks(accepted[0])).toBe(true);
		expect(accepted[0]?.ssl_info()?.protocol).toBe(version);
		client.end();
		await once(client, "close");
	});

	it("is OpenSSL's to the end where the client wants short records", async () => {
		const { port, accepted } = await listen(context_with());
		const child = spawn("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_3", "-maxfraglen", "512", "-quiet"]);
		ends.push(() => child.kill("SIGKILL"));
		let heard = "";
		child.stdout.on("data", (bytes: Buffer) => {
			heard += bytes.toString();
		});
		const said = `${"x".repeat(3000)}\n`;
		child.stdin.write(said);
		await eventually(() => expect(heard).toBe(said));
		expect(openssl_speaks(accepted[0])).toBe(true);
	});

	it("goes on where client and server first have to agree on a group", async () => {
		const secure_context = createSecureContext({ cert: certificate, key, ecdhCurve: "P-384" });
		const { port, accepted } = await listen({
			names: ["localhost"],
			options: { secureContext: secure_context, maxVersion: "TLSv1.3" },
		});
		const client = await client_of(port, { ecdhCurve: "X25519:P-384" });
		await echo(client, "hello");
		expect(openssl_speaks(accepted[0])).toBe(false);
	});

	it("may be the beginning of a session that is resumed", async () => {
		const { port, accepted } = await listen(context_with());
		const client = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
		ends.push(() => client.destroy());
		const [session] = await once(client, "session");
		// Node's client cannot write while it tells of a session
		await new Promise(setImmediate);
		await echo(client, "hello");
		const again = await client_of(port, { session });
		expect(again.isSessionReused()).toBe(true);
		await echo(again, "hello");
		expect(accepted.map(openssl_speaks)).toEqual([false, false]);
		const shared = again.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));
		expect(accepted[1]?.channel_binding("tls-exporter")).toEqual(shared);
	});

	it("comes byte by byte, and with what is said next", async () => {
		const { port, accepted } = await listen(context_with());
		// In between, whatever the client says comes in pieces
		const between = createServer((near) => {
			const far = connect_tcp(port, "127.0.0.1");
			far.setNoDelay(true);
			far.on("data", (bytes: Buffer) => near.write(bytes));
			far.on("error", () => near.destroy());
			near.on("error", () => far.destroy());
			near.on("end", () => far.end());
			let sent = Promise.resolve();
			near.on("data", (bytes: Buffer) => {
				for (const byte of bytes) {
					sent = sent.then(() => new Promise((resolve) => far.write(Uint8Array.of(byte), () => resolve())));
				}
			});
			ends.push(() => [near.destroy(), far.destroy()]);
		}).listen(0, "127.0.0.1");
		ends.push(() => between.close());
		await once(between, "listening");
		const { port: slow_port } = between.address() as AddressInfo;
		await echo(await client_of(slow_port), "hello");
		const quick = connect({ host: "127.0.0.1", port: slow_port, rejectUnauthorized: false });
		ends.push(() => quick.destroy());
		// Goes out together with the end of the handshake
		quick.write("at once");
		let heard = "";
		quick.on("data", (bytes: Buffer) => {
			heard += bytes.toString();
		});
		await eventually(() => expect(heard).toBe("at once"));
		expect(accepted.map(openssl_speaks)).toEqual([false, false]);
	});

	it("lets a client that reads slowly have its own bytes, whatever others are told meanwhile", async () => {
		const { port, accepted } = await listen(context_with());
		const slow = await client_of(port);
		await eventually(() => expect(accepted).toHaveLength(1));
		slow.pause();
		const [to_slow] = accepted;
		const quick = await client_of(port);
		// Until the system takes no more of a connection that nobody reads
		let said = "";
		for (let round = 0; to_slow?.pending === 0 && round < 10_000; round++) {
			const part = String.fromCharCode(97 + (round % 26)).repeat(16_000);
			said += part;
			to_slow.write(part);
			await eventually(() => expect(Reflect.get(to_slow, "dirty")).toBe(false));
		}
		expect(to_slow?.pending).toBeGreaterThan(0);
		for (let round = 0; round < 5; round++) await echo(quick, String(round).repeat(16_000));
		let heard = "";
		slow.on("data", (bytes: Buffer) => {
			heard += bytes.toString("latin1");
		});
		slow.resume();
		await eventually(() => expect(heard.length).toBe(said.length));
		expect(heard === said).toBe(true);
	});

	it("fails without harm where the client does not like the certificate, or goes away", async () => {
		const { port, accepted, server } = await listen(context_with());
		const strict = connect({ host: "127.0.0.1", port, servername: "localhost" });
		const [error] = await once(strict, "error");
		expect(error.code).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
		const gone = connect_tcp(port, "127.0.0.1");
		await once(gone, "connect");
		gone.write(Buffer.from([22, 3, 1, 0, 200, 1, 0]));
		gone.destroy();
		await eventually(() => expect(server.size).toBe(0));
		expect(accepted).toEqual([]);
		await echo(await client_of(port), "hello");
	});

	it("is followed by other keys where OpenSSL's own client asks for them", async () => {
		const { port, closed } = await listen(context_with());
		const child = spawn("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_3"]);
		ends.push(() => child.kill("SIGKILL"));
		let heard = "";
		for (const output of [child.stdout, child.stderr]) {
			output.on("data", (bytes: Buffer) => {
				heard += bytes.toString();
			});
		}
		await eventually(() => expect(heard).toContain("Verify return code"));
		for (const [command, said] of [
			["k", "changed one"],
			["K", "changed both"],
			["K", "and once more"],
		]) {
			heard = "";
			child.stdin.write(`${command}\n`);
			await eventually(() => expect(heard).toContain("KEYUPDATE"));
			child.stdin.write(`${said}\n`);
			await eventually(() => expect(heard).toContain(said));
		}
		child.stdin.write("Q\n");
		await eventually(() => expect(closed).toEqual(["closed"]));
	});
});
