import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { start_test_server, type TestServer } from "../helper.ts";

let test: TestServer;
beforeAll(async () => {
	const folder = join(import.meta.dirname, "../lua");
	test = await start_test_server({ config: { "*": { plugin_paths: [folder] }, localhost: { modules_enabled: ["other_way"] } } });
});
afterAll(() => test.stop());

it.each([
	["one.example", [{ host: "127.0.0.1", port: 5999, direct_tls: false }]],
	["tls.example", [{ host: "tls.example", port: 5998, direct_tls: true }]],
	[
		"many.example",
		[
			{ host: "192.0.2.1", port: 5269, direct_tls: false },
			{ host: "2001:db8::1", port: 5270, direct_tls: false },
		],
	],
	["other.example", [{ host: "198.51.100.1", port: 5269, direct_tls: false }]],
])("a module in Lua says where %s is", (to_host, targets) => {
	const event = {
		session: { to_host },
		from_host: "localhost",
		to_host,
		targets: [{ host: "198.51.100.1", port: 5269, direct_tls: false }],
	};
	test.server.hosts.get("localhost")?.events.fire_any("s2sout-pre-connect", event);
	expect(event.targets).toEqual(targets);
});
