import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check_storage, storage_places } from "../../../host/check/storage.ts";
import { Config, type ConfigValue } from "../../../host/core/configmanager.ts";

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
