// No counterpart: the shapes that Prosody's net/http/server.lua, net/http.lua and mod_http hand to modules.

import type { Duplex } from "node:stream";
import type { StanzaError } from "../../util/error.ts";
import type { Events } from "../../util/events.ts";
import type { Connection } from "./connections.ts";
import type { Log } from "./logging.ts";

/** Content: text goes out as UTF-8. */
export type HttpBody = string | Uint8Array;

/** Header fields by name in lower case with `_` for `-`: `content_type`. Values are text, of UTF-8 where they are valid as such. */
export type HttpHeaders = { [name: string]: string | number | undefined };

/** The target of a request, in parts; `path` and `query` are still percent-encoded. */
export interface HttpUrl {
	readonly path: string;
	readonly query?: string;
	/** Only where the target is a whole URL, as for proxies. */
	readonly scheme?: string;
	readonly host?: string;
	readonly port?: string;
}

/** Takes the content of a request or response piece by piece. Something falsy from `write` ends the connection. */
export interface BodySink {
	write(chunk: Buffer): unknown;
}

/** A request. Field names are those of Prosody's net/http/server.lua. */
export interface HttpRequest {
	readonly id: string;
	readonly log: Log;
	readonly method: string;
	/** Decoded, with single slashes and without the query; what is not UTF-8 stays percent-encoded. */
	path: string;
	readonly url: HttpUrl;
	/** `1.0` or `1.1`. */
	readonly httpversion: string;
	readonly headers: { [name: string]: string | undefined };
	/** False while it is not here yet, and where it goes to {@link body_sink}. */
	body: Buffer | false;
	/** Bytes announced; undefined where that is not known beforehand. */
	readonly body_length: number | undefined;
	readonly chunked: boolean;
	/**
	 * Only the head is here, of a request whose content is larger than the limit or of unknown size: a handler may set
	 * {@link body_sink}, answer at once, or decline. Where it set the sink, the event comes again when all was written.
	 */
	partial: boolean;
	body_sink: BodySink | undefined;
	/** Address of the client and whether its connection is encrypted; trusted proxies are believed. */
	ip: string;
	secure: boolean;
	readonly conn: Connection;
	/** What the header `Forwarded` (RFC 7239) says, where proxies send that. */
	forwarded?: readonly { readonly [parameter: string]: string }[];
}

/** What {@link HttpResponse.send_file} reads; undefined at the end. An open file, for instance. */
export interface HttpSource {
	read(bytes: number): HttpBody | undefined;
	close?(): void;
}

/** An answer in the making. Field names are those of Prosody's net/http/server.lua. */
export interface HttpResponse {
	readonly id: string;
	readonly log: Log;
	readonly request: HttpRequest;
	readonly is_head_request: boolean;
	readonly conn: Connection;
	status_code: number;
	/** In place of the code's own name: `200 OK`. */
	status?: string;
	readonly headers: HttpHeaders;
	/** What {@link send} sends where it is given nothing. */
	body?: HttpBody;
	/** Whether the connection serves further requests. */
	persistent: boolean;
	/** The answer is complete, or the client is gone. */
	finished: boolean;
	/** Called once, when the answer is complete or the client is gone. */
	on_destroy?: ((response: HttpResponse) => void) | undefined;
	/** Called when the answer is complete, before the connection's next request is handled. Calling it ends the answer. */
	finish_cb?: ((response: HttpResponse) => void) | undefined;
	/** Sends head and content; nothing can be sent after that. */
	send(body?: HttpBody): void;
	/** Sends head and content piece by piece, as fast as the client takes it. */
	send_file(source: HttpSource): true;
	/** Sends the head alone. Content may follow by {@link write}, or as raw bytes of the connection; {@link done} ends it. */
	write_headers(): void;
	/** Sends some content, chunked unless its length was announced. False where the client should get time to read. */
	write(chunk: HttpBody): boolean;
	/** Ends the answer. */
	done(): void;
}

/** Payload of the events `METHOD path` (any host) and `METHOD host/path`; `METHOD path/*` gets all that begin so. */
export interface HttpEvent {
	request: HttpRequest;
	response: HttpResponse;
}

/** An error that is an answer: one for stanzas, or with a status of its own. */
export interface HttpError extends StanzaError {
	/** 500 without. */
	readonly code?: number;
}

/** Payload of `http-error`, whose handlers answer the page to show and may change the response. */
export interface HttpErrorEvent {
	/** Status code. */
	code: number;
	request?: HttpRequest;
	response?: HttpResponse;
	/** For everybody, and for administrators only. */
	message?: string;
	private_message?: string;
	error?: HttpError;
}

/** Payload of `http-message`: fills the page of errors with something else. */
export interface HttpMessageEvent {
	response?: HttpResponse;
	title: string;
	message: string;
	warning?: string;
	extra?: string;
	icon_raw?: string;
}

/** What passes over {@link HttpServer.events}. */
export interface HttpEventMap {
	"http-error": HttpErrorEvent;
	/** Answers the page that lists a folder. */
	"directory-index": { path: string; full_path: string };
	[request: `${string} ${string}`]: HttpEvent;
}

/**
 * What a handler may answer: a status, content, parts of the response, an error, or a promise of one of these. `true` means that it
 * sends the answer itself, undefined that other handlers may answer.
 */
export type HttpAnswer =
	| number
	| HttpBody
	| boolean
	| undefined
	| null
	| HttpError
	| { readonly status_code?: number; readonly status?: string; readonly headers?: HttpHeaders; readonly body?: HttpBody }
	| Promise<unknown>;

/**
 * Which of several processes of a server may answer a request. Any of them may, or the one of a name; undefined where it is the one that has
 * the client's connection.
 */
export type HttpPlace = "any" | ((request: HttpRequest) => string | undefined);

/** The processes of a server, as requests are passed among them. */
export interface HttpProcesses {
	/** This one's name. */
	readonly node: string;
	/** The one that answers what the same process answers for all; undefined where that is not known. */
	leader(): string | undefined;
	/** Finds that out. */
	find_leader(): Promise<string | undefined>;
	/** Whether there is a process of a name. */
	has(node: string): boolean;
	/**
	 * Opens a stream for requests of one client.
	 * @param about `1` or `0` for whether its connection is encrypted, and its address
	 */
	open(node: string, about: string): Duplex;
}

/** Handles a request; `path` is what stands in place of the `*` of a route that has one. */
export type HttpHandler = (event: HttpEvent, path: string | undefined) => unknown;

/** What browsers of other sites may do with an app; see `http_cors_override`. */
export interface HttpCors {
	readonly enabled?: boolean;
	readonly credentials?: boolean;
	readonly headers?: { readonly [header: string]: boolean };
	/** `*`, or a list of origins. */
	readonly origins?: string | readonly string[];
}

/** What a module serves, by `module.provides("http", …)`. Source: plugins/mod_http.lua. */
export interface HttpApp {
	/** Names it in `http_paths`; the module's name without `http_` where there is none. */
	readonly name?: string;
	/** `/NAME` where there is none; `$host` stands for the host. */
	readonly default_path?: string;
	/** Handlers, or answers, by `METHOD /path` below the app's path; `METHOD /path/*` gets all that begin so. */
	readonly route?: { readonly [route: string]: HttpHandler | HttpAnswer };
	readonly cors?: HttpCors;
	/** Its handlers know requests whose content is not here yet. */
	readonly streaming_uploads?: boolean;
	/**
	 * Where a server has several processes: which one answers. Without this, one process answers all requests for the app, since it may have
	 * something in memory that belongs to them.
	 */
	readonly place?: HttpPlace;
}

/** A connection that a handler took over, and that no longer speaks HTTP. */
export interface HijackedConnection {
	/** The handler sets its callbacks (`ondata`…), or uses `stream`, but not both. */
	readonly conn: Connection;
	/** The same as a stream, for libraries. */
	readonly stream: Duplex;
	/** Bytes that were read after the request. */
	readonly head: Buffer;
}

/** Settings of the server, by Prosody's names; sizes in bytes. */
export interface HttpServerOptions {
	/** Most content of a request that is collected. Default: 10 MB. */
	body_size_limit?: number | undefined;
	/** Most bytes that may wait for a request to be whole; here a second bound on content. */
	buffer_size_limit?: number | undefined;
}

/** Answers requests on connections, by events. Source: net/http/server.lua. */
export interface HttpServer {
	/** Prosody: `_events`. */
	readonly events: Events<HttpEventMap>;
	/**
	 * Takes an accepted connection; what `NetService.onconnect` of services that speak HTTP calls.
	 * @param is_passed whether another process passes a client's requests on, which are answered here then
	 */
	onconnect(conn: Connection, is_passed?: boolean): void;
	/** Says which process answers requests that a handler takes. */
	place_handler(handler: (event: HttpEvent) => unknown, place: HttpPlace): void;
	/** Has requests passed on to other processes of this server. */
	share(processes: HttpProcesses): void;
	add_handler<Name extends keyof HttpEventMap & string>(
		name: Name,
		handler: (event: HttpEventMap[Name]) => unknown,
		priority?: number,
	): void;
	remove_handler<Name extends keyof HttpEventMap & string>(name: Name, handler: (event: HttpEventMap[Name]) => unknown): void;
	fire_event<Name extends keyof HttpEventMap & string>(name: Name, event: HttpEventMap[Name]): unknown;
	/** Added names are counted: one that was added twice has to be removed twice. */
	add_host(host: string): void;
	remove_host(host: string): void;
	/** The host that gets requests for unknown hosts. */
	set_default_host(host: string | undefined): void;
	set_option<Name extends keyof HttpServerOptions>(name: Name, value: HttpServerOptions[Name]): void;
	/** Answers with what a handler may answer; for answers that come later. */
	handle_result(response: HttpResponse, result: unknown): void;
	/**
	 * The connection of a request that asked for another protocol (`Upgrade`); undefined for any other. Prosody's modules set the
	 * connection's callbacks and answer 101 instead, which does as well.
	 */
	hijack_response(response: HttpResponse): HijackedConnection | undefined;
	/** The request that a connection is busy with. */
	get_request_from_conn(conn: Connection): HttpRequest | undefined;
	/**
	 * Answers 500 where a handler threw, and logs that. Ends the connection where the answer has begun already.
	 * @param log of the module whose handler it is
	 */
	fail(response: HttpResponse, error: unknown, log?: Log): true;
}
