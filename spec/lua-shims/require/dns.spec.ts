import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../helper.ts";
import { create_lua, type TestLua } from "../lua.ts";
import { answer_dns } from "./dns_server.ts";

let lua: TestLua;
let socket: Socket;

beforeAll(async () => {
	socket = createSocket("udp4");
	answer_dns(socket, {
		"a.example A": ["192.0.2.1", "192.0.2.2"],
		"a.example AAAA": ["2001:db8::1"],
		"t.example TXT": ["one", "two"],
		"s.example SRV": [{ priority: 1, weight: 2, port: 3, target: "x.example" }],
		"m.example MX": [{ pref: 10, mx: "mail.example" }],
		"p.example PTR": ["who.example"],
		"refused.example A": "REFUSED",
	});
	socket.bind(0, "127.0.0.1");
	await once(socket, "listening");
	lua = await create_lua({ unbound: { forward: `127.0.0.1@${socket.address().port}`, hoststxt: false } });
});
afterAll(async () => {
	await lua.stop();
	socket.close();
});

/** What an answer looks like. */
async function look_up(call: string): Promise<string[]> {
	const [seen] = lua.run(`local seen = {}
		local function done(answer, why_not)
			if not answer then seen[1] = "nil" seen[2] = why_not return end
			seen[1] = ("%s %d %s %s %s"):format(answer.status, #answer, answer.qname, tostring(answer.nxdomain), tostring(answer.secure))
			for index, record in ipairs(answer) do seen[index + 1] = tostring(record) .. " " .. record.type end
		end
		${call}
		return seen`);
	const list = seen as { readonly [index: number]: string; readonly length: number };
	await eventually(() => expect(list[0]).toBeDefined());
	return Array.from({ length: list.length }, (_, index) => list[index] ?? "");
}

describe("net.adns", () => {
	it.each([
		["a.example", "A", ["NOERROR 2 a.example false false", "192.0.2.1 A", "192.0.2.2 A"]],
		["a.example", "AAAA", ["NOERROR 1 a.example false false", "2001:db8::1 AAAA"]],
		["t.example", "TXT", ["NOERROR 1 t.example false false", "onetwo TXT"]],
		["s.example", "SRV", ["NOERROR 1 s.example false false", "1 2 3 x.example. SRV"]],
		["m.example", "MX", ["NOERROR 1 m.example false false", "10 mail.example. MX"]],
		["p.example", "PTR", ["NOERROR 1 p.example false false", "who.example. PTR"]],
		["nobody.example", "A", ["NXDOMAIN 0 nobody.example true false"]],
		["refused.example", "A", ["REFUSED 0 refused.example false false"]],
	])("looks up %s %s", async (name, type, expected) => {
		expect(await look_up(`require "net.adns".lookup(done, "${name}", "${type}")`)).toEqual(expected);
		expect(await look_up(`require "net.unbound".resolver():lookup(done, "${name}", "${type.toLowerCase()}", "IN")`)).toEqual(
			expected,
		);
	});

	it("says what it cannot ask for, and that it does not wait", async () => {
		expect(await look_up('require "net.adns".lookup(done, "a.example", "TLSA")')).toEqual([
			"nil",
			"records of type TLSA cannot be asked for here",
		]);
		expect(lua.run('return require "net.adns".lookup(print, "a.example", "NONSENSE")')).toEqual([
			undefined,
			"unknown type or class",
		]);
		expect(lua.run('return (require "net.dns".lookup("a.example"))')).toEqual([undefined]);
	});

	it("can be cancelled, and gives promises", async () => {
		expect(await look_up('local a = require "net.adns" a.cancel(a.lookup(done, "a.example", "A"))')).toEqual(["nil", "canceled"]);
		expect(await look_up('require "net.adns".resolver():lookup_promise("t.example", "TXT"):next(done)')).toEqual([
			"NOERROR 1 t.example false false",
			"onetwo TXT",
		]);
	});

	it("logs errors of callbacks", async () => {
		lua.run('require "net.adns".lookup(function () error("oh dear") end, "a.example", "A")');
		await eventually(() => expect(lua.log.join("\n")).toContain("oh dear"));
	});
});
