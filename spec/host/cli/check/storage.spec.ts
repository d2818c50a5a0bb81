import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check_storage, check_stored, storage_places } from "../../../../host/cli/check/storage.ts";
import { Config, type ConfigValue } from "../../../../host/core/configmanager.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function config(options: Record<string, ConfigValue>): Config {
	return Config.from({ "*": options, "example.com": {}, "rooms.example.com": { component_module: "muc" } });
}

const check = (options: Record<string, ConfigValue>, data = folder) =>
	check_storage(config(options), data).map(({ severity, message }) => `${severity}: ${message}`);

describe("storage", () => {
	it("that works is nothing to speak of", () => {
		expect(check({ storage: "internal" })).toEqual([]);
		expect(check({ storage: "sql" })).toEqual([]);
		expect(check({ storage: "sql" }, join(folder, "new"))).toEqual([expect.stringContaining("info: there is no folder")]);
	});

	it("names folders and files that cannot be used", () => {
		const file = join(folder, "a file");
		writeFileSync(file, "");
		expect(check({ storage: "internal" }, file)).toEqual([expect.stringContaining("error: cannot keep data")]);
		const database = join(folder, "nowhere", "x.sqlite");
		expect(check({ storage: "sql", sql: { driver: "SQLite3", database } })).toEqual([
			expect.stringContaining(`error: the database ${database} cannot be used`),
		]);
		expect(check({ storage: "sql", sql: { driver: "MySQL" } })).toEqual([expect.stringContaining('"MySQL"')]);
	});

	it("says what is not kept", () => {
		expect(check({ storage: { muc_log: "memory", config: "internal" }, default_storage: "internal" })).toEqual([
			'info: storage "memory" of example.com: nothing is kept when the server stops',
			'info: storage "memory" of rooms.example.com: nothing is kept when the server stops',
		]);
	});

	it("holds nothing that cannot be read", () => {
		const read = (options: Record<string, ConfigValue>): string[] =>
			check_stored(config(options), folder).map(({ severity, file, message }) => `${severity}: ${file}: ${message}`);
		expect(read({ storage: "internal" })).toEqual([]);
		mkdirSync(join(folder, "rooms%2eexample%2ecom/config"), { recursive: true });
		const room = join(folder, "rooms%2eexample%2ecom/config/tea.dat");
		writeFileSync(room, 'return {\n\t["_jid"] = "tea@rooms.example.com";\n};\n');
		expect(read({ storage: "internal" })).toEqual([]);
		writeFileSync(room, 'return {\n\t["_jid"] = "tea');
		expect(read({ storage: "internal" })).toEqual([
			expect.stringContaining(`error: ${room}: config of tea@rooms.example.com cannot be read: line 2`),
		]);
		for (const name of "abcdefghijklm") writeFileSync(join(folder, `rooms%2eexample%2ecom/config/${name}.dat`), "");
		expect(read({ storage: "internal" })).toHaveLength(11);
		if (existsSync("/proc/self/mem")) {
			symlinkSync("/proc/self/mem", join(folder, "rooms%2eexample%2ecom/config/0.dat"));
			expect(read({ storage: "internal" })[0]).toContain("config/0.dat cannot be read (EIO)");
		}
		writeFileSync(join(folder, "prosody.sqlite"), "no database, but as long as one must be to be looked into. ".repeat(20));
		expect(read({ storage: "sql" })).toEqual([expect.stringContaining("what is stored cannot be read")]);
	});

	it("is found wherever it is kept", () => {
		mkdirSync(join(folder, "data"));
		const mixed = config({
			storage: { muc_log: "sql" },
			default_storage: "internal",
			sql: { driver: "SQLite3", database: "a.db" },
		});
		expect(storage_places(mixed, folder)).toEqual([
			{ driver: "sql", file: join(folder, "a.db") },
			{ driver: "internal", folder },
		]);
	});
});
