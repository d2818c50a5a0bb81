import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Config } from "../../host/core/config/config.ts";
import { data_folder } from "../../host/startup.ts";

it("data are where data_path says, or where an installed Prosody has them, or beside the configuration", () => {
	const prefix = mkdtempSync(join(tmpdir(), "enjamb-prefix-"));
	const installed = join(prefix, "etc", "prosody");
	const nothing = Config.from({});
	expect(data_folder(nothing, installed)).toBe(join(installed, "data"));
	mkdirSync(join(prefix, "var", "lib", "prosody"), { recursive: true });
	expect(data_folder(nothing, installed)).toBe(join(prefix, "var", "lib", "prosody"));
	expect(data_folder(nothing, join(prefix, "etc"))).toBe(join(prefix, "etc", "data"));
	expect(data_folder(Config.from({ "*": { data_path: "rooms" } }), installed)).toBe(join(installed, "rooms"));
	expect(data_folder(Config.from({ "*": { data_path: "/srv/rooms" } }), installed)).toBe("/srv/rooms");
	rmSync(prefix, { recursive: true });
});
