import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { Config, type ConfigValue } from "../../../host/core/config/config.ts";
import type { ModuleDefinition, StorageDriver } from "../../../host/core/types.ts";
import { failed, ok } from "../../../host/util/error.ts";
import * as st from "../../../host/util/stanza.ts";
import { type StorageServer, start_storage } from "../storage_server.ts";

const host = "chat.example";
const running: StorageServer[] = [];

function start(
	global: Record<string, ConfigValue>,
	own: Record<string, ConfigValue> = {},
	modules: ModuleDefinition[] = [],
): StorageServer {
	const server = start_storage({ "*": global, [host]: own }, { modules });
	running.push(server);
	return server;
}

afterEach(() => {
	for (const server of running.splice(0)) server.stop();
});

function used(server: StorageServer, store = "test"): string {
	const opened = server.try_open(store, "keyval");
	if (!opened.ok) return opened.error.text;
	const set = opened.value.set("user", { a: 1 });
	if (!set.ok) return set.error.text;
	server.server.turn.end();
	if (existsSync(`${server.folder}/prosody.sqlite`)) return "sql";
	return existsSync(`${server.folder}/chat%2eexample`) ? "internal" : "memory";
}

describe("the driver of a store", () => {
	it("are Prosody's files unless something is said", () => {
		expect(used(start({}))).toBe("internal");
	});

	it("is what storage says", () => {
		expect(used(start({ storage: "memory" }))).toBe("memory");
		expect(used(start({ storage: "sql" }, { storage: "memory" }))).toBe("memory");
	});

	it("is what storage says about the store, or default_storage", () => {
		for (const storage of [
			{ test: "memory" },
			new Map<string | number, ConfigValue>([
				["test", "memory"],
				[1, "sql"],
			]),
		]) {
			expect(used(start({ storage }), "test")).toBe("memory");
			expect(used(start({ storage }), "other")).toBe("internal");
			expect(used(start({ storage, default_storage: "sql" }), "other")).toBe("sql");
			expect(used(start({ storage, default_storage: "memory" }), "other")).toBe("memory");
			// Prosody 0.12: the once-experimental module was renamed
			expect(used(start({ storage: "sql2" }), "other")).toBe("sql");
			expect(used(start({ storage: { other: "sql2" }, default_storage: "memory" }), "other")).toBe("sql");
		}
	});

	it("is loaded where the configuration names it, and only there", () => {
		const { modulemanager } = start({ storage: { test: "memory" } }).server;
		const loaded = (driver: string): boolean => modulemanager.is_loaded(host, `storage_${driver}`);
		expect(["internal", "memory", "sql", "none"].map(loaded)).toEqual([true, true, false, false]);
	});

	it("is named in the error where it is not there", () => {
		const text =
			'cannot use the storage driver "papyrus" on chat.example: there is no such module: mod_storage_papyrus is neither built in nor in plugin_paths (none set). Built in are: internal, memory, none, sql';
		const server = start({ storage: "papyrus" });
		expect(server.try_open("test", "keyval")).toEqual(failed({ text }));
		expect(server.problem()).toBe(text);
	});

	it("has to be named by text", () => {
		const wrong = "of chat.example: expected the name of a storage driver (internal, memory, none, sql)";
		expect(start({ storage: true }).problem()).toBe(`option storage ${wrong}`);
		expect(start({ storage: { test: 5 } }).problem()).toBe(`option storage.test ${wrong}`);
		expect(start({ default_storage: false }).problem()).toBe(`option default_storage ${wrong}`);
	});
});

describe("nothing", () => {
	it("is what the null driver stores", () => {
		const server = start({ storage: "null" });
		const refused = failed({ text: "no data storage active", refused: true });
		expect(server.open("test", "keyval").set("a", { b: 1 })).toEqual(refused);
		expect(server.open("test", "keyval").get("a")).toEqual(failed({ text: "no data storage active" }));
		expect(server.problem()).toBeUndefined();
	});

	it("is what the driver none has", async () => {
		const server = start({ storage: "none" });
		const refused = failed({ text: "Storage disabled", refused: true });
		const keyval = server.open("test", "keyval");
		expect(keyval.set("a", { b: 1 })).toEqual(refused);
		expect(keyval.get("a")).toEqual(ok(undefined));
		expect(keyval.users()).toEqual(ok([]));
		const map = server.open("test", "map");
		expect(map.set("a", "b", 1)).toEqual(refused);
		expect(map.get_all("b")).toEqual(ok(new Map()));
		const archive = server.open("test", "archive");
		expect(archive.append("a", undefined, st.message(), 1, "")).toEqual(refused);
		expect(archive.find("a", { total: true })).toEqual(ok({ items: [], total: 0 }));
		expect(await archive.find_later("a")).toEqual(ok({ items: [] }));
		expect(archive.delete("a")).toEqual(ok(0));
	});

	it("is kept of stores that a driver has not", () => {
		const poor: ModuleDefinition = {
			name: "storage_poor",
			load(module) {
				const driver: StorageDriver = {
					name: "poor",
					open: () => failed({ text: "unsupported-store" }),
					purge: () => ok(undefined),
				};
				module.provides("storage", driver);
			},
		};
		const server = start({ storage: "poor" }, {}, [poor]);
		expect(server.open("test", "archive").users()).toEqual(failed({ text: "no data storage active" }));
		expect(server.log).toContainEqual("warn storagemanager: Storage driver poor has no archive stores: nothing is kept of test");
	});
});

describe("the event store-opened", () => {
	it("lets a handler put another store in its place", () => {
		const server = start({ storage: "memory" });
		const other = server.open("other", "keyval");
		server.server.hosts.get(host)?.events.add_handler("store-opened", (event) => {
			if (event.store_name === "test") event.store = other;
		});
		expect(server.open("test", "keyval")).toBe(other);
	});

	it("lets a handler refuse", () => {
		const server = start({ storage: "memory" });
		server.server.hosts.get(host)?.events.add_handler("store-opened", (event) => {
			event.store_err = { text: "not this one" };
		});
		expect(server.try_open("test", "map")).toEqual(failed({ text: "not this one" }));
	});
});

describe("drivers of several kinds", () => {
	it("are all purged of a user whose account is deleted", () => {
		const server = start({ storage: { test: "memory" } });
		for (const store of ["test", "other"]) server.open(store, "keyval").set("romeo", { a: 1 });
		server.server.events.fire_event("user-deleted", { username: "romeo", host });
		for (const store of ["test", "other"]) expect(server.open(store, "keyval").users()).toEqual(ok([]));
	});
});

describe("a reloaded driver", () => {
	it.each(["internal", "memory", "sql"])("%s keeps what is stored, and the stores that are open", (driver) => {
		const server = start({ storage: driver });
		const store = server.open("test", "keyval");
		store.set("a", { b: 1 });
		expect(server.server.modulemanager.reload(host, `storage_${driver}`).ok).toBe(true);
		expect(store.get("a")).toEqual(ok({ b: 1 }));
		store.set("a", { c: 2 });
		expect(server.open("test", "keyval").get("a")).toEqual(ok({ c: 2 }));
	});
});

it("says what is the matter with a file before anything is opened", () => {
	const server = start({ storage: "sql", sql: { driver: "SQLite3", database: "/dev/null" } });
	expect(server.problem()).toBe("/dev/null is no file: expected a SQLite 3 database");
	expect(server.try_open("test", "map")).toEqual(failed({ text: "/dev/null is no file: expected a SQLite 3 database" }));
	expect(server.log.filter((line) => line.startsWith("error"))).toEqual([
		"error chat.example:storage_sql: /dev/null is no file: expected a SQLite 3 database",
	]);
});

it("takes configurations as the configuration manager gives them", () => {
	const config = Config.from({ "*": { storage: { a: "memory" } }, [host]: {} });
	expect(config.get(host, "storage")).toEqual({ a: "memory" });
});
