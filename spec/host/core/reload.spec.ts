import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compose_server, load_config, make_config_reader } from "../../../host/composition.ts";
import type { ModuleDefinition } from "../../../host/core/types.ts";
import type { RunningServer } from "../../../host/running_server.ts";
import { self_signed_certificate } from "../../../host/util/x509.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { eventually, patience } from "../../helper.ts";

let folder: string;
let path: string;
let running: RunningServer | undefined;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-reload-"));
	path = join(folder, "prosody.cfg.lua");
	mkdirSync(join(folder, "modules"));
	mkdirSync(join(folder, "certs"));
});

afterEach(async () => {
	await running?.stop("The test is over");
	running = undefined;
	rmSync(folder, { recursive: true });
});

const usual = `data_path = "data"; plugin_paths = { "modules" }; certificates = "certs"; interfaces = { "127.0.0.1" }
c2s_ports = { 0 }; s2s_ports = { 0 }; c2s_direct_tls_ports = { 0 }; storage = "memory"; authentication = "internal_hashed"
modules_enabled = { "posix", "saslauth", "tls", "probe", "lua_probe" }\n`;

function configure(more: string, hosts = 'VirtualHost "localhost"\n'): void {
	writeFileSync(path, `${usual}${more}\n${hosts}`);
}

function log_lines(name = "log"): string[] {
	return readFileSync(join(folder, name), "utf8")
		.split("\n")
		.flatMap((line) =>
			line.includes("\t")
				? [
						line
							.replace(/^.{16}/, "")
							.split("\t")
							.slice(1)
							.join(" "),
					]
				: [],
		);
}

/** Writes a certificate for localhost; answers with its fingerprint. */
function install_certificate(): void {
	const { certificate, key } = self_signed_certificate(["localhost"], 9);
	writeFileSync(join(folder, "certs", "localhost.crt"), certificate);
	writeFileSync(join(folder, "certs", "localhost.key"), key);
}

async function certificate_at(port: number): Promise<string> {
	const tls = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, servername: "localhost" });
	await once(tls, "secureConnect");
	const print = tls.getPeerX509Certificate()?.fingerprint256 ?? "";
	tls.destroy();
	return print;
}

/** What a module saw: an option when it was loaded, and when it was told of a reload. */
const seen: string[] = [];
const probe: ModuleDefinition = {
	name: "probe",
	load(module) {
		const at_load = module.get_option_string("motto");
		module.hook_global("reloading-config", () => void seen.push("reloading"));
		module.hook_global("config-reloaded", () => void seen.push(`${at_load} ${module.get_option_string("motto")}`));
	},
};

async function start(): Promise<RunningServer> {
	writeFileSync(
		join(folder, "modules", "mod_lua_probe.lua"),
		`module:hook_global("config-reloaded", function (event)
			module:log("info", "Lua sees %s in %s", module:get_option_string("motto"), event.filename:match("[^/]+$"))
		end)`,
	);
	seen.length = 0;
	const loaded = await load_config(path);
	if (!loaded.ok) throw new Error(loaded.error.message);
	const server = compose_server(loaded.value.config, {
		config_path: path,
		read_config: make_config_reader(path),
		modules: [probe],
	});
	if (!server.ok) throw new Error(server.error);
	running = server.value;
	const started = await running.start();
	if (!started.ok) throw new Error(started.error);
	return running;
}

function port_of(service: string): number {
	return running?.addresses().find((address) => address.service === service)?.port ?? 0;
}

/** The report of a reload that brought about nothing. */
const nothing = {
	hosts_added: [],
	hosts_removed: [],
	modules_loaded: [],
	modules_unloaded: [],
	options: [],
	at_next_start: [],
	problems: [],
};

describe("a reload", () => {
	it("gives options new values, which modules that read theirs before take when they are reloaded", async () => {
		configure('motto = "old"; log = { info = "log" }');
		const server = await start();
		configure('motto = "new"; log = { info = "log" }; c2s_timeout = 7');
		expect(server.reload_config()).toEqual({
			ok: true,
			value: { ...nothing, options: ["motto", "c2s_timeout"] },
		});
		expect(seen).toEqual(["reloading", "old new"]);
		expect(log_lines()).toContain("info Lua sees new in prosody.cfg.lua");
		server.modulemanager.reload("localhost", "probe");
		server.reload_config();
		expect(seen.slice(2)).toEqual(["reloading", "new new"]);
	});

	it("says what it cannot bring about", async () => {
		configure('log = { info = "log" }');
		const server = await start();
		configure('log = { info = "log" }; http_ports = { 1 }; umask = "022"; default_storage = "internal"; workers = 2');
		expect(server.reload_config()).toEqual({
			ok: true,
			value: {
				...nothing,
				options: ["http_ports", "umask", "default_storage", "workers"],
				at_next_start: ["http_ports", "umask", "default_storage", "workers"],
			},
		});
		expect(log_lines()).toContain("warn Without effect until the next start: http_ports, umask, default_storage, workers");
	});

	it("serves hosts that came, and no more those that went; who is there is told", async () => {
		const old_hosts = 'VirtualHost "localhost"\nVirtualHost "old.example"\nComponent "rooms.localhost" "muc"\n';
		configure('log = { info = "log" }', old_hosts);
		const server = await start();
		for (const host of ["localhost", "old.example"]) {
			expect(server.usermanager.create_user_with_role("romeo", host, "secret", "prosody:member").ok).toBe(true);
		}
		const log_in = async (host: string): Promise<Client> => {
			const port = port_of("c2s");
			const jid = `romeo@${host}`;
			const client = await Client.connect({ host: "127.0.0.1", port, jid, password: "secret", timeout: patience });
			if (!client.ok) throw new Error(client.error);
			return client.value;
		};
		const stays = await log_in("localhost");
		const goes = await log_in("old.example");
		configure('log = { info = "log" }', 'VirtualHost "localhost"\nVirtualHost "new.example"\nComponent "more.localhost" "muc"\n');
		expect(server.reload_config()).toEqual({
			ok: true,
			value: {
				...nothing,
				hosts_added: ["new.example", "more.localhost"],
				hosts_removed: ["old.example", "rooms.localhost"],
			},
		});
		expect([...server.hosts.keys()]).toEqual(["localhost", "new.example", "more.localhost"]);
		await eventually(() => expect(goes.ended).toContain("host-gone"));
		expect(stays.ended).toBeUndefined();
		expect(server.modulemanager.is_loaded("new.example", "saslauth")).toBe(true);
		expect(server.modulemanager.is_loaded("more.localhost", "muc")).toBe(true);
		expect(server.usermanager.create_user_with_role("romeo", "new.example", "secret", "prosody:member").ok).toBe(true);
		const newcomer = await log_in("new.example");
		for (const client of [stays, newcomer]) await client.disconnect();
		expect(server.reload_config()).toEqual({ ok: true, value: nothing });
	});

	it("serves a host anew that is another kind of host now", async () => {
		configure('log = { info = "log" }', 'VirtualHost "localhost"\nVirtualHost "other.localhost"\n');
		const server = await start();
		configure('log = { info = "log" }', 'VirtualHost "localhost"\nComponent "other.localhost" "muc"\n');
		expect(server.reload_config()).toMatchObject({
			ok: true,
			value: { hosts_added: ["other.localhost"], hosts_removed: ["other.localhost"], problems: [] },
		});
		expect(server.hosts.get("other.localhost")?.type).toBe("component");
	});

	it("names hosts that do not come up", async () => {
		configure('log = { info = "log" }');
		const server = await start();
		configure('log = { info = "log" }', 'VirtualHost "localhost"\nComponent "no.localhost" "nothing"\n');
		expect(server.reload_config()).toMatchObject({
			ok: true,
			value: { hosts_added: [], problems: ["no.localhost does not run, since mod_nothing could not be loaded"] },
		});
	});

	it("loads and unloads modules, but none that is still needed, and none that somebody loaded besides", async () => {
		const with_modules = (names: string): void => {
			writeFileSync(
				path,
				`${usual.replace('"probe", "lua_probe"', names)}log = { info = "log" }
VirtualHost "localhost"
VirtualHost "second.example"
	modules_enabled = { "time" }
`,
			);
		};
		writeFileSync(join(folder, "modules", "mod_leaning.lua"), 'module:depends("uptime")');
		with_modules('"uptime", "leaning", "version", "cron"');
		const server = await start();
		const loaded = (host: string, ...names: string[]) => names.map((name) => server.modulemanager.is_loaded(host, name));
		server.modulemanager.load("localhost", "ping");
		expect(loaded("localhost", "uptime", "leaning", "version", "ping", "cron")).toEqual([true, true, true, true, true]);
		with_modules('"leaning", "time", "nothing"');
		expect(server.reload_config()).toEqual({
			ok: true,
			value: {
				...nothing,
				options: ["modules_enabled"],
				modules_loaded: ["time (localhost)"],
				modules_unloaded: [
					"version (localhost)",
					"cron (localhost)",
					"version (second.example)",
					"cron (second.example)",
					"cron",
				],
				problems: [
					expect.stringMatching(/^mod_nothing could not be loaded on localhost: there is no such module/),
					expect.stringMatching(/^mod_nothing could not be loaded on second\.example: /),
				],
			},
		});
		expect(loaded("localhost", "uptime", "leaning", "version", "ping", "time")).toEqual([true, true, false, true, true]);
		expect(loaded("*", "cron", "c2s")).toEqual([false, true]);
		// Nothing more comes of the same file
		expect(server.reload_config()).toEqual({ ok: true, value: nothing });
	});

	it.each<[string, string, RegExp]>([
		["that is no Lua", "motto = = 1", /prosody\.cfg\.lua:4: .*unexpected/],
		["that fails", 'error("no such luck")', /prosody\.cfg\.lua:4: .*no such luck/],
		["that defines nothing", "do return end", /the file defines no host/],
	])("of a file %s changes nothing, and says where it is broken", async (_, text, expected) => {
		configure('motto = "old"; log = { info = "log" }');
		const server = await start();
		configure(text);
		const answer = server.reload_config();
		expect(answer).toEqual({ ok: false, error: expect.stringMatching(expected) });
		expect(log_lines().at(-1)).toMatch(/^error The configuration stays as it was: /);
		expect(server.config.get("localhost", "motto")).toBe("old");
		expect(seen).toEqual(["reloading"]);
		rmSync(path);
		expect(server.reload_config()).toMatchObject({ ok: false });
		configure('motto = "newer"; log = { info = "log" }');
		expect(server.reload_config().ok).toBe(true);
		expect(server.config.get("localhost", "motto")).toBe("newer");
	});

	it("is not begun in the middle of another", async () => {
		configure('log = { info = "log" }');
		const server = await start();
		const answers: boolean[] = [];
		server.events.add_handler("config-reloaded", () => void answers.push(server.reload_config().ok));
		answers.push(server.reload_config().ok);
		expect(answers).toEqual([false, true]);
	});

	it("has certificates read again, and keeps the former one where the new one is broken", async () => {
		install_certificate();
		configure('log = { info = "log" }');
		const server = await start();
		const first = await certificate_at(port_of("c2s_direct_tls"));
		install_certificate();
		expect(await certificate_at(port_of("c2s_direct_tls"))).toBe(first);
		server.reload_config();
		const second = await certificate_at(port_of("c2s_direct_tls"));
		expect(second).not.toBe(first);
		writeFileSync(join(folder, "certs", "localhost.key"), "nonsense");
		server.reload_config();
		expect(await certificate_at(port_of("c2s_direct_tls"))).toBe(second);
		expect(
			log_lines().filter((line) => /^error TLS for .* stays as it was: the key .*localhost\.key is none/.test(line)),
		).not.toEqual([]);
		install_certificate();
		server.reload_config();
		expect(await certificate_at(port_of("c2s_direct_tls"))).not.toBe(second);
	});

	it("opens log files anew, those that the file names now", async () => {
		configure('log = { info = "log" }');
		const server = await start();
		renameSync(join(folder, "log"), join(folder, "log.1"));
		server.reload_config();
		server.logger("x")("info", "after the first");
		configure('log = { debug = "other" }');
		server.reload_config();
		server.logger("x")("debug", "after the second");
		expect(log_lines("log.1")).not.toContain("info after the first");
		expect(log_lines("log")).toContain("info after the first");
		expect(log_lines("other")).toContain("debug after the second");
	});
});

describe("signals", () => {
	it("SIGHUP reloads with Debian's modules, SIGUSR1 and SIGUSR2 are events", async () => {
		configure('log = { info = "log" }');
		writeFileSync(
			join(folder, "modules", "mod_lua_probe.lua"),
			`module:set_global()
			module:hook("config-reloaded", function () module:log("info", "reloaded") end)
			for _, name in ipairs { "SIGUSR1", "SIGUSR2" } do
				module:hook("signal/"..name, function () module:log("info", "heard "..name) end)
			end`,
		);
		writeFileSync(join(folder, "modules", "mod_probe.lua"), "");
		const server = spawn("node", ["dist/enjamb.js", "start", "--config", path], { stdio: ["ignore", "pipe", "pipe"] });
		try {
			let said = "";
			server.stderr.on("data", (chunk: Buffer) => {
				said += chunk;
			});
			await once(server.stdout, "data");
			for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGHUP", "SIGHUP"] as const) server.kill(signal);
			const wanted = ["info heard SIGUSR1", "info heard SIGUSR2", "info reloaded"];
			await expect.poll(() => wanted.filter((line) => !log_lines().includes(line))).toEqual([]);
			expect(log_lines().filter((line) => line.startsWith("error"))).toEqual([]);
			expect(said.replace(/^enjamb: .*: (?:info|warning): .*\n/gm, "")).toBe("");
			expect(server.exitCode).toBe(null);
		} finally {
			server.kill("SIGTERM");
			await once(server, "exit");
		}
	});
});
