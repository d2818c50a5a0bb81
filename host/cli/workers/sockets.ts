// No counterpart: a Prosody is one process.

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { socket_name_bytes } from "../../net/neighbours.ts";

/** The variable of a worker's environment that says where the sockets of all are. */
export const sockets_variable = "ENJAMB_SOCKETS";

/** Bytes that the path of a socket may have on all systems. */
const longest_path = 103;
const folder_name = ".enjamb.sockets";

/** A folder for the sockets by which workers reach each other, which nobody else may enter. */
export class SocketFolder {
	readonly path: string;

	/** @param data where it is, if paths in it are not too long for sockets. Throws where there can be none */
	constructor(data: string) {
		const usual = join(data, folder_name);
		const fits = Buffer.byteLength(usual) + 1 + socket_name_bytes <= longest_path;
		this.path = fits ? usual : mkdtempSync(join(tmpdir(), "enjamb-"));
		// Whatever an earlier start has left
		if (fits) rmSync(usual, { recursive: true, force: true });
		mkdirSync(this.path, { recursive: true, mode: 0o700 });
		chmodSync(this.path, 0o700);
	}

	remove(): void {
		rmSync(this.path, { recursive: true, force: true });
	}
}
