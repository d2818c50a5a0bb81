// Counterpart: util/adminstream.lua (client), util/prosodyctl/shell.lua

import { connect, type Socket } from "node:net";
import { failed, ok, type Result } from "../util/error.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { stream_end, stream_header, XmppStream } from "../util/xmppstream.ts";
import { xmlns_admin } from "./admin_session.ts";

/** What the server says. */
export interface AdminListener {
	/** A line, or a part of one. */
	output(text: string, is_error: boolean, ends_line: boolean): void;
	/** The server wants to be told something, such as a `password`; undefined where nobody says it. */
	ask?(type: string): Promise<string | undefined>;
}

/** What a line came to. */
export interface LineResult {
	readonly text: string;
	readonly is_error: boolean;
}

/** Why a server cannot be talked to. */
function explain(path: string, error: NodeJS.ErrnoException): string {
	switch (error.code) {
		case "ENOENT":
			return `no server runs there, or mod_admin_shell is not enabled: ${path} is not there`;
		case "ECONNREFUSED":
			return `no server runs there: nobody listens on ${path}`;
		case "EACCES":
			return `${path} belongs to another user: run this as the user of the server, or as root`;
		default:
			return `${path}: ${error.message}`;
	}
}

/** Talks to a server over its socket of administrators. */
export class AdminClient {
	/** Resolved when the server is gone. */
	readonly ended: Promise<void>;
	private waiting: ((result: LineResult | undefined) => void) | undefined;
	private readonly stream: XmppStream;

	private constructor(
		private readonly socket: Socket,
		private readonly listener: AdminListener,
		opened: () => void,
	) {
		this.stream = new XmppStream(
			{
				streamopened: opened,
				streamclosed: () => socket.end(),
				handlestanza: (stanza) => this.receive(stanza),
				error: () => socket.destroy(),
			},
			{ default_ns: xmlns_admin, stanza_size_limit: 64 * 1024 * 1024 },
		);
		this.ended = new Promise((resolve) => {
			socket.on("close", () => {
				this.settle(undefined);
				resolve();
			});
		});
		socket.on("data", (bytes) => {
			if (!this.stream.feed(bytes)) socket.destroy();
		});
		socket.on("error", () => {});
	}

	/** Connects to a server. */
	static connect(path: string, listener: AdminListener): Promise<Result<AdminClient, string>> {
		const socket = connect({ path });
		return new Promise((resolve) => {
			socket.once("error", (error: NodeJS.ErrnoException) => resolve(failed(explain(path, error))));
			socket.once("connect", () => {
				const client = new AdminClient(socket, listener, () => resolve(ok(client)));
				socket.once("close", () => resolve(failed(`${path}: the server has closed the connection`)));
				socket.write(stream_header({ xmlns: xmlns_admin, version: "1.0" }));
			});
		});
	}

	/**
	 * Has the server run a line, and waits for what it comes to; undefined where the server went away meanwhile.
	 * @param width characters that the lines of answers may have
	 */
	run(line: string, width: number, is_interactive: boolean): Promise<LineResult | undefined> {
		if (this.socket.destroyed) return Promise.resolve(undefined);
		const input = st.stanza("repl-input", { width: String(width), repl: is_interactive ? "1" : "0" }).text(line);
		this.socket.write(String(input));
		return new Promise((resolve) => {
			this.waiting = resolve;
		});
	}

	close(): void {
		this.socket.end(stream_end);
	}

	private settle(result: LineResult | undefined): void {
		const { waiting } = this;
		this.waiting = undefined;
		waiting?.(result);
	}

	private receive(stanza: Stanza): void {
		const text = stanza.get_text() ?? "";
		const is_error = stanza.attr["type"] === "error";
		if (stanza.name === "repl-output") this.listener.output(text, is_error, stanza.attr["eol"] !== "0");
		else if (stanza.name === "repl-result") this.settle({ text, is_error });
		else if (stanza.name === "repl-request-input") void this.answer(stanza.attr["type"] ?? "", stanza.attr["id"]);
	}

	private async answer(type: string, id: string | undefined): Promise<void> {
		const said = await this.listener.ask?.(type);
		const status = said === undefined ? "cancel" : "submit";
		this.socket.write(String(st.stanza("repl-requested-input", { type, id, status }).text(said ?? "")));
	}
}
