// Counterpart: plugins/mod_admin_socket.lua (Unix domain socket management)

import { existsSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Why a port or a socket cannot be listened on. */
export interface ListenFailure {
	/** `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `EAFNOSUPPORT`… */
	readonly code: string;
	readonly message: string;
}

/** Bytes that the path of a socket may have: what `sockaddr_un` has room for, less the zero at the end. */
const longest_path = process.platform === "linux" ? 107 : 103;

/** Why there can be no socket of that name. */
function path_problem(path: string): ListenFailure | undefined {
	const size = Buffer.byteLength(path);
	if (size > longest_path) {
		return {
			code: "ENAMETOOLONG",
			message: `its path has ${size} bytes, and those of sockets have no more than ${longest_path}`,
		};
	}
	const there = lstatSync(path, { throwIfNoEntry: false });
	return there === undefined || there.isSocket()
		? undefined
		: { code: "EEXIST", message: "there is something else than a socket" };
}

/** Tells whether somebody listens on a socket of this machine. */
function ask_whether_used(path: string, told: (is_used: boolean) => void): void {
	const socket = connect({ path });
	socket.on("connect", () => {
		socket.destroy();
		told(true);
	});
	socket.on("error", (error: NodeJS.ErrnoException) => told(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"));
}

const used_by_another: ListenFailure = { code: "EADDRINUSE", message: "another server listens there" };

function failure_of(error: NodeJS.ErrnoException): ListenFailure {
	return { code: error.code ?? "", message: error.message };
}

/** A socket of this machine that is listened on, from {@link open} to {@link close}. */
export class LocalSocket {
	private server: Server | undefined;
	/** Which file it is. */
	private inode: number | undefined;
	private is_closed = false;

	/**
	 * @param told of why nobody can listen there, or of nothing once somebody does
	 * @param is_shared whether several processes of a server listen there, each of which gets some of those who connect
	 */
	constructor(
		private readonly path: string,
		private readonly onconnect: (socket: Socket) => void,
		private readonly told: (failure: ListenFailure | undefined) => void,
		private readonly is_shared: boolean,
	) {}

	/** Listens; a socket that nobody listens on any more is replaced. */
	open(): void {
		const problem = path_problem(this.path);
		if (problem !== undefined) this.told(problem);
		else if (this.is_shared && existsSync(this.path)) this.share();
		else this.bind(!this.is_shared);
	}

	/**
	 * Listens together with other processes, after whatever nobody listens on was removed: a process that has tried in vain before
	 * would not get what the others have, since Node tells apart what was listened on at a first and a second time.
	 */
	private share(): void {
		ask_whether_used(this.path, (is_used) => {
			if (!this.is_closed && (is_used || this.remove_left())) this.bind(false);
		});
	}

	private bind(is_first: boolean): void {
		const server = createServer({ allowHalfOpen: true });
		server.on("connection", this.onconnect);
		server.on("error", (error: NodeJS.ErrnoException) => {
			if (this.is_closed) return;
			if (error.code === "EADDRINUSE" && is_first) this.replace();
			else this.told(error.code === "EADDRINUSE" ? used_by_another : failure_of(error));
		});
		server.on("listening", () => {
			if (this.is_closed) server.close();
			else this.told(undefined);
		});
		this.server = server;
		// The process that has started those which share it has the file. Else it is there when this returns, unless there is an error
		server.listen({ path: this.path, exclusive: !this.is_shared });
		if (this.is_shared || !server.listening) return;
		this.inode = lstatSync(this.path, { throwIfNoEntry: false })?.ino;
	}

	/** Puts this socket in place of one that nobody listens on. */
	private replace(): void {
		ask_whether_used(this.path, (is_used) => {
			if (this.is_closed) return;
			if (is_used) this.told(used_by_another);
			else if (this.remove_left()) this.bind(false);
		});
	}

	/** @returns whether there is nothing any more of what nobody listens on */
	private remove_left(): boolean {
		try {
			unlinkSync(this.path);
		} catch (error) {
			const code = error instanceof Error && "code" in error ? String(error.code) : "";
			// Another process may have been quicker
			if (code === "ENOENT") return true;
			this.told({ code, message: `what a server before left there cannot be removed (${code})` });
			return false;
		}
		return true;
	}

	/** Accepts no more, and removes the file. */
	close(): void {
		if (this.is_closed) return;
		this.is_closed = true;
		if (this.server === undefined) return;
		if (this.server.listening) this.server.close();
		if (this.is_shared) return;
		// Not the one that somebody else has put in its place
		const there = lstatSync(this.path, { throwIfNoEntry: false });
		if (there !== undefined && there.ino === this.inode) unlinkSync(this.path);
	}
}
