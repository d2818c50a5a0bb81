// No counterpart: the shapes that Prosody's net/http.lua hands to modules.

import type { ErrorType } from "../../util/error.ts";
import type { Events } from "../../util/events.ts";
import type { BodySink, HttpBody } from "./http.ts";

/** How to make a request; Prosody's names. */
export interface HttpRequestOptions {
	/** For logs. */
	readonly id?: string;
	/** `POST` with a body, else `GET`. */
	readonly method?: string;
	readonly headers?: { readonly [name: string]: string | number };
	readonly body?: HttpBody;
	/** Whatever certificate the server shows is accepted. */
	readonly insecure?: boolean;
	/** The URL must not be logged. */
	readonly suppress_url?: boolean;
	/** Most bytes of content; 10 MB without. */
	readonly body_size_limit?: number;
	/** Seconds until all of the answer has to be there. */
	readonly timeout?: number;
	/** Gets the head of an answer and says where its content goes, and what is called when all is written. */
	readonly streaming_handler?: (response: HttpClientResponse) => {
		readonly sink?: BodySink | undefined;
		readonly finalize?: ((response: HttpClientResponse) => void) | undefined;
	};
}

/** What a server answered. Header names are in lower case, as they came otherwise: `content-type`. */
export interface HttpClientResponse {
	readonly code: number;
	readonly httpversion: string;
	readonly headers: { readonly [name: string]: string | undefined };
	/** False where it went to a sink. */
	body: Buffer | false;
	readonly body_length: number | undefined;
	readonly chunked: boolean;
	partial: boolean;
	/** Prosody's older names of the two. */
	readonly responseversion: string;
	readonly responseheaders: { readonly [name: string]: string | undefined };
	request: HttpClientRequest;
}

/** A request that was sent. */
export interface HttpClientRequest {
	readonly id: string;
	readonly url: string;
	readonly scheme: string;
	readonly host: string;
	readonly port: string | undefined;
	readonly path: string;
	readonly query: string | undefined;
	readonly method: string;
	readonly headers: { readonly [name: string]: string };
	readonly body: HttpBody | undefined;
	/** Seconds since 1970. */
	readonly time: number;
	/** Cancels it; the callback gets the reason, `cancelled` by default. */
	cancel(reason?: string): void;
}

/**
 * Told of an answer, or with the code 0 of why there is none: then `body` is a reason such as `connection refused`, and `response`
 * the request.
 */
export type HttpCallback = (
	body: Buffer | string | false,
	code: number,
	response: HttpClientResponse | HttpClientRequest | undefined,
	request: HttpClientRequest | undefined,
) => void;

/** Why a request got no answer; an error of net/http/errors.lua. */
export interface HttpClientError {
	/** 0 where there was no answer at all. */
	readonly code: number;
	readonly type: ErrorType;
	readonly condition: string;
	readonly text: string;
}

/** Payloads of {@link HttpClient.events}. */
export interface HttpClientEventMap {
	/** Anything that is not undefined is answered in place of a request. */
	"pre-request": { http: HttpClient; url: string; options: HttpRequestOptions; callback: HttpCallback };
	request: { http: HttpClient; request: HttpClientRequest; url: string };
	/** Handlers may replace content, code and response. */
	response: {
		http: HttpClient;
		url: string;
		request: HttpClientRequest;
		response: HttpClientResponse | HttpClientRequest | undefined;
		content: Buffer | string | false;
		code: number;
	};
	"request-connection-error": { http: HttpClient; request: HttpClientRequest; url: string; err: string };
}

/** What all requests of one client have in common. */
export interface HttpClientOptions {
	/** Connections serve several requests. */
	readonly connection_pooling?: boolean;
	/** Seconds. */
	readonly connect_timeout?: number;
	readonly read_timeout?: number;
}

/** Sends requests to other servers. Redirects are not followed. Source: net/http.lua. */
export interface HttpClient {
	readonly options: HttpClientOptions;
	readonly events: Events<HttpClientEventMap>;
	/**
	 * Makes a request, which leaves at the end of the turn.
	 * @returns the request; undefined for an invalid URL, of which the callback is told, too
	 */
	request(url: string, options: HttpRequestOptions | undefined, callback: HttpCallback): HttpClientRequest | undefined;
	/** The same as a promise, which fails with an {@link HttpClientError} where there is no answer. */
	request(url: string, options?: HttpRequestOptions): Promise<HttpClientResponse>;
	/** Another client, with options in place of this one's. */
	"new"(options?: HttpClientOptions): HttpClient;
}
