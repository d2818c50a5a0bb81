// A nats-server of one's own, in a temporary folder and on a free port.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { free_port } from "../../../tools/reference.ts";
import { Daemon, folder_for } from "./processes.ts";

/** The program; undefined where there is none. Debian puts it where only root looks. */
export function find_nats(): string | undefined {
	const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/bin"];
	return folders.map((folder) => join(folder, "nats-server")).find((path) => existsSync(path));
}

export interface TestNats {
	readonly url: string;
	readonly pid: number;
	start(): void;
	/** Ends it, and waits for its end; what it stores stays. */
	end(signal?: NodeJS.Signals): Promise<void>;
	remove(): Promise<void>;
}

/** Starts one with JetStream; whoever connects waits until it is there. */
export async function start_nats(args: readonly string[] = ["-js"]): Promise<TestNats> {
	const program = find_nats();
	if (program === undefined) throw new Error("nats-server is not installed");
	const folder = folder_for({}, "enjamb-nats-");
	const port = await free_port();
	const daemon = new Daemon(program, [...args, "-a", "127.0.0.1", "-p", String(port), "-sd", folder], {}, folder);
	daemon.start();
	return {
		url: `nats://127.0.0.1:${port}`,
		get pid() {
			return daemon.pid;
		},
		start: () => daemon.start(),
		end: (signal) => daemon.end(signal),
		remove: async () => {
			await daemon.end("SIGKILL");
			daemon.remove();
		},
	};
}
