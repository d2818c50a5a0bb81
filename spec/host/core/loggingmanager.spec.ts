import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { load_config } from "../../../host/composition.ts";
import { create_loggingmanager, type LogSink, read_log_option } from "../../../host/core/loggingmanager.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** What the option means in a configuration. */
async function sinks_of(lua: string): Promise<LogSink[]> {
	const path = join(folder, "prosody.cfg.lua");
	writeFileSync(path, `${lua}\nVirtualHost "localhost"\n`);
	const loaded = await load_config(path);
	if (!loaded.ok) throw new Error(loaded.error.message);
	return read_log_option(loaded.value.config.get("*", "log"), "/etc/prosody");
}

const file = { file: "/var/log/x" };

describe("the option log", () => {
	it.each<[string, LogSink[]]>([
		["", [{ to: "console", level: "info" }]],
		['log = "/var/log/x"', [{ to: file, level: "debug" }]],
		['log = { warn = "x" }', [{ to: { file: "/etc/prosody/x" }, level: "warn" }]],
		['log = { { to = "file", filename = "/var/log/x" } }', [{ to: file, level: "debug" }]],
		['log = { { levels = { min = "warn" }, to = "console" } }', [{ to: "console", level: "warn" }]],
		['log = { { levels = "warn", to = "console" } }', [{ to: "console", level: "warn", only: ["warn"] }]],
		[
			'log = { { levels = { min = "debug", max = "info" }, to = "console" } }',
			[{ to: "console", level: "debug", only: ["debug", "info"] }],
		],
		[
			'log = { { levels = { min = "error", max = "info" }, to = "console" } }',
			[{ to: "console", level: "info", only: ["info"] }],
		],
		['log = { { levels = { max = "info" }, to = "console" } }', [{ to: "console", level: "info", only: ["info"] }]],
		[
			'log = { { levels = { "error", "debug" }, to = "console" } }',
			[{ to: "console", level: "debug", only: ["debug", "error"] }],
		],
		['log = { { levels = { "loud" }, to = "console" }, { to = "console" } }', [{ to: "console", level: "debug" }]],
	])("%s", async (lua, expected) => expect(await sinks_of(lua)).toEqual(expected));

	it("means what Debian's configuration wants of it", async () => {
		const lua = 'log = { info = "/var/log/x"; error = "/var/log/y"; { levels = { "error" }; to = "syslog"; }; }';
		const sinks = await sinks_of(lua);
		expect(sinks).toHaveLength(3);
		expect(sinks).toEqual(
			expect.arrayContaining([
				{ to: file, level: "info" },
				{ to: { file: "/var/log/y" }, level: "error" },
				{ to: "console", level: "error" },
			]),
		);
	});
});

describe("a log", () => {
	it("gets the lines of its levels", () => {
		const paths = ["all", "some"].map((name) => join(folder, name));
		const manager = create_loggingmanager([
			{ to: { file: paths[0] ?? "" }, level: "info" },
			{ to: { file: paths[1] ?? "" }, level: "debug", only: ["debug", "warn"] },
		]);
		if (!manager.ok) throw new Error(manager.error);
		const log = manager.value.logger("test");
		for (const level of ["debug", "info", "warn", "error"] as const) log(level, "a line of %s", level);
		manager.value.flush();
		const lines = paths.map((path) => [...readFileSync(path, "utf8").matchAll(/a line of (\w+)/g)].map(([, level]) => level));
		expect(lines).toEqual([
			["info", "warn", "error"],
			["debug", "warn"],
		]);
	});
});
