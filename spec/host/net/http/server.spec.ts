import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { HttpEvent, HttpResponse } from "../../../../host/core/types.ts";
import { create_http_server } from "../../../../host/net/http/server.ts";
import { default_network_settings } from "../../../../host/net/network_settings.ts";
import { NetServer } from "../../../../host/net/server.ts";
import { Turn } from "../../../../host/util/turn.ts";
import { eventually } from "../../../helper.ts";
import { RawHttp, request } from "../../raw_http.ts";
import { memory_pair } from "../memory_pair.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

function create() {
	const failures: unknown[] = [];
	const turn = new Turn((error) => failures.push(error));
	const log = vi.fn();
	const server = create_http_server({ turn, logger: () => log });
	server.add_host("localhost");
	const net = new NetServer(turn, { ...default_network_settings, shutdown_deadline: 0.1 }, log);
	ends.push(() => net.close());
	const connect = (): RawHttp => {
		const [near, far] = memory_pair();
		net.adopt(near, (connection) => server.onconnect(connection));
		const client = new RawHttp(far);
		ends.push(() => client.destroy());
		return client;
	};
	const errors = (): string[] =>
		log.mock.calls.filter(([level]) => level === "error").map(([, text, ...args]) => [text, ...args].map(String).join(" "));
	return { server, turn, net, log, errors, connect, failures };
}

/** A server that answers `GET /` with what a handler answers. */
function answering(answer: (event: HttpEvent) => unknown) {
	const made = create();
	made.server.add_handler("GET localhost/", answer);
	return made;
}

const get = request("GET", "/");

describe("what a handler answers", () => {
	it.each<[string, (event: HttpEvent) => unknown, number, string]>([
		["text", () => "täxt", 200, "täxt"],
		["bytes", () => Buffer.from([1, 2, 255]), 200, "\x01\x02\xff"],
		["a status below 400", () => 204, 204, ""],
		[
			"a status with a page",
			() => 403,
			403,
			"Error processing request: 403 Forbidden. Check your error log for more information.",
		],
		["a table", () => ({ status_code: 201, headers: { x_a: "b" }, body: "made" }), 201, "made"],
		["false", () => false, 200, ""],
		["a promise", async () => "later", 200, "later"],
		[
			"a promise of a status",
			async () => 404,
			404,
			"Error processing request: 404 Not Found. Check your error log for more information.",
		],
		[
			"a broken promise of a status",
			() => Promise.reject(409),
			409,
			"Error processing request: 409 Conflict. Check your error log for more information.",
		],
		["a broken promise of a table", () => Promise.reject({ body: "no" }), 500, "no"],
		[
			"an error",
			() => ({ type: "cancel", condition: "gone", code: 410 }),
			410,
			"Error processing request: 410 Gone. Check your error log for more information.",
		],
		[
			"an error without status",
			() => ({ type: "wait", condition: "conflict" }),
			500,
			"Error processing request: 500 Internal Server Error. Check your error log for more information.",
		],
	])("%s", async (_, answer, status, body) => {
		const answered = await answering(answer).connect().ask(get);
		expect([
			answered?.status,
			Buffer.from(answered?.body ?? "", "latin1").toString(body.includes("ä") ? "utf8" : "latin1"),
		]).toEqual([status, body]);
	});

	it("may be set on the response, and sent when it likes", async () => {
		const { connect } = answering(({ response }) => {
			response.status_code = 202;
			response.body = "body";
			setImmediate(() => response.send());
			return true;
		});
		expect(await connect().ask(get)).toMatchObject({ status: 202, body: "body" });
	});

	it("may be nothing, which is for the next handler", async () => {
		const { server, connect } = answering(() => undefined);
		expect((await connect().ask(get))?.status).toBe(404);
		server.add_handler("GET localhost/", () => "second", -1);
		expect((await connect().ask(get))?.body).toBe("second");
	});

	it("takes the name of a status in its own words", async () => {
		const { connect } = answering(() => ({ status: "299 Fine", body: "" }));
		expect((await connect().ask(get))?.head).toMatch(/^HTTP\/1\.1 299 Fine\r\n/);
	});
});

describe("events", () => {
	it("go to the longest name, then to the exact one, then by priority", async () => {
		const { server } = create();
		const order: string[] = [];
		const add = (name: `GET ${string}`, as: string, priority?: number) =>
			server.add_handler(name, () => void order.push(as), priority);
		add("GET localhost/*", "root", 100);
		add("GET localhost/a/*", "folder", 50);
		add("GET localhost/a/b", "exact low", -1);
		add("GET localhost/a/b", "exact high", 1);
		add("GET localhost/a/b/*", "below");
		add("GET localhost/ab", "other");
		for (const handler of server.events.get_handlers("GET localhost/a/b")) handler({});
		expect(order).toEqual(["exact high", "exact low", "folder", "root"]);
	});

	it("of a wildcard cannot be asked for", async () => {
		const { server, connect } = create();
		server.add_handler("GET localhost/*", () => "all");
		server.add_handler("GET localhost/secret/*", () => "secret");
		expect((await connect().ask(request("GET", "/secret/*")))?.status).toBe(404);
	});

	it("without a host come first", async () => {
		const { server, connect } = answering(() => "host");
		server.add_handler("GET /", () => "any");
		expect((await connect().ask(get))?.body).toBe("any");
	});

	it("of HEAD are those of GET where there are none", async () => {
		const { server, connect } = answering(() => "content");
		const client = connect();
		const answered = await client.ask(request("HEAD", "/"));
		expect([answered?.status, answered?.headers.get("content-length"), client.said]).toEqual([200, "7", ""]);
		server.add_handler("HEAD localhost/", () => 204);
		expect((await client.ask(request("HEAD", "/")))?.status).toBe(204);
	});

	it("are taken back", async () => {
		const { server, connect } = create();
		const handler = () => "there";
		server.add_handler("GET localhost/", handler);
		server.remove_handler("GET localhost/", handler);
		expect((await connect().ask(get))?.status).toBe(404);
	});
});

describe("hosts", () => {
	it.each([
		["Host: LOCALHOST:5280", 200],
		["Host: elsewhere", 404],
		["X-None: 1", 400],
	])("%s: %d", async (header, status) => {
		const answered = await answering(() => "here")
			.connect()
			.ask(`GET / HTTP/1.1\r\n${header}\r\n\r\n`);
		expect(answered?.status).toBe(status);
	});

	it("that are not there are the default host", async () => {
		const { server, connect } = answering(() => "here");
		server.set_default_host("localhost");
		expect((await connect().ask("GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\n"))?.body).toBe("here");
		expect((await connect().ask("GET / HTTP/1.1\r\n\r\n"))?.body).toBe("here");
	});

	it("stay as long as somebody wants them", async () => {
		const { server, connect } = answering(() => "here");
		server.add_host("localhost");
		server.remove_host("localhost");
		expect((await connect().ask(get))?.status).toBe(200);
		server.remove_host("localhost");
		expect((await connect().ask(get))?.status).toBe(404);
	});

	it("stand in targets that are whole URLs, too", async () => {
		const { connect } = answering(({ request: { url } }) => JSON.stringify(url));
		const answered = await connect().ask("GET http://localhost:81/?a=b HTTP/1.1\r\nHost: elsewhere\r\n\r\n");
		expect(JSON.parse(answered?.body ?? "")).toEqual({ scheme: "http", host: "localhost", port: "81", path: "/", query: "a=b" });
	});
});

describe("a request", () => {
	it("has Prosody's fields", async () => {
		const { server, connect } = create();
		server.add_handler("PUT localhost/a b", ({ request: { method, path, url, headers, body, ip, secure, httpversion } }) =>
			JSON.stringify({ method, path, url, headers, body: String(body), ip, secure, httpversion }),
		);
		const answered = await connect().ask(request("PUT", "//a%20b?c=%20d", ["X-Some-Thing: a", "X-Some-Thing: b"], "content"));
		expect(JSON.parse(answered?.body ?? "")).toEqual({
			method: "PUT",
			path: "/a b",
			url: { path: "//a%20b", query: "c=%20d" },
			headers: { host: "localhost", x_some_thing: "a,b", content_length: "7" },
			body: "content",
			ip: "127.0.0.1",
			secure: false,
			httpversion: "1.1",
		});
	});

	it("keeps what only a proxy may say from being forged with underscores", async () => {
		const { connect } = answering(({ request: { headers } }) => `${headers["x_forwarded_for"]} ${headers["x_other"]}`);
		const forged = ["X_Forwarded_For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2", "X_Other: 3"];
		expect((await connect().ask(request("GET", "/", forged)))?.body).toBe("2.2.2.2 3");
	});

	it("may have fields of any name and text", async () => {
		const { connect } = answering(({ request: { headers } }) => ["__proto__", "x", "y"].map((name) => headers[name]).join(" "));
		const head = Buffer.concat([
			Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n__proto__: p\r\nX: é\r\nY: "),
			Buffer.from([0xe9]),
			Buffer.from("\r\n\r\n"),
		]);
		expect(Buffer.from((await connect().ask(head))?.body ?? "", "latin1").toString()).toBe("p é é");
	});

	it.each([
		["/../etc", 400],
		["/%2e%2e/x/", 400],
		["/a/../../b", 400],
		["/a/../b", 404],
	])("for %s: %d", async (target, status) => {
		expect((await create().connect().ask(request("GET", target)))?.status).toBe(status);
	});
});

describe("connections", () => {
	it("serve one request after the other", async () => {
		const order: string[] = [];
		const { server, connect } = create();
		const waiting: HttpResponse[] = [];
		server.add_handler("GET localhost/slow", ({ response }) => {
			order.push("slow");
			waiting.push(response);
			return true;
		});
		server.add_handler("GET localhost/fast", () => {
			order.push("fast");
			return "fast";
		});
		const client = connect();
		client.send(request("GET", "/slow") + request("GET", "/fast"));
		await eventually(() => expect(waiting.length).toBe(1));
		expect(order).toEqual(["slow"]);
		waiting[0]?.send("slow");
		expect((await client.answer())?.body).toBe("slow");
		expect((await client.answer())?.body).toBe("fast");
	});

	it.each<[string, string, string | undefined]>([
		["1.1", "X-A: 1", "Keep-Alive"],
		["1.1", "Connection: close", "close"],
		["1.1", "Connection: x, Close", "close"],
		["1.0", "X-A: 1", undefined],
		["1.0", "Connection: keep-alive", "Keep-Alive"],
	])("of HTTP/%s with %s: %s", async (version, header, connection) => {
		const client = answering(() => "x").connect();
		const answered = await client.ask(`GET / HTTP/${version}\r\nHost: localhost\r\n${header}\r\n\r\n`);
		if (connection === "Keep-Alive") expect((await client.ask(get))?.body).toBe("x");
		else await client.end();
		expect(answered?.headers.get("connection")).toBe(connection ?? "close");
	});

	it("end where the response says so", async () => {
		const client = answering(({ response }) => {
			response.persistent = false;
			return "last";
		}).connect();
		expect((await client.ask(get))?.headers.get("connection")).toBe("close");
		await client.end();
	});

	it("tell who answers that the client is gone", async () => {
		const told = vi.fn();
		let response: HttpResponse | undefined;
		const client = answering((event) => {
			response = event.response;
			response.on_destroy = told;
			return true;
		}).connect();
		client.send(get);
		await eventually(() => expect(response).toBeDefined());
		client.destroy();
		await eventually(() => expect(told).toHaveBeenCalledOnce());
		expect(response?.finished).toBe(true);
		response?.send("too late");
		response?.done();
		expect(told).toHaveBeenCalledOnce();
	});

	it("know what they are busy with", async () => {
		const { server, connect } = answering(({ request: { conn, id } }) => String(server.get_request_from_conn(conn)?.id === id));
		expect((await connect().ask(get))?.body).toBe("true");
	});

	it("are handed over to who speaks another protocol", async () => {
		const { server, connect } = answering(({ response }) => {
			const taken = server.hijack_response(response);
			if (taken === undefined) return 400;
			taken.conn.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
			taken.conn.ondata = (chunk) => void taken.conn.write(`<${chunk}>`);
			if (taken.head.length > 0) taken.conn.ondata(taken.head);
			return true;
		});
		const client = connect();
		const answered = await client.ask(`${request("GET", "/", ["Upgrade: echo", "Connection: Upgrade"])}early`);
		expect(answered?.status).toBe(101);
		client.send("late");
		await eventually(() => expect(client.said).toBe("<early><late>"));
		expect((await connect().ask(get))?.status).toBe(400);
	});

	it("are handed over with the status that says so, too", async () => {
		const { connect } = answering(({ request: { conn }, response }) => {
			conn.ondata = (chunk) => void conn.write(`<${chunk}>`);
			response.headers["connection"] = "Upgrade";
			return 101;
		});
		const client = connect();
		const answered = await client.ask(`${request("GET", "/", ["Upgrade: echo", "Connection: Upgrade"])}early`);
		expect([answered?.status, answered?.headers.get("connection")]).toEqual([101, "Upgrade"]);
		client.send("late");
		await eventually(() => expect(client.said).toBe("<early><late>"));
	});

	it("end where somebody wrote the answer by hand", async () => {
		const client = answering(({ response }) => {
			response.conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nme");
			response.finish_cb?.(response);
			return true;
		}).connect();
		expect((await client.ask(get))?.body).toBe("me");
		await client.end();
	});

	it("that ask for another protocol in vain get an answer, and end", async () => {
		const client = answering(() => "http only").connect();
		const answered = await client.ask(request("GET", "/", ["Upgrade: h2c", "Connection: Upgrade"]));
		expect([answered?.body, answered?.headers.get("connection")]).toEqual(["http only", "close"]);
		await client.end();
	});
});

describe("content that is sent piece by piece", () => {
	it("is chunked", async () => {
		const { connect } = answering(({ response }) => {
			response.write("one ");
			setImmediate(() => {
				response.write(Buffer.from("two"));
				response.done();
			});
			return true;
		});
		const client = connect();
		const answered = await client.ask(get);
		expect([answered?.headers.get("transfer-encoding"), answered?.body]).toEqual(["chunked", "one two"]);
		expect((await client.ask(get))?.body).toBe("one two");
	});

	it("comes out of a file, as fast as it is taken", async () => {
		let left = 40;
		const close = vi.fn();
		const { connect } = answering(({ response }) => {
			response.headers["content_length"] = 40 * 50_000;
			return response.send_file({ read: () => (left-- > 0 ? Buffer.alloc(50_000, 97) : undefined), close });
		});
		const answered = await connect().ask(get);
		expect(answered?.body).toBe("a".repeat(40 * 50_000));
		expect(close).toHaveBeenCalledOnce();
	});

	it("is not read for HEAD", async () => {
		const read = vi.fn();
		const close = vi.fn();
		const { connect } = answering(({ response }) => response.send_file({ read, close }));
		expect((await connect().ask(request("HEAD", "/")))?.status).toBe(200);
		expect([read.mock.calls.length, close.mock.calls.length]).toEqual([0, 1]);
	});

	it("that breaks off ends the connection, so that nobody takes it for whole", async () => {
		const close = vi.fn();
		const { connect, errors } = answering(({ response }) => {
			response.headers["content_length"] = 10;
			let count = 0;
			const read = () => {
				if (count++ === 1) throw new Error("disk on fire");
				return "12345";
			};
			return response.send_file({ read, close });
		});
		const client = connect();
		expect(await client.ask(get)).toBeUndefined();
		expect([close.mock.calls.length, errors().some((error) => error.includes("disk on fire"))]).toEqual([1, true]);
	});

	it("that is shorter than announced ends the connection, too", async () => {
		const { connect } = answering(({ response }) => {
			response.headers["content_length"] = 10;
			response.write("12345");
			response.done();
			return true;
		});
		expect(await connect().ask(get)).toBeUndefined();
	});

	it("may be raw bytes of the connection", async () => {
		const { connect } = answering(({ response }) => {
			response.headers["transfer_encoding"] = "chunked";
			response.write_headers();
			response.conn.write("3\r\nabc\r\n0\r\n\r\n");
			response.done();
			return true;
		});
		const client = connect();
		expect((await client.ask(get))?.body).toBe("abc");
		expect((await client.ask(get))?.body).toBe("abc");
	});

	it("of unknown length ends with the connection", async () => {
		const { connect } = answering(({ response }) => {
			response.headers["content_type"] = "text/event-stream";
			response.write_headers();
			response.conn.write("data: 1\n\n");
			setImmediate(() => response.done());
			return true;
		});
		expect((await connect().ask(get))?.body).toBe("data: 1\n\n");
	});
});

describe("content of requests", () => {
	function echo() {
		const made = create();
		made.server.add_handler("POST localhost/", ({ request: { body, partial } }) => (partial ? undefined : String(body)));
		return made;
	}

	it("is there whole, in however many pieces it came", async () => {
		const client = echo().connect();
		for (const byte of request("POST", "/", [], "piece by piece")) client.send(byte);
		expect((await client.answer())?.body).toBe("piece by piece");
	});

	it("may be chunked", async () => {
		const client = echo().connect();
		const head = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
		expect((await client.ask(`${head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`))?.body).toBe("abcde");
		expect((await client.ask(request("POST", "/", [], "next")))?.body).toBe("next");
	});

	it("is asked for where the client waits for that", async () => {
		const client = echo().connect();
		client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
		expect((await client.answer())?.status).toBe(100);
		expect((await client.ask("abc"))?.body).toBe("abc");
	});

	it.each([
		["announced", "Content-Length: 11\r\n\r\n"],
		["sent", "Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n"],
	])("beyond the limit is refused as soon as it is %s", async (_, rest) => {
		const { server, connect } = echo();
		server.set_option("body_size_limit", 10);
		const client = connect();
		const answered = await client.ask(`POST / HTTP/1.1\r\nHost: localhost\r\n${rest}`);
		expect([answered?.status, answered?.headers.get("connection")]).toEqual([413, "close"]);
		await client.end();
	});

	it("beyond the limit may go to who wants it", async () => {
		const { server, connect } = create();
		server.set_option("body_size_limit", 10);
		const seen: string[] = [];
		server.add_handler("POST localhost/", ({ request: incoming }) => {
			if (!incoming.partial) return `${incoming.body} ${seen.join("")}`;
			incoming.body_sink = { write: (chunk) => seen.push(String(chunk)) };
			return true;
		});
		const client = connect();
		expect((await client.ask(request("POST", "/", [], "a long content")))?.body).toBe("false a long content");
		expect((await client.ask(request("POST", "/", [], "another long one")))?.body).toContain("another long one");
	});

	it("may be refused by its head alone", async () => {
		const { server, connect } = create();
		server.set_option("body_size_limit", 10);
		server.add_handler("POST localhost/", ({ request: incoming }) => (incoming.partial ? 401 : "whole"));
		const client = connect();
		const answered = await client.ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
		expect([answered?.status, answered?.headers.get("connection")]).toEqual([401, "close"]);
		await client.end();
	});

	it.each<[string, () => unknown, number | undefined]>([
		["refuses", () => false, undefined],
		[
			"throws",
			() => {
				throw new Error("sink");
			},
			500,
		],
	])("ends with its connection where the sink %s", async (_, write, status) => {
		const { server, connect } = create();
		server.set_option("body_size_limit", 10);
		server.add_handler("POST localhost/", ({ request: incoming }) => {
			incoming.body_sink = { write };
			return true;
		});
		const client = connect();
		expect((await client.ask(request("POST", "/", [], "a long content")))?.status).toBe(status);
		await client.end();
	});

	it("that never comes keeps nobody", async () => {
		const { connect, net } = echo();
		const client = connect();
		client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na");
		await eventually(() => expect(net.size).toBe(1));
		client.destroy();
		await eventually(() => expect(net.size).toBe(0));
	});
});

describe("what handlers do wrong", () => {
	it("is answered and logged, and the connection goes on", async () => {
		let count = 0;
		const { connect, errors } = answering(() => {
			if (count++ === 0) throw new Error("oops");
			return "again";
		});
		const client = connect();
		expect((await client.ask(get))?.status).toBe(500);
		expect(errors().some((error) => error.includes("Error: oops"))).toBe(true);
		expect((await client.ask(get))?.body).toBe("again");
	});

	it("in promises is no different", async () => {
		const { connect, errors } = answering(async () => {
			throw new Error("oops");
		});
		expect((await connect().ask(get))?.status).toBe(500);
		expect(errors().some((error) => error.includes("Error: oops"))).toBe(true);
	});

	it.each<[string, (response: HttpResponse) => void]>([
		["a field with a line break", (response) => (response.headers["x_a"] = "a\r\nSet-Cookie: b=c")],
		["a field's name with a line break", (response) => (response.headers["x\r\nx"] = "a")],
		["a status with a line break", (response) => (response.status = "200 a\rb")],
		["a status that is none", (response) => (response.status_code = 99_999)],
		["a status that is no number", (response) => (response.status_code = Number.NaN)],
	])("with %s does not reach the wire", async (_, spoil) => {
		const { connect, errors } = answering(({ response }) => {
			spoil(response);
			return "content";
		});
		const client = connect();
		const answered = await client.ask(get);
		expect([answered?.status, /Set-Cookie|x:|content$/im.test(`${answered?.head}${answered?.body}`)]).toEqual([500, false]);
		expect(errors().length).toBeGreaterThan(0);
		expect((await client.ask(get))?.status).toBe(500);
	});

	it("in the page of an error does no harm either", async () => {
		const { server, connect } = answering(() => 403);
		server.add_handler("http-error", () => {
			throw new Error("no page");
		});
		expect(await connect().ask(get)).toMatchObject({ status: 403, body: "403 Forbidden" });
		const spoiling = answering(() => 403);
		spoiling.server.add_handler("http-error", ({ response }) => {
			if (response !== undefined) response.headers["x"] = "\r\n";
			return "page";
		});
		expect(await spoiling.connect().ask(get)).toMatchObject({ status: 500, body: "500 Internal Server Error" });
	});

	it("in callbacks stays there", async () => {
		const thrower = () => {
			throw new Error("callback");
		};
		const { connect, errors } = answering(({ response }) => {
			response.on_destroy = thrower;
			response.finish_cb = thrower;
			return "x";
		});
		const client = connect();
		expect((await client.ask(get))?.body).toBe("x");
		expect((await client.ask(get))?.body).toBe("x");
		expect(errors().length).toBe(4);
	});

	it("does not let content pass for two requests", async () => {
		const { connect } = answering(({ response }) => {
			response.headers["content_length"] = 3;
			response.headers["transfer_encoding"] = "chunked";
			response.write("abc");
			response.done();
			return true;
		});
		expect((await connect().ask(get))?.headers.get("content-length")).toBeUndefined();
	});
});

describe("bad input", () => {
	const bad: readonly [string, string, number][] = [
		["a head that is too long", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(11_000)}\r\n\r\n`, 431],
		["a target that is too long", `GET /${"x".repeat(11_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
		["a method that is none", "GE\0T / HTTP/1.1\r\n\r\n", 400],
		["a method that nobody knows", "BREW / HTTP/1.1\r\n\r\n", 400],
		["another protocol", "<?xml version='1.0'?><stream:stream>", 400],
		["another version", "GET / HTTP/3.0\r\n\r\n", 400],
		[
			"content-length and transfer-encoding",
			"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			400,
		],
		["two lengths", "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400],
		["a length below zero", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400],
		["a length that is none", "POST / HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n", 400],
		["a coding that is not the last", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400],
		["a space before the colon", "POST / HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc", 400],
		["a field without a colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", 400],
		["a zero in a field", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 400],
		["a chunk that is none", "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400],
		["a target that is none", "GET a HTTP/1.1\r\n\r\n", 400],
	];

	it.each(bad)("%s is answered and ends the connection", async (_, text, status) => {
		const { server, connect } = create();
		const handled = vi.fn();
		server.add_handler("POST localhost/", ({ request: { partial } }) => (partial ? undefined : handled()));
		const client = connect();
		expect((await client.ask(text))?.status).toBe(status);
		await client.end();
		expect([client.said, handled.mock.calls.length]).toEqual(["", 0]);
	});

	it("after a request leaves that one its answer", async () => {
		let response: HttpResponse | undefined;
		const { connect } = answering((event) => {
			response = event.response;
			return true;
		});
		const client = connect();
		client.send(`${get}garbage\r\n\r\n`);
		await eventually(() => expect(response).toBeDefined());
		response?.send("answer");
		expect((await client.answer())?.body).toBe("answer");
		await client.end();
		expect(client.said).toBe("");
	});

	it("of any kind ends nothing but its own connection", async () => {
		const { connect, errors } = answering(() => "fine");
		const piece = fc.oneof(
			fc.constantFrom("GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\n", "Host: localhost\r\n", "Content-Length: 3\r\n", "\r\n"),
			fc.constantFrom("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n", "0\r\n\r\n", "Upgrade: x\r\nConnection: upgrade\r\n"),
			fc.string({ unit: "binary", maxLength: 20 }),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
				const client = connect();
				for (const text of pieces) client.send(text === "" ? " " : text);
				await new Promise(setImmediate);
				client.destroy();
			}),
			{ numRuns: 100 },
		);
		expect((await connect().ask(get))?.body).toBe("fine");
		expect(errors()).toEqual([]);
	});
});

describe("time", () => {
	afterEach(() => void vi.useRealTimers());

	/** Lets what was sent arrive. */
	const settle = async (): Promise<void> => {
		for (let pass = 0; pass < 10; pass++) await new Promise(setImmediate);
	};
	const minute = 60_000;

	it.each([
		["a head", "GET / HTTP/1.1\r\nHost: loc", 1],
		["content", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc", 5],
	])("that %s may take has an end", async (_, text, minutes) => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		const client = create().connect();
		client.send(text);
		await settle();
		vi.advanceTimersByTime(minutes * minute - 1);
		await settle();
		expect([client.said, client.ended]).toEqual(["", false]);
		vi.advanceTimersByTime(1);
		expect((await client.answer())?.status).toBe(408);
		await client.end();
	});

	it("between two requests has an end, but not that which an answer takes", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		let response: HttpResponse | undefined;
		const client = answering((event) => {
			response = event.response;
			return true;
		}).connect();
		client.send(get);
		await settle();
		vi.advanceTimersByTime(30 * minute);
		await settle();
		response?.send("late");
		expect((await client.answer())?.body).toBe("late");
		vi.advanceTimersByTime(15 * minute);
		await client.end();
	});
});

describe("a turn that fails", () => {
	it.each([
		["answers nothing that came of it", []],
		["answers nothing that came of it, and that something went wrong, where the connection was to end", ["Connection: close"]],
	])("%s", async (_what, headers) => {
		const { turn, connect, failures } = answering(() => {
			turn.join({
				commit() {
					throw new Error("disk full");
				},
				rollback() {},
			});
			return "stored";
		});
		const client = connect();
		expect((await client.ask(request("GET", "/", headers)))?.status).toBe(500);
		await client.end();
		expect(failures.length).toBe(1);
	});
});
