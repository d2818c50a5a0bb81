import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { self_signed_certificate } from "../../../host/util/x509.ts";
import { eventually } from "../../helper.ts";
import { create_lua, type TestLua } from "../lua.ts";

let lua: TestLua;
beforeAll(async () => {
	lua = await create_lua();
});
afterAll(() => lua.stop());

describe("util.hashes", () => {
	it("has what only later versions have", () => {
		expect(
			lua.lines('local h = require "prosody.util.hashes" print(h.sha3_256("", true)) print(h.blake2s256("", true))'),
		).toEqual([
			"a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
			"69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9",
		]);
		// RFC 5869, test case 1
		expect(
			lua.lines(`local key, salt, info = ("\\x0b"):rep(22), "\\0\\1\\2\\3\\4\\5\\6\\7\\8\\9\\10\\11\\12", "\\xf0\\xf1\\xf2\\xf3\\xf4\\xf5\\xf6\\xf7\\xf8\\xf9"
			print(((require "util.hashes").hkdf_hmac_sha256(42, key, salt, info):gsub(".", function (c) return ("%02x"):format(c:byte()) end)))`),
		).toEqual(["3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"]);
	});
});

describe("util.uuid", () => {
	it("makes identifiers that sort by time", () => {
		expect(lua.run('local u = require "util.uuid" return u.v7():match("^%x+%-%x+%-7%x%x%x%-[89ab]%x%x%x%-%x+$") ~= nil')).toEqual(
			[true],
		);
	});
});

describe("util.timer", () => {
	it("runs tasks with the time, their number and a parameter, again while they answer with a number", async () => {
		const seen = lua.run(`seen = {} local timer = require "util.timer"
			seen.id = timer.add_task(0, function (now, id, param)
				seen[#seen + 1] = { math.type(now), now > 1e9, id == seen.id, param }
				if #seen < 3 then return 0.001 end
			end, "given")
			return seen`)[0] as { [index: number]: unknown; length: number };
		await eventually(() => expect(seen[2]).toBeDefined());
		expect(seen[0]).toMatchObject({ 0: "float", 1: true, 2: true, 3: "given" });
	});

	it("stops and delays tasks", async () => {
		const seen = lua.run(`local seen, timer = {}, require "util.timer"
			local stopped = timer.add_task(0, function () seen.stopped = true end)
			seen.first, seen.second = timer.stop(stopped), timer.stop(stopped)
			local late = timer.add_task(3600, function () seen.late = true end)
			timer.reschedule(late, 0)
			timer.add_task(1e9, function () seen.far = true end)
			return seen`)[0] as { readonly [name: string]: unknown };
		await eventually(() => expect(seen["late"]).toBe(true));
		expect([seen["first"], seen["second"], seen["stopped"], seen["far"]]).toEqual([true, undefined, undefined, undefined]);
	});

	it("logs errors with a traceback, and goes on", async () => {
		lua.run('(require "util.timer").add_task(0, function () error("tick") end)');
		await eventually(() =>
			expect(lua.log.find((line) => line.startsWith("error timer: Error in timer: test:1: tick"))).toContain("traceback"),
		);
	});
});

describe("util.logger", () => {
	it("logs to the server and to sinks, and refuses nothing", () => {
		lua.log.length = 0;
		const lines = lua.lines(`local logger = require "util.logger"
			local sink = logger.add_simple_sink(function (name, level, text) print(name, level, text) end, { "info", "error" })
			local raw = function (name, level, message, ...) print("raw", name, level, message, ...) end
			logger.add_level_sink("warn", raw)
			local log = logger.init("mine")
			log("info", "%s is %d", "x", 3) log("warn", "%d", 5) log("debug", "quiet") log("error", "no place for %d", {}) log("nonsense", "x")
			logger.make_logger("other", "info")("%q", "y")
			print(logger.remove_sink(sink), logger.remove_sink(raw), logger.remove_sink(raw))
			log("info", "after")`);
		expect(lines[0]).toBe("mine\tinfo\tx is 3");
		expect(lines[1]).toBe("raw\tmine\twarn\t%d\t5");
		expect(lines.at(-1)).toBe("true\ttrue\tnil");
		expect(lua.log.slice(0, 3)).toEqual(["info mine: x is 3", "warn mine: 5", "debug mine: quiet"]);
		expect(lua.log.at(-1)).toBe("info mine: after");
	});
});

describe("util.datamanager", () => {
	it("stores and loads what Prosody's does", () => {
		expect(
			lua.lines(`local dm = require "util.datamanager"
				print(dm.load("user", "example.com", "things"))
				print(dm.store("user", "example.com", "things", { a = 1, [2] = { "x", nested = true }, ["\\255"] = "\\0" }))
				local t = dm.load("user", "example.com", "things")
				print(t.a, t[2][1], t[2].nested, t["\\255"] == "\\0")
				print(dm.getpath("u@x", "example.com", "a_b-c", "list"):match("example.*$"), dm.path_encode("ä.x"), dm.path_decode("%c3%a4%2ex") == "ä.x")
				for name in dm.users("example.com", "things") do print("user", name) end
				for name in dm.stores("user", "example.com") do print("store", name) end
				print(dm.store("user", "example.com", "things", nil), dm.load("user", "example.com", "things"))
				print(pcall(dm.store, "user", "example.com", "things", { print }))`),
		).toEqual([
			"nil",
			"true",
			"1\tx\ttrue\ttrue",
			"example%2ecom/a_b%2dc/u%40x.list\t%c3%a4%2ex\ttrue",
			"user\tuser",
			"store\tthings",
			"true\tnil",
			"false\tCan't serialize function",
		]);
	});

	it("keeps lists", () => {
		expect(
			lua.lines(`local dm = require "util.datamanager"
				print(dm.list_load("user", "example.com", "list"), dm.list_open("user", "example.com", "list"))
				for i = 1, 4 do dm.list_append("user", "example.com", "list", { n = i }) end
				print(#dm.list_load("user", "example.com", "list"))
				local list = dm.list_open("user", "example.com", "list")
				print(#list, list[3].n, list[5], list:close())
				print(dm.list_shift("user", "example.com", "list", 3), dm.list_load("user", "example.com", "list")[1].n)
				print(dm.list_shift("user", "example.com", "list", 0))
				print(dm.list_store("user", "example.com", "list", { "a", "b", x = "left out" }), #dm.list_load("user", "example.com", "list"))
				print(dm.purge("user", "example.com"), dm.list_load("user", "example.com", "list"))`),
		).toEqual(["nil\tnil", "4", "4\t3\tnil\ttrue", "true\t3", "nil\tinvalid-argument", "true\t2", "true\tnil"]);
	});

	it("asks callbacks, and writes when the turn ends", () => {
		lua.run(`dm = require "util.datamanager"
			local function rename(user, host, store, data) if user == "never" then return false end return "other", host, store, data end
			assert(dm.add_callback(rename) == true and dm.add_callback(rename) == nil)
			dm.store("one", "example.com", "named", { 1 })
			dm.store("never", "example.com", "named", { 1 })
			assert(dm.remove_callback(rename) == true and dm.remove_callback(rename) == nil)`);
		const path = join(lua.data_path, "example%2ecom/named/other.dat");
		lua.server.turn.end();
		expect(existsSync(path)).toBe(true);
		expect(readFileSync(path, "utf8")).toMatch(/^return \{/);
		expect(existsSync(join(lua.data_path, "example%2ecom/named/never.dat"))).toBe(false);
	});
});

describe("util.x509", () => {
	it("writes PEM that it can read", () => {
		const [pem, back] = lua.run(`local x509 = require "util.x509"
			local pem = x509.der2pem(("x"):rep(100), "public key")
			return pem, x509.pem2der(pem)`);
		expect(pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n(?:[0-9A-Za-z]{64}\n){2}eHh4eA==\n-----END PUBLIC KEY-----\n$/);
		expect(back).toBe("x".repeat(100));
	});
});

describe("util.xmppstream", () => {
	it("reads stanzas at once where the session is open already", () => {
		expect(
			lua.lines(`local stream = (require "util.xmppstream").new({}, {
				default_ns = "jabber:client", handlestanza = function (_, stanza) print(stanza.name, stanza.attr.to) end })
			print(stream:feed("<message to='a'/>"), (stream:feed("<presence to='b'/>")))`),
		).toEqual(["message\ta", "presence\tb", "true\ttrue"]);
	});
});

describe("util.pposix", () => {
	it("tells of the process, and changes nothing for all", () => {
		expect(
			lua.run(`local pposix = require "util.pposix"
				return pposix.getpid(), pposix.ENOENT, pposix.umask("077"), type(pposix.uname().sysname), pposix.setuid(0)`),
		).toEqual([
			process.pid,
			2,
			process.umask().toString(8).padStart(3, "0"),
			"string",
			undefined,
			expect.stringContaining("setuid"),
		]);
	});
});

describe("util.signal", () => {
	it("runs handlers, and leaves those that end the server to it", async () => {
		const before = process.listenerCount("SIGUSR2");
		const ending = process.listenerCount("SIGTERM");
		const seen = lua.run(`local signal, seen = require "util.signal", {}
			seen.number = signal.SIGUSR2
			signal.signal("SIGUSR2", function (name) seen.name = name end)
			seen.terminating = signal.signal("SIGTERM", function () seen.ended = true end)
			return seen`)[0] as { readonly [name: string]: unknown };
		process.kill(process.pid, "SIGUSR2");
		await eventually(() => expect(seen["name"]).toBe("SIGUSR2"));
		expect(seen["terminating"]).toBe(true);
		expect(process.listenerCount("SIGTERM")).toBe(ending);
		lua.run('(require "util.signal").signal("SIGUSR2", nil)');
		expect(process.listenerCount("SIGUSR2")).toBe(before);
	});
});

describe("ssl", () => {
	it("reads certificates, and leaves connections to the host", () => {
		const { certificate } = self_signed_certificate(["example.com", "www.example.com"], 30);
		const found = lua.run(`local ssl, x509 = require "ssl", require "util.x509"
			local cert = ssl.loadcertificate(${JSON.stringify(certificate).replaceAll("\\n", "\\n")})
			return cert:subject()[1].value, cert:validat(), cert:validat(0), #cert:digest("sha256"), x509.verify_identity("www.example.com", nil, cert),
				x509.verify_identity("other.example", nil, cert), cert:pem():match("^%-+BEGIN") ~= nil, ssl.loadcertificate("nonsense"), ssl.newcontext({})`);
		expect(found.slice(0, 8)).toEqual(["example.com", true, false, 64, true, false, true, undefined]);
		expect(found[8]).toBeUndefined();
	});
});

describe("warn", () => {
	it("warns in the log", () => {
		lua.run('warn("@off") warn("beware ", 5)');
		expect(lua.log.at(-1)).toBe("warn general: beware 5");
	});
});
