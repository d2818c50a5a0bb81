import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { start_scratch_server } from "../../host/composition.ts";
import { type ConfigValue, default_config } from "../../host/core/configmanager.ts";
import type { ScratchServer } from "../../tools/scansion.ts";
import { play_on } from "../scripts.ts";
import { service } from "./service.ts";

/** Scripts that show what is otherwise than in Prosody where options are set; with these options, by section. */
const scripts: readonly [name: string, sections: Record<string, Record<string, ConfigValue>>][] = [
	["reserved_nick_of_two.scs", { [service]: { enforce_registered_nickname: true } }],
	["archive_in_files.scs", { "*": { storage: "internal" } }],
	[
		"im_account_deleted.scs",
		{
			"court.localhost": {
				authentication: "internal_hashed",
				allow_registration: true,
				registration_invite_only: false,
				modules_enabled: ["register", "tombstones"],
			},
		},
	],
];

let folder: string | undefined;

afterEach(() => {
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
	folder = undefined;
});

describe("scripts for services with options", () => {
	it.each(scripts)("%s", async (name, sections) => {
		folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
		const config = default_config(folder);
		const all = { ...sections, "*": { storage: "memory", modules_disabled: ["s2s", "tls"], ...sections["*"] } };
		config.set(service, "modules_enabled", ["muc_mam"]);
		for (const [section, options] of Object.entries(all)) {
			for (const [option, value] of Object.entries(options)) config.set(section, option, value);
		}
		const start = (): Promise<ScratchServer> => start_scratch_server(config);
		expect(await play_on(start, `configured/${name}`)).toBe("");
	});
});
