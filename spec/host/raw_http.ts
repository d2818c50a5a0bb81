// HTTP by hand, for what no client would send.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** An answer as it came. */
export interface RawAnswer {
	readonly status: number;
	readonly head: string;
	readonly headers: ReadonlyMap<string, string>;
	readonly body: string;
}

function dechunk(text: string): { body: string; rest: string } | undefined {
	let body = "";
	let rest = text;
	for (;;) {
		const [line, size = ""] = /^([0-9a-f]+)\r\n/i.exec(rest) ?? [];
		if (line === undefined) return undefined;
		const length = Number.parseInt(size, 16);
		if (rest.length < line.length + length + 2) return undefined;
		body += rest.slice(line.length, line.length + length);
		rest = rest.slice(line.length + length + 2);
		if (length === 0) return { body, rest };
	}
}

/** The first answer of a text, and what comes after it; undefined where it is not complete. Text is bytes, one a character. */
function read_answer(text: string, without_body: boolean, ended: boolean): { answer: RawAnswer; rest: string } | undefined {
	const end = text.indexOf("\r\n\r\n");
	if (end < 0) return undefined;
	const head = text.slice(0, end);
	const rest = text.slice(end + 4);
	const [status_line = "", ...lines] = head.split("\r\n");
	const headers = new Map(
		lines.map((line): [string, string] => {
			const colon = line.indexOf(":");
			return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
		}),
	);
	const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(status_line)?.[1]);
	const done = (body: string, left: string) => ({ answer: { status, head, headers, body }, rest: left });
	if (without_body || status < 200 || status === 204 || status === 304) return done("", rest);
	if (headers.get("transfer-encoding") === "chunked") {
		const content = dechunk(rest);
		return content && done(content.body, content.rest);
	}
	const length = headers.get("content-length");
	if (length === undefined) return ended ? done(rest, "") : undefined;
	return rest.length < Number(length) ? undefined : done(rest.slice(0, Number(length)), rest.slice(Number(length)));
}

/** One connection to a server of HTTP. */
export class RawHttp {
	/** What came and was not read yet. */
	said = "";
	ended = false;
	private changed: () => void = () => {};

	constructor(readonly stream: Duplex) {
		stream.on("data", (chunk: Buffer) => {
			this.said += chunk.toString("latin1");
			this.changed();
		});
		const end = (): void => {
			this.ended = true;
			this.changed();
		};
		stream.on("end", end);
		stream.on("close", end);
		stream.on("error", end);
	}

	static async connect(port: number): Promise<RawHttp> {
		const socket: Socket = connect(port, "127.0.0.1");
		await once(socket, "connect");
		return new RawHttp(socket);
	}

	send(text: string | Buffer): void {
		this.stream.write(text);
	}

	/** The next answer; undefined where the connection ends before. */
	async answer(without_body = false): Promise<RawAnswer | undefined> {
		for (;;) {
			const found = read_answer(this.said, without_body, this.ended);
			if (found !== undefined) {
				this.said = found.rest;
				return found.answer;
			}
			if (this.ended) return undefined;
			await this.change();
		}
	}

	/** Waits for the server to end the connection. */
	async end(): Promise<void> {
		while (!this.ended) await this.change();
	}

	/** Sends a request and takes its answer. */
	async ask(text: string | Buffer): Promise<RawAnswer | undefined> {
		this.send(text);
		return this.answer(String(text).startsWith("HEAD "));
	}

	destroy(): void {
		this.stream.destroy();
	}

	private change(): Promise<void> {
		return new Promise((resolve) => {
			this.changed = resolve;
		});
	}
}

/** A request as text; the length of a body is added. */
export function request(method: string, target: string, headers: readonly string[] = [], body?: string): string {
	const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
	return [`${method} ${target} HTTP/1.1`, "Host: localhost", ...headers, ...length, "", body ?? ""].join("\r\n");
}
