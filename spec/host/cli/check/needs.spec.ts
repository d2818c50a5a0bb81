import { describe, expect, it } from "vitest";
import type { CheckedModule } from "../../../../host/cli/check/modules.ts";
import { check_log_files, check_needed_options } from "../../../../host/cli/check/needs.ts";
import { Config, type ConfigValue } from "../../../../host/core/configmanager.ts";

const config = (options: Record<string, ConfigValue>): Config => Config.from({ "*": options, "a.example": {} });

describe("what a start would miss", () => {
	it("is a log file in a folder that is not there, or one that is a folder", () => {
		const messages = (log: ConfigValue): string[] => check_log_files(config({ log }), "/tmp").map(({ message }) => message);
		expect(messages({ info: "/nonexistent/a/log", error: "*console" })).toEqual([
			"cannot write the log file /nonexistent/a/log: there is no folder /nonexistent/a",
		]);
		expect(messages("/tmp")).toEqual(["cannot write the log file /tmp: it is a folder"]);
		expect(messages("a-new-log-file")).toEqual([]);
	});

	it("is an option that a module does not load without", () => {
		const base = { hosts: ["a.example"], runs: "yes", missing: [], options: [], depends: [] } as const;
		const modules: CheckedModule[] = [{ name: "http_files", found: "built in", ...base }];
		expect(check_needed_options(config({}), modules)).toEqual([
			expect.objectContaining({ severity: "warning", message: expect.stringContaining("http_files_dir is not set") }),
		]);
		expect(check_needed_options(config({ http_files_dir: "/srv" }), modules)).toEqual([]);
	});
});
