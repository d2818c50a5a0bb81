import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { check_workers } from "../../../../host/cli/check/workers.ts";
import { worker_count, worker_timeout } from "../../../../host/core/cluster/workers.ts";
import { Config, type ConfigValue } from "../../../../host/core/configmanager.ts";

type Section = Readonly<Record<string, ConfigValue>>;

function config(general: Section, host: Section = {}): Config {
	return Config.from({ "*": { storage: "sql", ...general }, "a.example": host });
}

const refusal = (general: Section, host: Section = {}, given?: string): string | undefined => {
	const count = worker_count(config(general, host), given);
	return count.ok ? undefined : count.error;
};

describe("how many workers a server has", () => {
	it("is one where nothing is said, and what the command line says before the option", () => {
		expect(worker_count(config({}), undefined)).toEqual({ ok: true, value: 1 });
		expect(worker_count(config({ workers: 3 }), undefined)).toEqual({ ok: true, value: 3 });
		expect(worker_count(config({ workers: 3 }), "2")).toEqual({ ok: true, value: 2 });
		expect(worker_count(config({ workers: 3, storage: "internal" }), "1")).toEqual({ ok: true, value: 1 });
	});

	it.each(["0", "-1", "1000", "257", "x", "1.5", "", "2x", "0x2", "1e1", " 2"])("is not %j", (given) => {
		expect(refusal({}, {}, given)).toBe(`--workers is ${JSON.stringify(given)}: expected a number from 1 to 256`);
	});

	it.each<ConfigValue>([0, -1, 1000, 1.5, true, { a: 1 }])("is not %j in the configuration", (workers) => {
		expect(refusal({ workers })).toContain("option workers is ");
	});

	it("is one where processes cannot share what is stored", () => {
		const to_sql = 'expected storage = "sql"';
		expect(refusal({ storage: "internal" }, {}, "2")).toContain("a.example stores in internal, which processes cannot share");
		expect(refusal({ storage: "internal" }, {}, "2")).toContain(to_sql);
		expect(refusal({ storage: "memory" }, {}, "2")).toContain("stores in memory");
		expect(refusal({}, { storage: "internal" }, "2")).toContain("stores in internal");
		expect(refusal({ storage: { roster: "sql" } }, {}, "2")).toContain("stores in internal");
		expect(refusal({ storage: { roster: "internal" }, default_storage: "sql" }, {}, "2")).toContain("stores in internal");
		expect(refusal({ sql: { driver: "SQLite3", database: ":memory:" } }, {}, "2")).toContain("stores in memory");
		const all: readonly Section[] = [
			{},
			{ storage: "sql2" },
			{ storage: { roster: "none" }, default_storage: "sql" },
			{ sql: { driver: "SQLite3", database: "a.sqlite" } },
			{ sql: { driver: "PostgreSQL", database: "a" } },
		];
		for (const fine of all) expect(refusal(fine, {}, "2")).toBeUndefined();
	});

	it("is one where something can only be in one process, and where this is a node of a cluster of machines", () => {
		expect(refusal({}, { component_uplink: { host: "127.0.0.1" } }, "2")).toContain("component_uplink");
		expect(refusal({ prefer_lua_modules: ["muc"] }, { component_module: "muc" }, "2")).toContain("mod_muc in Lua");
		expect(refusal({ prefer_lua_modules: ["ping"] }, { component_module: "muc" }, "2")).toBeUndefined();
		expect(refusal({ sqlite_tune: "safe" }, {}, "2")).toContain("sqlite_tune");
		expect(refusal({}, { sqlite_tune: "safe" }, "2")).toContain("sqlite_tune");
		expect(refusal({ sqlite_tune: "fast" }, {}, "2")).toBeUndefined();
		expect(refusal({ cluster: { nats: "nats://localhost", node: "a" } }, {}, "2")).toContain("start several nodes");
	});
});

describe("how long a worker may be silent", () => {
	it("is ten seconds, or what the option says", () => {
		expect(worker_timeout(config({}))).toEqual({ ok: true, value: 10 });
		expect(worker_timeout(config({ worker_timeout: 2 }))).toEqual({ ok: true, value: 2 });
		expect(worker_timeout(config({ worker_timeout: "1 minute" }))).toEqual({ ok: true, value: 60 });
		for (const option of [0, -1, 0.5, "x", true]) {
			expect(worker_timeout(config({ worker_timeout: option }))).toMatchObject({ ok: false });
		}
	});
});

describe("a check of them", () => {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-check-"));
	afterAll(() => rmSync(folder, { recursive: true }));
	const in_lua = (name: string, code: string) => {
		const file = join(folder, `mod_${name}.lua`);
		writeFileSync(file, code);
		return { name, hosts: ["*"], found: "lua", file, runs: "yes", missing: [], options: [], depends: [] } as const;
	};
	const modules = [
		{ name: "bosh", hosts: ["*"], found: "built in", runs: "yes", missing: [], options: [], depends: [] } as const,
		in_lua("page", 'module:provides("http", { route = {} });'),
		in_lua("silent", "module:depends('http');"),
	];
	const found = (general: Section): unknown[] =>
		check_workers(config(general), modules).map(({ severity, option, message }) => [severity, option ?? message]);

	it("says what each of them counts for itself", () => {
		const limits = {
			name: "limits",
			hosts: ["*"],
			found: "built in",
			runs: "yes",
			missing: [],
			options: [],
			depends: [],
		} as const;
		const messages = check_workers(config({ workers: 2 }), [limits]).map(({ message }) => message);
		expect(messages).toContainEqual(expect.stringMatching(/^mod_limits: each process counts for itself/));
	});

	it("says what is in the way, and what only one of them does", () => {
		const text = "mod_page: all requests of HTTP are answered by one of the processes, which has in memory what belongs to them";
		const of_page = ["info", text];
		expect(found({})).toEqual([]);
		expect(found({ workers: 1 })).toEqual([]);
		expect(found({ workers: "x" })).toEqual([["error", "workers"]]);
		expect(found({ workers: 2, storage: "internal" })).toEqual([["error", "workers"]]);
		expect(found({ workers: 256 })).toEqual([["warning", "workers"], of_page]);
		expect(found({ workers: 256, worker_timeout: 0.1 })).toEqual([["error", "worker_timeout"], ["warning", "workers"], of_page]);
	});
});
