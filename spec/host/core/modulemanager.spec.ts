import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { IqError } from "../../../host/core/iq_error.ts";
import type { ModuleApi, ModuleDefinition } from "../../../host/core/types.ts";
import * as st from "../../../host/util/stanza.ts";
import { expect_stanza, start_test_server, type TestServer } from "../../helper.ts";

declare module "../../../host/core/types.ts" {
	interface EventMap {
		"spec-event": { seen: string[] };
	}
	interface ItemTypes {
		"spec-item": string;
	}
}

let running: TestServer | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

async function serve(modules: readonly ModuleDefinition[], enabled: string[] = []): Promise<TestServer> {
	running = await start_test_server({ modules, config: { localhost: { modules_enabled: enabled } } });
	return running;
}

/** What a module that only wants its `module` for the test is. */
function holder(name: string, load: (module: ModuleApi) => unknown = () => undefined) {
	const held: { module?: ModuleApi } = {};
	const definition: ModuleDefinition = {
		name,
		load(module) {
			held.module = module;
			return load(module);
		},
	};
	const get = (): ModuleApi => {
		if (!held.module) throw new Error(`mod_${name} was never loaded`);
		return held.module;
	};
	return { definition, get };
}

function fire(server: TestServer): string[] {
	const seen: string[] = [];
	server.server.hosts.get("localhost")?.events.fire_event("spec-event", { seen });
	return seen;
}

describe("modules whose Lua is preferred", () => {
	it("are built in all the same where there is none that is taken, which the log says", async () => {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
		writeFileSync(join(folder, "mod_admin_shell.lua"), "-- repl-input");
		const lines: string[] = [];
		const preferred = { plugin_paths: [folder], prefer_lua_modules: ["admin_shell", "conversejs"] };
		running = await start_test_server({
			config: { "*": { ...preferred, modules_enabled: ["admin_shell", "conversejs"] } },
			log: [{ to: { write: (_, level, text) => void lines.push(`${level} ${text}`) }, level: "warn" }],
		});
		rmSync(folder, { recursive: true });
		const said = lines.filter((line) => line.includes("prefer_lua_modules")).join("\n");
		expect(said).toContain(
			"warn prefer_lua_modules names 'admin_shell', which is not loaded in Lua on '*': the shell is built in",
		);
		expect(said).toMatch(/'conversejs', which is not loaded in Lua on .*: there is no mod_conversejs.lua in /);
	});
});

describe("loading and unloading", () => {
	it("takes back hooks, wrappers, items and timers", async () => {
		const events: string[] = [];
		let ticks = 0;
		let later: ((delay: number) => Promise<void>) | undefined;
		const watcher = holder("watcher", (module) => {
			later = (delay) => new Promise((done) => void module.add_timer(delay, () => done()));
			module.handle_items(
				"spec-item",
				({ item }) => void events.push(`+${item}`),
				({ item }) => void events.push(`-${item}`),
			);
		});
		const subject = holder("subject", (module) => {
			module.hook("spec-event", ({ seen }) => void seen.push("hook"));
			module.wrap_event("spec-event", (next, name, event) => {
				event.seen.push("wrapper");
				return next(name, event);
			});
			module.add_item("spec-item", "first");
			module.add_item("spec-item", "second");
			module.add_timer(0.001, () => {
				ticks++;
				return 0.001;
			});
			module.unload = () => void events.push("unload");
		});
		const server = await serve([watcher.definition, subject.definition], ["watcher", "subject"]);
		const { modulemanager } = server.server;
		expect(fire(server)).toEqual(["wrapper", "hook"]);
		expect(modulemanager.get_items("localhost", "spec-item")).toEqual(["first", "second"]);
		await expect.poll(() => ticks).toBeGreaterThan(2);

		expect(modulemanager.unload("localhost", "subject")).toEqual({ ok: true, value: true });
		expect(fire(server)).toEqual([]);
		expect(modulemanager.get_items("localhost", "spec-item")).toEqual([]);
		expect(events).toEqual(["+first", "+second", "unload", "-second", "-first"]);
		const stopped_at = ticks;
		// By then a timer that is left over would have gone off several times
		await later?.(0.01);
		expect(ticks).toBe(stopped_at);
		expect(modulemanager.unload("localhost", "subject").ok).toBe(false);
	});

	it("leaves nothing of a module that throws while it loads, and the rest runs", async () => {
		const broken = holder("broken", (module) => {
			module.hook("spec-event", ({ seen }) => void seen.push("broken"));
			throw new Error("on purpose");
		});
		const server = await serve([broken.definition], ["broken"]);
		expect(fire(server)).toEqual([]);
		expect(server.server.modulemanager.is_loaded("localhost", "broken")).toBe(false);
		expect(server.server.modulemanager.load("localhost", "broken")).toEqual({ ok: false, error: "on purpose" });
		await server.client("romeo");
	});

	it("hands what a module saves to its successor", async () => {
		const restored: unknown[] = [];
		const keeper = holder("keeper", (module) => {
			module.save = () => ({ kept: 1 });
			module.restore = (saved) => void restored.push(saved);
		});
		const { server } = await serve([keeper.definition], ["keeper"]);
		const before = keeper.get();
		expect(server.modulemanager.reload("localhost", "keeper").ok).toBe(true);
		expect(restored).toEqual([{ kept: 1 }]);
		expect(keeper.get()).not.toBe(before);
	});

	it("does not let go of a module that cannot save", async () => {
		const keeper = holder("keeper", (module) => {
			module.save = () => {
				throw new Error("no");
			};
		});
		const { server } = await serve([keeper.definition], ["keeper"]);
		expect(server.modulemanager.reload("localhost", "keeper")).toEqual({ ok: false, error: "save-state-failed" });
		expect(server.modulemanager.is_loaded("localhost", "keeper")).toBe(true);
	});

	it("loads what a module depends on first, gives it its exports, and unloads the dependant with it", async () => {
		const library = holder("library", () => ({ answer: 42 }));
		const user = holder("user", (module) => ({ got: module.depends("library") }));
		const { server } = await serve([library.definition, user.definition], ["user"]);
		expect(server.modulemanager.get_module("localhost", "user")?.exports).toEqual({ got: { answer: 42 } });
		server.modulemanager.unload("localhost", "library");
		expect(server.modulemanager.is_loaded("localhost", "user")).toBe(false);
	});

	it("says which dependency is missing", async () => {
		const user = holder("user", (module) => module.depends("nonesuch"));
		const { server } = await serve([user.definition]);
		const loaded = server.modulemanager.load("localhost", "user");
		expect(loaded.ok ? "" : loaded.error).toMatch(/mod_user cannot load mod_nonesuch.*neither built in nor in plugin_paths/);
	});

	it("loads a global module once, and its part on each host that names it", async () => {
		const loads: string[] = [];
		const everywhere: ModuleDefinition = {
			name: "everywhere",
			global: true,
			load(module) {
				loads.push(module.get_host_type());
				module.add_host = (host_module) => {
					loads.push(host_module.host);
					host_module.hook("spec-event", ({ seen }) => void seen.push("part"));
				};
			},
		};
		const server = await serve([everywhere], ["everywhere"]);
		expect(loads).toEqual(["global", "localhost"]);
		expect(fire(server)).toEqual(["part"]);
		server.server.modulemanager.unload("localhost", "everywhere");
		expect(fire(server)).toEqual([]);
		expect(server.server.modulemanager.is_loaded("*", "everywhere")).toBe(true);
	});

	it("leaves out a module whose work one of ours does already", async () => {
		const loaded_with = async (options: Record<string, string | boolean>): Promise<boolean> => {
			const { definition } = holder("vcard_muc");
			running = await start_test_server({
				modules: [definition],
				config: { "conference.localhost": { modules_enabled: ["vcard_muc"], ...options } },
			});
			const is_loaded = running.server.modulemanager.is_loaded("conference.localhost", "vcard_muc");
			await running.stop();
			running = undefined;
			return is_loaded;
		};
		expect(await loaded_with({})).toBe(false);
		expect(await loaded_with({ muc_vcard: false })).toBe(true);
	});

	it("calls ready once the server listens, or at once when it already does", async () => {
		const calls: string[] = [];
		const early = holder("early", (module) => {
			module.ready = () => void calls.push(`early ${module.server.hosts.size}`);
		});
		const late = holder("late", (module) => {
			module.ready = () => void calls.push("late");
		});
		const { server } = await serve([early.definition, late.definition], ["early"]);
		expect(calls).toEqual(["early 2"]);
		server.modulemanager.load("localhost", "late");
		expect(calls).toEqual(["early 2", "late"]);
	});

	it("brings hosts down and up again with everything on them", async () => {
		const counter = holder("counter", (module) => module.hook("spec-event", ({ seen }) => void seen.push("once")));
		const server = await serve([counter.definition], ["counter"]);
		server.server.reset();
		expect(fire(server)).toEqual(["once"]);
		expect([...server.server.hosts.keys()]).toEqual(["localhost", "conference.localhost"]);
	});
});

describe("timers", () => {
	it("survive what their callback throws, and can be stopped and put off", async () => {
		const lonely = holder("lonely");
		const { server } = await serve([lonely.definition], ["lonely"]);
		expect(server.modulemanager.is_loaded("localhost", "lonely")).toBe(true);
		const module = lonely.get();
		const ran: string[] = [];
		module.add_timer(0, () => {
			ran.push("throws");
			throw new Error("on purpose");
		});
		module.add_timer(0, () => void ran.push("stopped")).stop();
		module.add_timer(1000, () => void ran.push("moved")).reschedule(0.001);
		module.add_timer(Number.POSITIVE_INFINITY, () => void ran.push("never"));
		await expect.poll(() => ran).toContain("moved");
		expect(ran.sort()).toEqual(["moved", "throws"]);
	});
});

describe("send_iq", () => {
	const asker = holder("asker");
	const question = (id: string, to: string) =>
		st.iq({ type: "get", id, from: "localhost", to }).tag("query", { xmlns: "urn:example:question" }).reset();

	it("answers with the result, or fails with the error", async () => {
		const server = await serve([asker.definition], ["asker"]);
		const romeo = await server.client("romeo");
		const asked = asker.get().send_iq(question("q1", romeo.full_jid));
		const refused = asker.get().send_iq(question("q2", romeo.full_jid));
		const first = await expect_stanza(romeo, (stanza) => stanza.attr["id"] === "q1");
		// Somebody else's answer does not count.
		const juliet = await server.client("juliet");
		juliet.send(st.iq({ type: "result", id: "q1", to: "localhost" }));
		await juliet.settle(true);
		romeo.send(st.reply(first).tag("answer", { xmlns: "urn:example:question" }).reset());
		expect((await asked).first_tag?.name).toBe("answer");
		const second = await expect_stanza(romeo, (stanza) => stanza.attr["id"] === "q2");
		romeo.send(st.error_reply(second, "modify", "not-acceptable", "no").reset());
		const error = await refused.catch((caught: unknown) => caught);
		expect(error).toBeInstanceOf(IqError);
		expect(error).toMatchObject({ type: "modify", condition: "not-acceptable", text: "no" });
	});

	it("gives up after its time", async () => {
		const server = await serve([asker.definition], ["asker"]);
		const romeo = await server.client("romeo");
		const asked = asker.get().send_iq(question("q", romeo.full_jid), undefined, 0.01);
		await expect(asked).rejects.toMatchObject({ condition: "remote-server-timeout" });
	});
});
