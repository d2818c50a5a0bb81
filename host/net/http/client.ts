// Counterpart: net/http.lua

import { type ClientRequest, Agent as HttpAgent, request as http_request, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as https_request } from "node:https";
import type {
	BodySink,
	HttpBody,
	HttpCallback,
	HttpClient,
	HttpClientError,
	HttpClientEventMap,
	HttpClientOptions,
	HttpClientRequest,
	HttpClientResponse,
	HttpRequestOptions,
} from "../../core/types/http.ts";
import type { Log } from "../../core/types.ts";
import type { ErrorType } from "../../util/error.ts";
import { Events } from "../../util/events.ts";
import { http_error } from "../../util/http_errors.ts";
import * as id from "../../util/id.ts";
import type { Outlet, Turn } from "../../util/turn.ts";
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

/** Why a promised request got no answer. */
export class HttpRequestError extends Error implements HttpClientError {
	readonly code: number;
	readonly type: ErrorType;
	readonly condition: string;
	readonly text: string;

	/** @param reason what a callback would be told, such as `connection refused` */
	constructor(
		readonly reason: string,
		readonly request: HttpClientRequest | undefined,
	) {
		const { code, type, condition, text } = http_error(0, reason);
		super(`${text} (${reason})`);
		this.name = "HttpRequestError";
		this.code = code;
		this.type = type;
		this.condition = condition;
		this.text = text;
	}
}

/** What the client needs of its server. */
export interface HttpClientParts {
	readonly turn: Turn;
	logger(name: string): Log;
}

function error_text(error: unknown): unknown {
	return error instanceof Error ? (error.stack ?? error.message) : error;
}

function read_target(text: string): URL | undefined {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	return url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== "" ? url : undefined;
}

function is_pooled(options: HttpClientOptions): boolean {
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
class Request implements HttpClientRequest, Outlet {
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

	constructor(
		readonly url: string,
		private readonly target: URL,
		private readonly options: HttpRequestOptions,
		private readonly client: Client,
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
		this.after(connect_timeout, () => this.fail("connection timeout"));
		if (options.timeout !== undefined) this.after(options.timeout, () => this.fail("read timeout"));
		const connected = (): void => clearTimeout(this.timers[0]);
		outgoing.on("socket", (socket) => {
			// Nothing waits for an answer once the server has stopped.
			socket.unref();
			if (socket.connecting) socket.once(this.scheme === "https" ? "secureConnect" : "connect", connected);
			else connected();
		});
		outgoing.setTimeout(read_timeout * 1000, () => this.fail("read timeout"));
		outgoing.on("error", (error) => this.fail(reason_of(error)));
		outgoing.on("close", () => this.fail("connection-closed"));
		outgoing.on("response", (incoming) => this.guard("the answer", () => this.receive(incoming)));
		outgoing.end(this.body);
	}

	private receive(incoming: IncomingMessage): void {
		connected_before(this.timers);
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

	private after(seconds: number, callback: () => void): void {
		this.timers.push(setTimeout(callback, Math.min(seconds * 1000, 2 ** 31 - 1)).unref());
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

/** The first timer is that of the connection, which is there once something came over it. */
function connected_before(timers: readonly NodeJS.Timeout[]): void {
	clearTimeout(timers[0]);
}

class Client implements HttpClient {
	readonly events = new Events<HttpClientEventMap>();
	readonly log: Log;
	private readonly agents: { [scheme: string]: HttpAgent } = {};

	constructor(
		private readonly parts: HttpClientParts,
		readonly options: HttpClientOptions,
	) {
		this.log = parts.logger("http");
	}

	/** Where connections are kept; false where each request has its own. */
	agent(scheme: string): HttpAgent | false {
		if (!is_pooled(this.options)) return false;
		const options = { keepAlive: true };
		this.agents[scheme] ??= scheme === "https" ? new HttpsAgent(options) : new HttpAgent(options);
		return this.agents[scheme] ?? false;
	}

	forget(request: Outlet): void {
		this.parts.turn.forget(request);
	}

	new(options: HttpClientOptions = {}): HttpClient {
		return new Client(this.parts, { ...this.options, ...options });
	}

	request(url: string, options: HttpRequestOptions | undefined, callback: HttpCallback): HttpClientRequest | undefined;
	request(url: string, options?: HttpRequestOptions): Promise<HttpClientResponse>;
	request(
		url: string,
		options: HttpRequestOptions = {},
		callback?: HttpCallback,
	): HttpClientRequest | undefined | Promise<HttpClientResponse> {
		if (callback !== undefined) return this.start(url, options, callback);
		return new Promise((resolve, reject) => {
			this.start(url, options, (body, code, response, request) => {
				if (response === undefined || !("code" in response)) {
					reject(new HttpRequestError(typeof body === "string" ? body : `status ${code}`, request));
				} else resolve(response);
			});
		});
	}

	private start(url: string, options: HttpRequestOptions, callback: HttpCallback): HttpClientRequest | undefined {
		const event = { http: this, url, options, callback };
		if (this.events.fire_event("pre-request", event) !== undefined) return undefined;
		const target = read_target(event.url);
		if (target === undefined) {
			event.callback("invalid-url", 0, undefined, undefined);
			return undefined;
		}
		const request = new Request(event.url, target, event.options, this, event.callback);
		this.parts.turn.touch(request);
		this.events.fire_event("request", { http: this, request, url: event.url });
		return request;
	}
}

/** Makes a client for requests to other servers. */
export function create_http(parts: HttpClientParts, options: HttpClientOptions = {}): HttpClient {
	return new Client(parts, options);
}
