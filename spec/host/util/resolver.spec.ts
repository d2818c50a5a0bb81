import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addresses_in, order_records, ServiceResolver } from "../../../host/util/resolver.ts";

const record = (priority: number, weight: number, name = `${priority}-${weight}`) => ({ name, port: 5269, priority, weight });

describe("the order of SRV records", () => {
	it("is by priority", () => {
		fc.assert(
			fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(100))), (pairs) => {
				const records = pairs.map(([priority, weight], index) => record(priority, weight, String(index)));
				const ordered = order_records(records);
				expect(ordered.map(({ priority }) => priority)).toEqual(records.map(({ priority }) => priority).sort((a, b) => a - b));
				expect(ordered.map(({ name }) => name).sort()).toEqual(records.map(({ name }) => name).sort());
			}),
		);
	});

	it("leaves it to chance and weight within one", () => {
		expect(order_records([record(1, 10), record(1, 90)], () => 0.05).map(({ weight }) => weight)).toEqual([10, 90]);
		expect(order_records([record(1, 10), record(1, 90)], () => 0.5).map(({ weight }) => weight)).toEqual([90, 10]);
	});
});

describe("a file of hosts", () => {
	it("gives the addresses of a name", () => {
		const text = "# comment\n127.0.0.2 verona.example Mantua.example # more\n::1\tverona.example\nnonsense verona.example\n";
		expect(addresses_in(text, "verona.example")).toEqual(["127.0.0.2", "::1"]);
		expect(addresses_in(text, "mantua.example")).toEqual(["127.0.0.2"]);
		expect(addresses_in(text, "example")).toEqual([]);
	});

	it("decides where a server is, for the families that may be used", async () => {
		const folder = mkdtempSync(join(tmpdir(), "enjamb-resolver-"));
		const hosts_file = join(folder, "hosts");
		writeFileSync(hosts_file, "127.0.0.2 verona.example\n::1 verona.example\n");
		const options = { hosts_file, servers: ["127.0.0.1:9"], timeout: 500 };
		const both = await new ServiceResolver({ ...options, families: [6, 4] }).find_server("verona.example", 5269);
		expect(both).toEqual({
			ok: true,
			targets: ["127.0.0.2", "::1"].map((host) => ({ host, port: 5269, direct_tls: false })),
		});
		const one = await new ServiceResolver({ ...options, families: [4] }).find_server("verona.example", 5269);
		expect(one).toMatchObject({ ok: true, targets: [{ host: "127.0.0.2" }] });
		const none = await new ServiceResolver({ ...options, families: [4] }).find_server("nowhere.example", 5269);
		expect(none).toEqual({ ok: false, error: "there is no address for nowhere.example" });
		expect(await new ServiceResolver({ ...options, families: [4] }).find_server("127.0.0.9", 5269)).toMatchObject({
			ok: true,
			targets: [{ host: "127.0.0.9", port: 5269 }],
		});
		rmSync(folder, { recursive: true });
	});
});
