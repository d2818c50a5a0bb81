import { afterEach, describe, expect, it } from "vitest";
import type { ModuleApi } from "../../../host/core/types.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { ask, expect_stanza, start_test_server, type TestServer } from "../../helper.ts";

declare module "../../../host/core/types.ts" {
	interface EventMap {
		"spec-said": { said: string[] };
	}
}

let running: TestServer | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

/** A module of localhost, one of the rooms' host and a global one, on a server without much else. */
async function modules(config: Record<string, string[]> = {}) {
	const found = new Map<string, ModuleApi>();
	const definition = (name: string, global: boolean) => ({
		name,
		global,
		load: (module: ModuleApi) => void found.set(name, module),
	});
	running = await start_test_server({
		modules: [definition("one", false), definition("two", false), definition("everywhere", true)],
		config: {
			"*": { modules_enabled: ["saslauth", "disco", "roster", "ping", "everywhere"], ...config },
			localhost: { modules_enabled: ["one"] },
			"conference.localhost": { modules_enabled: ["two"] },
		},
	});
	const module = (name: string): ModuleApi => {
		const one = found.get(name);
		if (one === undefined) throw new Error(`mod_${name} was not loaded`);
		return one;
	};
	return { test: running, one: module("one"), two: module("two"), everywhere: module("everywhere") };
}

describe("a module", () => {
	it("knows where it is", async () => {
		const { one, two, everywhere } = await modules();
		expect([one, two, everywhere].map((module) => [module.name, module.get_host(), module.get_host_type()])).toEqual([
			["one", "localhost", "local"],
			["two", "conference.localhost", "component"],
			["everywhere", "*", "global"],
		]);
		expect(one.host_session()).toBe(running?.server.hosts.get("localhost"));
		expect(() => everywhere.host_session()).toThrow("mod_everywhere is not loaded on a host");
	});

	it("hears events of its host, those of all by a word more, and no longer once it does not want to", async () => {
		const { one, two, everywhere } = await modules();
		const fire = (module: ModuleApi): string[] => {
			const said: string[] = [];
			module.fire_event("spec-said", { said });
			return said;
		};
		const first = ({ said }: { said: string[] }) => void said.push("first");
		one.hook("spec-said", first);
		one.hook("spec-said", ({ said }) => void said.push("earlier"), 10);
		one.hook_global("spec-said", ({ said }) => void said.push("global"));
		one.context("conference.localhost").hook("spec-said", ({ said }) => void said.push("elsewhere"));
		expect([fire(one), fire(two), fire(everywhere)]).toEqual([["earlier", "first"], ["elsewhere"], ["global"]]);
		one.unhook("spec-said", first);
		expect(fire(one)).toEqual(["earlier"]);
		expect(running?.server.modulemanager.unload("localhost", "one").ok).toBe(true);
		expect([fire(one), fire(two), fire(everywhere)]).toEqual([[], [], []]);
	});

	it("hears of single elements by namespace and name", async () => {
		const { one } = await modules();
		const seen: string[] = [];
		one.hook_tag("urn:example:a", "marker", (_, stanza) => void seen.push(stanza.name));
		const event = { origin: one.host_session(), stanza: st.stanza("marker", { xmlns: "urn:example:a" }) };
		one.fire_event("stanza/urn:example:a:marker", event);
		one.fire_event("stanza/urn:example:b:marker", event);
		expect(seen).toEqual(["marker"]);
	});

	it("shares tables by a path of its own, of another module, or of another host", async () => {
		const { one, two } = await modules();
		const table = one.shared("spec-table");
		table.set("key", 1);
		expect(one.shared("spec-table")).toBe(table);
		expect(one.shared("one/spec-table")).toBe(table);
		expect(two.shared("/localhost/one/spec-table")).toBe(table);
		expect(two.shared("spec-table")).not.toBe(table);
		expect(two.shared("one/spec-table").size).toBe(0);
	});

	it("says what it offers, and takes it back", async () => {
		const { test, one } = await modules();
		const romeo = await test.client("romeo");
		const offered = async () => {
			const answer = await ask(romeo, st.iq({ type: "get", id: "d", to: "localhost" }).query(ns.disco_info).reset());
			const query = answer.get_child("query", ns.disco_info);
			return [...(query?.childtags() ?? [])].map(
				({ attr }) => attr["var"] ?? `${attr["category"]}/${attr["type"]}/${attr["name"]}`,
			);
		};
		one.add_feature("urn:example:feature");
		one.add_identity("automation", "spec", "A spec");
		expect(await offered()).toEqual(expect.arrayContaining(["urn:example:feature", "automation/spec/A spec"]));
		one.remove_item("feature", "urn:example:feature");
		expect(await offered()).not.toContain("urn:example:feature");
		test.server.modulemanager.unload("localhost", "one");
		expect(await offered()).not.toContain("automation/spec/A spec");
	});

	it("sends to one, and one text to many, wherever they are", async () => {
		const { test, two } = await modules();
		const [romeo, juliet] = [await test.client("romeo", "x"), await test.client("juliet", "y")];
		const from = two.host;
		two.send(st.message({ from, to: "romeo@localhost/x", id: "one" }, "to one"));
		const message = st.message({ from, id: "many" }, "to many");
		two.broadcast(["romeo@localhost/x", "juliet@localhost/y", "nobody@localhost/z"], message);
		test.server.turn.end();
		expect((await expect_stanza(romeo)).attr["id"]).toBe("one");
		for (const [client, to] of [
			[romeo, "romeo@localhost/x"],
			[juliet, "juliet@localhost/y"],
		] as const) {
			expect((await expect_stanza(client)).attr).toMatchObject({ id: "many", to, from });
		}
		expect(message.attr["to"]).toBeUndefined();
	});

	it("allows what a role may, by its own names or others'", async () => {
		const { one, everywhere } = await modules({ admins: ["admin@localhost"] });
		one.default_permission("prosody:registered", ":look");
		one.default_permissions("prosody:admin", [":look", "other:change"]);
		everywhere.default_permission("prosody:registered", ":anywhere");
		const may = (who: string, action: string) => one.may(action, who);
		expect(may("romeo@localhost", ":look")).toBe(true);
		expect(may("romeo@localhost", "one:look")).toBe(true);
		expect(may("romeo@localhost", "other:change")).toBe(false);
		expect(may("romeo@localhost", "everywhere:anywhere")).toBe(true);
		expect(may("admin@localhost", "other:change")).toBe(true);
		expect(may("stranger@example.org", ":look")).toBe(false);
		expect(one.could("other:change", "admin@localhost")).toBe(true);
		expect(one.is_admin("admin@localhost")).toBe(true);
		expect(one.is_admin("romeo@localhost")).toBe(false);
	});

	it("opens stores of its host, and says which it cannot open", async () => {
		const { one, everywhere } = await modules();
		one.open_store("spec").set("romeo", { is: "here" });
		expect(one.open_store("spec").get("romeo")).toEqual({ ok: true, value: { is: "here" } });
		expect(one.context("conference.localhost").open_store("spec").get("romeo")).toEqual({ ok: true, value: undefined });
		expect(() => everywhere.context("nowhere.example").open_store("spec", "map")).toThrow(
			"cannot open the map store spec of nowhere.example",
		);
	});

	it("refuses a task without anything to run", async () => {
		const { one } = await modules();
		expect(() => one.daily("clean up")).toThrow("the daily task clean up is given nothing to run");
	});
});
