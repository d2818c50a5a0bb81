import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as create_https_server } from "node:https";
import { createServer as create_tcp_server, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { HttpCallback, HttpClientRequest, HttpRequestOptions } from "../../../../host/core/types.ts";
import { create_http } from "../../../../host/net/http/client.ts";
import { Turn } from "../../../../host/util/turn.ts";
import { self_signed_certificate } from "../../../../host/util/x509.ts";
import { eventually } from "../../../helper.ts";

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
	for (const socket of sockets) socket.destroy();
	sockets.clear();
	await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
});

async function listen(server: Server): Promise<number> {
	servers.push(server);
	server.on("connection", (socket: Socket) => sockets.add(socket));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	return typeof address === "object" && address !== null ? address.port : 0;
}

async function serve(handler: RequestListener): Promise<string> {
	return `http://127.0.0.1:${await listen(createServer(handler))}`;
}

/** A server that says this to whoever connects. */
async function saying(text: string): Promise<string> {
	const server = create_tcp_server((socket) => {
		socket.on("error", () => {});
		socket.once("data", () => socket.end(text));
	});
	return `http://127.0.0.1:${await listen(server)}/`;
}

function create(options = {}) {
	const turn = new Turn(() => {});
	const log = vi.fn();
	return { http: create_http({ turn, logger: () => log }, options), turn, log };
}

/** Makes a request, and answers with what its callback is told. */
function ask(url: string, options?: HttpRequestOptions, made = create()) {
	return new Promise<{ body: unknown; code: number; response: unknown; request: HttpClientRequest | undefined }>((resolve) => {
		made.http.request(url, options, (body, code, response, request) =>
			resolve({ body: Buffer.isBuffer(body) ? body.toString() : body, code, response, request }),
		);
	});
}

describe("requests", () => {
	it("are answered to their callback", async () => {
		const url = await serve((incoming, outgoing) => {
			outgoing.writeHead(201, { "X-Some-Thing": ["a", "b"], "X-Text": Buffer.from("é").toString("latin1") });
			outgoing.end(`${incoming.method} ${incoming.url} ${incoming.headers.host}`);
		});
		const answered = await ask(`${url}/a%20b?c=d`);
		expect(answered).toMatchObject({
			body: `GET /a%20b?c=d ${url.slice(7)}`,
			code: 201,
			response: {
				code: 201,
				httpversion: "1.1",
				headers: { "x-some-thing": "a,b", "x-text": "é" },
				partial: false,
				chunked: true,
			},
			request: { scheme: "http", host: "127.0.0.1", path: "/a%20b", query: "c=d", method: "GET" },
		});
	});

	it("send content as a form, unless told otherwise", async () => {
		const url = await serve((incoming, outgoing) => {
			const { method, headers } = incoming;
			incoming.setEncoding("utf8").on("data", (text) => outgoing.write(text));
			incoming.on("end", () =>
				outgoing.end(` ${method} ${headers["content-type"]} ${headers["content-length"]} ${headers["x-n"]}`),
			);
		});
		expect((await ask(url, { body: "ä=b" })).body).toBe("ä=b POST application/x-www-form-urlencoded 4 undefined");
		const headers = { "content-TYPE": "text/plain", "X-N": 5 };
		expect((await ask(url, { method: "PUT", body: Buffer.from("c"), headers })).body).toBe("c PUT text/plain 1 5");
	});

	it("log in with what stands in the URL", async () => {
		const url = await serve((incoming, outgoing) => outgoing.end(incoming.headers.authorization));
		expect((await ask(url.replace("//", "//ada:%2F@"))).body).toBe(`Basic ${btoa("ada:/")}`);
	});

	it("do not follow redirects", async () => {
		const url = await serve((_, outgoing) => outgoing.writeHead(302, { Location: "/there" }).end());
		expect(await ask(url)).toMatchObject({ code: 302, response: { headers: { location: "/there" } } });
	});

	it("leave at the end of the turn, and never where it fails", async () => {
		const asked = vi.fn();
		const url = await serve((_, outgoing) => {
			asked();
			outgoing.end("yes");
		});
		const made = create();
		const [good, bad] = [vi.fn<HttpCallback>(), vi.fn<HttpCallback>()];
		made.http.request(url, {}, bad);
		made.turn.join({
			commit() {
				throw new Error("disk full");
			},
			rollback() {},
		});
		made.turn.end();
		made.http.request(url, {}, good);
		await eventually(() => expect(good).toHaveBeenCalled());
		expect([asked.mock.calls.length, bad.mock.calls[0]?.slice(0, 2)]).toEqual([1, ["cancelled", 0]]);
	});

	it("are promised", async () => {
		const url = await serve((_, outgoing) => outgoing.writeHead(404).end("nothing"));
		const { http } = create();
		expect(await http.request(url)).toMatchObject({ code: 404, body: Buffer.from("nothing"), request: { url } });
		await expect(http.request("nonsense")).rejects.toMatchObject({
			code: 0,
			type: "modify",
			condition: "bad-request",
			reason: "invalid-url",
		});
	});

	it("share connections where they may", async () => {
		const ports = new Set<number | undefined>();
		const url = await serve((incoming, outgoing) => {
			ports.add(incoming.socket.remotePort);
			outgoing.end();
		});
		const { http } = create({ connection_pooling: true });
		for (let count = 0; count < 3; count++) await http.request(url);
		expect(ports.size).toBe(1);
		const { http: single } = create();
		for (let count = 0; count < 3; count++) await single.request(url);
		expect(ports.size).toBe(4);
	});
});

describe("content of answers", () => {
	it.each([
		["announced", { "Content-Length": 20 }, "content-length-limit-exceeded"],
		["sent", {}, "max-buffer-size-exceeded"],
	])("beyond the limit is not taken once it is %s", async (_, headers, reason) => {
		const url = await serve((_, outgoing) => void outgoing.writeHead(200, headers).write("x".repeat(20)));
		expect(await ask(url, { body_size_limit: 10 })).toMatchObject({ body: reason, code: 0 });
	});

	it("goes to who takes it piece by piece", async () => {
		const url = await serve((_, outgoing) => outgoing.end("x".repeat(100_000)));
		const sink = { size: 0, write: (chunk: Buffer) => (sink.size += chunk.length) };
		const finalize = vi.fn();
		const streaming_handler = vi.fn(() => ({ sink, finalize }));
		const answered = await ask(url, { body_size_limit: 10, streaming_handler });
		expect([answered.code, answered.body, sink.size, finalize.mock.calls.length]).toEqual([200, false, 100_000, 1]);
		expect(streaming_handler).toHaveBeenCalledOnce();
	});

	it("that its taker refuses ends the request", async () => {
		const url = await serve((_, outgoing) => outgoing.end("x".repeat(100)));
		const streaming_handler = () => ({ sink: { write: () => false } });
		expect(await ask(url, { body_size_limit: 10, streaming_handler })).toMatchObject({
			body: "body-sink-write-failure",
			code: 0,
		});
	});

	it("that is small does not bother them", async () => {
		const url = await serve((_, outgoing) => outgoing.end("small"));
		const streaming_handler = vi.fn(() => ({}));
		expect((await ask(url, { streaming_handler })).body).toBe("small");
		expect(streaming_handler).not.toHaveBeenCalled();
	});
});

describe("what goes wrong", () => {
	it.each(["nonsense", "ftp://localhost/", "http://", "xmpp:ada@example", "http://a:99999/", ""])("%j is no URL", async (url) => {
		const callback = vi.fn();
		expect(create().http.request(url, {}, callback)).toBeUndefined();
		expect(callback).toHaveBeenCalledWith("invalid-url", 0, undefined, undefined);
	});

	it("nobody listens", async () => {
		const server = create_tcp_server();
		const port = await listen(server);
		await new Promise((closed) => server.close(closed));
		const answered = await ask(`http://127.0.0.1:${port}/`);
		expect(answered).toMatchObject({ body: "connection refused", code: 0 });
		expect(answered.response).toBe(answered.request);
	});

	it("there is no such host", async () => {
		expect(await ask("http://nowhere.invalid/")).toMatchObject({ body: "unable to resolve service", code: 0 });
	});

	it.each([
		["no HTTP", "what?\r\n\r\n", "invalid-status-line"],
		["nothing", "", "connection-closed"],
		["half of it", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "connection-closed"],
		["a head without end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(20_000)}`, "header-too-large"],
		["a field with a zero", "HTTP/1.1 200 OK\r\nX: a\0\r\n\r\n", "invalid-header-line"],
	])("the answer is %s", async (_, text, reason) => {
		expect(await ask(await saying(text))).toMatchObject({ body: reason, code: 0 });
	});

	it("the answer does not come in time", async () => {
		const url = await serve(() => {});
		expect(await ask(url, { timeout: 0.05 })).toMatchObject({ body: "read timeout", code: 0 });
		expect(await ask(url, {}, create({ read_timeout: 0.05 }))).toMatchObject({ body: "read timeout", code: 0 });
	});

	it.each<[string, HttpRequestOptions]>([
		["a method", { method: "GET /x HTTP/1.1\r\nX: " }],
		["a field", { headers: { x: "a\r\nb: c" } }],
		["a field's name", { headers: { "x\r\n": "a" } }],
	])("%s cannot be sent as it is", async (_, options) => {
		const asked = vi.fn();
		const url = await serve(asked);
		expect(await ask(url, options)).toMatchObject({ body: "connection failed", code: 0 });
		expect(asked).not.toHaveBeenCalled();
	});

	it("somebody gives up", async () => {
		const url = await serve(() => {});
		const made = create();
		const callback = vi.fn<HttpCallback>();
		const request = made.http.request(url, {}, callback);
		request?.cancel();
		request?.cancel("again");
		expect(callback.mock.calls.map(([reason, code]) => [reason, code])).toEqual([["cancelled", 0]]);
	});

	it("a callback throws, which is its own business", async () => {
		const url = await serve((_, outgoing) => outgoing.end());
		const made = create();
		made.http.request(url, {}, () => {
			throw new Error("oops");
		});
		await eventually(() => expect(made.log.mock.calls.some(([level]) => level === "error")).toBe(true));
		expect((await ask(url, {}, made)).code).toBe(200);
	});

	it("a handler of streams throws, which is told the callback", async () => {
		const url = await serve((_, outgoing) => outgoing.end("x".repeat(100)));
		const streaming_handler = () => {
			throw new Error("oops");
		};
		expect(await ask(url, { body_size_limit: 10, streaming_handler })).toMatchObject({ body: "cancelled", code: 0 });
	});
});

describe("certificates", () => {
	async function secure(name: string): Promise<string> {
		const { certificate, key } = self_signed_certificate([name], 10);
		const server = create_https_server({ cert: certificate, key }, (_, outgoing) => outgoing.end("secret"));
		server.on("tlsClientError", () => {});
		return `https://localhost:${await listen(server)}/`;
	}

	it("have to be vouched for", async () => {
		expect(await ask(await secure("localhost"))).toMatchObject({ body: "certificate-chain-invalid", code: 0 });
	});

	it("are not looked at where that is asked for", async () => {
		expect(await ask(await secure("localhost"), { insecure: true })).toMatchObject({ body: "secret", code: 200 });
	});
});

describe("events", () => {
	it("come before, during and after requests", async () => {
		const url = await serve((_, outgoing) => outgoing.end("original"));
		const made = create();
		const order: string[] = [];
		made.http.events.add_handler("pre-request", (event) => {
			order.push("pre-request");
			event.url = `${url}/other`;
		});
		made.http.events.add_handler("request", ({ request }) => void order.push(`request ${request.path}`));
		made.http.events.add_handler("response", (event) => {
			order.push("response");
			event.content = "replaced";
		});
		expect((await ask("http://elsewhere.invalid/", {}, made)).body).toBe("replaced");
		expect(order).toEqual(["pre-request", "request /other", "response"]);
	});

	it("may take a request over", async () => {
		const made = create();
		made.http.events.add_handler("pre-request", ({ callback }) => {
			callback("mine", 200, undefined, undefined);
			return true;
		});
		expect(await ask("nonsense", {}, made)).toMatchObject({ body: "mine", code: 200 });
	});

	it("tell of those that reached nobody", async () => {
		const made = create();
		const errors: string[] = [];
		made.http.events.add_handler("request-connection-error", ({ err }) => void errors.push(err));
		await ask(await saying(""), {}, made);
		expect(errors).toEqual(["connection-closed"]);
	});
});
