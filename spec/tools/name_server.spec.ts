import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NameServer } from "../../tools/name_server.ts";

let names: NameServer;
let resolver: Resolver;

beforeEach(async () => {
	names = await NameServer.start();
	resolver = new Resolver({ timeout: 1000, tries: 1 });
	resolver.setServers([`127.0.0.1:${names.port}`]);
});
afterEach(() => names.close());

describe("a name server", () => {
	it("tells where servers listen", async () => {
		names.place({ plain: 20_001 }, "verona.example", "Conference.Verona.example");
		names.place({ direct_tls: 20_002 }, "mantua.example");
		const found = [{ name: "localhost", port: 20_001, priority: 0, weight: 0 }];
		expect(await resolver.resolveSrv("_xmpp-server._tcp.verona.example")).toEqual(found);
		expect(await resolver.resolveSrv("_XMPP-server._tcp.conference.verona.example")).toEqual(found);
		expect(await resolver.resolveSrv("_xmpps-server._tcp.mantua.example")).toMatchObject([{ port: 20_002 }]);
		expect(await resolver.resolve4("verona.example")).toEqual(["127.0.0.1"]);
		expect(await resolver.resolve4("localhost")).toEqual(["127.0.0.1"]);
	});

	it("says what there is not", async () => {
		names.place({ plain: 20_001 }, "verona.example");
		await expect(resolver.resolveSrv("_xmpps-server._tcp.verona.example")).rejects.toMatchObject({ code: "ENOTFOUND" });
		await expect(resolver.resolve4("padua.example")).rejects.toMatchObject({ code: "ENOTFOUND" });
		await expect(resolver.resolve6("verona.example")).rejects.toMatchObject({ code: "ENODATA" });
	});

	it.each([
		["nothing", Buffer.alloc(0)],
		["half a header", Buffer.from("abc")],
		["a name without an end", Buffer.concat([Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from("\x05verona")])],
		["a name that goes in circles", Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1])],
	])("goes on after %s", async (_, query) => {
		const socket = createSocket("udp4");
		await new Promise<void>((sent) => socket.send(query, names.port, "127.0.0.1", () => sent()));
		names.place({ plain: 20_001 }, "verona.example");
		expect(await resolver.resolve4("verona.example")).toEqual(["127.0.0.1"]);
		socket.close();
	});
});
