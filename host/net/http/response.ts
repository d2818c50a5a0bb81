// Counterpart: net/http/server.lua (responses)

import type { ServerResponse } from "node:http";
import type { HttpBody, HttpHeaders, HttpRequest, HttpResponse, HttpSource } from "../../core/types/http.ts";
import type { Connection, Log } from "../../core/types.ts";
import { bytes_of } from "../../util/byte_text.ts";
import { contains_token } from "../../util/http.ts";
import { code_name } from "../../util/http_codes.ts";
import { header_bytes } from "./request.ts";

/** How much of a file is read at once, in bytes. */
const block_size = 64 * 1024;

function error_text(error: unknown): unknown {
	return error instanceof Error ? (error.stack ?? error.message) : error;
}

/** The fields of most answers as they are written. */
const usual_names: ReadonlyMap<string, string> = new Map([
	["connection", "Connection"],
	["content_length", "Content-Length"],
	["content_type", "Content-Type"],
	["date", "Date"],
	["x_request_id", "X-Request-Id"],
]);

/** A field's name as it is written: `content_type` is `Content-Type`. */
function header_name(name: string): string {
	return usual_names.get(name) ?? name.replaceAll("_", "-").replace(/(?<![a-zA-Z0-9])[a-z]/g, (letter) => letter.toUpperCase());
}

/** Whether the connection may serve a further request, going by this one's head. */
function wants_persistence(request: HttpRequest): boolean {
	const connection = request.headers["connection"] ?? "";
	if (contains_token(connection, "keep-alive")) return true;
	return request.httpversion === "1.1" && !contains_token(connection, "close");
}

const lone_surrogate = /\p{Surrogate}/u;

/** Content as it goes out: text in which bytes that are no UTF-8 are escaped (util/byte_text.ts) is those bytes. */
function content_of(body: HttpBody): HttpBody {
	return typeof body === "string" && lone_surrogate.test(body) ? bytes_of(body) : body;
}

function size_of(body: HttpBody): number {
	return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}

/** An answer over Node's HTTP; what handlers do wrong stays here. */
export class Response implements HttpResponse {
	readonly id: string;
	readonly log: Log;
	readonly conn: Connection;
	readonly is_head_request: boolean;
	readonly headers: HttpHeaders = Object.create(null);
	status_code = 200;
	status?: string;
	body?: HttpBody;
	persistent: boolean;
	finished = false;
	on_destroy: ((response: HttpResponse) => void) | undefined;
	finish_cb: ((response: HttpResponse) => void) | undefined;

	private source: HttpSource | undefined;
	/** Bytes of content sent, and how many were announced. */
	private sent = 0;
	private announced: number | undefined;

	/** @param onfail answers in place of this, where it cannot be sent as it is */
	constructor(
		readonly request: HttpRequest,
		private readonly outgoing: ServerResponse,
		private readonly onfail: (response: Response, error: unknown) => void,
	) {
		this.id = request.id;
		this.log = request.log;
		this.conn = request.conn;
		this.is_head_request = request.method === "HEAD";
		this.persistent = wants_persistence(request);
		// Who wrote an answer to the connection by hand calls this at the end.
		this.finish_cb = () => this.done();
		this.reset_headers();
	}

	/** Whether the head is out, so that the status cannot be changed any more. */
	get has_begun(): boolean {
		return this.outgoing.headersSent;
	}

	/** Forgets the fields that were set. */
	reset_headers(): void {
		for (const name of Object.keys(this.headers)) delete this.headers[name];
		this.headers["date"] = new Date().toUTCString();
		if (this.persistent) this.headers["connection"] = "Keep-Alive";
		else if (this.request.httpversion === "1.1") this.headers["connection"] = "close";
		this.headers["x_request_id"] = this.id;
	}

	send(given?: HttpBody): void {
		if (this.finished || this.has_begun) return;
		const body = content_of(given ?? this.body ?? "");
		if (this.status_code > 199 && this.status_code !== 204) this.headers["content_length"] = size_of(body);
		if (!this.write_head()) return;
		if (!this.is_head_request) this.write(body);
		this.done();
	}

	send_file(source: HttpSource): true {
		this.source = source;
		if (this.finished || this.has_begun) this.close_source();
		else if (this.is_head_request) {
			if (this.write_head()) this.done();
		} else this.send_more();
		return true;
	}

	write_headers(): void {
		if (this.finished || this.has_begun) return;
		// Content comes as the handler frames it. Where that is not said, it ends with the connection.
		this.outgoing.useChunkedEncodingByDefault = false;
		if (!this.write_head()) return;
		this.outgoing.flushHeaders();
		this.outgoing.chunkedEncoding = false;
	}

	write(given: HttpBody): boolean {
		if (this.finished) return false;
		if (!this.has_begun && !this.write_head()) return false;
		const chunk = content_of(given);
		const size = size_of(chunk);
		if (size === 0) return true;
		this.sent += size;
		return this.outgoing.write(chunk);
	}

	/** Calls back when there is space again for what {@link write} gets. */
	when_drained(callback: () => void): void {
		this.outgoing.once("drain", callback);
	}

	done(): void {
		if (this.finished) return;
		this.finished = true;
		this.close_source();
		this.tell("on_destroy");
		if (this.has_begun) this.outgoing.end();
		// Otherwise nobody could tell where this answer ends and the next one begins.
		const is_short = this.announced !== undefined && this.sent > 0 && this.sent !== this.announced;
		if (is_short) this.log("error", "Announced %d bytes of content, but sent %d", this.announced, this.sent);
		if (is_short) this.conn.destroy();
		else if (!this.has_begun) this.conn.close();
		this.tell("finish_cb");
	}

	/** The client is gone, or somebody else has the connection now. */
	lose(): void {
		if (this.finished) return;
		this.finished = true;
		this.close_source();
		this.tell("on_destroy");
	}

	/** Writes the head; false where it cannot be written. */
	private write_head(): boolean {
		const { headers } = this;
		if (!this.persistent && headers["connection"] === "Keep-Alive") headers["connection"] = "close";
		// Both together allow request smuggling through proxies.
		if (headers["transfer_encoding"] !== undefined) delete headers["content_length"];
		const fields: [string, string][] = [];
		for (const [name, value] of Object.entries(headers)) {
			if (value !== undefined) fields.push([header_name(name), header_bytes(String(value))]);
		}
		const [, code, name] = /^(\d{3}) (.*)$/s.exec(this.status ?? "") ?? [];
		const status = code === undefined ? this.status_code : Number(code);
		try {
			this.outgoing.writeHead(status, header_bytes(name ?? code_name(status) ?? "Unassigned"), Object.fromEntries(fields));
		} catch (error) {
			this.onfail(this, error);
			return false;
		}
		const length = headers["content_length"];
		this.announced = length === undefined || this.is_head_request ? undefined : Number(length);
		this.log("debug", "HTTP/%s %d", this.request.httpversion, status);
		return true;
	}

	private send_more(): void {
		try {
			for (;;) {
				const chunk = this.finished ? undefined : this.source?.read(block_size);
				if (chunk === undefined || chunk.length === 0) break;
				if (!this.write(chunk) && !this.finished) {
					this.outgoing.once("drain", () => this.send_more());
					return;
				}
			}
		} catch (error) {
			this.onfail(this, error);
			return;
		}
		if (!this.has_begun && !this.finished && !this.write_head()) return;
		this.done();
	}

	private close_source(): void {
		const { source } = this;
		this.source = undefined;
		try {
			source?.close?.();
		} catch (error) {
			this.log("error", "Could not close what was sent: %s", error_text(error));
		}
	}

	/** Calls back once. */
	private tell(name: "on_destroy" | "finish_cb"): void {
		const callback = this[name];
		this[name] = undefined;
		try {
			callback?.(this);
		} catch (error) {
			this.log("error", "Error in %s of a response: %s", name, error_text(error));
		}
	}
}
