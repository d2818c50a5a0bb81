import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { comparable_config, start_subject } from "../../../../host/cli/compare/subjects.ts";
import { Config } from "../../../../host/core/configmanager.ts";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { Client } from "../../../../tools/scansion/client.ts";
import { ask, patience } from "../../../helper.ts";

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
		"proxy.example.com": { component_module: "time_travel" },
		"rooms.example.com": { component_module: "muc", restrict_room_creation: "local" },
	});

describe("a configuration made fit for comparing", () => {
	it("keeps how the server behaves, and nothing of where it is and what it stores", () => {
		const fit = comparable_config(own(), "/etc/prosody");
		if (!fit.ok) throw new Error(fit.error);
		const { text, host, rooms, plugin_paths, missing } = fit.value;
		expect({ host, rooms }).toEqual({ host: "example.com", rooms: "rooms.example.com" });
		expect(missing).toEqual(["time_travel"]);
		expect(plugin_paths).toEqual(["/etc/prosody/modules", "/usr/lib/prosody-modules"]);
		for (const kept of ["muc_room_locking = false", 'restrict_room_creation = "local"', '"offline", "s2s", "tls"']) {
			expect(text).toContain(kept);
		}
		for (const gone of ["5222", "/var", "/run", "/usr", "internal", "ldap", '"sql"']) expect(text).not.toContain(gone);
	});

	it("has admins own rooms on both, unless it is said whether they do", () => {
		const text_of = (config: Config) => {
			const fit = comparable_config(config, "/etc/prosody");
			return fit.ok ? fit.value.text : fit.error;
		};
		expect(text_of(own()).match(/component_admins_as_room_owners = (\w+)/g)).toEqual(["component_admins_as_room_owners = true"]);
		for (const section of ["*", "rooms.example.com"]) {
			const said = own();
			said.set(section, "component_admins_as_room_owners", false);
			expect(text_of(said).match(/component_admins_as_room_owners = (\w+)/g)).toEqual([
				"component_admins_as_room_owners = false",
			]);
		}
	});

	it("has actors who may make rooms: users of the host above the service, and an admin among them", () => {
		const debian = Config.from({
			"*": { admins: [] },
			localhost: {},
			"other.example": { admins: ["boss@other.example"] },
			"example.com": {},
			"rooms.elsewhere.example": { component_module: "muc" },
			"rooms.example.com": { component_module: "muc", restrict_room_creation: "local", admins: "romeo@example.com" },
		});
		const fit = comparable_config(debian, "/etc/prosody");
		if (!fit.ok) throw new Error(fit.error);
		expect(fit.value).toMatchObject({ host: "example.com", rooms: "rooms.example.com" });
		expect(fit.value.text.match(/admins = .*/g)).toEqual([
			'admins = { "admin@example.com" }',
			'admins = { "boss@other.example", "admin@example.com" }',
			'admins = { "romeo@example.com", "admin@example.com" }',
		]);
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

	it("runs with the modules of the administrator's own folders", async () => {
		const folder = await mkdtemp(join(tmpdir(), "enjamb-own-"));
		await writeFile(join(folder, "mod_own.ts"), 'export default (module) => module.add_feature("urn:example:own");\n');
		const config = own();
		config.set("*", "plugin_paths", ["."]);
		config.set("example.com", "modules_enabled", ["disco", "own"]);
		const fit = comparable_config(config, folder);
		if (!fit.ok) throw new Error(fit.error);
		expect(fit.value.missing).toEqual(["time_travel"]);
		const server = await start_subject(fit.value.text, fit.value.plugin_paths);
		const account = { jid: "anybody@example.com", password: "anything", timeout: patience };
		const client = await Client.connect({ host: "127.0.0.1", port: server.port, ...account });
		if (!client.ok) throw new Error(client.error);
		const info = await ask(client.value, st.iq({ type: "get", id: "1", to: "example.com" }).query(ns.disco_info));
		expect(String(info)).toContain("urn:example:own");
		await client.value.disconnect();
		await server.stop();
		await rm(folder, { recursive: true, force: true });
	});

	it("is refused in its own words where it is broken", async () => {
		await expect(start_subject('VirtualHost "localhost')).rejects.toThrow(/prosody\.cfg\.lua:1: unfinished string/);
	});
});
