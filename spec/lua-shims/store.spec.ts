import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start_test_server, type TestServer } from "../helper.ts";

const lua_modules = new URL("../lua", import.meta.url).pathname;

describe.each(["memory", "internal", "sql"])("stores of Lua modules, kept by storage_%s", (storage) => {
	let server: TestServer;

	beforeAll(async () => {
		server = await start_test_server({
			config: { "*": { storage, plugin_paths: [lua_modules], modules_enabled: ["stores"] } },
		});
	});
	afterAll(() => server.stop());

	/** Has the canary module run one of its tests; a failure there is one here. */
	function run(name: string): void {
		const exported = server.server.modulemanager.get_module("localhost", "stores")?.exports;
		(exported as { run(name: string): unknown }).run(name);
	}

	it.each(["keyval", "bytes", "stanza_in_keyval", "unstorable", "map", "keyval_plus", "archive", "storagemanager"])("%s", run);

	it("shows modules in TypeScript what Lua keeps, and the other way round", () => {
		const map = server.server.open_store("localhost", "lua_keyval", "map");
		if (!map.ok) throw new Error(map.error.text);
		run("bytes");
		expect(map.value.get("bytes", "text")).toEqual({ ok: true, value: "a\0b\udcff\udcfe\udc80 é" });
	});
});
