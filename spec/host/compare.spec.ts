import { describe, expect, it } from "vitest";
import { comparable_config, start_subject } from "../../host/compare.ts";
import { Config } from "../../host/core/configmanager.ts";
import { Client } from "../../tools/scansion/client.ts";
import { patience } from "../helper.ts";

const own = () =>
	Config.from({
		"*": {
			c2s_ports: [5222],
			data_path: "/var/lib/prosody",
			pidfile: "/run/prosody/prosody.pid",
			log: { info: "/var/log/prosody/prosody.log" },
			storage: "internal",
			authentication: "internal_hashed",
			plugin_paths: ["modules", "/usr/lib/prosody-modules"],
			modules_enabled: ["disco", "roster", "saslauth", "ping"],
			modules_disabled: ["offline"],
			muc_room_locking: false,
		},
		"example.com": { storage: "sql", authentication: "ldap" },
		"proxy.example.com": { component_module: "proxy65" },
		"rooms.example.com": { component_module: "muc", restrict_room_creation: "local" },
	});

describe("a configuration made fit for comparing", () => {
	it("keeps how the server behaves, and nothing of where it is and what it stores", () => {
		const fit = comparable_config(own(), "/etc/prosody");
		if (!fit.ok) throw new Error(fit.error);
		const { text, host, rooms, plugin_paths, missing } = fit.value;
		expect({ host, rooms }).toEqual({ host: "example.com", rooms: "rooms.example.com" });
		expect(missing).toEqual(["proxy65"]);
		expect(plugin_paths).toEqual(["/etc/prosody/modules", "/usr/lib/prosody-modules"]);
		for (const kept of ["muc_room_locking = false", 'restrict_room_creation = "local"', '"offline", "s2s", "tls"']) {
			expect(text).toContain(kept);
		}
		for (const gone of ["5222", "/var", "/run", "/usr", "internal", "ldap", '"sql"']) expect(text).not.toContain(gone);
	});

	it.each([
		["no VirtualHost", { "rooms.example.com": { component_module: "muc" } }],
		["no Component", { "example.com": {} }],
	])("says what is missing: %s", (expected, sections) => {
		const fit = comparable_config(Config.from(sections), "/");
		expect(fit.ok ? fit.value : fit.error).toContain(expected);
	});

	it("runs on our server, where anybody can log in", async () => {
		const fit = comparable_config(own(), "/etc/prosody");
		if (!fit.ok) throw new Error(fit.error);
		const server = await start_subject(fit.value.text);
		const client = await Client.connect({
			host: "127.0.0.1",
			port: server.port,
			jid: "anybody@example.com",
			password: "anything",
			timeout: patience,
		});
		expect(client.ok).toBe(true);
		if (client.ok) await client.value.disconnect();
		await server.stop();
	});

	it("is refused in its own words where it is broken", async () => {
		await expect(start_subject('VirtualHost "localhost')).rejects.toThrow(/prosody\.cfg\.lua:1: unfinished string/);
	});
});
