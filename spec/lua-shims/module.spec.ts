import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as st from "../../host/util/stanza.ts";
import { ask, metric_value, start_test_server, type TestServer } from "../helper.ts";

const folder = resolve(import.meta.dirname, "../lua");

let log_folder: string;
let test: TestServer;

beforeAll(async () => {
	log_folder = await mkdtemp(join(tmpdir(), "enjamb-module-"));
	test = await start_test_server({
		log: [{ to: { file: join(log_folder, "log") }, level: "debug" }],
		config: {
			"*": { plugin_paths: [folder], lua_hook_timeout: 0.05, statistics: "internal" },
			localhost: {
				modules_enabled: ["disco", "roster", "saslauth", "lifecycle", "dependant", "everywhere"],
				modules_disabled: ["switched_off"],
				lifecycle_text: "from the configuration",
				lifecycle_number: "12",
				lifecycle_period: "2h",
				lifecycle_choice: "c",
				lifecycle_set: ["p", "q"],
				lifecycle_array: ["r", "s"],
			},
			"conference.localhost": { modules_enabled: ["everywhere"] },
		},
	});
});
afterAll(async () => {
	await test.stop();
	await rm(log_folder, { recursive: true, force: true });
});

const manager = () => test.server.modulemanager;
const fire = (name: string, event: unknown, host = "localhost"): unknown =>
	test.server.hosts.get(host)?.events.fire_any(name, event);

/** What the globals of a module in Lua are to the host. */
function exports_of(name: string, host = "localhost"): { [name: string]: unknown } {
	const exported = manager().get_module(host, name)?.exports;
	return typeof exported === "object" && exported !== null ? (exported as { [name: string]: unknown }) : {};
}

function call(exported: unknown, ...args: unknown[]): unknown {
	if (typeof exported !== "function") throw new TypeError("not a function");
	return exported(...args);
}

async function log_lines(): Promise<string> {
	return readFile(join(log_folder, "log"), "utf8");
}

function query(xmlns: string) {
	return st.iq({ type: "get", id: xmlns, to: "localhost" }).query(xmlns);
}

describe("a module in Lua", () => {
	it("answers events beside modules in TypeScript, with nil going on and false ending", () => {
		const later: unknown[] = [];
		const handler = (event: { seen?: string }): unknown => {
			later.push(event.seen);
			return "later";
		};
		const { events } = test.server.hosts.get("localhost") ?? {};
		events?.add_handler("stanza/lifecycle-test", () => undefined);
		manager()
			.get_module("localhost", "disco")
			?.module.hook("lifecycle" as "pre-stanza", handler as never, 1);
		expect(fire("lifecycle", { stop: "nil" })).toBe("later");
		expect(fire("lifecycle", { stop: "false" })).toBe(false);
		expect(fire("lifecycle", { stop: "answer" })).toBe("answer");
		expect(later).toEqual(["+lifecycle"]);
		manager()
			.get_module("localhost", "disco")
			?.module.unhook("lifecycle" as "pre-stanza", handler as never);
	});

	it("wraps events, hooks global ones, and uses other hosts in its context", () => {
		expect(fire("lifecycle-wrapped", { text: "inside" })).toBe("<inside>");
		expect(test.server.events.fire_any("lifecycle-global", {})).toBe("answered");
		expect(fire("dependant-elsewhere", {}, "conference.localhost")).toBe("conference.localhost for localhost");
	});

	it("reads options of every type", () => {
		const options = exports_of("lifecycle")["options"] as { [name: string]: unknown };
		expect(options).toMatchObject({ text: "from the configuration", number: 12, period: 7200, choice: "c" });
		expect([...(options["array"] as Iterable<unknown>)]).toEqual(["r", "s"]);
		expect(options["missing"]).toBeUndefined();
		expect(options["missing_set"]).toBeUndefined();
	});

	it("answers clients, and says what it offers in disco", async () => {
		const client = await test.client("juliet");
		fire("lifecycle", { stop: "nil" });
		const answer = await ask(client, query("urn:test:lifecycle"));
		expect(Number(answer.first_tag?.attr["count"])).toBeGreaterThan(0);
		const info = await ask(client, query("http://jabber.org/protocol/disco#info"));
		expect(info.first_tag?.tags.some((tag) => tag.attr["var"] === "urn:test:lifecycle")).toBe(true);
		expect(info.first_tag?.tags.some((tag) => tag.attr["name"] === "Lifecycle")).toBe(true);
	});

	it("keeps nothing of hooks that it takes back", () => {
		const module = manager().get_module("localhost", "lifecycle")?.module;
		const kept = (): number => (Reflect.get(Object(module), "undo") as Set<unknown>).size;
		const before = kept();
		call(exports_of("lifecycle")["wait_for_nothing"], 50);
		expect(kept()).toBe(before);
		expect(fire("lifecycle-answer/1", {})).toBeUndefined();
	});

	it("is known to the modules that depend on it, with libraries beside them", () => {
		const before = call(exports_of("lifecycle")["greetings"]);
		expect(call(exports_of("dependant")["total"])).toBe(Number(before) + 1);
		expect(exports_of("dependant")["soft"]).toMatchObject({ nothing: true, why: "disabled" });
	});

	it("is loaded once for all hosts where it is global", () => {
		expect(call(exports_of("everywhere", "*")["seen"])).toBe("localhost conference.localhost");
		expect(fire("everywhere", {}, "conference.localhost")).toBe("conference.localhost");
		manager().unload("conference.localhost", "everywhere");
		expect(fire("everywhere", {}, "conference.localhost")).toBeUndefined();
		expect(fire("everywhere", {})).toBe("localhost");
		expect(call(exports_of("everywhere", "*")["seen"])).toBe("localhost conference.localhost -conference.localhost");
	});

	it("keeps what it saved when it is reloaded, and its dependants come along", () => {
		const before = Number(call(exports_of("lifecycle")["greetings"]));
		expect(manager().reload("localhost", "lifecycle").ok).toBe(true);
		expect(call(exports_of("lifecycle")["greetings"])).toBe(before + 100);
		expect(call(exports_of("dependant")["total"])).toBe(before + 101);
		fire("lifecycle", { stop: "nil" });
		expect(call(exports_of("lifecycle")["greetings"])).toBe(before + 101);
	});

	it("gets what it saved as it was, and knows that it is reloaded", () => {
		expect(manager().load("localhost", "keeping").ok).toBe(true);
		const told = (): unknown => call(exports_of("keeping")["told"]);
		expect(told()).toBe("true 1 | nil nil, load nil nil | nil");
		const seen: unknown[] = [];
		test.server.hosts.get("localhost")?.events.add_any("keeping-unloaded", (event) => void seen.push(Object(event).reloading));
		const again: unknown[] = [];
		test.server.hosts.get("localhost")?.events.add_any("keeping-reloaded", (event) => void again.push({ ...Object(event) }));
		expect(manager().reload("localhost", "keeping").ok).toBe(true);
		expect(again).toEqual([{ module: "keeping", reloading: true }]);
		expect(told()).toBe("true 2 | true table, load true function, restore true nil | nil");
		expect(manager().reload("localhost", "keeping").ok).toBe(true);
		expect(told()).toContain("true 3 |");
		expect(manager().unload("localhost", "keeping").ok).toBe(true);
		expect(seen).toEqual([true, true, undefined]);
	});

	it("leaves nothing behind when it is unloaded", async () => {
		expect(manager().unload("localhost", "lifecycle").ok).toBe(true);
		expect(manager().is_loaded("localhost", "dependant")).toBe(false);
		expect(fire("lifecycle", { stop: "answer" })).toBeUndefined();
		expect(fire("lifecycle-wrapped", { text: "inside" })).toBeUndefined();
		expect(test.server.events.fire_any("lifecycle-global", {})).toBeUndefined();
		expect(fire("dependant-elsewhere", {}, "conference.localhost")).toBeUndefined();
		const client = await test.client("romeo");
		const info = await ask(client, query("http://jabber.org/protocol/disco#info"));
		expect(info.first_tag?.tags.some((tag) => tag.attr["var"] === "urn:test:lifecycle")).toBe(false);
		expect(manager().get_items("localhost", "lifecycle-item" as "feature")).toEqual([]);
		expect(manager().load("localhost", "dependant").ok).toBe(true);
	});
});

describe("what a module costs", () => {
	it("is measured, by module and host", () => {
		fire("lifecycle", { stop: "nil" });
		test.server.events.fire_event("stats-update", {});
		const labels = 'host="localhost",module="lifecycle"';
		expect(metric_value(test.server, `enjamb_lua_calls_total{${labels}}`)).toBeGreaterThan(0);
		expect(metric_value(test.server, `enjamb_lua_seconds_total{${labels}}`)).toBeGreaterThan(0);
	});
});

describe("a module that fails", () => {
	it("is named with file and line, and everything else goes on", async () => {
		const refused: [string, RegExp][] = [
			["broken_syntax", /mod_broken_syntax\.lua:2:/],
			["broken_require", /mod_broken_require\.lua:3: module 'util\.no_such_library' not found/],
			["vandal", /mod_vandal\.lua:3: attempt to replace string\.rep/],
			["demanding", /mod_demanding\.lua is not loaded: it requires what is not offered here: time-travel/],
			["endless", /mod_endless\.lua:2: ran longer than 0\.5 s \(lua_hook_timeout\)/],
		];
		for (const [name, message] of refused) {
			const loaded = manager().load("localhost", name);
			expect(loaded.ok, name).toBe(false);
			if (!loaded.ok) expect(loaded.error).toMatch(message);
			expect(manager().is_loaded("localhost", name)).toBe(false);
		}
		expect(fire("half-done", {})).toBeUndefined();
		expect(fire("vandal-own", {})).toBeUndefined();
		const client = await test.client("nurse");
		expect((await ask(client, query("urn:test:lifecycle"))).attr["type"]).toBe("result");
	});

	it("costs its stanza an error, and the log has the traceback", async () => {
		const client = await test.client("tybalt");
		const failed = await ask(client, query("urn:test:error"));
		expect(failed.get_error()?.condition).toBe("internal-server-error");
		const stopped = await ask(client, query("urn:test:loop"));
		expect(stopped.get_error()?.condition).toBe("internal-server-error");
		expect((await ask(client, query("urn:test:lifecycle"))).attr["type"]).toBe("result");
		const lines = await log_lines();
		expect(lines).toMatch(/mod_lifecycle\.lua:\d+: attempt to index a nil value \(local 'nothing'\)/);
		expect(lines).toMatch(/mod_lifecycle\.lua:\d+: ran longer than 0\.05 s \(lua_hook_timeout\) and was stopped/);
		expect(lines).toMatch(/stack traceback:/);
	});
});
