import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check_other_server } from "../../../../host/cli/check/other_server.ts";
import { Config } from "../../../../host/core/config/config.ts";
import { start_named } from "../../named_process.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-other-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const config = Config.from({ "*": { pidfile: "prosody.pid" }, localhost: {} });

/** What is found, with services in a folder of its own. */
function found(path: string): string[] {
	return check_other_server(config, path, folder, [join(folder, "no"), join(folder, "services")]).map(({ message }) => message);
}

describe("another server", () => {
	it("that runs on the same data is found, by its pid file or its folder", async () => {
		expect(found("/tmp/x.cfg.lua")).toEqual([]);
		const server = await start_named("/usr/bin/prosody", folder);
		try {
			const expected = [`prosody (process ${server.pid}) runs on the data in ${folder}; the server does not start beside it`];
			expect(found("/tmp/x.cfg.lua")).toEqual(expected);
			writeFileSync(join(folder, "prosody.pid"), `${server.pid}`);
			expect(found("/tmp/x.cfg.lua")).toEqual(expected);
		} finally {
			server.kill();
		}
	});

	it("that is started with the machine is named to whoever checks its configuration", () => {
		mkdirSync(join(folder, "services"));
		expect(found("/etc/prosody/prosody.cfg.lua")).toEqual([]);
		for (const name of ["prosody.service", "S01prosody", "prosody"]) {
			writeFileSync(join(folder, "services", name), "");
			expect(found("/etc/prosody/prosody.cfg.lua")).toEqual([
				expect.stringContaining("Prosody's service is started with this machine"),
			]);
			expect(found("/srv/prosody.cfg.lua")).toEqual([]);
			rmSync(join(folder, "services", name));
		}
		writeFileSync(join(folder, "services", "prosody-exporter.service"), "");
		expect(found("/etc/prosody/prosody.cfg.lua")).toEqual([]);
	});
});
