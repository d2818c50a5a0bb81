import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { self_signed_certificate } from "../../../host/util/x509.ts";
import { open_clients } from "../../../tools/bench/client.ts";
import { component_scenario, uplink_scenario } from "../../../tools/bench/entrances.ts";
import { peer_host, peer_secret } from "../../../tools/bench/peer_stream.ts";
import { enter, room_jid } from "../../../tools/bench/rooms.ts";
import type { Carrier, Subject } from "../../../tools/bench/types.ts";
import { free_port } from "../../../tools/running.ts";
import { eventually, start_test_server, type TestServer } from "../../helper.ts";

const effort = { warm_up_ms: 50, measure_ms: 100, storms: 1 };

let folder = "";
let server: TestServer;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	const made = self_signed_certificate(["localhost"], 2);
	const ssl = { certificate: join(folder, "localhost.crt"), key: join(folder, "localhost.key") };
	writeFileSync(ssl.certificate, made.certificate);
	writeFileSync(ssl.key, made.key);
	server = await start_test_server({
		config: {
			"*": {
				c2s_direct_tls_ports: [0],
				c2s_direct_tls_ssl: ssl,
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				consider_websocket_secure: true,
				consider_bosh_secure: true,
				modules_enabled: ["websocket", "bosh", "saslauth", "disco"],
				component_ports: [0],
				component_interfaces: ["127.0.0.1"],
			},
			localhost: { authentication: "anonymous" },
			"conference.localhost": { muc_room_locking: false },
			[peer_host]: { component_module: "component", component_secret: peer_secret },
		},
	});
});

afterAll(async () => {
	await server.stop();
	rmSync(folder, { recursive: true });
});

function port_of(wanted: string): number {
	return server.server.addresses().find(({ service }) => service === wanted)?.port ?? 0;
}

function subject(port: number): Subject {
	return { name: "enjamb", port, carrier: "tcp", pid: process.pid, start_ms: 0, stop: () => Promise.resolve() };
}

const services: readonly [Carrier, string][] = [
	["tcp", "c2s"],
	["tls", "c2s_direct_tls"],
	["websocket", "http"],
	["bosh", "http"],
];

describe("clients of the benchmark", () => {
	it.each(services)("log in, enter a room and hear each other by %s", async (carrier, service) => {
		const clients = await open_clients(port_of(service), 3, carrier);
		const heard = clients.map(() => "");
		const room = room_jid(carrier);
		await enter(room, clients);
		for (const [index, client] of clients.entries()) {
			client.onpiece = (piece) => {
				heard[index] += piece;
			};
		}
		for (const [index, client] of clients.entries()) {
			client.send(`<message type='groupchat' to='${room}'><body>said by ${index}</body></message>`);
		}
		await eventually(() => {
			for (const text of heard) expect(text.match(/<body>said by \d<\/body>/g)).toHaveLength(3);
		});
		for (const client of clients) client.close();
	});
});

describe("a load over one stream for many", () => {
	it("goes round where a component connects", async () => {
		const found = await component_scenario(3).run(subject(port_of("component")), effort);
		expect("deliveries" in found ? found.deliveries : 0).toBeGreaterThan(0);
	});

	it("goes round where the rooms are a component of another server", async () => {
		const port = await free_port();
		const options = { component_uplink: `127.0.0.1:${port}`, component_secret: peer_secret, muc_room_locking: false };
		const rooms = await start_test_server({ config: { "conference.localhost": options } });
		try {
			const found = await uplink_scenario(3).run(subject(port), effort);
			expect("deliveries" in found ? found.deliveries : 0).toBeGreaterThan(0);
		} finally {
			await rooms.stop();
		}
	});
});
