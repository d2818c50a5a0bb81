import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check_behaviours } from "../../../../host/cli/check/behaviours.ts";
import { Config, type ConfigValue } from "../../../../host/core/configmanager.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const settled = { data_path: "/d", storage: "internal" };

function options(global: Record<string, ConfigValue>, rooms: Record<string, ConfigValue> = {}): string[] {
	const config = Config.from({ "*": global, "example.com": {}, "rooms.example.com": { component_module: "muc", ...rooms } });
	return check_behaviours(config, [], "/d").map(({ option }) => option ?? "");
}

describe("what changes", () => {
	it("is told for rooms as far as the configuration leaves it open", () => {
		expect(options(settled)).toEqual([
			"component_admins_as_room_owners",
			"muc_room_allow_persistent",
			"muc_room_allow_public",
			"restrict_room_creation",
		]);
		const decided = {
			component_admins_as_room_owners: true,
			muc_room_allow_persistent: false,
			muc_room_allow_public: false,
			restrict_room_creation: "local",
		};
		expect(options(settled, decided)).toEqual([]);
		expect(options({ ...settled, ...decided })).toEqual([]);
	});

	it("is told for values that are read differently", () => {
		const found = options(settled, { restrict_room_creation: "admin", muc_room_default_presence_broadcast: ["visitor"] });
		expect(found).toContain("restrict_room_creation");
		expect(found).toContain("muc_room_default_presence_broadcast");
		expect(options(settled, { muc_room_default_presence_broadcast: { visitor: true } })).not.toContain(
			"muc_room_default_presence_broadcast",
		);
	});

	it("is told for the server", () => {
		const found = options({ storage: "internal", daemonize: true });
		expect(found.slice(0, 1)).toEqual(["daemonize"]);
	});

	it("is told for words that one version does not know, once each, with the line", () => {
		const file = join(folder, "prosody.cfg.lua");
		writeFileSync(
			file,
			'-- FileLine "x"\nsecret = FileLine "a"\nother = FileLine "b"\nmodules_enabled = modules_enabled + { "x" }\nx = os.getenv "HOME"\n',
		);
		const found = check_behaviours(Config.from({ "*": settled }), [file, join(folder, "gone")], "/d");
		expect(found.map(({ line, severity }) => [line, severity])).toEqual([
			[2, "info"],
			[4, "info"],
			[5, "info"],
		]);
	});
});
