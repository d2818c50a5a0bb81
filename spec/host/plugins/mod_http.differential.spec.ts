import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HttpEvent, ModuleDefinition } from "../../../host/core/types.ts";
import { find_prosody, type Reference, start_reference } from "../../../tools/reference.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { not_installed } from "../../needs.ts";
import { type RawAnswer, RawHttp } from "../raw_http.ts";

const no_prosody = not_installed(find_prosody(), "Prosody", "answers to HTTP are not compared with a real one's");

/** The same app in Lua and in TypeScript. */
const lua_app = `
module:depends("http");
local promise = require "util.promise";
local errors = require "util.error";
module:provides("http", {
	route = {
		["GET"] = "root";
		["GET /text"] = "text";
		["GET /number"] = 404;
		["GET /created"] = 201;
		["GET /nothing"] = function () end;
		["GET /false"] = function () return false; end;
		["GET /table"] = function () return { status_code = 203, headers = { x_some_thing = "a" }, body = "table" }; end;
		["GET /empty"] = function () return { status_code = 204 }; end;
		["GET /promise"] = function () return promise.resolve("promised"); end;
		["GET /broken"] = function () return promise.reject(409); end;
		["GET /error"] = function () return errors.new({ type = "cancel", condition = "gone", code = 410, text = "gone" }); end;
		["GET /itself"] = function (event) event.response:send("itself"); return true; end;
		["GET /wild/*"] = function (event, path) return "[" .. path .. "] [" .. event.request.path .. "] " .. (event.request.url.query or "-"); end;
		["GET /folder/"] = function () return "folder"; end;
		["GET /fixed/"] = "fixed";
		["POST /echo"] = function (event) return event.request.body; end;
		["PUT /fields"] = function (event)
			local r = event.request;
			return table.concat({ r.method, r.path, r.httpversion, r.headers.x_some_thing or "-", r.headers.host, r.ip, tostring(r.secure or false) }, "|");
		end;
		["DELETE /text"] = function (event) event.response.headers.x_deleted = "yes"; return 200; end;
	};
});
`;

const app: ModuleDefinition = {
	name: "demo",
	load(module) {
		module.depends("http");
		module.provides("http", {
			route: {
				GET: "root",
				"GET /text": "text",
				"GET /number": 404,
				"GET /created": 201,
				"GET /nothing": () => undefined,
				"GET /false": () => false,
				"GET /table": () => ({ status_code: 203, headers: { x_some_thing: "a" }, body: "table" }),
				"GET /empty": () => ({ status_code: 204 }),
				"GET /promise": async () => "promised",
				"GET /broken": () => Promise.reject(409),
				"GET /error": () => ({ type: "cancel", condition: "gone", code: 410, text: "gone" }),
				"GET /itself": ({ response }) => {
					response.send("itself");
					return true;
				},
				"GET /wild/*": ({ request }, path) => `[${path}] [${request.path}] ${request.url.query ?? "-"}`,
				"GET /folder/": () => "folder",
				"GET /fixed/": "fixed",
				"POST /echo": ({ request }) => request.body,
				"PUT /fields": ({ request: { method, path, httpversion, headers, ip, secure } }: HttpEvent) =>
					[method, path, httpversion, headers["x_some_thing"] ?? "-", headers["host"], ip, secure].join("|"),
				"DELETE /text": ({ response }) => {
					response.headers["x_deleted"] = "yes";
					return 200;
				},
			},
		});
	},
};

const host = "Host: localhost";
/** Requests by what they are about: method, target, header fields, content. */
const requests: readonly (readonly [method: string, target: string, fields?: readonly string[], body?: string])[] = [
	...["", "/", "/text", "/number", "/created", "/nothing", "/false", "/table", "/empty", "/promise", "/broken", "/error"].map(
		(path) => ["GET", `/demo${path}`] as const,
	),
	["GET", "/demo/itself"],
	["GET", "/demo/wild"],
	["GET", "/demo/wild?a=b"],
	["GET", "/demo/wild/"],
	["GET", "/demo/wild/a/b%20c?d=%20e"],
	["GET", "/demo/wild//a///b"],
	["GET", "/demo/wild/a/../b"],
	["GET", "/demo/wild/%C3%BC"],
	["GET", "/demo/folder"],
	["GET", "/demo/folder/"],
	["GET", "/demo/folder/x"],
	["GET", "/demo/fixed"],
	["GET", "/demo/fixed/"],
	["GET", "/demo/unknown"],
	["GET", "/"],
	["GET", "/unknown"],
	["GET", "/../x"],
	["GET", "/a/../../x/"],
	["HEAD", "/demo/text"],
	["HEAD", "/demo/table"],
	["HEAD", "/demo/unknown"],
	["POST", "/demo/echo", [], "some content"],
	["POST", "/demo/echo", [], ""],
	["POST", "/demo/text", [], "x"],
	["DELETE", "/demo/text"],
	["PUT", "/demo/fields", ["X-Some-Thing: a", "x-some-thing: b"], "x"],
	["PUT", "/demo/fields", ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"], "x"],
	["PUT", "/demo/fields", ["X-Forwarded-For: 6.6.6.6, 192.0.2.1, 127.0.0.1"], "x"],
	["OPTIONS", "/demo/text", ["Origin: https://other.example"]],
	["OPTIONS", "/demo/unknown"],
	["GET", "/demo/text", ["Origin: https://other.example"]],
	["GET", "/demo/text", ["Connection: close"]],
	["GET", "/files/"],
	["GET", "/files"],
	["GET", "/files/a.txt"],
	["GET", "/files/a.txt/"],
	["GET", "/files/a.txt", ["If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT"]],
	["GET", "/files/missing.txt"],
	["GET", "/files/sub%20dir"],
	["GET", "/files/sub%20dir/"],
	["GET", "/files/sub%20dir/x.CSS"],
	["GET", "/files/large.bin"],
	["GET", "/files/noext"],
	["GET", "/files/..%2fsecret"],
	["GET", "/files/a%00b"],
	["HEAD", "/files/a.txt"],
	["HEAD", "/files/large.bin"],
];

/** What has to be the same: all but dates, ids, what only Prosody 13 sends, and the words of pages of errors. */
function comparable(answer: RawAnswer | undefined): unknown {
	if (answer === undefined) return "no answer";
	const headers = Object.fromEntries(
		[...answer.headers].filter(([name]) => !["date", "x-request-id"].includes(name)).sort(([a], [b]) => (a < b ? -1 : 1)),
	);
	if (headers["access-control-allow-methods"] !== undefined) {
		headers["access-control-allow-methods"] = headers["access-control-allow-methods"].split(/, ?/).sort().join(", ");
	}
	const is_page = headers["content-type"] === "text/html; charset=utf-8";
	if (is_page) headers["content-length"] = "?";
	return { status: answer.head.split("\r\n")[0], headers, body: is_page ? "a page" : answer.body };
}

async function free_port(): Promise<number> {
	const server = createServer();
	await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
	const at = server.address();
	await new Promise((closed) => server.close(closed));
	return typeof at === "object" && at !== null ? at.port : 0;
}

describe.skipIf(no_prosody)("HTTP is answered as by a real Prosody", () => {
	let folder: string;
	let reference: Reference | undefined;
	let own: TestServer | undefined;
	let ports: readonly [theirs: number, ours: number];

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "enjamb-http-"));
		const files = join(folder, "files");
		mkdirSync(join(files, "sub dir"), { recursive: true });
		mkdirSync(join(folder, "plugins"));
		writeFileSync(join(folder, "plugins", "mod_demo.lua"), lua_app);
		writeFileSync(join(folder, "mime.types"), "# types\ntext/x-odd\todd\napplication/x-bin\tbin other\n");
		for (const [name, text] of [
			["index.html", "<p>index</p>"],
			["a.txt", "text"],
			["noext", "no extension"],
			["large.bin", "large".repeat(20_000)],
			[join("sub dir", "x.CSS"), "css"],
		] as const) {
			writeFileSync(join(files, name), text);
		}
		const port = await free_port();
		const started = await start_reference({
			plugin_paths: [join(folder, "plugins")],
			config: [
				'modules_enabled = { "saslauth", "disco" }',
				'authentication = "insecure"',
				'insecure_open_authentication = "Yes please, I know what I\'m doing!"',
				'storage = "memory"',
				"c2s_require_encryption = false",
				`http_ports = { ${port} }`,
				'http_interfaces = { "127.0.0.1" }',
				`http_files_dir = "${files}"`,
				`mime_types_file = "${join(folder, "mime.types")}"`,
				'VirtualHost "localhost"',
				'modules_enabled = { "demo", "http_files" }',
			].join("\n"),
		});
		if (!started.ok) throw new Error(started.error);
		reference = started.value;
		own = await start_test_server({
			config: {
				"*": {
					http_ports: [0],
					https_ports: [],
					http_interfaces: ["127.0.0.1"],
					http_files_dir: files,
					mime_types_file: join(folder, "mime.types"),
					modules_enabled: ["demo", "http_files"],
				},
			},
			modules: [app],
		});
		ports = [port, own.server.addresses().find(({ service }) => service === "http")?.port ?? 0];
	});

	afterAll(async () => {
		await reference?.stop();
		await own?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	/** Asks both; text with `{etag}` gets the tag of a file first. */
	async function ask_both(text: string, is_head: boolean): Promise<unknown[]> {
		const answers: unknown[] = [];
		for (const port of ports) {
			const client = await RawHttp.connect(port);
			client.send(text);
			answers.push(comparable(await client.answer(is_head)));
			client.destroy();
		}
		return answers;
	}

	it.each(requests)("%s %s %j", async (method, target, fields = [], body) => {
		const length = body === undefined ? [] : [`Content-Length: ${body.length}`];
		const text = [`${method} ${target} HTTP/1.1`, host, ...fields, ...length, "", body ?? ""].join("\r\n");
		const [theirs, ours] = await ask_both(text, method === "HEAD");
		expect(ours).toEqual(theirs);
	});

	it.each([
		["another host", "GET /demo HTTP/1.1\r\nHost: elsewhere\r\n\r\n"],
		["no host", "GET /demo HTTP/1.1\r\n\r\n"],
		["a host with its port", "GET /demo/text HTTP/1.1\r\nHost: localhost:1234\r\n\r\n"],
		["a whole URL", "GET http://localhost/demo/text HTTP/1.1\r\nHost: elsewhere\r\n\r\n"],
	])("%s", async (_, text) => {
		const [theirs, ours] = await ask_both(text, false);
		expect(ours).toEqual(theirs);
	});

	it("HTTP/1.0, but for its number: whoever speaks 1.1 says so (RFC 9112 §2.3)", async () => {
		const [theirs, ours] = await ask_both(`GET /demo/text HTTP/1.0\r\n${host}\r\n\r\n`, false);
		expect(theirs).toMatchObject({ status: "HTTP/1.0 200 OK", body: "text" });
		expect(ours).toMatchObject({ status: "HTTP/1.1 200 OK", body: "text", headers: { connection: "close" } });
	});

	it("a file that did not change", async () => {
		const client = await RawHttp.connect(ports[0]);
		const tag = (await client.ask(`GET /files/a.txt HTTP/1.1\r\n${host}\r\n\r\n`))?.headers.get("etag");
		client.destroy();
		const [theirs, ours] = await ask_both(`GET /files/a.txt HTTP/1.1\r\n${host}\r\nIf-None-Match: ${tag}\r\n\r\n`, false);
		expect(ours).toEqual(theirs);
		expect(ours).toMatchObject({ status: "HTTP/1.1 304 Not Modified" });
	});
});
