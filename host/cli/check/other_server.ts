// No counterpart: Prosody knows of its own kind only, by its lock.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Config } from "../../core/configmanager.ts";
import { prosody_in, type ServerProcess, server_of_pid } from "../../util/processes.ts";
import type { Finding } from "./findings.ts";

/** The server that runs with this configuration or on its data, as far as that can be seen. */
export function running_server(config: Config, data_folder: string): ServerProcess | undefined {
	const pidfile = config.get("*", "pidfile");
	if (typeof pidfile !== "string") return prosody_in(data_folder);
	try {
		const path = resolve(data_folder, pidfile);
		const pid = Number(readFileSync(path, "latin1").trim());
		return server_of_pid(pid, statSync(path).mtimeMs / 1000) ?? prosody_in(data_folder);
	} catch {
		return prosody_in(data_folder);
	}
}

/** Where systemd and older systems keep what is started with the machine. */
const service_folders = [
	"/etc/systemd/system/multi-user.target.wants",
	"/etc/rc2.d",
	"/etc/rc3.d",
	"/etc/rc4.d",
	"/etc/rc5.d",
	"/etc/runlevels/default",
];

/** Whether Prosody is started with the machine. */
function is_enabled(folders: readonly string[]): boolean {
	return folders.some((folder) => {
		try {
			return readdirSync(folder).some((name) => /^(?:S\d+)?prosody(?:\.service)?$/.test(name));
		} catch {
			return false;
		}
	});
}

/** Prosody's own configuration: that of its packages, and of what is built from its sources. */
const usual_config = /\/etc\/prosody\/prosody\.cfg\.lua$/;

/**
 * Looks for another server on the same data: one that runs, and Prosody's service, which would start one.
 * @param folders where services are that are started with the machine
 */
export function check_other_server(
	config: Config,
	config_path: string,
	data_folder: string,
	folders: readonly string[] = service_folders,
): Finding[] {
	const findings: Finding[] = [];
	const place = { area: "storage", severity: "warning" } as const;
	const running = running_server(config, data_folder);
	if (running) {
		findings.push({
			...place,
			message: `${running.program} (process ${running.pid}) runs on the data in ${data_folder}; the server does not start beside it`,
			expected: "stop it first, and disable its service",
		});
	}
	if (usual_config.test(resolve(config_path)) && is_enabled(folders)) {
		findings.push({
			...place,
			message: "Prosody's service is started with this machine, and wants the same data and ports",
			expected: "systemctl disable --now prosody, before this server takes its place",
		});
	}
	return findings;
}
