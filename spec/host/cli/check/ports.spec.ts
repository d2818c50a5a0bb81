import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check_ports } from "../../../../host/cli/check/ports.ts";
import { Config, type ConfigValue } from "../../../../host/core/configmanager.ts";
import { start_named } from "../../named_process.ts";

let folder: string;
let other: Server;
let taken: number;

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
	other = createServer();
	await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
	const at = other.address();
	taken = typeof at === "object" && at !== null ? at.port : 0;
});

afterEach(async () => {
	await new Promise((closed) => other.close(closed));
	rmSync(folder, { recursive: true });
});

const check = (options: Record<string, ConfigValue>, loaded = ["c2s"]) =>
	check_ports(Config.from({ "*": { interfaces: ["127.0.0.1"], ...options }, "example.com": {} }), {
		loaded: new Set(loaded),
		data_folder: folder,
	});

describe("ports", () => {
	it("that are free are nothing to speak of, and are free again afterwards", async () => {
		expect(await check({ c2s_ports: [0] })).toEqual([]);
		const port = await new Promise<number>((done) => {
			const probe = createServer();
			probe.listen(0, "127.0.0.1", () => {
				const at = probe.address();
				probe.close(() => done(typeof at === "object" && at !== null ? at.port : 0));
			});
		});
		expect(await check({ c2s_ports: [port] })).toEqual([]);
		expect(await check({ c2s_ports: [port] })).toEqual([]);
	});

	it("of modules that are not loaded are not looked at", async () => {
		expect(await check({ c2s_ports: [taken] }, ["muc"])).toEqual([]);
	});

	it("that somebody else has are errors", async () => {
		const [only, ...rest] = await check({ c2s_ports: [taken] });
		expect(rest).toEqual([]);
		expect(only).toMatchObject({ severity: "error", option: "c2s_ports" });
		expect(only?.message).toContain(`[127.0.0.1]:${taken}: the port is in use by another program`);
	});

	it("that the server of this configuration still has are warnings", async () => {
		const server = await start_named("/usr/bin/prosody");
		writeFileSync(join(folder, "prosody.pid"), `${server.pid}\n`);
		const [only] = await check({ c2s_ports: [taken], pidfile: "prosody.pid" });
		server.kill();
		expect(only).toMatchObject({ severity: "warning" });
		expect(only?.expected).toBe(
			`prosody still runs with this configuration or on its data (process ${server.pid}); stop it first`,
		);
	});

	it("must be numbers, of one service each, on addresses of this machine", async () => {
		const found = await check({ c2s_ports: ["many"], c2s_direct_tls_ports: [0], s2s_ports: [0] }, ["c2s", "s2s"]);
		expect(found.map(({ message }) => message)).toEqual(['c2s_ports: "many" is no port number']);
		const twice = await check({ c2s_ports: [1], c2s_direct_tls_ports: [1] });
		expect(twice.map(({ message }) => message).join()).toContain("c2s_direct_tls and c2s are both configured");
		const elsewhere = await check({ c2s_ports: [0], c2s_interfaces: ["192.0.2.1"] });
		expect(elsewhere.map(({ message }) => message)).toEqual([
			"c2s cannot listen on [192.0.2.1]:0: this machine does not have that address",
		]);
	});
});
