import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { free_port } from "../../../tools/reference.ts";
import { eventually } from "../../helper.ts";
import { create_lua, type TestLua } from "../lua.ts";

let lua: TestLua;
let server: Server;
let port: number;
const accepted = new Set<Socket>();

beforeAll(async () => {
	// says what it hears, and hangs up when it is told to
	server = createServer((socket) => {
		accepted.add(socket);
		socket.on("data", (data) => {
			if (data.toString() === "bye") socket.end();
			else socket.write(`heard ${data}`);
		});
		socket.on("error", () => {});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	port = typeof address === "object" && address !== null ? address.port : 0;
	lua = await create_lua();
	expect(await lua.server.start()).toMatchObject({ ok: true });
});
afterAll(async () => {
	await lua.stop();
	for (const socket of accepted) socket.destroy();
	server.close();
});

/** Lines that code puts into `seen`, until there are so many. */
async function lines(code: string, count: number): Promise<string[]> {
	const [table] = lua.run(`local seen = {}
		local function note(...) seen[#seen + 1] = table.concat({ ... }, " ") end
		local server, connect = require "net.server", require "net.connect".connect
		${code}
		return seen`);
	const seen = table as { readonly [index: number]: string; readonly length: number };
	await eventually(() => expect(seen.length).toBe(count));
	return Array.from({ length: count }, (_, index) => seen[index] ?? "");
}

const listener = `
local listener = {
	onattach = function (conn, data) note("attach", data) end,
	onconnect = function (conn) note("connect") conn:write("now ") end,
	onincoming = function (conn, data) note(data) conn:write("bye") end,
	ondisconnect = function (conn, reason) note("disconnect", reason) end,
	onfail = function (data, reason) note("fail", data, reason) end,
}`;

describe("net.server", () => {
	it("connects, and what is written meanwhile goes out first", async () => {
		const seen = await lines(`${listener} server.addclient("127.0.0.1", ${port}, listener):write("early ")`, 3);
		expect(seen[0]).toBe("connect");
		expect(seen[1]).toMatch(/^heard (now early|early now) $/);
		expect(seen[2]).toMatch(/^disconnect /);
	});

	it("tells the listener where nobody listens", async () => {
		const nobody = await free_port();
		const seen = await lines(`${listener} server.addclient("127.0.0.1", ${nobody}, listener)`, 1);
		expect(seen[0]).toMatch(/^disconnect nobody listens there/);
	});

	it("links connections", async () => {
		const seen = await lines(
			`local one, two
			local function linked()
				if not (one and two) then return end
				two:setlistener({ onincoming = function (_, data) note("two", data) end })
				server.link(one, two)
				one:write("ping")
			end
			server.addclient("127.0.0.1", ${port}, { onconnect = function (conn) one = conn linked() end })
			server.addclient("127.0.0.1", ${port}, { onconnect = function (conn) two = conn linked() end })`,
			1,
		);
		expect(seen).toEqual(["two heard heard ping"]);
	});

	it("says what it does not do", () => {
		expect(lua.run('return require "net.server".listen("*", 1)')[1]).toContain("module:provides");
		expect(lua.run('return require "net.server".addclient("127.0.0.1", 1, {}, "*a", {})')[1]).toContain("not offered");
	});
});

describe("net.connect", () => {
	it("tries one target after the other", async () => {
		const nobody = await free_port();
		const seen = await lines(
			`${listener}
			local targets = { { "tcp4", "127.0.0.1", ${nobody} }, { "tcp4", "127.0.0.1", ${port} } }
			connect(require "net.resolvers.manual".new(targets), listener, nil, "mine")`,
			4,
		);
		expect(seen.slice(0, 3)).toEqual(["attach mine", "connect", "heard now "]);
	});

	it("says when no target is left", async () => {
		const nobody = await free_port();
		const seen = await lines(
			`${listener} connect(require "net.resolvers.basic".new("127.0.0.1", ${nobody}), listener, nil, "mine")`,
			1,
		);
		expect(seen[0]).toMatch(/^fail mine nobody listens there/);
	});

	it("can be given up", async () => {
		const seen = await lines(
			`${listener} connect(require "net.resolvers.basic".new("127.0.0.1", ${port}), listener, nil, "mine"):cancel("changed my mind")`,
			1,
		);
		expect(seen).toEqual(["fail mine changed my mind"]);
	});

	it("takes the targets of several resolvers in turn", async () => {
		const seen = await lines(
			`${listener}
			local manual, chain = require "net.resolvers.manual", require "net.resolvers.chain"
			connect(chain.new({ manual.new({}), manual.new({ { "tcp4", "127.0.0.1", ${port} } }) }), listener, nil, "mine")`,
			4,
		);
		expect(seen.slice(0, 2)).toEqual(["attach mine", "connect"]);
	});
});
