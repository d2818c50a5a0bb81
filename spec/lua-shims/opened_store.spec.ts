// Stores that a module in Lua puts something around (store-opened).

import { afterEach, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { ask, start_test_server, type TestServer } from "../helper.ts";

const lua_modules = new URL("../lua", import.meta.url).pathname;
let server: TestServer | undefined;
afterEach(() => server?.stop());

it.each(["memory", "internal"])("are used by modules in Lua and by the host, with storage_%s", async (storage) => {
	server = await start_test_server({
		config: { "*": { storage, plugin_paths: [lua_modules] }, localhost: { modules_enabled: ["store_counter"] } },
	});
	const exported: unknown = server.server.modulemanager.get_module("localhost", "store_counter")?.exports;
	const { use, count } = exported as { use(): unknown; count(what: string): number };
	use();
	for (const what of ["things/keyval/set", "things/map/get", "log/archive/append"])
		expect([what, count(what)]).toEqual([what, 1]);
	const romeo = await server.client("romeo");
	await ask(romeo, st.iq({ type: "get", id: "r" }).query(ns.roster).reset());
	expect(count("roster/keyval/get")).toBeGreaterThan(0);
	const kept = server.server.open_store("localhost", "things", "keyval");
	if (!kept.ok) throw new Error(kept.error.text);
	expect(kept.value.get("juliet")).toEqual({ ok: true, value: { a: 1, b: 2 } });
	expect(server.server.open_store("localhost", "refused", "keyval")).toMatchObject({ ok: false });
});
