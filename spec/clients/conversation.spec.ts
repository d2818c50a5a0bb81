import { existsSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { patience, start_test_server, type TestServer } from "../helper.ts";
import { left_out, not_installed } from "../needs.ts";
import { hold_conversation, service_options } from "./conversation.ts";
import { has_chromium, StropheClient } from "./strophe.ts";
import { XmppJsClient } from "./xmpp_js.ts";

const no_browser = not_installed(has_chromium, "Chromium", "strophe.js does not try the server");

const shared_options = {
	http_ports: [0],
	https_ports: [],
	http_interfaces: ["127.0.0.1"],
	authentication: "internal_hashed",
	consider_websocket_secure: true,
	consider_bosh_secure: true,
	modules_enabled: ["disco", "roster", "saslauth", "ping", "websocket", "bosh"],
};

let server: TestServer;

beforeEach(async () => {
	server = await start_test_server({
		config: {
			"*": shared_options,
			localhost: { authentication: "internal_hashed" },
			"conference.localhost": service_options,
		},
	});
	for (const name of ["peer", "guest"]) server.server.usermanager.create_user(name, "localhost", "password");
});
afterEach(() => server.stop());

/** Where a service of the server listens. */
function port_of(service: string): number {
	return server.server.addresses().find((address) => address.service === service)?.port ?? 0;
}

const prosody_modules = "/usr/lib/prosody/modules";
const no_lua = left_out(
	existsSync(`${prosody_modules}/mod_bosh.lua`) ? undefined : `there is no mod_bosh in ${prosody_modules}`,
	"carriers in Lua are not tried",
);

/** The same server, with Prosody's own carriers in Lua in place of those that are built in. */
async function in_lua(): Promise<void> {
	await server.stop();
	server = await start_test_server({
		config: {
			"*": {
				...shared_options,
				plugin_paths: [prosody_modules],
				prefer_lua_modules: ["websocket", "bosh"],
			},
			localhost: { authentication: "internal_hashed" },
			"conference.localhost": service_options,
		},
	});
	for (const name of ["peer", "guest"]) server.server.usermanager.create_user(name, "localhost", "password");
}

describe("@xmpp/client", () => {
	// The library wants a browser's; Node 20 has none
	beforeAll(() => void vi.stubGlobal("WebSocket", WebSocket));
	afterAll(() => void vi.unstubAllGlobals());

	it.each([
		["TCP", () => `xmpp://127.0.0.1:${server.port}`],
		["WebSocket", () => `ws://127.0.0.1:${port_of("http")}/xmpp-websocket`],
	])("owns a room, over %s", async (_, service) => {
		const account = { domain: "localhost", username: "peer", password: "password" };
		const peer = new XmppJsClient({ ...account, service: service(), timeout: patience });
		await peer.login();
		await hold_conversation(peer, await server.client("guest"));
		expect(peer.complaints).toEqual([]);
		await peer.stop();
	});

	it.skipIf(no_lua)("does, over WebSocket in Prosody's own Lua", async () => {
		await in_lua();
		const service = `ws://127.0.0.1:${port_of("http")}/xmpp-websocket`;
		const peer = new XmppJsClient({ domain: "localhost", username: "peer", password: "password", service, timeout: patience });
		await peer.login();
		await hold_conversation(peer, await server.client("guest"));
		expect(peer.complaints).toEqual([]);
		await peer.stop();
	});
});

describe.skipIf(no_browser)("strophe.js", () => {
	it.each([
		["built in", false],
		["in Prosody's own Lua", true],
	])("owns a room, over BOSH in a browser, %s", async (_, is_lua) => {
		if (is_lua && no_lua) return;
		if (is_lua) await in_lua();
		const peer = await StropheClient.login("peer", port_of("http"));
		try {
			await hold_conversation(peer, await server.client("guest"));
		} finally {
			await peer.stop();
		}
	});
});
