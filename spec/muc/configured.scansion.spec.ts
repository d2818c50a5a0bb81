import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { start_scratch_server } from "../../host/composition.ts";
import type { ConfigValue } from "../../host/core/configmanager.ts";
import { default_config } from "../../host/core/configmanager.ts";
import { play } from "../../tools/scansion/play.ts";
import { create_reporter } from "../../tools/scansion/report.ts";
import { read_script, type ScratchServer } from "../../tools/scansion.ts";
import { service } from "./service.ts";

/** Scripts that show what is otherwise than in Prosody where options are set, which `enjamb compare` does not; with these options. */
const scripts: readonly [name: string, global: Record<string, ConfigValue>, rooms: Record<string, ConfigValue>][] = [
	["reserved_nick_of_two.scs", {}, { enforce_registered_nickname: true }],
	["archive_in_files.scs", { storage: "internal" }, {}],
];

async function play_on(server: ScratchServer, name: string): Promise<string> {
	const script = read_script(join(import.meta.dirname, "../scansion/configured", name));
	if (!script.ok) return `${name}:${script.error.line}: ${script.error.message}`;
	try {
		const outcome = await play(script.value, { host: "127.0.0.1", port: server.port, timeout: 5000 });
		let report = "";
		if (outcome.failure) create_reporter("text", (text) => (report += text), false).result({ kind: "played", outcome });
		return report;
	} finally {
		await server.stop();
	}
}

describe("scripts for services with options", () => {
	it.each(scripts)("%s", async (name, global, rooms) => {
		const config = default_config("");
		for (const [option, value] of Object.entries({ storage: "memory", modules_disabled: ["s2s", "tls"], ...global })) {
			config.set("*", option, value);
		}
		config.set(service, "modules_enabled", ["muc_mam"]);
		for (const [option, value] of Object.entries(rooms)) config.set(service, option, value);
		expect(await play_on(await start_scratch_server(config), name)).toBe("");
	});
});
