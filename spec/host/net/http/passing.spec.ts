// Requests that another process of the server answers.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { HttpEvent, HttpProcesses } from "../../../../host/core/types.ts";
import { create_http_server } from "../../../../host/net/http/server.ts";
import { Neighbours } from "../../../../host/net/neighbours.ts";
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
	const turn = new Turn(() => {});
	const log = vi.fn();
	const server = create_http_server({ turn, logger: () => log });
	server.add_host("localhost");
	const net = new NetServer(turn, { ...default_network_settings, shutdown_deadline: 0.1 }, log);
	ends.push(() => net.close());
	return { server, net };
}

/** Two processes; clients are connected with the first one, and the second one leads. */
function processes(known: Partial<HttpProcesses> = {}) {
	const [near, far] = [create(), create()];
	const folder = mkdtempSync(join(tmpdir(), "enjamb-passing-"));
	const neighbours = new Neighbours(folder, "far", (error) => {
		throw error;
	});
	ends.push(() => {
		neighbours.close();
		rmSync(folder, { recursive: true });
	});
	neighbours.answer("http", (stream, about) => {
		const [secure, ip = ""] = about.split(" ");
		far.net.adopt(stream, (conn) => far.server.onconnect(conn, true), { ip, is_secure: secure === "1" });
	});
	/** Streams between them. */
	const opened: Duplex[] = [];
	near.server.share({
		node: "near",
		leader: () => "far",
		find_leader: async () => "far",
		has: () => true,
		open(node, about) {
			const stream = neighbours.open(node, "http", about);
			opened.push(stream);
			return stream;
		},
		...known,
	});
	const connect = (): RawHttp => {
		const [ours, theirs] = memory_pair();
		near.net.adopt(ours, (conn) => near.server.onconnect(conn), { ip: "192.0.2.7", is_secure: true });
		const client = new RawHttp(theirs);
		ends.push(() => client.destroy());
		return client;
	};
	return { near: near.server, far: far.server, connect, opened };
}

const route = "POST localhost/app";
const post = (...rest: [string[], string]): string => request("POST", "/app?a=1", ...rest);

describe("a request that another process answers", () => {
	it("comes there as the client has made it, with its address", async () => {
		const { near, far, connect, opened } = processes();
		near.add_handler(route, () => "wrong");
		far.add_handler(route, ({ request: { headers, body, ip, secure, url, conn }, response }: HttpEvent) => {
			response.headers["x_told"] = "a, b";
			response.status_code = 202;
			return [headers["x_asked"], headers["host"], body, ip, conn.ip, secure, url.query].map(String).join("|");
		});
		const client = connect();
		for (const text of ["one", "two"]) {
			const answer = await client.ask(post(["X-Asked: ö", "X-Asked: b"], text));
			expect(answer?.status).toBe(202);
			expect(answer?.headers.get("x-told")).toBe("a, b");
			expect(answer?.body).toBe(Buffer.from(`ö,b|localhost|${text}|192.0.2.7|192.0.2.7|true|a=1`).toString("latin1"));
		}
		expect(opened).toHaveLength(1);
	});

	it("is not passed on where its handlers run in any process", async () => {
		const { near, connect, opened } = processes();
		const handler = () => "here";
		near.place_handler(handler, "any");
		near.add_handler(route, handler);
		expect((await connect().ask(post([], "")))?.body).toBe("here");
		// One that nobody knows is told so by whichever process is asked
		expect((await connect().ask(request("GET", "/nowhere")))?.status).toBe(404);
		expect(opened).toHaveLength(0);
		// Somebody else who wants to see it may have something in memory
		near.add_handler(route, () => undefined, 1);
		expect((await connect().ask(post([], "")))?.status).toBe(404);
		expect(opened).toHaveLength(1);
	});

	it("goes to the process that its handler names, if there is such a one", async () => {
		const asked: string[] = [];
		const { near, far, connect } = processes({ has: (node) => node === "far" });
		const handler = ({ request: { body } }: HttpEvent) => `near has ${body}`;
		near.place_handler(handler, ({ body }) => {
			asked.push(String(body));
			return String(body);
		});
		near.add_handler(route, handler);
		far.add_handler(route, ({ request: { body } }) => `far has ${body}`);
		const client = connect();
		expect((await client.ask(post([], "far")))?.body).toBe("far has far");
		expect((await client.ask(post([], "gone")))?.body).toBe("near has gone");
		expect(asked).toEqual(["far", "gone"]);
	});

	it("has its content go over as it comes, where that is large or of unknown size", async () => {
		const { near, far, connect } = processes();
		near.set_option("body_size_limit", 10);
		far.set_option("body_size_limit", 10);
		const sizes: number[] = [];
		near.add_handler(route, () => "wrong");
		far.add_handler(route, ({ request: asked }: HttpEvent) => {
			if (!asked.partial) return `${sizes.reduce((sum, size) => sum + size, 0)} of ${asked.body_length}`;
			asked.body_sink = { write: (chunk) => sizes.push(chunk.length) > 0 };
			return true;
		});
		expect((await connect().ask(post([], "x".repeat(100_000))))?.body).toBe("100000 of 100000");
		const chunked = `POST /app HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
		expect((await connect().ask(chunked))?.body).toBe("100005 of undefined");
		// It is refused there as it would be here
		far.set_option("body_size_limit", 1);
		far.add_handler(route, () => 401, 1);
		expect((await connect().ask(post([], "x".repeat(100_000))))?.status).toBe(401);
	});

	it("gets an answer of any kind", async () => {
		const { near, far, connect } = processes();
		const answers: { readonly [path: string]: (event: HttpEvent) => unknown } = {
			large: () => "l".repeat(3_000_000),
			nothing: () => 204,
			empty: () => "",
			error: () => 418,
			pieces: ({ response }) => {
				for (const piece of ["a", "b"]) response.write(piece);
				setTimeout(() => response.done(), 1);
				return true;
			},
			unframed: ({ response }) => {
				response.persistent = false;
				response.write_headers();
				response.write("until the end");
				response.done();
				return true;
			},
		};
		for (const [name, answer] of Object.entries(answers)) {
			near.add_handler(`GET localhost/${name}`, () => "wrong");
			far.add_handler(`GET localhost/${name}`, answer);
		}
		const get = (path: string, method = "GET") => connect().ask(request(method, path));
		expect((await get("/large"))?.body).toHaveLength(3_000_000);
		expect((await get("/nothing"))?.status).toBe(204);
		expect(await get("/empty")).toMatchObject({ status: 200, body: "" });
		expect((await get("/error"))?.status).toBe(418);
		expect((await get("/pieces"))?.body).toBe("ab");
		expect((await get("/unframed"))?.body).toBe("until the end");
		const head = connect();
		head.stream.write(request("HEAD", "/large"));
		await eventually(() => expect(head.said).toContain("\r\n\r\n"));
		expect(head.said).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*content-length: 3000000\r\n/i);
	});

	it("may turn to another protocol", async () => {
		const { near, far, connect } = processes();
		near.add_handler("GET localhost/app", () => "wrong");
		far.add_handler("GET localhost/app", ({ response }: HttpEvent) => {
			response.status_code = 101;
			response.headers["connection"] = "Upgrade";
			response.headers["upgrade"] = response.request.headers["upgrade"];
			const { conn } = response;
			conn.ondata = (data) => void conn.write(`echo ${data}`);
			return "";
		});
		const client = connect();
		client.stream.write(request("GET", "/app", ["Upgrade: shout", "Connection: Upgrade"]));
		await eventually(() => expect(client.said).toMatch(/^HTTP\/1\.1 101 [\s\S]*upgrade: shout\r\n\r\n$/i));
		client.stream.write("hello");
		await eventually(() => expect(client.said).toMatch(/echo hello$/));
	});

	it("is asked of the next process where the one that leads is gone, as long as it cannot have been answered", async () => {
		let leader: string | undefined = "gone";
		let asked = 0;
		const { near, far, connect, opened } = processes({
			leader: () => leader,
			async find_leader() {
				leader = ++asked > 2 ? "near" : leader;
				return leader;
			},
		});
		near.add_handler(route, ({ request: { body } }) => `near has ${body}`);
		far.add_handler(route, () => "wrong");
		expect((await connect().ask(post([], "text")))?.body).toBe("near has text");
		expect(opened).toHaveLength(3);
	});

	it("is given up where a process ends that may have answered it, and where its client is gone", async () => {
		const { near, far, connect, opened } = processes();
		let lost = 0;
		near.add_handler(route, () => "wrong");
		far.add_handler(route, ({ response }: HttpEvent) => {
			response.on_destroy = () => void lost++;
			return true;
		});
		const client = connect();
		client.stream.write(post([], ""));
		await eventually(() => expect(opened).toHaveLength(1));
		client.destroy();
		await eventually(() => expect(lost).toBe(1));
		near.add_handler("GET localhost/begun", () => "wrong");
		far.add_handler("GET localhost/begun", ({ response }: HttpEvent) => {
			response.headers["content_length"] = 100;
			response.write_headers();
			response.write("begun");
			return true;
		});
		const other = connect();
		other.stream.write(request("GET", "/begun"));
		await eventually(() => expect(other.said).toMatch(/begun$/));
		for (const stream of opened) stream.destroy();
		// Nobody takes what came for the whole
		await eventually(() => expect(other.ended).toBe(true));
	});
});
