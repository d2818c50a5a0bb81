import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { load_config } from "../../../host/composition.ts";
import { format_message } from "../../../host/core/log_text.ts";
import { create_loggingmanager, type LogSink, read_log_option } from "../../../host/core/loggingmanager.ts";
import { run_lua, to_lua, why_not } from "../prosody_lua.ts";

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
	const { config } = loaded.value;
	return read_log_option(
		config.get("*", "log"),
		"/etc/prosody",
		config.get("*", "debug") === true,
		config.get("*", "syslog_facility"),
	);
}

const file = { file: "/var/log/x" };

describe("the option log", () => {
	it.each<[string, LogSink[]]>([
		["", [{ to: "console", level: "info" }]],
		['log = "/var/log/x"', [{ to: file, level: "info" }]],
		['log = "/var/log/x"; debug = true', [{ to: file, level: "debug" }]],
		["debug = true", [{ to: "console", level: "debug" }]],
		['log = "*console"', [{ to: "console", level: "debug" }]],
		['log = { "*console", "/var/log/x" }', [{ to: "console", level: "debug" }]],
		['log = { "*nowhere" }', []],
		['log = { info = "*nowhere" }', []],
		[
			'log = { { to = "file", filename = "/var/log/x", timestamps = "%H:%M", source_width = 30 } }',
			[{ to: file, level: "debug", timestamps: "%H:%M ", source_width: 30 }],
		],
		[
			'log = { { to = "console", timestamps = true }, { to = "file", filename = "/var/log/x", timestamps = false } }',
			[
				{ to: "console", level: "debug", timestamps: "%b %d %H:%M:%S " },
				{ to: file, level: "debug", timestamps: false },
			],
		],
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

	it("knows syslog, with Prosody's names", async () => {
		const lua =
			'syslog_facility = "mail"; log = { warn = "*syslog"; { to = "syslog", syslog_name = "chat", syslog_facility = "local3" } }';
		expect(await sinks_of(lua)).toEqual(
			expect.arrayContaining([
				{ to: { syslog: { name: "prosody", facility: "mail" } }, level: "warn" },
				{ to: { syslog: { name: "chat", facility: "local3" } }, level: "debug" },
			]),
		);
	});

	it("means what Debian's configuration wants of it", async () => {
		const lua = 'log = { info = "/var/log/x"; error = "/var/log/y"; { levels = { "error" }; to = "syslog"; }; }';
		const sinks = await sinks_of(lua);
		expect(sinks).toHaveLength(3);
		expect(sinks).toEqual(
			expect.arrayContaining([
				{ to: file, level: "info" },
				{ to: { file: "/var/log/y" }, level: "error" },
				{ to: { syslog: { name: "prosody", facility: "daemon" } }, level: "error" },
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
		const log = manager.logger("test");
		for (const level of ["debug", "info", "warn", "error"] as const) log(level, "a line of %s", level);
		const lines = paths.map((path) => [...readFileSync(path, "utf8").matchAll(/a line of (\w+)/g)].map(([, level]) => level));
		expect(lines).toEqual([
			["info", "warn", "error"],
			["debug", "warn"],
		]);
	});

	/** What is written to a file. */
	function logged(options: Partial<LogSink>, write: (manager: ReturnType<typeof create_loggingmanager>) => void): string {
		const path = join(folder, "log");
		const manager = create_loggingmanager([{ to: { file: path }, level: "debug", ...options }]);
		write(manager);
		manager.reconfigure([]);
		return readFileSync(path, "utf8");
	}

	it("has Prosody's lines", () => {
		const text = logged({}, (manager) => {
			manager.logger("c2s55e1")("info", "Client connected");
			manager.logger("localhost:muc")("warn", "%d of %s", 2, "three");
		});
		const time = /^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d /;
		expect(text.split("\n").map((line) => line.replace(time, "TIME "))).toEqual([
			"TIME c2s55e1\tinfo\tClient connected",
			"TIME localhost:muc\twarn\t2 of three",
			"",
		]);
	});

	it("has the times that are asked for, or none, and columns", () => {
		const write = (manager: ReturnType<typeof create_loggingmanager>): void => {
			manager.logger("short")("info", "one");
			manager.logger("a much longer name")("error", "two");
		};
		expect(logged({ timestamps: false, source_width: 10 }, write)).toBe("short     info\tone\na much longer name  error\ttwo\n");
		expect(readFileSync(join(folder, "log"), "utf8")).toContain("one");
		rmSync(join(folder, "log"));
		expect(logged({ timestamps: "%Y %% " }, write)).toMatch(
			/^\d{4} % short\tinfo\tone\n\d{4} % a much longer name\terror\ttwo\n$/,
		);
	});

	it("cannot be made to hold lines that nobody wrote", () => {
		const text = logged({ timestamps: false }, (manager) => {
			manager.logger("x")("info", "from %s", "a\nNov 30 00:00:00 x\tinfo\tforged\r\n\tb\u001b[2J\u0000\u007f\u009b1m");
			manager.logger("y\nz")("info", "a\nb");
		});
		expect(text).toBe(
			"x\tinfo\tfrom a\n\tNov 30 00:00:00 x\tinfo\tforged\u240d\n\tb\u241b[2J\u2400\u2421\ufffd1m\ny\n\tz\tinfo\ta\n\tb\n",
		);
	});

	it("goes on in a new file once the old one was moved away, and elsewhere where that is wanted", () => {
		const path = join(folder, "log");
		const manager = create_loggingmanager([{ to: { file: path }, level: "info", timestamps: false }]);
		const log = manager.logger("x");
		log("info", "one");
		renameSync(path, `${path}.1`);
		log("info", "two");
		manager.reopen();
		log("info", "three");
		manager.reconfigure([{ to: { file: `${path}.2` }, level: "debug", timestamps: false }]);
		log("debug", "four");
		expect(manager.wants("debug")).toBe(true);
		const read = (name: string): string => readFileSync(name, "utf8").replace(/x\t\w+\t/g, "");
		expect([`${path}.1`, path, `${path}.2`].map(read)).toEqual(["one\ntwo\n", "three\n", "four\n"]);
	});

	it("that cannot be written keeps nobody from running, and is named once", () => {
		const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
		const path = join(folder, "log");
		try {
			const manager = create_loggingmanager([
				{ to: { file: join(folder, "no", "such", "folder") }, level: "info" },
				{ to: { file: folder }, level: "info" },
				{ to: { file: "/dev/full" }, level: "info" },
				{ to: { file: path }, level: "info" },
			]);
			manager.logger("x")("info", "one");
			manager.logger("x")("info", "two");
			expect(said.mock.calls.map(([text]) => String(text).replace(folder, ""))).toEqual([
				expect.stringMatching(/^enjamb: cannot write the log file \/no\/such\/folder: ENOENT/),
				expect.stringMatching(/^enjamb: cannot write the log file : EISDIR/),
				expect.stringMatching(/^enjamb: cannot write the log file \/dev\/full: ENOSPC/),
			]);
			expect(readFileSync(path, "utf8")).toContain("two");
		} finally {
			said.mockRestore();
		}
	});
});

describe("what a message shows of its arguments", () => {
	const texts = ["plain", "a\nb", "a\n\tb\n\n", "\r\n", "\t", "\u0000\u0001\u001b[1m\u007f", "caf\u00e9 \u{1f600}\n"];

	it.skipIf(why_not("util.format") !== undefined)("is what Prosody shows", () => {
		const script = `
			local format = require "util.format".format
			for _, text in ipairs(${to_lua(new Map(texts.map((text, index) => [index + 1, text])))}) do
				io.write((format("a %s b", text):gsub(".", function (c) return ("%02x"):format(c:byte()) end)), "\\n")
			end`;
		const shown = run_lua(script).trim().split("\n");
		expect(shown).toEqual(texts.map((text) => Buffer.from(format_message("a %s b", [text])).toString("hex")));
	});
});
