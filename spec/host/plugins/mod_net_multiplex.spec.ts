import { once } from "node:events";
import { connect as connect_tls } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { header, RawClient } from "../raw_client.ts";

let running: TestServer | undefined;
const clients: RawClient[] = [];

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	running = undefined;
});

async function start(): Promise<{ plain: number; tls: number }> {
	running = await start_test_server({
		config: {
			"*": {
				modules_enabled: ["disco", "saslauth", "tls", "bosh", "component", "net_multiplex", "dialback"],
				modules_disabled: [],
				ports: [0],
				ssl_ports: [0],
				ssl_interfaces: ["127.0.0.1"],
				s2s_ports: [],
				http_ports: [],
				component_ports: [],
				c2s_direct_tls_ports: [],
				s2s_require_encryption: false,
			},
			"gateway.localhost": { component_module: "component", component_secret: "secret" },
		},
	});
	const port = (name: string): number => running?.server.addresses().find(({ service }) => service === name)?.port ?? 0;
	return { plain: port("multiplex"), tls: port("multiplex_ssl") };
}

async function dial(port: number): Promise<RawClient> {
	const client = await RawClient.connect(port);
	clients.push(client);
	return client;
}

const server_header = header("from='mantua.example' to='localhost' version='1.0'", ns.server);
const component_header = header("to='gateway.localhost'", ns.component_accept);
const http = "GET /http-bind HTTP/1.1\r\nHost: localhost\r\n\r\n";

describe("one port for several services", () => {
	it.each([
		["clients", header(), "<mechanisms"],
		["servers", server_header, "xmlns='jabber:server'"],
		["components", component_header, "xmlns='jabber:component:accept'"],
		["the web", http, "HTTP/1.1 200"],
	])("serves %s, however what they say comes", async (_, said, expected) => {
		const { plain } = await start();
		const quick = await dial(plain);
		quick.send(said);
		await quick.until(() => quick.said.includes(expected));
		expect(quick.said).toContain(expected);
		const slow = await dial(plain);
		for (const byte of Buffer.from(said)) {
			slow.send(Buffer.from([byte]));
			await new Promise((resolve) => setImmediate(resolve));
		}
		await slow.until(() => slow.said.includes(expected));
		expect(slow.said).toContain(expected);
	});

	it("ends the connection of who says nothing that is known", async () => {
		const { plain } = await start();
		const client = await dial(plain);
		client.send("?".repeat(1025));
		expect(await client.closed()).toBe("");
	});

	it("is quick with what only looks like a stream", async () => {
		const { plain } = await start();
		const client = await dial(plain);
		const before = performance.now();
		client.send(`<${":stream xmlns=".repeat(4000)}`);
		await client.closed();
		expect(performance.now() - before).toBeLessThan(2000);
	});

	it("with TLS goes by the protocol that was agreed on, or by what comes", async () => {
		const { tls } = await start();
		for (const [protocols, said, expected] of [
			[["xmpp-client"], header(), "<mechanisms"],
			[["xmpp-server"], server_header, "xmlns='jabber:server'"],
			[["http/1.1"], http, "HTTP/1.1 200"],
			[undefined, header(), "<mechanisms"],
			[undefined, http, "HTTP/1.1 200"],
		] as const) {
			const options = protocols === undefined ? {} : { ALPNProtocols: [...protocols] };
			const socket = connect_tls({
				port: tls,
				host: "127.0.0.1",
				servername: "localhost",
				rejectUnauthorized: false,
				...options,
			});
			await once(socket, "secureConnect");
			let heard = "";
			socket.on("data", (chunk) => {
				heard += chunk;
			});
			socket.write(said);
			while (!heard.includes(expected)) await once(socket, "data");
			socket.destroy();
		}
	});
});
