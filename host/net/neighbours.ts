// No counterpart: a Prosody is one process.

import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";

/** Takes a stream that another process has opened, with what that said about it. */
export type Answering = (stream: Duplex, about: string) => void;

/** How long a process may take to say what it has opened a stream for, in milliseconds, and how many bytes that has at most. */
const head_patience = 5000;
const longest_head = 400;

/** What the path of a socket has behind that of its folder at most, in bytes. */
export const socket_name_bytes = 16;

function path_of(folder: string, node: string): string {
	return join(folder, `${node}.s`);
}

/**
 * The other processes that are the same server, on sockets of this machine in a folder that nobody else may enter. Whoever opens a stream
 * says in a line what for.
 */
export class Neighbours {
	private readonly answering = new Map<string, Answering>();
	private readonly server: Server;
	private readonly path: string;

	/** Listens at once. Throws where that cannot be. */
	constructor(
		private readonly folder: string,
		node: string,
		failed: (error: Error) => void,
	) {
		this.path = path_of(folder, node);
		// What an earlier process of this name has left
		rmSync(this.path, { force: true });
		this.server = createServer((socket) => this.take(socket));
		this.server.on("error", failed);
		// Not one for several processes
		this.server.listen({ path: this.path, exclusive: true });
	}

	/** Has streams for a purpose taken; nobody takes them where there is nothing to take them. */
	answer(purpose: string, take: Answering | undefined): void {
		if (take === undefined) this.answering.delete(purpose);
		else this.answering.set(purpose, take);
	}

	/** Opens a stream to another process. It ends with an error where that is not there. */
	open(node: string, purpose: string, about = ""): Duplex {
		const socket = connect({ path: path_of(this.folder, node) });
		socket.write(`${purpose} ${about}\n`);
		return socket;
	}

	close(): void {
		this.server.close();
	}

	private take(socket: Socket): void {
		const timer = setTimeout(() => socket.destroy(), head_patience);
		// What comes of an error is its end
		socket.on("error", () => {});
		const stop = (): void => clearTimeout(timer);
		socket.once("close", stop);
		let head = Buffer.alloc(0);
		const read = (chunk: Buffer): void => {
			head = Buffer.concat([head, chunk]);
			const end = head.indexOf(10);
			if (end < 0 && head.length <= longest_head) return;
			socket.off("data", read);
			socket.pause();
			stop();
			const [, purpose = "", about = ""] = /^(\S*) (.*)$/.exec(head.toString("utf8", 0, Math.max(end, 0))) ?? [];
			const take = end < 0 ? undefined : this.answering.get(purpose);
			if (take === undefined) {
				socket.destroy();
				return;
			}
			if (end + 1 < head.length) socket.unshift(head.subarray(end + 1));
			take(socket, about);
		};
		socket.on("data", read);
	}
}
