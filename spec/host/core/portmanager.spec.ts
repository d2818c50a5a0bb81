import { once } from "node:events";
import { connect, createServer, type Server as NodeServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/config/config.ts";
import { create_portmanager } from "../../../host/core/portmanager.ts";
import type { Connection, ModuleDefinition, NetService } from "../../../host/core/types.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { memory_pair } from "../net/memory_pair.ts";

let running: TestServer | undefined;
const occupants: NodeServer[] = [];

afterEach(async () => {
	await running?.stop();
	running = undefined;
	await Promise.all(occupants.splice(0).map((server) => new Promise((closed) => server.close(closed))));
});

/** Takes a port as another program would. */
async function occupy(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	occupants.push(server);
	await once(server, "listening");
	const address = server.address();
	return typeof address === "object" && address !== null ? address.port : 0;
}

function echo(name: string, options: Partial<NetService> = {}): NetService {
	return { name, onconnect: (conn: Connection) => void conn.write(`this is ${name}`), ...options };
}

/** A module that offers services. */
function offering(...services: NetService[]): ModuleDefinition {
	return {
		name: "spec_services",
		global: true,
		load(module) {
			for (const service of services) module.provides("net", service);
		},
	};
}

async function start(config: Record<string, ConfigValue>, ...services: NetService[]): Promise<TestServer> {
	running = await start_test_server({
		config: { "*": { modules_enabled: ["saslauth", "spec_services"], ...config } },
		modules: [offering(...services)],
	});
	return running;
}

async function said_at(port: number): Promise<string> {
	const socket = connect(port, "127.0.0.1");
	const [chunk] = await once(socket, "data");
	socket.destroy();
	return String(chunk);
}

describe("ports", () => {
	it("of a service are those that options name, and any free one for 0", async () => {
		const { server } = await start({ echo_ports: [0, "0"], echo_interfaces: ["127.0.0.1"] }, echo("echo"));
		const ports = server.addresses().filter(({ service }) => service === "echo");
		expect(ports.map(({ host }) => host)).toEqual(["127.0.0.1", "127.0.0.1"]);
		for (const { port } of ports) expect(await said_at(port)).toBe("this is echo");
	});

	it("are none without an option and a default", async () => {
		const { server } = await start({}, echo("echo"));
		expect(server.addresses().map(({ service }) => service)).toEqual(["c2s"]);
	});

	it("are the default where no option names others", async () => {
		const port = await occupy();
		await expect(start({}, echo("echo", { default_port: port }))).rejects.toThrow(`[127.0.0.1]:${port}`);
	});

	it("that are any free one are the same on all interfaces", async () => {
		const { server } = await start({ echo_ports: 0, echo_interfaces: ["127.0.0.1", "127.0.0.2"] }, echo("echo"));
		const ports = server.addresses().filter(({ service }) => service === "echo");
		expect(ports).toHaveLength(2);
		expect(new Set(ports.map(({ port }) => port)).size).toBe(1);
	});

	it("of private services are local unless said otherwise", async () => {
		const { server } = await start(
			{ console_ports: [0], interfaces: ["0.0.0.0"], use_ipv6: false },
			echo("console", { private: true }),
		);
		expect(server.addresses().find(({ service }) => service === "console")?.host).toBe("127.0.0.1");
	});

	it("of * are open on all of IPv4", async () => {
		const { server } = await start({ echo_ports: [0], echo_interface: "*" }, echo("echo"));
		const open = server.addresses().find(({ service }) => service === "echo");
		expect(open?.host).toBe("*");
		expect(await said_at(open?.port ?? 0)).toBe("this is echo");
	});

	it("close when the service goes, and the next one of the same name takes over", async () => {
		const [first, second] = [echo("echo"), { ...echo("other"), name: "echo" }];
		const { server } = await start({ echo_ports: [0] }, first, second);
		const port = (): number => server.addresses().find(({ service }) => service === "echo")?.port ?? 0;
		const before = port();
		expect(await said_at(before)).toBe("this is echo");
		server.modulemanager.get_module("*", "spec_services")?.module.remove_item("net-provider", first);
		while (port() === before || port() === 0) await new Promise(setImmediate);
		expect(await said_at(port())).toBe("this is other");
	});
});

describe("a server does not start", () => {
	it("where another program has a port, and says which", async () => {
		const port = await occupy();
		await expect(start({ c2s_ports: [port] })).rejects.toThrow(
			`c2s cannot listen on [127.0.0.1]:${port}: the port is in use by another program`,
		);
	});

	it("where another program has one of several ports, and leaves none open", async () => {
		const port = await occupy();
		const [free] = (await start({ echo_ports: [0] }, echo("echo"))).server.addresses();
		await running?.stop();
		await expect(start({ c2s_ports: [free?.port ?? 0], echo_ports: [port] }, echo("echo"))).rejects.toThrow(
			`echo cannot listen on [127.0.0.1]:${port}`,
		);
		const refused = connect(free?.port ?? 0, "127.0.0.1");
		await expect(once(refused, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
	});

	it("where two services want the same port", async () => {
		const port = await occupy();
		for (const server of occupants.splice(0)) server.close();
		await expect(start({ c2s_ports: [port], echo_ports: [port] }, echo("echo"))).rejects.toThrow(
			`echo and c2s are both configured to listen on [127.0.0.1]:${port}`,
		);
	});

	it.each([
		["no number", "many"],
		["too high", 65_536],
		["negative", -1],
		["a fraction", 52.5],
	])("where a port is %s", async (_, port) => {
		await expect(start({ c2s_ports: [port] })).rejects.toThrow(`c2s_ports: ${JSON.stringify(port)} is no port number`);
	});

	it("where a service can listen nowhere", async () => {
		await expect(start({ interfaces: ["192.0.2.1"] })).rejects.toThrow(
			"c2s cannot listen on [192.0.2.1]:0: this machine does not have that address",
		);
	});

	it("but does where only some of the interfaces that are named can be listened on", async () => {
		const { server } = await start({ interfaces: ["127.0.0.1", "192.0.2.1"] });
		expect(server.addresses().map(({ host }) => host)).toEqual(["127.0.0.1"]);
	});
});

describe("adopt", () => {
	it("hands a service a stream in memory", async () => {
		const { server } = await start({});
		const portmanager = create_portmanager(server);
		server.events.fire_any("item-added/net-provider", { item: echo("memory") });
		const [near, far] = memory_pair();
		expect(portmanager.adopt("nothing", near)).toBe(false);
		expect(portmanager.adopt("memory", near)).toBe(true);
		const [chunk] = await once(far, "data");
		expect(String(chunk)).toBe("this is memory");
		far.end();
		await portmanager.stop();
	});
});
