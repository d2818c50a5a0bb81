// Counterpart: net/http.lua

import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type {
	HttpCallback,
	HttpClient,
	HttpClientError,
	HttpClientEventMap,
	HttpClientOptions,
	HttpClientRequest,
	HttpClientResponse,
	HttpRequestOptions,
	Log,
} from "../../core/types.ts";
import type { ErrorType } from "../../util/error.ts";
import { Events } from "../../util/events.ts";
import { http_error } from "../../util/http_errors.ts";
import type { Outlet, Turn } from "../../util/turn.ts";
import { is_pooled, Request, type RequestOwner } from "./client_request.ts";

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

function read_target(text: string): URL | undefined {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	return url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== "" ? url : undefined;
}

class Client implements RequestOwner {
	readonly events = new Events<HttpClientEventMap>();
	readonly log: Log;
	private readonly agents: { [scheme: string]: HttpAgent } = {};

	constructor(
		private readonly parts: HttpClientParts,
		readonly options: HttpClientOptions,
	) {
		this.log = parts.logger("http");
	}

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
