import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start_test_server, type TestServer } from "../helper.ts";
import { missing } from "./community/community.ts";

const lua_modules = new URL("../lua", import.meta.url).pathname;

describe.each([
	["the host's mod_http", []],
	["Prosody's mod_http in Lua", ["http", "http_errors"]],
])("HTTP for Lua modules, by %s", (_, prefer_lua_modules) => {
	if (prefer_lua_modules.some(missing)) return;
	let server: TestServer;
	let base: string;
	/** The functions of the canary module. */
	let lua: { [name: string]: (...args: unknown[]) => unknown };

	beforeAll(async () => {
		server = await start_test_server({
			config: {
				"*": {
					plugin_paths: [lua_modules, "/usr/lib/prosody/modules"],
					prefer_lua_modules,
					http_interfaces: ["127.0.0.1"],
					http_ports: [0],
					https_ports: [],
					http_default_host: "localhost",
				},
				localhost: { modules_enabled: ["served"], http_host: "127.0.0.1" },
			},
		});
		lua = server.server.modulemanager.get_module("localhost", "served")?.exports as typeof lua;
		base = String(lua["url"]?.()).replace(/\/$/, "");
	});
	afterAll(() => server.stop());

	const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${base}${path}`, init);
	const page = async (path: string, init?: RequestInit): Promise<[number, string]> => {
		const response = await get(path, init);
		return [response.status, await response.text()];
	};

	it("says where its apps are", () => {
		expect(base).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/served$/);
	});

	it("hands requests to handlers, and their answers back", async () => {
		const response = await get("/show/a/b?c=d", { headers: { "X-Test": "yes" } });
		expect(await response.text()).toBe("path a/b query c=d");
		expect(response.headers.get("content-type")).toBe("text/plain");
		expect(response.headers.get("x-seen")).toBe("yes");
	});

	it.each<[string, number, string | RegExp]>([
		["/text", 200, "just text"],
		["/code", 418, /418|teapot/i],
		["/table", 201, "made"],
		["/nothing", 404, /./],
		["/error", 500, /./],
		["/condition", 403, /./],
		["/waits", 200, "waited"],
		["/waits-and-fails", 500, /./],
		["/by-hand", 202, "by hand"],
	])("answers %s with %i", async (path, code, text) => {
		const [status, body] = await page(path);
		expect(status).toBe(code);
		if (typeof text === "string") expect(body).toBe(text);
		else expect(body).toMatch(text);
	});

	it("sends bytes as they are, also later", async () => {
		const response = await get("/later");
		expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([...Buffer.from("later\0"), 255]);
	});

	it.each(["/file", "/big"])("sends %s, which is large, whole", async (path) => {
		const [status, body] = await page(path);
		expect([status, body.length, body.slice(0, 12)]).toEqual([200, 1_000_000, "012345678901"]);
	});

	it("hands over content as bytes", async () => {
		const response = await get("/echo", {
			method: "POST",
			body: new Uint8Array([0, 255, 65]),
			headers: { "Content-Type": "application/x-bytes" },
		});
		expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([...Buffer.from("application/x-bytes 3 "), 0, 255, 65]);
	});

	it("serves folders", async () => {
		const response = await get("/files/mod_served.lua");
		expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/x-lua"]);
		expect(await response.text()).toContain("Serves pages");
		expect((await get("/files/../mod_served.lua")).status).not.toBe(200);
	});

	it("answers what was asked of the server itself", async () => {
		expect(await (await fetch(new URL("/anywhere", base))).text()).toBe("anywhere");
	});

	it("asks other servers, with a callback or a promise", async () => {
		const answer = await new Promise<unknown[]>((resolve) => {
			lua["ask"]?.("/text", { headers: { accept: "text/plain" } }, (...args: unknown[]) => resolve(args));
		});
		expect([answer[0], answer[1], answer[3]]).toEqual(["just text", 200, "GET"]);
		expect(await lua["promised"]?.("/echo", { method: "POST", body: "\udcff", headers: { "Content-Type": "x/y" } })).toBe(
			"200 x/y 1 \udcff",
		);
		expect(await lua["refused"]?.()).toBe("internal-server-error/cancel");
	});

	it("names errors of HTTP in XMPP's terms", () => {
		expect(lua["http_error"]?.(404)).toBe("cancel item-not-found 404 404 Not Found");
	});
});
