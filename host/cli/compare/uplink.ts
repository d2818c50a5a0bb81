// No counterpart: what `enjamb compare --uplink` needs of the host.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose_server, load_config, type ScratchServer } from "../../composition.ts";
import { config_to_lua } from "../../core/config/config_to_lua.ts";
import { Config } from "../../core/configmanager.ts";
import type { Result } from "../../util/error.ts";

/** What starts the other server, a Prosody: with a configuration. It answers with where clients log in. */
export type StartServerOf = (config_text: string) => Promise<Result<{ port: number; stop(): Promise<void> }, string>>;

const secret = "only for comparing";

/** The configuration of the server that has the accounts: the rooms come from outside. */
function accounts_config(config: Config, rooms: string, component_port: number): string {
	for (const option of [...(config.raw(rooms)?.keys() ?? [])]) config.set(rooms, option, undefined);
	config.set(rooms, "component_module", "component");
	config.set(rooms, "component_secret", secret);
	config.set("*", "component_ports", [component_port]);
	config.set("*", "component_interfaces", ["127.0.0.1"]);
	return config_to_lua(config);
}

/** Ours: the rooms, and what is said for all hosts. */
function rooms_config(config: Config, rooms: string, component_port: number, folder: string): Config {
	return Config.from({
		"*": { ...Object.fromEntries(config.raw("*") ?? []), data_path: folder },
		[rooms]: {
			...Object.fromEntries(config.raw(rooms) ?? []),
			component_uplink: `127.0.0.1:${component_port}`,
			component_secret: secret,
		},
	});
}

/**
 * Starts another server for the clients, and one of ours for the rooms, which are its component. Throws where that fails.
 * @param text what one server would run
 * @param rooms the room service in it
 * @param component_port a free port, on which the other server listens for components
 */
export async function start_uplink_subject(
	text: string,
	rooms: string,
	component_port: number,
	start_other: StartServerOf,
): Promise<ScratchServer> {
	const folder = await mkdtemp(join(tmpdir(), "enjamb-subject-"));
	const remove = () => rm(folder, { recursive: true, force: true });
	try {
		const file = join(folder, "prosody.cfg.lua");
		await writeFile(file, text);
		const [for_other, for_us] = await Promise.all([load_config(file), load_config(file)]);
		if (!for_other.ok) throw new Error(for_other.error.message);
		if (!for_us.ok) throw new Error(for_us.error.message);
		const composed = compose_server(rooms_config(for_us.value.config, rooms, component_port, folder), { log: [] });
		if (!composed.ok) throw new Error(composed.error);
		const other = await start_other(accounts_config(for_other.value.config, rooms, component_port));
		if (!other.ok) throw new Error(other.error);
		const server = composed.value;
		const listening = await server.start();
		if (!listening.ok) throw new Error(listening.error);
		await new Promise<void>((resolve) => {
			server.hosts.get(rooms)?.events.add_handler("component-uplink-connected", () => void resolve());
		});
		return {
			port: other.value.port,
			async stop() {
				await server.stop("The play is over");
				await other.value.stop();
				await remove();
			},
		};
	} catch (error) {
		await remove();
		throw error;
	}
}
