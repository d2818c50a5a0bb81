// No counterpart: what `enjamb compare --servers` needs of the host.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load_config } from "../../composition.ts";
import { config_to_lua } from "../../core/config/config_to_lua.ts";
import type { ConfigValue } from "../../core/configmanager.ts";

function names_in(value: ConfigValue | undefined): ConfigValue[] {
	return Array.isArray(value) ? value : [];
}

/**
 * A configuration with which a server is found by other servers, and finds them: everything in the clear, on this machine. Throws where
 * the text is none.
 * @param server_port where it listens for other servers
 * @param names_port where a name server tells where they are
 */
export async function reachable(text: string, server_port: number, names_port: number): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), "enjamb-servers-"));
	try {
		const file = join(folder, "prosody.cfg.lua");
		await writeFile(file, text);
		const loaded = await load_config(file);
		if (!loaded.ok) throw new Error(loaded.error.message);
		const { config } = loaded.value;
		for (const section of ["*", ...config.hosts()]) {
			const disabled = config.raw(section)?.get("modules_disabled");
			config.set(
				section,
				"modules_disabled",
				names_in(disabled).filter((name) => name !== "s2s" && name !== "dialback"),
			);
		}
		// Since 13, users of other servers make no rooms persistent or public unless they are given this role
		for (const host of config.hosts()) {
			const is_free = config.component_module(host) === "muc" && config.get(host, "public_user_role") === undefined;
			if (is_free) config.set(host, "public_user_role", "prosody:registered");
		}
		config.set("*", "modules_enabled", [...names_in(config.raw("*")?.get("modules_enabled")), "dialback"]);
		config.set("*", "s2s_ports", [server_port]);
		config.set("*", "s2s_interfaces", ["127.0.0.1"]);
		config.set("*", "s2s_require_encryption", false);
		config.set("*", "s2s_secure_auth", false);
		config.set("*", "unbound", {
			resolvconf: false,
			hoststxt: false,
			forward: `127.0.0.1@${names_port}`,
			options: { "do-not-query-localhost:": "no" },
		});
		return config_to_lua(config);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
