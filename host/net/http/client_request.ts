// Counterpart: net/http.lua (requests)

import { type ClientRequest, type Agent as HttpAgent, request as http_request, type IncomingMessage } from "node:http";
import { request as https_request } from "node:https";
import type {
	BodySink,
	HttpBody,
	HttpCallback,
	HttpClient,
	HttpClientEventMap,
	HttpClientOptions,
	HttpClientRequest,
	HttpClientResponse,
	HttpRequestOptions,
	Log,
} from "../../core/types.ts";
import * as id from "../../util/id.ts";
import type { Outlet } from "../../util/turn.ts";
import { header_bytes, read_headers } from "./request.ts";

const default_body_limit = 10 * 1024 * 1024;
/** In seconds, Prosody's values. */
const default_connect_timeout = 20;
const default_read_timeout = 14 * 60;

/** What is said of Node's errors, in Prosody's words. */
const reasons: { readonly [code: string]: string } = {
	ECONNREFUSED: "connection refused",
	ETIMEDOUT: "connection timeout",
	ENOTFOUND: "unable to resolve service",
	EAI_AGAIN: "unable to resolve service",
	EAI_FAIL: "unable to resolve service",
	ECONNRESET: "connection-closed",
	EPIPE: "connection-closed",
	ERR_TLS_CERT_ALTNAME_INVALID: "certificate-verify-failed",
	HPE_HEADER_OVERFLOW: "header-too-large",
	HPE_INVALID_HEADER_TOKEN: "invalid-header-line",
	HPE_INVALID_CONSTANT: "invalid-status-line",
	HPE_INVALID_VERSION: "invalid-status-line",
	HPE_INVALID_STATUS: "invalid-status-line",
};

function reason_of(error: NodeJS.ErrnoException): string {
	const { code = "" } = error;
	const known = reasons[code];
	if (known !== undefined) return known;
	if (/CERT|ISSUER|SIGNATURE|CRL/.test(code)) return "certificate-chain-invalid";
	return "connection failed";
}

/** What a request needs of its client. */
export interface RequestOwner extends HttpClient {
	readonly log: Log;
	/** Where connections are kept; false where each request has its own. */
	agent(scheme: string): HttpAgent | false;
	/** The request is over. */
	forget(request: Outlet): void;
}

function error_text(error: unknown): unknown {
	return error instanceof Error ? (error.stack ?? error.message) : error;
}

/** Whether connections serve several requests. */
export function is_pooled(options: HttpClientOptions): boolean {
	return options.connection_pooling === true;
}

/** The header fields of a request; those of the caller count more, in whatever case. */
function make_headers(url: URL, options: HttpRequestOptions, pooled: boolean): { [name: string]: string } {
	const fields: [string, string][] = [
		["Host", url.host],
		["User-Agent", "Enjamb XMPP Server"],
		["Connection", pooled ? "keep-alive" : "close"],
	];
	if (url.username !== "" || url.password !== "") {
		const userinfo = [url.username, url.password].map((part) => decodeURIComponent(part)).join(":");
		fields.push(["Authorization", `Basic ${Buffer.from(userinfo).toString("base64")}`]);
	}
	const { body } = options;
	if (body !== undefined) {
		fields.push(["Content-Length", String(typeof body === "string" ? Buffer.byteLength(body) : body.length)]);
		fields.push(["Content-Type", "application/x-www-form-urlencoded"]);
	}
	const given = Object.entries(options.headers ?? {}).map(([name, value]): [string, string] => [name, String(value)]);
	const replaced = new Set(given.map(([name]) => name.toLowerCase()));
	return Object.fromEntries([...fields.filter(([name]) => !replaced.has(name.toLowerCase())), ...given]);
}

/** A request that was made, until its callback was told. */
export class Request implements HttpClientRequest, Outlet {
	readonly id: string;
	readonly scheme: string;
	readonly host: string;
	readonly port: string | undefined;
	readonly path: string;
	readonly query: string | undefined;
	readonly method: string;
	readonly headers: { readonly [name: string]: string };
	readonly body: HttpBody | undefined;
	readonly time = Math.floor(Date.now() / 1000);

	private outgoing: ClientRequest | undefined;
	private is_over = false;
	private readonly timers: NodeJS.Timeout[] = [];
	private connect_timer: NodeJS.Timeout | undefined;

	constructor(
		readonly url: string,
		private readonly target: URL,
		private readonly options: HttpRequestOptions,
		private readonly client: RequestOwner,
		private readonly callback: HttpCallback,
	) {
		this.id = options.id ?? id.short();
		this.scheme = target.protocol.slice(0, -1);
		this.host = target.hostname;
		this.port = target.port === "" ? undefined : target.port;
		this.path = target.pathname;
		this.query = target.search === "" ? undefined : target.search.slice(1);
		this.method = options.method ?? (options.body === undefined ? "GET" : "POST");
		this.headers = make_headers(target, options, is_pooled(client.options));
		this.body = options.body;
		client.log("debug", "Making %s %s request '%s' to %s", this.scheme, this.method, this.id, this.shown_url);
	}

	private get shown_url(): string {
		return this.options.suppress_url === true ? this.target.host : this.url;
	}

	cancel(reason = "cancelled"): void {
		this.fail(reason);
	}

	/** The turn ended well, so that others may hear of what led to this request. */
	flush(): void {
		if (this.is_over) return;
		try {
			this.send();
		} catch (error) {
			this.client.log("error", "Request '%s' cannot be made: %s", this.id, error instanceof Error ? error.message : error);
			this.fail("connection failed");
		}
	}

	discard(): void {
		this.fail("cancelled");
	}

	private send(): void {
		const { client, target, options } = this;
		const make = this.scheme === "https" ? https_request : http_request;
		const headers = Object.entries(this.headers).map(([name, value]): [string, string] => [name, header_bytes(value)]);
		const outgoing = make({
			protocol: target.protocol,
			hostname: this.host.replace(/^\[(.*)\]$/, "$1"),
			port: this.port,
			path: target.pathname + target.search,
			method: this.method,
			headers: Object.fromEntries(headers),
			agent: client.agent(this.scheme),
			rejectUnauthorized: options.insecure !== true,
		});
		this.outgoing = outgoing;
		const { connect_timeout = default_connect_timeout, read_timeout = default_read_timeout } = client.options;
		this.connect_timer = this.after(connect_timeout, () => this.fail("connection timeout"));
		if (options.timeout !== undefined) this.after(options.timeout, () => this.fail("read timeout"));
		outgoing.on("socket", (socket) => {
			// Nothing waits for an answer once the server has stopped.
			socket.unref();
			if (socket.connecting) socket.once(this.scheme === "https" ? "secureConnect" : "connect", () => this.connected());
			else this.connected();
		});
		outgoing.setTimeout(read_timeout * 1000, () => this.fail("read timeout"));
		outgoing.on("error", (error) => this.fail(reason_of(error)));
		outgoing.on("close", () => this.fail("connection-closed"));
		outgoing.on("response", (incoming) => this.guard("the answer", () => this.receive(incoming)));
		outgoing.end(this.body);
	}

	private receive(incoming: IncomingMessage): void {
		this.connected();
		// The end of the connection is not the end of the answer's content, which follows.
		this.outgoing?.removeAllListeners("close");
		const headers = read_headers(incoming.rawHeaders, "-");
		const length = headers["content-length"];
		const code = incoming.statusCode ?? 0;
		const has_body = this.method !== "HEAD" && code !== 204 && code !== 304;
		const response: HttpClientResponse = {
			code,
			httpversion: incoming.httpVersion,
			headers,
			body: false,
			body_length: has_body ? (length === undefined ? undefined : Number(length)) : 0,
			chunked: headers["transfer-encoding"] !== undefined,
			partial: true,
			responseversion: incoming.httpVersion,
			responseheaders: headers,
			request: this,
		};
		const limit = this.options.body_size_limit ?? default_body_limit;
		const announced = response.body_length;
		const is_large = announced === undefined || announced > limit;
		const streaming = is_large ? this.options.streaming_handler?.(response) : undefined;
		if (streaming?.sink === undefined && announced !== undefined && is_large) {
			this.fail("content-length-limit-exceeded");
			return;
		}
		this.receive_content(incoming, response, limit, streaming?.sink, streaming?.finalize);
	}

	private receive_content(
		incoming: IncomingMessage,
		response: HttpClientResponse,
		limit: number,
		sink: BodySink | undefined,
		finalize: ((response: HttpClientResponse) => void) | undefined,
	): void {
		const chunks: Buffer[] = [];
		let size = 0;
		incoming.on("data", (chunk: Buffer) => {
			if (sink !== undefined) {
				this.guard("a sink", () => {
					if (!sink.write(chunk)) this.fail("body-sink-write-failure");
				});
				return;
			}
			size += chunk.length;
			if (size > limit) this.fail("max-buffer-size-exceeded");
			else chunks.push(chunk);
		});
		incoming.once("end", () => {
			if (this.is_over) return;
			response.partial = false;
			if (sink === undefined) response.body = Buffer.concat(chunks);
			else this.guard("the end of a stream", () => finalize?.(response));
			this.finish(response.body, response.code, response);
		});
		incoming.once("error", () => this.fail("connection-closed"));
		incoming.once("close", () => this.fail("connection-closed"));
	}

	/** Nothing has to be said any more about a connection that does not come. */
	private connected(): void {
		clearTimeout(this.connect_timer);
	}

	private after(seconds: number, callback: () => void): NodeJS.Timeout {
		const timer = setTimeout(callback, Math.min(seconds * 1000, 2 ** 31 - 1)).unref();
		this.timers.push(timer);
		return timer;
	}

	private fail(reason: string): void {
		if (this.is_over) return;
		this.client.log("debug", "Request '%s' failed: %s", this.id, reason);
		if (this.outgoing !== undefined) {
			const event = { http: this.client, request: this, url: this.url, err: reason };
			this.guard("request-connection-error", () => void this.client.events.fire_event("request-connection-error", event));
		}
		this.finish(reason, 0, this);
		this.outgoing?.destroy();
	}

	private finish(content: Buffer | string | false, code: number, response: HttpClientResponse | HttpClientRequest): void {
		if (this.is_over) return;
		this.is_over = true;
		this.client.forget(this);
		for (const timer of this.timers) clearTimeout(timer);
		const event: HttpClientEventMap["response"] = { http: this.client, url: this.url, request: this, response, content, code };
		this.guard("response", () => void this.client.events.fire_event("response", event));
		this.guard("callback", () => this.callback(event.content, event.code, event.response, this));
	}

	private guard(what: string, callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.client.log("error", "Request '%s': error in %s: %s", this.id, what, error_text(error));
			this.fail("cancelled");
		}
	}
}
