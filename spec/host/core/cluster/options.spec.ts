import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { check_cluster } from "../../../../host/cli/check/cluster.ts";
import { compose_server } from "../../../../host/composition.ts";
import { cluster_options, cluster_problem } from "../../../../host/core/cluster/options.ts";
import { Config, type ConfigValue } from "../../../../host/core/configmanager.ts";
import { free_port } from "../../../../tools/reference.ts";

const good = { nats: "nats://localhost", node: "a" };
const database = { driver: "PostgreSQL", database: "prosody" };

function config(cluster: ConfigValue, options: Record<string, ConfigValue> = {}): Config {
	return Config.from({ "*": { cluster, storage: "sql", sql: database, ...options }, "a.example": {} });
}

describe("the option cluster", () => {
	it("says where NATS is, and who this node is", () => {
		expect(cluster_options(config({ ...good, lease: 2 }))).toEqual({
			ok: true,
			value: { nats: ["nats://localhost"], files: {}, node: "a", name: "enjamb", lease: 2000 },
		});
		expect(cluster_options(Config.from({ "*": {}, "a.example": {} }))).toEqual({ ok: true, value: undefined });
	});

	it.each([
		["a", "expected a table"],
		[{ node: "a" }, "nats: expected an address"],
		[{ nats: "localhost", node: "a" }, "nats: expected an address"],
		[{ nats: "nats://localhost" }, "node: expected a name"],
		[{ ...good, node: "two words" }, "node: expected a name"],
		[{ ...good, name: "a.b" }, "name: expected a name"],
		[{ ...good, lease: 0.1 }, "lease: expected 0.5 to 60 seconds"],
		[{ ...good, peers: "b" }, "peers is not known: expected nats, nats_ca, nats_credentials, node, name, lease"],
		[{ ...good, nats_ca: "ca.pem" }, "nats_ca: expected"],
		[{ ...good, nats: "tls://localhost", nats_ca: 5 }, "nats_ca: expected"],
		[{ ...good, nats: "nats://romeo:secret@localhost", nats_credentials: "romeo.creds" }, "nats_credentials: expected"],
		[{ ...good, nats_credentials: "" }, "nats_credentials: expected"],
	])("%j is refused", (cluster, problem) => {
		const composed = compose_server(config(cluster), { log: [] });
		expect(composed.ok || composed.error).toContain(`option cluster: ${problem}`);
	});

	it.each<[Record<string, ConfigValue>, string]>([
		[{ storage: "internal" }, "stores in internal"],
		[{ sql: { driver: "SQLite3" } }, "stores in SQLite3"],
		[{ storage: { accounts: "sql", roster: "memory" } }, "stores in memory"],
		[{ component_uplink: "127.0.0.1:5347" }, "component_uplink"],
	])("cannot be had with %j", (options, problem) => {
		expect(cluster_problem(config(good, options))).toContain(problem);
		const composed = compose_server(config(good, options), { log: [] });
		expect(composed.ok || composed.error).toContain(problem);
	});
});

describe("a check of it", () => {
	it("says that NATS cannot be reached, and which modules in Lua see one node only", async () => {
		const port = await free_port();
		const checked = config({ ...good, nats: `nats://somebody:secret@127.0.0.1:${port}` });
		const folder = mkdtempSync(join(tmpdir(), "enjamb-check-"));
		const in_lua = (name: string, code: string) => {
			const file = join(folder, `mod_${name}.lua`);
			writeFileSync(file, code);
			return { name, file, hosts: ["a.example"], found: "lua", runs: "yes", missing: [], options: [], depends: [] } as const;
		};
		const findings = await check_cluster(checked, [
			in_lua("list", "for jid in pairs(prosody.full_sessions) do print(jid) end"),
			in_lua("accounts", "local all = prosody.hosts[module.host].sessions;"),
			in_lua("streams", 'local sessions = module:shared("/*/s2s/sessions");'),
			in_lua("rooms", "for room in muc.each_room() do print(room) end"),
			in_lua("harmless", 'module:hook("message/full", function() end);'),
		]);
		rmSync(folder, { recursive: true });
		expect(findings.map(({ severity, option }) => [severity, option])).toEqual([
			["warning", undefined],
			["warning", "cluster"],
		]);
		expect(findings[0]?.message).toMatch(
			/^mod_list, mod_accounts, mod_streams, mod_rooms: see the sessions and rooms of this node only/,
		);
		expect(findings[1]?.message).toContain(`nats://127.0.0.1:${port}`);
		expect(findings[1]?.message).not.toContain("secret");
	});

	it("names what each node has, and counts, for itself", async () => {
		const checked = config({ ...good, nats: `nats://127.0.0.1:${await free_port()}` });
		const built_in = (name: string, runs: "yes" | "no" = "yes") =>
			({ name, hosts: ["a.example"], found: "built in", runs, missing: [], options: [], depends: [] }) as const;
		const modules = [built_in("http_file_share"), built_in("limits"), built_in("http_upload", "no"), built_in("ping")];
		const said = (await check_cluster(checked, modules)).map(({ severity, message }) => `${severity}: ${message}`);
		expect(said[0]).toMatch(/^warning: mod_http_file_share: uploaded files are in the data_path of the node that took them/);
		expect(said[1]).toMatch(/^info: mod_limits: each node counts for itself/);
		expect(said.length).toBe(3);
	});

	it("is silent where there is none", async () => {
		expect(await check_cluster(Config.from({ "*": {}, "a.example": {} }), [])).toEqual([]);
	});
});
