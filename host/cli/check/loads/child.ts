// No counterpart: the process in which modules are loaded, each on a server of its own, so that none of them can harm whoever asked.

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compose_server } from "../../../composition.ts";
import { Config, type ConfigValue } from "../../../core/configmanager.ts";
import { type Loads, load_hosts, loads_nowhere, loads_of } from "./outcome.ts";

/** One module to be loaded, as the parent sends it. */
export interface LoadOrder {
	readonly name: string;
	readonly folders: readonly string[];
	/** The folder for the data of its server. */
	readonly scratch_folder: string;
}

/** The same configuration as in the reference: see tools/loads.ts. */
function config_of({ name, folders }: LoadOrder, data_path: string): Config {
	const everywhere: Record<string, ConfigValue> = {
		modules_enabled: ["disco", "roster", "saslauth", "ping", "version", "uptime", "time"],
		authentication: "internal_hashed",
		storage: "internal",
		admins: ["admin@host.test"],
		c2s_require_encryption: false,
		allow_unencrypted_plain_auth: true,
		plugin_paths: [...folders],
		prefer_lua_modules: [name],
		data_path,
		certificates: data_path,
		interfaces: ["127.0.0.1"],
	};
	for (const service of ["c2s", "c2s_direct_tls", "s2s", "s2s_direct_tls", "component", "http", "https"]) {
		everywhere[`${service}_ports`] = service === "c2s" ? [0] : [];
	}
	return Config.from({
		"*": everywhere,
		"host.test": { defined: true },
		"rooms.test": { component_module: "muc" },
		"component.test": { component_module: "enjamb_nothing" },
	});
}

/** Loads a module on each host of a new server. */
async function load_everywhere(order: LoadOrder): Promise<Loads> {
	const data_path = mkdtempSync(join(order.scratch_folder, "data-"));
	const nothing = { name: "enjamb_nothing", load: () => ({}) };
	const composed = compose_server(config_of(order, data_path), { log: [], modules: [nothing] });
	if (!composed.ok) return loads_nowhere(composed.error);
	const server = composed.value;
	const listening = await server.start();
	if (!listening.ok) return loads_nowhere(listening.error);
	const loads = loads_of((host) => {
		const loaded = server.modulemanager.load(host, order.name);
		return loaded.ok ? undefined : loaded.error;
	});
	await server.stop("All is loaded");
	rmSync(data_path, { recursive: true, force: true });
	return loads;
}

/** Loads what the parent names, one after the other, until the parent closes the channel. */
export function serve_loads(): void {
	const send = (loads: Loads): void => void process.send?.(load_hosts.map((host) => loads[host] ?? null));
	process.on("message", (order: LoadOrder) => {
		load_everywhere(order).then(send, (error: unknown) => send(loads_nowhere(String(error))));
	});
	process.once("disconnect", () => process.exit(0));
	// Errors in what a module starts and does not wait for do not count
	for (const event of ["uncaughtException", "unhandledRejection"] as const) process.on(event, () => {});
	process.send?.("ready");
}
