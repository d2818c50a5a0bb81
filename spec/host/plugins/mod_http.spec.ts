import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connect_tls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { ConfigValue } from "../../../host/core/configmanager.ts";
import type { HttpApp, HttpEvent, ModuleApi, ModuleDefinition } from "../../../host/core/types.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { RawHttp, request } from "../raw_http.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** A module with an app. */
function app_module(name: string, app: HttpApp, options: { global?: boolean } = {}): ModuleDefinition {
	return {
		name,
		...options,
		load(module) {
			module.depends("http");
			module.provides("http", app);
		},
	};
}

/** A server with apps, and a way to ask it. */
async function start(
	modules: readonly ModuleDefinition[],
	config: Record<string, ConfigValue> = {},
	host_config: Record<string, ConfigValue> = {},
) {
	const running = await start_test_server({
		config: {
			"*": {
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				modules_enabled: modules.map(({ name }) => name),
				...config,
			},
			localhost: host_config,
		},
		modules,
	});
	ends.push(() => running.stop());
	const port = port_of(running, "http");
	const ask = async (target: string, headers: readonly string[] = [], method = "GET", body?: string) => {
		const client = await RawHttp.connect(port);
		const answer = await client.ask(request(method, target, headers, body));
		client.destroy();
		if (answer === undefined) throw new Error(`${method} ${target} was not answered`);
		return answer;
	};
	const module_of = (name: string): ModuleApi => {
		const loaded = running.server.modulemanager.get_module("localhost", name);
		if (loaded === undefined) throw new Error(`mod_${name} is not loaded`);
		return loaded.module;
	};
	return { ...running, port, ask, module_of };
}

function port_of(running: TestServer, service: string): number {
	return running.server.addresses().find((address) => address.service === service)?.port ?? 0;
}

describe("routes", () => {
	it("are below the app's path", async () => {
		const { ask } = await start([
			app_module("http_demo", {
				route: {
					GET: "root",
					"GET /page": "page",
					"get /lower": "lower case",
					"POST /page": ({ request: { body } }) => `got ${body}`,
					"GET /files/*": (_, path) => `file ${path}`,
					"GET /exact/": (_, path) => `exact ${path}`,
				},
			}),
		]);
		expect((await ask("/demo")).body).toBe("root");
		expect((await ask("/demo/page")).body).toBe("page");
		expect((await ask("/demo/lower")).body).toBe("lower case");
		expect((await ask("/demo/page", [], "POST", "content")).body).toBe("got content");
		expect((await ask("/demo/files/a/b%20c?d")).body).toBe("file a/b c");
		expect((await ask("/demo/files/")).body).toBe("file ");
		expect((await ask("/demo/exact/")).body).toBe("exact undefined");
		expect([(await ask("/demo/other")).status, (await ask("/other")).status]).toEqual([404, 404]);
	});

	it("send those who forget the slash of a folder there", async () => {
		const { ask } = await start([app_module("demo", { route: { "GET /a b/*": () => "in it", "GET /x/": () => "x" } })]);
		const folder = await ask("/demo/a%20b?q=1");
		expect([folder.status, folder.headers.get("location")]).toEqual([301, "/demo/a%20b/?q=1"]);
		expect((await ask("/demo/x")).headers.get("location")).toBe("/demo/x/");
	});

	it("cannot be made to write into heads", async () => {
		const { ask } = await start([app_module("demo", { route: { "GET /*": "all", "GET /a\r\nb/*": () => "odd" } })]);
		expect((await ask("/demo/a%0d%0ab")).headers.get("location")).toBe("/demo/a%0d%0ab/");
	});

	it("that are none are passed over", async () => {
		const { ask } = await start([app_module("demo", { route: { "/page": "no method", "GET /page": "page" } })]);
		expect((await ask("/demo/page")).body).toBe("page");
	});

	it("are anywhere that an app wants, or the configuration says", async () => {
		const { ask } = await start(
			[
				app_module("one", { default_path: "/", route: { "GET /": "root" } }),
				app_module("two", { default_path: "/at/$host/", route: { GET: "with host" } }),
				app_module("three", { default_path: "/wanted", route: { GET: "elsewhere" } }),
				app_module("four", { name: "named", route: { GET: "named" } }),
			],
			{ http_paths: { three: "/set" } },
		);
		expect((await ask("/")).body).toBe("root");
		expect((await ask("/at/localhost")).body).toBe("with host");
		expect((await ask("/set")).body).toBe("elsewhere");
		expect((await ask("/wanted")).status).toBe(404);
		expect((await ask("/named")).body).toBe("named");
	});

	it("go with their module", async () => {
		const { ask, server } = await start([app_module("demo", { route: { "GET /a/*": "there" } })]);
		expect((await ask("/demo/a/")).body).toBe("there");
		server.modulemanager.unload("localhost", "demo");
		expect([(await ask("/demo/a/")).status, (await ask("/demo/a")).status]).toEqual([404, 404]);
		expect(server.http_server.events.list().filter(({ name }) => name.includes("/demo"))).toEqual([]);
	});

	it("are at the host's own name", async () => {
		const named = app_module("demo", { route: { GET: ({ request: { headers } }) => String(headers["host"]) } });
		const { ask, port } = await start([named], {}, { http_host: "Chat.Example" });
		expect((await ask("/demo")).status).toBe(404);
		const client = await RawHttp.connect(port);
		ends.push(() => client.destroy());
		expect((await client.ask("GET /demo HTTP/1.1\r\nHost: chat.example\r\n\r\n"))?.body).toBe("chat.example");
	});

	it("of global modules are those of all hosts", async () => {
		const { ask } = await start([app_module("demo", { route: { "GET /*": (_, path) => `any ${path}` } }, { global: true })]);
		expect((await ask("/demo/x", ["Host: elsewhere"])).body).toBe("any x");
	});
});

describe("handlers", () => {
	it("that throw are logged by their module", async () => {
		const log = vi.fn();
		const route = {
			"GET /now": () => {
				throw new Error("thrown");
			},
			"GET /later": async () => {
				throw new Error("rejected");
			},
		};
		const { ask } = await start([
			{
				name: "demo",
				load(module) {
					Object.assign(module, { log });
					module.depends("http");
					module.provides("http", { route });
				},
			},
		]);
		expect([(await ask("/demo/now")).status, (await ask("/demo/later")).status]).toEqual([500, 500]);
		const logged = log.mock.calls.map(([level, , ...args]) => `${level} ${args.join(" ")}`.split("\n")[0]);
		expect(logged).toEqual(["error GET /demo/now Error: thrown", "error GET /demo/later Error: rejected"]);
	});

	it("get content whole, unless they say that they need not", async () => {
		const route = { "POST /": ({ request: { body, partial } }: HttpEvent) => `${partial} ${body}` };
		const { ask } = await start([app_module("whole", { route }), app_module("pieces", { route, streaming_uploads: true })], {
			http_max_content_size: 5,
		});
		expect((await ask("/whole/", [], "POST", "12345")).body).toBe("false 12345");
		expect((await ask("/whole/", [], "POST", "123456")).status).toBe(413);
		expect((await ask("/pieces/", [], "POST", "123456")).body).toBe("true false");
	});
});

describe("pages of other sites", () => {
	const demo = app_module("demo", { route: { GET: "x", PUT: "x" } });
	const origin = ["Origin: https://other.example"];

	it("may use apps, by default", async () => {
		const { ask } = await start([demo]);
		const { headers } = await ask("/demo", origin);
		expect(Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-")))).toEqual({
			"access-control-allow-methods": "GET, OPTIONS, PUT",
			"access-control-allow-headers": "Content-Type",
			"access-control-max-age": "7200",
			"access-control-allow-origin": "https://other.example",
		});
		const asked = await ask("/demo", origin, "OPTIONS");
		expect([asked.status, asked.body, asked.headers.get("access-control-allow-origin")]).toEqual([
			200,
			"",
			"https://other.example",
		]);
		expect((await ask("/demo")).headers.get("access-control-allow-origin")).toBe("*");
	});

	it("may be told not to", async () => {
		const { ask } = await start([demo], { http_default_cors_enabled: false });
		expect((await ask("/demo", origin)).headers.has("access-control-allow-origin")).toBe(false);
		expect((await ask("/demo", origin, "OPTIONS")).status).toBe(404);
	});

	it("may be some only", async () => {
		const { ask } = await start([demo], {
			access_control_allow_origins: ["https://this.example"],
			access_control_allow_credentials: true,
			access_control_allow_headers: ["X-A"],
			access_control_max_age: "1 minute",
		});
		expect((await ask("/demo", origin)).headers.has("access-control-allow-methods")).toBe(false);
		const { headers } = await ask("/demo", ["Origin: https://this.example"]);
		expect([headers.get("access-control-allow-credentials"), headers.get("access-control-allow-headers")]).toEqual([
			"true",
			"X-A",
		]);
		expect([headers.get("access-control-max-age"), headers.get("access-control-allow-origin")]).toEqual([
			"60",
			"https://this.example",
		]);
	});

	it("may be of another mind with each app", async () => {
		const cors = {
			enabled: true,
			credentials: true,
			headers: { "X-B": true, "Content-Type": false },
			origins: ["https://other.example"],
		};
		const { ask } = await start(
			[demo, app_module("own", { route: { GET: "x" }, cors }), app_module("set", { route: { GET: "x" }, cors })],
			{
				http_default_cors_enabled: false,
				http_cors_override: { set: { enabled: true, origins: "*", headers: { "X-C": true } } },
			},
		);
		expect((await ask("/demo", origin)).headers.has("access-control-allow-origin")).toBe(false);
		const own = (await ask("/own", origin)).headers;
		expect([own.get("access-control-allow-headers"), own.get("access-control-allow-credentials")]).toEqual(["X-B", "true"]);
		expect((await ask("/own", ["Origin: https://x.example"])).headers.has("access-control-allow-origin")).toBe(false);
		expect((await ask("/set")).headers.get("access-control-allow-headers")).toBe("Content-Type, X-C");
	});
});

describe("proxies", () => {
	const demo = app_module("demo", { route: { GET: ({ request: { ip, secure } }) => `${ip} ${secure}` } });

	it.each<[string, readonly string[], string]>([
		["nothing", [], "127.0.0.1 false"],
		["one client", ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"], "192.0.2.1 true"],
		["what the client made up itself", ["X-Forwarded-For: 6.6.6.6, 192.0.2.1"], "192.0.2.1 false"],
		["one more trusted proxy", ["X-Forwarded-For: 192.0.2.1, 10.1.2.3"], "192.0.2.1 false"],
		["an address with its port", ["X-Forwarded-For: [2001:db8::1]:80"], "2001:db8::1 false"],
		["nonsense", ["X-Forwarded-For: nonsense"], "127.0.0.1 false"],
		["only themselves", ["X-Forwarded-For: 10.1.2.3"], "127.0.0.1 false"],
	])("that are trusted may say %s", async (_, headers, expected) => {
		const { ask } = await start([demo], { trusted_proxies: ["127.0.0.1", "10.0.0.0/8"] });
		expect((await ask("/demo", headers)).body).toBe(expected);
	});

	it("that are not trusted may say nothing", async () => {
		const { ask } = await start([demo], { trusted_proxies: ["10.0.0.0/8", "nonsense"] });
		expect((await ask("/demo", ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"])).body).toBe("127.0.0.1 false");
	});

	it.each([
		['Forwarded: for=192.0.2.1, for="[2001:db8::1]:80"', "2001:db8::1 false"],
		["Forwarded: for=192.0.2.1, for=10.0.0.1", "192.0.2.1 false"],
		["X-Forwarded-For: 192.0.2.1", "127.0.0.1 false"],
		['Forwarded: for="a"b', "127.0.0.1 false"],
	])("may speak of it by the standard: %s", async (header, expected) => {
		const { ask } = await start([demo], { trusted_proxies: ["127.0.0.1", "10.0.0.0/8"], http_legacy_x_forwarded: false });
		expect((await ask("/demo", [header])).body).toBe(expected);
	});
});

describe("ports", () => {
	it("are open only where something is served", async () => {
		const running = await start_test_server({
			config: { "*": { http_ports: [0], https_ports: [0], modules_enabled: ["disco"] } },
		});
		ends.push(() => running.stop());
		expect(running.server.addresses().map(({ service }) => service)).toEqual(["c2s"]);
	});

	it("speak TLS, too", async () => {
		const data_path = mkdtempSync(join(tmpdir(), "enjamb-http-"));
		ends.push(() => rmSync(data_path, { recursive: true, force: true }));
		const demo = app_module("demo", { route: { GET: ({ request: { secure } }) => `secure: ${secure}` } });
		const running = await start_test_server({
			config: { "*": { http_ports: [], https_ports: [0], https_interfaces: ["127.0.0.1"], modules_enabled: ["demo"] } },
			modules: [demo],
			data_path,
		});
		ends.push(() => running.stop());
		const stream = connect_tls({
			port: port_of(running, "https"),
			host: "127.0.0.1",
			servername: "localhost",
			rejectUnauthorized: false,
		});
		const client = new RawHttp(stream);
		expect((await client.ask(request("GET", "/demo")))?.body).toBe("secure: true");
		expect((await client.ask(request("GET", "/demo")))?.body).toBe("secure: true");
		client.destroy();
	});
});

describe("addresses of apps", () => {
	const demo = app_module("http_demo", { route: { GET: "x" } });

	it("name the open port, and the host", async () => {
		const { module_of, port } = await start([demo]);
		const module = module_of("http_demo");
		expect(module.http_url()).toBe(`http://localhost:${port}/demo`);
		expect(module.http_url("other")).toBe(`http://localhost:${port}/other`);
		expect(module.http_url(undefined, "/path/$host/")).toBe(`http://localhost:${port}/path/localhost`);
	});

	it.each([
		["https://chat.example", "https://chat.example/x"],
		["https://chat.example:443/", "https://chat.example/x"],
		["https://chat.example:444/base", "https://chat.example:444/base/x"],
		["http://[2001:db8::1]:80/base/", "http://[2001:db8::1]/base/x"],
	])("follow http_external_url %s: %s", async (http_external_url, expected) => {
		const { module_of, port } = await start([demo], { http_external_url, http_paths: { demo: "/x" } });
		const module = module_of("http_demo");
		expect(module.http_url()).toBe(expected);
		expect(module.http_url("demo", undefined, "internal")).toBe(`http://localhost:${port}/x`);
	});

	it("do not follow nonsense", async () => {
		const { module_of, port } = await start([demo], { http_external_url: "nonsense" }, { http_host: "web.example" });
		expect(module_of("http_demo").http_url()).toBe(`http://web.example:${port}/demo`);
	});

	it("are nowhere where no port is open", async () => {
		const { module_of } = await start([demo], { http_ports: [] });
		expect(module_of("http_demo").http_url()).toBe("http://disabled.invalid/");
	});

	it("are known before the ports are open", async () => {
		const urls: string[] = [];
		const early: ModuleDefinition = {
			name: "early",
			load(module) {
				module.depends("http");
				urls.push(module.http_url());
			},
		};
		await start([early], { https_ports: [], http_ports: [0] });
		await start([early], { https_ports: [0], http_ports: [0] });
		expect(urls).toEqual(["http://localhost:0/early", "https://localhost:0/early"]);
	});
});

describe("pages of errors", () => {
	let server: Awaited<ReturnType<typeof start>>;
	const demo = app_module("demo", {
		route: {
			"GET /error": () => ({ type: "cancel", condition: "gone", code: 410, text: "<b>gone</b>" }),
			"GET /throw": () => {
				throw new Error("private <details>");
			},
			"GET /teapot": 418,
		},
	});
	const own_ends: (() => unknown)[] = [];

	beforeAll(async () => {
		server = await start([demo], { http_errors_messages: new Map([[404, ["Lost %.", "here", "here"]]]) });
		own_ends.push(...ends.splice(0));
	});
	afterAll(async () => {
		for (const end of own_ends) await end();
	});

	it("are HTML that shows what went wrong", async () => {
		const page = await server.ask("/demo/error");
		expect([page.status, page.headers.get("content-type")]).toEqual([410, "text/html; charset=utf-8"]);
		expect(page.body).toContain("<h1>410 Gone</h1>");
		expect(page.body).toContain("&lt;b&gt;gone&lt;/b&gt;");
	});

	it("do not tell everybody of errors in modules", async () => {
		expect((await server.ask("/demo/throw")).body).not.toContain("details");
		const detailed = await start([demo], { http_errors_detailed: true });
		expect((await detailed.ask("/demo/throw")).body).toContain("private &lt;details&gt;");
	});

	it("say what the configuration says", async () => {
		expect((await server.ask("/nothing")).body).toContain("<p>Lost here.</p>");
	});

	it("need not be shown for all errors", async () => {
		const { ask } = await start([demo], { http_errors_always_show: false, http_errors_messages: { unused: "x" } });
		expect((await ask("/demo/teapot")).body).toMatch(/^Error processing request: 418/);
		expect((await ask("/nothing")).body).toMatch(/^<!DOCTYPE html>/);
	});

	it("welcome who looks at the root", async () => {
		const page = await server.ask("/");
		expect([page.status, page.body.includes("Enjamb is running")]).toEqual([200, true]);
	});

	it("may show something else in the same way", async () => {
		const event = { title: "A & B", message: "m", warning: "<w>", icon_raw: "<svg/>" };
		const page = String(server.server.events.fire_event("http-message", event));
		expect(page).toContain("<h1><svg/> A &amp; B</h1>");
		expect(page).toContain("&lt;w&gt;");
	});
});
