import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer as create_web_server } from "node:http";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { free_port } from "../../../tools/reference.ts";
import { eventually } from "../../helper.ts";
import { create_lua, type TestLua } from "../lua.ts";
import { type SmtpServer, start_smtp_server } from "./smtp_server.ts";

let lua: TestLua;
let server: Server;
let mail: SmtpServer;
const web = create_web_server((request, response) => {
	let body = "";
	request.on("data", (chunk) => {
		body += String(chunk);
	});
	request.on("end", () => {
		response.setHeader("X-Seen", request.headers.authorization ?? "none");
		response.statusCode = request.url === "/missing" ? 404 : 200;
		response.end(`${request.method} ${request.url} ${body}`);
	});
});

const port_of = (listening: { address(): ReturnType<Server["address"]> }): number => {
	const address = listening.address();
	return typeof address === "object" && address !== null ? address.port : 0;
};

beforeAll(async () => {
	// two lines, then eight bytes, then the end; but nothing to who asks for it
	server = createServer((socket) => {
		socket.on("error", () => {});
		socket.once("data", (data) => {
			if (data.toString() === "silence") return;
			socket.write("one\r\ntw");
			setTimeout(() => socket.end("o\n12345678rest"), 20);
		});
	});
	server.listen(0, "127.0.0.1");
	web.listen(0, "127.0.0.1");
	await Promise.all([once(server, "listening"), once(web, "listening")]);
	mail = await start_smtp_server(["nobody@example"]);
	lua = await create_lua();
	expect(await lua.server.start()).toMatchObject({ ok: true });
});
afterAll(async () => {
	await lua.stop();
	server.close();
	web.close();
	mail.stop();
});

/** What code that may wait returns, as a line. */
async function later(code: string): Promise<string> {
	const [table] = lua.run(`local seen = {}
		local async, socket, smtp, http = require "util.async", require "socket", require "socket.smtp", require "socket.http"
		local function shown(...)
			local all = table.pack(...)
			for index = 1, all.n do all[index] = tostring(all[index]) end
			return table.concat(all, " | ")
		end
		async.runner(function () seen[1] = shown((function () ${code} end)()) end, { error = function (_, why) seen[1] = why end }):run(true)
		return seen`);
	const seen = table as { readonly [index: number]: string };
	await eventually(() => expect(seen[0]).toBeDefined());
	return seen[0] ?? "";
}

describe("socket.tcp", () => {
	it("reads lines, bytes and the rest, and waits for them", async () => {
		const result = await later(`local it = socket.tcp()
			local connected = it:connect("127.0.0.1", ${port_of(server)})
			return connected, it:send("hello"), it:receive(), it:receive("*l"), it:receive(8), it:receive("*a"), it:receive()`);
		expect(result).toBe("1 | 5 | one | two | 12345678 | rest | nil | closed | ");
	});

	it("gives up after a time", async () => {
		const result = await later(`local it = socket.connect("127.0.0.1", ${port_of(server)})
			it:settimeout(0.05)
			it:send("silence")
			return it:receive()`);
		expect(result).toBe("nil | timeout | ");
	});

	it("says where nobody listens, and that it does not wait outside of an async context", async () => {
		const nobody = await free_port();
		expect(await later(`return socket.tcp():connect("127.0.0.1", ${nobody})`)).toMatch(/^nil \| nobody listens there/);
		expect(lua.run('return require "socket".tcp():connect("127.0.0.1", 1)')[1]).toContain("not offered here");
		expect(lua.run('return require "socket".bind("*", 1)')[1]).toContain("module:provides");
	});

	it("goes through functions that are protected", async () => {
		const result = await later(`local run = socket.protect(function ()
				local it = socket.try(socket.connect("127.0.0.1", ${port_of(server)}))
				it:send("hello")
				socket.try(it:receive())
				return socket.try(it:receive(1000))
			end)
			return run()`);
		expect(result).toBe("nil | closed");
	});
});

describe("socket.udp", () => {
	it("sends, and waits for nothing", async () => {
		const receiver = createSocket("udp4");
		const heard: string[] = [];
		receiver.on("message", (message) => void heard.push(message.toString()));
		receiver.bind(0, "127.0.0.1");
		await once(receiver, "listening");
		const { port } = receiver.address();
		const results = lua.run(`local it = require "socket".udp()
			local unset = select(2, it:send("x"))
			return it:setpeername("127.0.0.1", ${port}), it:send("one\\0"), it:sendto("two", "127.0.0.1", ${port}), unset, (it:receive())`);
		expect(results).toEqual([1, 1, 1, "not connected", undefined]);
		await eventually(() => expect(heard.sort()).toEqual(["one\0", "two"]));
		receiver.close();
	});
});

describe("socket.smtp", () => {
	const send = (rcpt: string): string => `return smtp.send {
			from = "romeo@example", rcpt = ${rcpt}, server = "127.0.0.1", port = ${mail.port}, user = "romeo", password = "secret",
			source = smtp.message { headers = { subject = "Hello" }, body = "First line\\r\\n.\\r\\n..\\r\\nlast" }
		}`;

	it("sends mail", async () => {
		expect(await later(send('{ "juliet@example", "<nurse@example>" }'))).toBe("1");
		const [sent] = mail.mails;
		expect(sent).toMatchObject({ from: "romeo@example", to: ["juliet@example", "nurse@example"] });
		expect(sent?.text).toMatch(/\n\nFirst line\n\.\n\.\.\nlast$/);
		expect(sent?.text).toContain("Subject: Hello\n");
		expect(mail.logins).toEqual(["romeo:secret"]);
	});

	it("says what the server refuses, and lets nobody add commands", async () => {
		expect(await later(send('"nobody@example"'))).toBe("nil | 550 nobody here by that name");
		expect(await later(send('"a@example>\\r\\nRCPT TO:<b@example"'))).toBe("nil | line ends are not allowed here");
	});

	it("sends in the background where nobody can wait, and logs what fails", async () => {
		const before = mail.mails.length;
		expect(lua.run(`local smtp = require "socket.smtp" ${send('"juliet@example"')}`)).toEqual([1]);
		await eventually(() => expect(mail.mails.length).toBe(before + 1));
		expect(lua.run(`local smtp = require "socket.smtp" ${send('"nobody@example"')}`)).toEqual([1]);
		await eventually(() => expect(lua.log.join("\n")).toContain("Mail to nobody@example was not sent: 550 nobody here"));
	});

	it("puts parts together", () => {
		const [text] = lua.run(`local smtp = require "socket.smtp"
			local source, all = smtp.message { headers = { to = "x" }, body = { preamble = "see below", { body = "one" }, { body = "two" } } }, {}
			for piece in source do all[#all + 1] = piece end
			return table.concat(all)`);
		const [, boundary = ""] = /boundary="([^"]+)"/.exec(String(text)) ?? [];
		expect(String(text).split(`--${boundary}`).length).toBe(4);
	});
});

describe("socket.http", () => {
	it("asks in both ways", async () => {
		const url = `http://127.0.0.1:${port_of(web)}`;
		expect(
			await later(`local body, code, headers, status = http.request("${url}/x") return body, code, headers["x-seen"], status`),
		).toBe("GET /x  | 200 | none | HTTP/1.1 200");
		expect(await later(`return (http.request("${url}/x", "a=b"))`)).toBe("POST /x a=b");
		expect(
			await later(`local ltn12, all = require "ltn12", {}
				local ok, code, headers = http.request { url = "${url}/missing", method = "PUT", user = "romeo", password = "secret",
					source = ltn12.source.string("body"), sink = ltn12.sink.table(all) }
				return ok, code, headers["x-seen"], table.concat(all)`),
		).toBe(`1 | 404 | Basic ${Buffer.from("romeo:secret").toString("base64")} | PUT /missing body`);
	});

	it("says what fails", async () => {
		const nobody = await free_port();
		expect(await later(`return (http.request("http://127.0.0.1:${nobody}/"))`)).toBe("nil");
		expect(lua.run('return require "ssl.https".request("http://127.0.0.1:1/")')[1]).toContain("not offered here");
	});
});
