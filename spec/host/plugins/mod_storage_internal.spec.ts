import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { start_storage } from "../storage_server.ts";
import { message, storage_cases, value } from "./storage.common.ts";

storage_cases("internal", {}, { infinity: true });

describe("files of a store", () => {
	it("lie where Prosody has them: those of the host itself beside the folder of its users", () => {
		const running = start_storage({ "*": { storage: "internal" }, "example.com": {} });
		for (const user of [undefined, "romeo"]) {
			value(running.open("uploads", "archive").append(user, "a", message("a"), 1, "x"));
			value(running.open("settings", "keyval").set(user, { a: 1 }));
			value(running.open("marks", "map").set(user, "a", 1));
		}
		running.stop(true);
		const files = readdirSync(running.folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(dat|list)$/.test(name));
		expect(files.sort()).toEqual(
			["marks.dat", "marks/romeo.dat", "settings.dat", "settings/romeo.dat", "uploads.list", "uploads/romeo.list"].map((name) =>
				join("example%2ecom", name),
			),
		);
		expect(existsSync(join(running.folder, "example%2ecom/uploads/.list"))).toBe(false);
		rmSync(running.folder, { recursive: true, force: true });
	});
});
