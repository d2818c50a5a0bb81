import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { start_test_server, type TestServer } from "../helper.ts";

let folder: string;
let test: TestServer;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "enjamb-lua-host-"));
	test = await start_test_server({
		log: [{ to: { file: join(folder, "log") }, level: "debug" }],
		config: {
			"*": { plugin_paths: [resolve(import.meta.dirname, "../lua")] },
			localhost: { modules_enabled: ["tidy"] },
		},
	});
});
afterEach(async () => {
	await test.stop();
	await rm(folder, { recursive: true, force: true });
});

type Exports = { [name: string]: (...args: unknown[]) => unknown };
const exports_of = (name: string): Exports =>
	test.server.modulemanager.get_module("localhost", name)?.exports as unknown as Exports;
const fire = (name: string, host: string): unknown => test.server.hosts.get(host)?.events.fire_any(name, {});

describe("a module in Lua and what it did", () => {
	it("is taken back in each place by itself, though one function was hooked in many", () => {
		const tidy = exports_of("tidy");
		const left: unknown[] = [];
		tidy["hook_twice"]?.();
		for (const name of ["first", "prosody", "first", "second", "own"]) {
			left.push(tidy["fire"]?.());
			tidy["unhook"]?.(name);
		}
		expect([...left, tidy["fire"]?.()]).toEqual([4, 3, 2, 2, 1, 0]);
	});

	it("is undone when it goes, on other hosts and Lua's own buses too, even where part of that fails", async () => {
		const { fire: fire_all, hook_twice, first } = exports_of("tidy");
		const bus = first as unknown as Exports;
		hook_twice?.();
		expect([fire("tidy-elsewhere", "conference.localhost"), bus["fire_event"]?.("tidy-bus")]).toEqual(["elsewhere", "bus"]);
		expect(test.server.modulemanager.unload("localhost", "tidy").ok).toBe(true);
		expect(fire_all?.()).toBe(0);
		expect([fire("tidy-elsewhere", "conference.localhost"), bus["fire_event"]?.("tidy-bus")]).toEqual([undefined, undefined]);
		expect(await readFile(join(folder, "log"), "utf8")).toMatch(/Error while unloading: .*tidy: cannot be undone/);
	});

	it("hears that the server is ready, whenever and wherever it asks to", () => {
		const { ready_now } = exports_of("tidy");
		expect(ready_now?.()).toBe("on_ready context ready now");
	});

	it("shares its fields with its contexts on other hosts", () => {
		expect(exports_of("tidy")["noted"]?.()).toBe("for all");
	});
});
