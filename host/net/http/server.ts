// Counterpart: net/http/server.lua

import { createServer, type IncomingMessage, type Server as NodeHttpServer, ServerResponse } from "node:http";
import type {
	HijackedConnection,
	HttpBody,
	HttpError,
	HttpErrorEvent,
	HttpEvent,
	HttpHeaders,
	HttpPlace,
	HttpRequest,
	HttpResponse,
	HttpServer,
	HttpServerOptions,
} from "../../core/types/http.ts";
import type { Connection, Log } from "../../core/types.ts";
import { is_error_type } from "../../util/error.ts";
import { code_text } from "../../util/http_codes.ts";
import { short_ids } from "../../util/id.ts";
import type { Turn } from "../../util/turn.ts";
import { HttpEvents } from "./events.ts";
import { Passing } from "./passing.ts";
import { Response } from "./response.ts";
import { HttpSession, type SessionOwner } from "./session.ts";

const default_body_limit = 10 * 1024 * 1024;
/** Most bytes of a request's head. */
const head_limit = 10 * 1024;

/** What is answered to what Node could not read, by its code. */
const statuses: { readonly [code: string]: string } = {
	HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
	HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Content Too Large",
};

function is_record(value: unknown): value is { readonly [name: string]: unknown } {
	return typeof value === "object" && value !== null;
}

function is_body(value: unknown): value is HttpBody {
	return typeof value === "string" || value instanceof Uint8Array;
}

function is_http_error(value: unknown): value is HttpError {
	if (!is_record(value)) return false;
	const { type, condition, code } = value;
	const is_stanza_error = typeof type === "string" && is_error_type(type) && typeof condition === "string";
	return is_stanza_error && (code === undefined || typeof code === "number");
}

function is_thenable(value: unknown): value is PromiseLike<unknown> {
	return is_record(value) && typeof value["then"] === "function";
}

function error_text(error: unknown): string {
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What the server of requests needs of the server as a whole. */
export interface HttpServerParts {
	readonly turn: Turn;
	logger(name: string): Log;
}

/** Makes what answers HTTP; ports are opened by others, who hand it connections. */
export function create_http_server({ turn, logger }: HttpServerParts): HttpServer {
	const log = logger("http.server");
	const events = new HttpEvents();
	const hosts = new Map<string, number>();
	const options: HttpServerOptions = {};
	const sessions = new WeakMap<object, HttpSession>();
	const by_connection = new WeakMap<Connection, HttpSession>();
	/** Connections over which other processes pass requests on. */
	const passed_on = new WeakSet<Connection>();
	const places = new WeakMap<object, HttpPlace>();
	let passing: Passing | undefined;
	let default_host: string | undefined;
	let node: NodeHttpServer | undefined;

	events.add_handler(
		"http-error",
		({ code }) => `Error processing request: ${code_text(code)}. Check your error log for more information.`,
		-1,
	);

	function error_page(event: HttpErrorEvent): HttpBody {
		try {
			const page = events.fire_event("http-error", event);
			if (is_body(page)) return page;
		} catch (error) {
			log("error", "Error in the making of a page for an error: %s", error_text(error));
		}
		return code_text(event.code);
	}

	function answer_error(response: Response, code: number, message?: string): void {
		response.status_code = code;
		response.send(error_page({ code, response, ...(message === undefined ? {} : { message }) }));
	}

	function fail(response: HttpResponse, error: unknown, its_log: Log = log): true {
		const { request } = response;
		its_log("error", "Error handling %s %s: %s", request.method, request.path, error_text(error));
		if (response.finished) return true;
		if (!(response instanceof Response) || response.has_begun) {
			response.conn.destroy();
			return true;
		}
		response.reset_headers();
		response.status = undefined;
		response.status_code = 500;
		let body = error_page({ code: 500, request, response, private_message: error_text(error) });
		// Where the page itself asks for fields that cannot be sent, this would go on for ever.
		if (failing.has(response)) {
			response.reset_headers();
			body = code_text(500);
		}
		failing.add(response);
		response.send(body);
		return true;
	}
	const failing = new WeakSet<HttpResponse>();

	/** Runs the handlers of a request; one that throws has answered. */
	function fire_request(name: `${string} ${string}`, request: HttpRequest, response: Response): unknown {
		try {
			return events.fire_event(name, { request, response });
		} catch (error) {
			return fail(response, error);
		}
	}

	/** Asks for a HEAD's GET where nobody knows the HEAD itself. */
	function fire_with_head(target: string, request: HttpRequest, response: Response): unknown {
		const answer = fire_request(`${request.method} ${target}`, request, response);
		return answer === undefined && response.is_head_request ? fire_request(`GET ${target}`, request, response) : answer;
	}

	/** What a request asks for, and the host that is meant where it is one of these. */
	function aim_of({ path: whole, headers }: HttpRequest): { path: string; asked: string | undefined; host: string | undefined } {
		const path = whole.replace(/\?.*$/s, "");
		const asked = headers["host"]?.replace(/:\d+$/, "").toLowerCase();
		const host = asked !== undefined && hosts.has(asked) ? asked : default_host;
		return { path, asked, host: host !== undefined && hosts.has(host) ? host : undefined };
	}

	/** Where all handlers run that may see a request. */
	function places_of(request: HttpRequest): (HttpPlace | undefined)[] {
		const { path, host } = aim_of(request);
		const methods = request.method === "HEAD" ? ["HEAD", "GET"] : [request.method];
		const targets = host === undefined ? [path] : [path, host + path];
		const names = targets.flatMap((target) => methods.map((method) => `${method} ${target}`));
		return names.flatMap((name) => events.get_handlers(name).map((handler) => places.get(handler)));
	}

	/** Answers a request, or has another process answer it. */
	function answer(request: HttpRequest, response: Response): unknown {
		const is_passed = passing === undefined || passed_on.has(request.conn);
		return (is_passed ? undefined : passing?.pass({ request, response, places: places_of(request) })) ?? fire(request, response);
	}

	function fire(request: HttpRequest, response: Response): unknown {
		const { path, asked, host } = aim_of(request);
		const answered = fire_with_head(path, request, response);
		if (answered !== undefined) return answered;
		if (host !== undefined) return fire_with_head(host + path, request, response);
		if (asked === undefined) answer_error(response, 400, "Missing or invalid 'Host' header");
		else answer_error(response, 404, `Unknown host: ${asked}`);
		return true;
	}

	function send_error(response: HttpResponse, code: number, error?: HttpError): void {
		response.status_code = code;
		const { request } = response;
		response.send(code >= 400 ? error_page({ code, request, response, ...(error === undefined ? {} : { error }) }) : undefined);
	}

	function set_headers(response: HttpResponse, headers: HttpHeaders): void {
		for (const [name, value] of Object.entries(headers)) response.headers[name] = value;
	}

	function handle_result(response: HttpResponse, result: unknown): void {
		if (result === true || response.finished) return;
		if (result === undefined || result === null) send_error(response, 404);
		else if (typeof result === "number") send_error(response, result);
		else if (is_body(result)) response.send(result);
		else if (is_thenable(result)) {
			result.then(
				(answer) => handle_result(response, answer),
				(reason) => {
					if (reason instanceof Error) {
						fail(response, reason, response.log);
						return;
					}
					response.status_code = 500;
					handle_result(response, reason ?? 500);
				},
			);
		} else if (is_http_error(result)) send_error(response, result.code ?? 500, result);
		else {
			if (is_record(result)) take_parts(response, result);
			response.send();
		}
	}

	function take_parts(response: HttpResponse, parts: { readonly [name: string]: unknown }): void {
		const { status_code, status, headers, body } = parts;
		if (typeof status_code === "number") response.status_code = status_code;
		if (typeof status === "string") response.status = status;
		if (is_body(body)) response.body = body;
		if (!is_record(headers)) return;
		const fields: [string, string | number][] = [];
		for (const [name, value] of Object.entries(headers)) {
			if (typeof value === "string" || typeof value === "number") fields.push([name, value]);
		}
		set_headers(response, Object.fromEntries(fields));
	}

	const owner: SessionOwner = {
		logger,
		request_id: short_ids(),
		body_limit: () =>
			Math.min(options.body_size_limit ?? default_body_limit, options.buffer_size_limit ?? Number.POSITIVE_INFINITY),
		fire: answer,
		handle_result,
		answer_error,
		fail,
		turns: () => turn.counts.turns,
	};

	/** Node's server, which never listens itself. */
	function get_node(): NodeHttpServer {
		if (node !== undefined) return node;
		// Which requests need a Host field is ours to say, as is for how long to wait.
		node = createServer({ maxHeaderSize: head_limit, requireHostHeader: false, keepAliveTimeout: 0 });
		const add = (incoming: IncomingMessage, outgoing: ServerResponse, upgrade_head?: Buffer): void => {
			const exchange = { incoming, outgoing, ...(upgrade_head === undefined ? {} : { upgrade_head }) };
			sessions.get(incoming.socket)?.add(exchange);
		};
		node.on("request", (incoming, outgoing) => add(incoming, outgoing));
		node.on("checkContinue", (incoming, outgoing) => add(incoming, outgoing));
		node.on("upgrade", (incoming, _stream, head) => {
			const outgoing = new ServerResponse(incoming);
			outgoing.assignSocket(incoming.socket);
			add(incoming, outgoing, head);
		});
		node.on("clientError", (error: NodeJS.ErrnoException, stream) => {
			if (stream.destroyed) return;
			log("debug", "Bad input: %s", error.message);
			sessions.get(stream)?.bad_input(statuses[error.code ?? ""] ?? "400 Bad Request");
		});
		return node;
	}

	function hijack(response: HttpResponse): HijackedConnection | undefined {
		const session = by_connection.get(response.conn);
		const head = response instanceof Response ? session?.hijack(response) : undefined;
		return session === undefined || head === undefined ? undefined : { conn: response.conn, stream: session.stream, head };
	}

	return {
		events,
		onconnect(conn, is_passed = false) {
			if (is_passed) passed_on.add(conn);
			const session = new HttpSession(conn, owner);
			sessions.set(session.stream, session);
			by_connection.set(conn, session);
			get_node().emit("connection", session.stream);
		},
		add_handler: (name, handler, priority) => events.add_handler(name, handler, priority),
		remove_handler: (name, handler) => events.remove_handler(name, handler),
		fire_event: (name, event) => events.fire_event(name, event),
		add_host(name) {
			const host = name.toLowerCase();
			hosts.set(host, (hosts.get(host) ?? 0) + 1);
		},
		remove_host(name) {
			const host = name.toLowerCase();
			const left = (hosts.get(host) ?? 0) - 1;
			if (left > 0) hosts.set(host, left);
			else hosts.delete(host);
		},
		set_default_host(host) {
			default_host = host?.toLowerCase();
		},
		set_option(name, value) {
			options[name] = value;
		},
		handle_result,
		hijack_response: hijack,
		place_handler(handler: (event: HttpEvent) => unknown, place) {
			places.set(handler, place);
		},
		share(processes) {
			passing = new Passing(processes, { fire, handle_result, hijack });
		},
		get_request_from_conn: (conn) => by_connection.get(conn)?.request,
		fail,
	};
}
