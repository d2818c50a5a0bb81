// No counterpart: whether a real Prosody can load a module in Lua, for `enjamb check --modules` to compare with.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failed, ok, type Result } from "../host/util/error.ts";
import load_each from "./loads/mod_enjamb_loads.lua";
import nothing from "./loads/mod_enjamb_nothing.lua";
import { find_prosody, start_reference } from "./reference.ts";

/** How long a Prosody may take to start and to load one module, in milliseconds. */
const patience = 60_000;

/** The first of these hosts has accounts, the second one rooms, and the third one nothing. */
function config_text(name: string, [host, rooms, component]: readonly [string, string, string]): string {
	return `
modules_enabled = { "enjamb_loads", "disco", "roster", "saslauth", "ping", "version", "uptime", "time" }
authentication = "internal_hashed"
storage = "internal"
admins = { "admin@${host}" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
enjamb_loads_module = ${JSON.stringify(name)}
enjamb_loads_hosts = { "${host}", "${rooms}", "${component}" }
VirtualHost "${host}"
Component "${rooms}" "muc"
Component "${component}" "enjamb_nothing"
`;
}

/** What the module in the reference logged. */
function read_log(log: string): Map<string, string | undefined> {
	const found = new Map<string, string | undefined>();
	for (const [, text = ""] of log.matchAll(/enjamb-loads (\{.*\})\s*$/gm)) {
		const { host, loaded, problem }: { host: string; loaded: boolean; problem?: string } = JSON.parse(text);
		found.set(host, loaded ? undefined : (problem ?? "no reason was given"));
	}
	return found;
}

/** Loads modules in Prosodys of their own, each started for one of them. */
export class ReferenceLoads {
	private constructor(
		private readonly prosody: string | undefined,
		private readonly folder: string,
	) {}

	/**
	 * @param prosody an executable, or a built checkout; undefined for the one on the PATH
	 * @returns an error where there is none
	 */
	static open(prosody: string | undefined): Result<ReferenceLoads, string> {
		if (find_prosody(prosody) === undefined) return failed(`${prosody ?? "prosody"} was not found`);
		const folder = mkdtempSync(join(tmpdir(), "enjamb-loads-"));
		writeFileSync(join(folder, "mod_enjamb_loads.lua"), load_each);
		writeFileSync(join(folder, "mod_enjamb_nothing.lua"), nothing);
		return ok(new ReferenceLoads(prosody, folder));
	}

	/**
	 * Loads one module on each host of a Prosody.
	 * @returns by host why it was not loaded, or undefined where it was; or why there was no Prosody to load it
	 */
	async load(
		name: string,
		folders: readonly string[],
		hosts: readonly [string, string, string],
	): Promise<Result<ReadonlyMap<string, string | undefined>, string>> {
		const started = await start_reference({
			prosody: this.prosody,
			plugin_paths: [this.folder, ...folders],
			timeout: patience,
			config: config_text(name, hosts),
		});
		if (!started.ok) return started;
		const found = read_log(started.value.log());
		await started.value.stop();
		return ok(found);
	}

	close(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}
