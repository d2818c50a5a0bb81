import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check_effects } from "../../../../host/cli/check/effects.ts";
import { check_modules, usual_prosody_folders } from "../../../../host/cli/check/modules.ts";
import { review_config, review_lines } from "../../../../host/cli/check/run.ts";
import { built_in_modules, compose_server, lua_surface } from "../../../../host/composition.ts";
import { known_option, known_option_names } from "../../../../host/core/config/known_options.ts";
import { Config, type ConfigValue } from "../../../../host/core/configmanager.ts";
import { start_test_server } from "../../../helper.ts";

type Section = Record<string, ConfigValue>;

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-effects-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const context = { built_in: built_in_modules, surface: lua_surface() };

function modules_of(config: Config) {
	return check_modules(config, { ...context, folders: [], prosody_folders: usual_prosody_folders }).modules;
}

/** `severity host/option` of all options without effect. */
function effects(global: Section, hosts: Record<string, Section> = { "a.example": {} }): string[] {
	const config = Config.from({ "*": global, ...hosts });
	return check_effects(config, modules_of(config)).map(({ severity, host, option }) => `${severity} ${host}/${option}`);
}

describe("options without effect", () => {
	it("are those that nobody reads here", () => {
		expect(effects({ data_path: "/d", console_prettyprint_settings: {}, prosody_user: "prosody" })).toEqual([
			"info */console_prettyprint_settings",
			"warning */prosody_user",
		]);
	});

	it("are those of modules that are asked for and do not run", () => {
		expect(effects({ modules_disabled: ["s2s"], modules_enabled: ["not_there"], proxy65_address: "a" })).toEqual([
			"info */proxy65_address",
		]);
		expect(effects({ authentication: "cyrus", cyrus_service_name: "xmpp" })).toEqual(["warning */cyrus_service_name"]);
	});

	it("are remarks where Prosody would not follow them either", () => {
		expect(effects({ muc_log_by_default: false })).toEqual(["info */muc_log_by_default"]);
		const rooms = { "r.example": { component_module: "muc", modules_enabled: ["muc_mam"], muc_log_by_default: false } };
		expect(effects({}, rooms)).toEqual([]);
		expect(effects({ muc_log_by_default: false }, rooms)).toEqual([]);
	});

	it("are not those at their defaults, nor those that only Prosody's words set", () => {
		expect(effects({ muc_log_by_default: true })).toEqual([]);
		expect(effects({}, { "a.example": { disco_hidden: true } })).toEqual([]);
	});

	it("are told at a start in a line each, or one for all of modules that are not enabled", () => {
		const config = Config.from({ "*": { prosody_user: "x", muc_log_by_default: false, proxy65_address: "a" }, "a.example": {} });
		const { option_findings } = review_config({ config, files: [], warnings: [] }, folder, context);
		expect(review_lines(option_findings, "file.cfg.lua")).toEqual([
			expect.stringMatching(/^file\.cfg\.lua: warning: option 'prosody_user' has no effect here: .*; the server stays the user/),
			"file.cfg.lua: info: without effect, since the modules that would read them are not enabled: muc_log_by_default, proxy65_address",
		]);
	});
});

/** A value of an option's type that is not its default. */
function some_value(name: string): ConfigValue {
	const known = known_option(name);
	switch (known?.type) {
		case "boolean":
			return known.default !== true;
		case "number":
		case "integer":
		case "period":
			return known.default === 77 ? 78 : 77;
		case "list":
			return ["some"];
		case "table":
			return { some: "value" };
		default:
			return "some";
	}
}

describe("a server", () => {
	it("reads none of the options that are said to have no effect", async () => {
		const enabled: Record<string, Section> = {
			"*": { modules_enabled: ["disco", "roster", "saslauth", "ping", "version", "uptime", "time", "register", "vcard", "http"] },
			"conference.localhost": { modules_enabled: ["muc_mam", "muc_moderation"] },
		};
		const config = Config.from({
			"*": { ...enabled["*"], modules_disabled: ["s2s"], storage: "memory", authentication: "insecure" },
			localhost: {},
			"conference.localhost": { ...enabled["conference.localhost"], component_module: "muc" },
		});
		for (const name of known_option_names())
			if (name !== "component_module" && config.get("*", name) === undefined) config.set("*", name, some_value(name));
		const idle = new Set(check_effects(config, modules_of(config)).flatMap(({ option }) => option ?? []));
		expect(idle.size).toBeGreaterThan(100);

		const read = new Set<string>();
		const get = Config.prototype.get;
		Config.prototype.get = function (this: Config, host, key) {
			read.add(key);
			return get.call(this, host, key);
		};
		try {
			const test = await start_test_server({
				config: {
					"*": { ...Object.fromEntries([...idle].map((name) => [name, some_value(name)])), ...enabled["*"], http_ports: [0] },
					"conference.localhost": enabled["conference.localhost"] ?? {},
				},
			});
			await test.stop();
		} finally {
			Config.prototype.get = get;
		}
		expect(read.size).toBeGreaterThan(60);
		expect([...idle].filter((name) => read.has(name))).toEqual([]);
	});

	/** They are loaded, and end early with an error in the log since what they need is not offered. */
	const loads_without_effect: ReadonlySet<string> = new Set(["admin_socket"]);
	const [prosody_folder] = usual_prosody_folders.filter(existsSync);
	it.skipIf(prosody_folder === undefined)("loads those of Prosody's modules that are said to run, and no others", async () => {
		const names = readdirSync(prosody_folder ?? "")
			.flatMap((file) => /^mod_([a-z0-9_]+?)(?:\.lua)?$/.exec(file)?.[1] ?? [])
			.filter((name) => !built_in_modules.has(name) && !/^(?:auth|storage)_/.test(name));
		const config = Config.from({ "*": { modules_enabled: names, modules_disabled: ["s2s"] }, localhost: {} });
		const said = new Map(modules_of(config).map(({ name, runs }) => [name, runs !== "no"]));
		const composed = compose_server(
			Config.from({
				"*": {
					data_path: folder,
					storage: "memory",
					interfaces: ["127.0.0.1"],
					c2s_ports: [0],
					http_ports: [0],
					https_ports: [],
				},
				localhost: {},
			}),
			{ log: [] },
		);
		if (!composed.ok) throw new Error(composed.error);
		const { value: server } = composed;
		const listening = await server.start();
		if (!listening.ok) throw new Error(listening.error);
		const differing: string[] = [];
		for (const name of names) {
			const loaded = server.modulemanager.load("localhost", name);
			const runs = loaded.ok || loaded.error === "module-already-loaded" || loaded.error === "global-module-already-loaded";
			// A module may refuse by its own words, as it does in Prosody; what is not offered is for the check to say.
			const is_own_refusal = !loaded.ok && !/not found|not offered|cannot be loaded|no such module/.test(loaded.error);
			const is_said_to_run = said.get(name) === true;
			if (runs === is_said_to_run || (is_said_to_run && is_own_refusal) || loads_without_effect.has(name)) continue;
			differing.push(`${name}: said to ${is_said_to_run ? "run" : "fail"}, but ${loaded.ok ? "runs" : loaded.error}`);
		}
		await server.stop("The test is over");
		expect(names.length).toBeGreaterThan(40);
		expect(differing).toEqual([]);
	});
});
