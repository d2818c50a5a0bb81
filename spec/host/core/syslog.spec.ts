import { closeSync, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DgramSocket } from "node-unix-socket";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { create_loggingmanager } from "../../../host/core/loggingmanager.ts";
import { goes_to_journal, with_journal_level } from "../../../host/core/syslog.ts";
import { eventually } from "../../helper.ts";

let folder: string;
let syslog: DgramSocket | undefined;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-syslog-"));
});
afterEach(() => {
	vi.restoreAllMocks();
	syslog?.close();
	syslog = undefined;
	rmSync(folder, { recursive: true, force: true });
});

/** A log that goes to a syslog at that path. */
function log_to(path: string) {
	return create_loggingmanager([{ to: { syslog: { name: "chat", facility: "local3", path } }, level: "info" }]);
}

describe("syslog", () => {
	it("gets each line with facility, level, program and process", async () => {
		const heard: string[] = [];
		const path = join(folder, "log");
		syslog = new DgramSocket();
		syslog.on("data", (text: Buffer) => void heard.push(text.toString()));
		syslog.bind(path);
		const log = log_to(path).logger("mod_test");
		log("debug", "not wanted");
		log("info", "a line");
		log("warn", "with\nanother");
		log("error", "Ä");
		const stamp = "[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d";
		await eventually(() => expect(heard).toHaveLength(3));
		// local3 is 19; information is 6, a warning 4, and an error is critical, which is 2
		const expected = ["158>(.*): mod_test: a line", "156>(.*): mod_test: with\n\tanother", "154>(.*): mod_test: Ä"];
		for (const [place, text] of expected.entries()) {
			expect(heard[place]).toMatch(new RegExp(`^<${text.replace("(.*)", `${stamp} chat\\[${process.pid}\\]`)}$`));
		}
	});

	it("that is nowhere leaves its lines to the console", () => {
		const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
		log_to(join(folder, "nobody")).logger("mod_test")("warn", "a line");
		expect(written.mock.calls.map(([text]) => String(text))).toEqual([expect.stringContaining("a line")]);
	});

	it("that goes away costs one line on the standard error stream", async () => {
		const path = join(folder, "log");
		syslog = new DgramSocket();
		syslog.bind(path);
		const log = log_to(path).logger("mod_test");
		syslog.close();
		syslog = undefined;
		rmSync(path, { force: true });
		const told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
		log("info", "one");
		log("info", "two");
		const problems = () => told.mock.calls.map(([text]) => String(text)).filter((text) => text.includes("syslog"));
		await eventually(() => expect(problems()).toHaveLength(1));
	});
});

describe("systemd's journal", () => {
	it("is where a descriptor goes that it names", () => {
		const fd = openSync(join(folder, "file"), "w");
		const { dev, ino } = statSync(join(folder, "file"), { bigint: true });
		expect(goes_to_journal(fd, `${dev}:${ino}`)).toBe(true);
		expect(goes_to_journal(fd, `${dev}:${ino + 1n}`)).toBe(false);
		expect(goes_to_journal(fd, undefined)).toBe(false);
		closeSync(fd);
		expect(goes_to_journal(fd, `${dev}:${ino}`)).toBe(false);
	});

	it("gets the level of each line", () => {
		expect(with_journal_level("error", "one\n\ttwo\n")).toBe("<3>one\n<3>\ttwo\n");
		expect(with_journal_level("info", "one\n")).toBe("<6>one\n");
	});
});
