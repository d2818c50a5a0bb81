// Counterpart: net/http/server.lua, net/http.lua, net/http/files.lua, net/http/errors.lua, as the Lua side of the host's HTTP

import { isUtf8 } from "node:buffer";
import { type FilesOptions, serve } from "../host/core/http_files.ts";
import type {
	HttpApp,
	HttpBody,
	HttpCallback,
	HttpClient,
	HttpClientRequest,
	HttpClientResponse,
	HttpCors,
	HttpEvent,
	HttpHandler,
	HttpRequest,
	HttpRequestOptions,
	HttpSource,
} from "../host/core/types.ts";
import { request_prototype } from "../host/net/http/request.ts";
import { Response } from "../host/net/http/response.ts";
import { http_error } from "../host/util/http_errors.ts";
import { connection_value } from "./connection.ts";
import { type Table, TValue } from "./fengari.ts";
import { type Field, HostTable, read_only, same } from "./host_table.ts";
import { bytes_value, LiveTable, nil, number_value, string_value, tags, text_of_string } from "./live_table.ts";
import type { LuaHost } from "./lua_host.ts";
import { optional_text, text_argument } from "./providers.ts";
import { log_function, native_table } from "./session.ts";
import { entries_of } from "./store.ts";
import { bytes_of } from "./text.ts";
import { LuaError, type NativeFunction } from "./vm.ts";

function is_function(value: TValue | undefined): value is TValue {
	return value !== undefined && (value.type & 15) === 6;
}

function kept(value: TValue): TValue {
	return new TValue(value.type, value.value);
}

/** Content that Lua gave: its bytes, where they are more than text. */
export function body_of(value: TValue | undefined): HttpBody | undefined {
	if (value === undefined || value.ttisnil()) return undefined;
	if (typeof value.value === "number") return String(value.value);
	if ((value.type & 15) !== 4) return undefined;
	const bytes = bytes_of(text_of_string(value));
	return isUtf8(bytes) ? text_of_string(value) : bytes;
}

/** What Lua reads piece by piece: an open file, or a table with `read` and `close`. */
function source_of(host: LuaHost, value: TValue): HttpSource {
	const { vm } = host;
	const source = kept(value);
	const method = (name: string): TValue => vm.index(source, string_value(name));
	return {
		read(bytes) {
			const [piece] = vm.call(method("read"), [source, number_value(bytes)]);
			return piece === undefined || (piece.type & 15) !== 4 ? undefined : bytes_of(text_of_string(piece));
		},
		close() {
			const close = method("close");
			if (is_function(close)) vm.call(close, [source]);
		},
	};
}

/** What takes content piece by piece: an open file, or a table with `write`. */
function sink_of(host: LuaHost, value: TValue): { write(chunk: Buffer): unknown } {
	const { vm, border } = host;
	const sink = kept(value);
	return {
		write(chunk) {
			const [answer = nil] = vm.call(vm.index(sink, string_value("write")), [sink, bytes_value(chunk)]);
			return border.from_lua(answer);
		},
	};
}

// ------------------------------------------------------------------------------------------------- requests, responses

/** Shows what the host's HTTP server handles to Lua. */
export function register_http(host: LuaHost): void {
	const { vm, border } = host;
	for (const prototype of [Buffer.prototype, Uint8Array.prototype]) {
		border.register_conversion(prototype, (object) => bytes_value(object as Uint8Array));
	}
	const logs = new WeakMap<object, TValue>();
	const log_field = <Target extends { log: HttpRequest["log"] } & object>(): [string, Field<Target>] => [
		"log",
		{
			get(target) {
				let value = logs.get(target);
				if (!value) {
					value = log_function(host, target.log);
					logs.set(target, value);
				}
				return value;
			},
		},
	];
	const conn_field = <Target extends Pick<HttpRequest, "conn">>(): [string, Field<Target>] => [
		"conn",
		{ get: (target) => connection_value(host, target.conn) },
	];
	const sinks = new WeakMap<object, TValue>();
	/** Content that Lua put in place of what came, or took away. */
	const bodies = new WeakMap<object, TValue>();
	const of_requests = new Map<string, Field<HttpRequest>>([
		...(["id", "method", "url", "httpversion", "headers", "body_length", "chunked"] as const).map(
			(name): [string, Field<HttpRequest>] => read_only(name),
		),
		same("path"),
		same("ip"),
		same("secure"),
		same("partial"),
		log_field<HttpRequest>(),
		conn_field<HttpRequest>(),
		[
			"body",
			{
				get: (request) => bodies.get(request) ?? request.body,
				set: (request, value) => {
					bodies.set(request, kept(value));
					const body = body_of(value);
					request.body = body === undefined ? false : Buffer.from(body);
				},
			},
		],
		[
			"body_sink",
			{
				get: (request) => request.body_sink && sinks.get(request.body_sink),
				set: (request, value) => {
					request.body_sink = value.ttisnil() ? undefined : sink_of(host, value);
					if (request.body_sink) sinks.set(request.body_sink, kept(value));
				},
			},
		],
	]);
	border.register(request_prototype, (_, object) => new HostTable(border, object as HttpRequest, "request", of_requests));

	const methods = new WeakMap<Response, Map<string, TValue>>();
	const method = (
		name: string,
		run: (response: Response, args: readonly TValue[]) => ReturnType<NativeFunction>,
	): [string, Field<Response>] => [
		name,
		{
			get(response) {
				let of_response = methods.get(response);
				if (!of_response) {
					of_response = new Map();
					methods.set(response, of_response);
				}
				let value = of_response.get(name);
				if (!value) {
					value = vm.native(([, ...args]) => run(response, args));
					of_response.set(name, value);
				}
				return value;
			},
			set(response, value) {
				const of_response = methods.get(response) ?? new Map<string, TValue>();
				methods.set(response, of_response);
				of_response.set(name, kept(value));
				const own = kept(value);
				Reflect.set(response, name, (...args: unknown[]) => border.call(own, response, ...args));
			},
		},
	];
	const yes = (): TValue => border.to_lua(true);
	const of_responses = new Map<string, Field<Response>>([
		read_only("id"),
		read_only("request"),
		read_only("is_head_request"),
		same("status_code"),
		same("status"),
		same("persistent"),
		same("on_destroy"),
		same("finish_cb"),
		["finished", { get: (response) => response.finished || undefined }],
		log_field<Response>(),
		conn_field<Response>(),
		[
			"headers",
			{
				get: (response) => response.headers,
				set: (response, value) => {
					for (const name of Object.keys(response.headers)) delete response.headers[name];
					take_headers(host, response, value);
				},
			},
		],
		[
			"body",
			{
				get: (response) => response.body,
				set: (response, value) => {
					const body = body_of(value);
					if (body === undefined) delete response.body;
					else response.body = body;
				},
			},
		],
		method("send", (response, [body]) => {
			response.send(body_of(body));
			return yes();
		}),
		method("send_file", (response, [file = nil]) => {
			if ((file.type & 15) === 4) response.send(body_of(file));
			else response.send_file(source_of(host, file));
			return yes();
		}),
		method("write_headers", (response, [headers = nil]) => {
			if (headers.type === tags.table) take_headers(host, response, headers);
			response.write_headers();
			return undefined;
		}),
		method("write", (response, [chunk]) => border.to_lua(response.write(body_of(chunk) ?? ""))),
		method("done", (response) => {
			response.done();
			return undefined;
		}),
	]);
	border.register(Response.prototype, (_, object) => new HostTable(border, object as Response, "response", of_responses));
}

function take_headers(
	host: LuaHost,
	response: { headers: { [name: string]: string | number | undefined } },
	value: TValue,
): void {
	if (value.type !== tags.table) return;
	for (const [name, field] of entries_of(host, value.value as Table | LiveTable)) {
		const known = host.border.from_lua(field);
		if (typeof name === "string" && (typeof known === "string" || typeof known === "number")) response.headers[name] = known;
	}
}

function header_record(host: LuaHost, headers: TValue): { [name: string]: unknown } {
	const record: { [name: string]: unknown } = {};
	for (const [name, field] of entries_of(host, headers.value as Table | LiveTable))
		record[String(name)] = host.border.from_lua(field);
	return record;
}

/** What a Lua handler answered, as the host's server takes it. */
function answer_of(host: LuaHost, value: TValue): unknown {
	const { border, vm } = host;
	const body = (value.type & 15) === 4 ? body_of(value) : undefined;
	if (body !== undefined) return body;
	if (value.type !== tags.table) return border.from_lua(value);
	const known = border.from_lua(value);
	if (known instanceof Promise) {
		return known.then(
			(result: unknown) => (typeof result === "string" ? body_of(string_value(result)) : result),
			(reason: unknown) => Promise.reject(reason instanceof Error ? reason : reason),
		);
	}
	if (value.value instanceof LiveTable) return known;
	const text = vm.index(value, string_value("body"));
	const code = vm.index(value, string_value("code"));
	const condition = vm.index(value, string_value("condition"));
	if (!condition.ttisnil() || !code.ttisnil()) return border.copy_fields(value, ["type", "condition", "text", "code"]);
	const headers = vm.index(value, string_value("headers"));
	return {
		...border.copy_fields(value, ["status_code", "status"]),
		...(headers.type === tags.table ? { headers: header_record(host, headers) } : {}),
		...(body_of(text) === undefined ? {} : { body: body_of(text) }),
	};
}

/** Runs a handler as Prosody does, in a runner of util.async, so that it may wait for something. */
const run_in_runner = `
local async = require "util.async"
return function(handler, done, failed, event, path)
	async.runner(function()
		done(handler(event, path))
	end, { error = function(_, message) failed(message) end }):run(true)
end
`;

const runners = new WeakMap<LuaHost, TValue>();

function runner_of(host: LuaHost): TValue {
	let runner = runners.get(host);
	if (!runner) {
		const chunk = host.vm.load(bytes_of(run_in_runner), "=lua-shims/http", host.globals);
		if (!chunk.ok) throw new Error(chunk.error);
		runner = host.vm.call(chunk.value, [])[0] ?? nil;
		runners.set(host, runner);
	}
	return runner;
}

/** The host's handler for one of Lua. It answers at once where that one did not wait, else with a promise. */
export function http_handler(host: LuaHost, value: TValue): HttpHandler {
	const { vm, border } = host;
	const handler = kept(value);
	return (event, path) => {
		let outcome: { readonly value: unknown } | { readonly error: Error } | undefined;
		let settle: (() => void) | undefined;
		const end = (what: NonNullable<typeof outcome>): undefined => {
			outcome = what;
			settle?.();
			return undefined;
		};
		vm.call(runner_of(host), [
			handler,
			vm.native(([answer = nil]) => end({ value: answer_of(host, answer) })),
			vm.native(([message = nil]) => end({ error: new LuaError(vm.to_string(message), kept(message), "") })),
			border.to_lua(event),
			border.to_lua(path),
		]);
		const result = (): unknown => {
			if (outcome === undefined) return undefined;
			if ("error" in outcome) throw outcome.error;
			return outcome.value;
		};
		if (outcome !== undefined) return result();
		return new Promise<unknown>((resolve, reject) => {
			settle = () => {
				try {
					resolve(result());
				} catch (error) {
					reject(error);
				}
			};
		});
	};
}

// ---------------------------------------------------------------------------------------------------------------- apps

/** An `http-provider` of Lua. Source: plugins/mod_http.lua. */
export function http_app_from_lua(host: LuaHost, item: TValue): HttpApp {
	const { vm, border } = host;
	const field = (name: string): TValue => vm.index(item, string_value(name));
	const route: { [name: string]: unknown } = {};
	const routes = field("route");
	if (routes.type === tags.table) {
		for (const [name, handler] of entries_of(host, routes.value as Table | LiveTable)) {
			route[String(name)] = is_function(handler) ? http_handler(host, handler) : answer_of(host, handler);
		}
	}
	const name = optional_text(field("name"));
	const default_path = optional_text(field("default_path"));
	const cors = field("cors");
	return {
		...(name === undefined ? {} : { name }),
		...(default_path === undefined ? {} : { default_path }),
		...(routes.type === tags.table ? { route: route as NonNullable<HttpApp["route"]> } : {}),
		...(cors.type === tags.table ? { cors: border.copy(cors) as HttpCors } : {}),
		streaming_uploads: field("streaming_uploads").value === true,
	};
}

// -------------------------------------------------------------------------------------------------------------- server

const listeners = new WeakMap<LuaHost, TValue>();

/** `net.http.server`'s listener: whoever offers it on a port has the host's server answer there. */
export function http_listener(host: LuaHost): TValue {
	let listener = listeners.get(host);
	if (!listener) {
		listener = host.border.table({});
		listeners.set(host, listener);
	}
	return listener;
}

/** `net.http.server`. */
function server_library(host: LuaHost): TValue {
	const { vm, border, server, libraries } = host;
	const { http_server } = server;
	const bus = border.to_lua(http_server.events);
	const name_of = (value: TValue | undefined): string => text_argument(value, "host");
	/** One handler of the host for each function of Lua, so that it can be taken back. */
	const handlers = new WeakMap<object, HttpHandler>();
	const handler_of = (value: TValue | undefined): ((event: HttpEvent) => unknown) => {
		if (!is_function(value)) throw new TypeError("bad argument: expected a function as the handler");
		let handler = handlers.get(value.value as object);
		if (!handler) {
			handler = http_handler(host, value);
			handlers.set(value.value as object, handler);
		}
		return handler as (event: HttpEvent) => unknown;
	};
	const event_of = (value: TValue | undefined) => text_argument(value, "event") as `GET ${string}`;
	const response_of = (value: TValue | undefined): Response => {
		const known = value === undefined ? undefined : border.from_lua(value);
		if (known instanceof Response) return known;
		throw new TypeError("bad argument: expected a response");
	};
	const library = native_table(host, {
		add_handler: ([event, handler, priority]) => {
			http_server.events.add_handler(
				event_of(event),
				handler_of(handler),
				typeof priority?.value === "number" ? priority.value : undefined,
			);
			return undefined;
		},
		remove_handler: ([event, handler]) => {
			http_server.events.remove_handler(event_of(event), handler_of(handler));
			return undefined;
		},
		fire_event: ([event, payload = nil]) => border.to_lua(http_server.events.fire_any(event_of(event), border.from_lua(payload))),
		add_host: ([name]) => {
			http_server.add_host(name_of(name));
			return undefined;
		},
		remove_host: ([name]) => {
			http_server.remove_host(name_of(name));
			return undefined;
		},
		set_default_host: ([name]) => {
			http_server.set_default_host(optional_text(name));
			return undefined;
		},
		set_option: ([name, value = nil]) => {
			const option = text_argument(name, "option");
			const number = typeof value.value === "number" ? value.value : undefined;
			if (option === "body_size_limit" || option === "buffer_size_limit") http_server.set_option(option, number);
			return undefined;
		},
		send_response: ([response, body]) => {
			response_of(response).send(body_of(body));
			return border.to_lua(true);
		},
		send_file: ([response, file = nil]) => {
			response_of(response).send_file(source_of(host, file));
			return border.to_lua(true);
		},
		write_headers: ([response]) => {
			response_of(response).write_headers();
			return undefined;
		},
		finish_response: ([response]) => {
			response_of(response).done();
			return undefined;
		},
		handle_result: ([, response, result = nil]) => {
			http_server.handle_result(response_of(response), answer_of(host, result));
			return undefined;
		},
		get_request_from_conn: ([conn = nil]) => {
			const known = border.from_lua(conn);
			return typeof known === "object" && known !== null
				? border.to_lua(http_server.get_request_from_conn(known as HttpRequest["conn"]))
				: nil;
		},
		// ports are opened by the host's mod_http, as the configuration says
		listen_on: () => [border.to_lua(false), string_value("ports are opened as http_ports and https_ports say")],
	});
	const table = library.value as Table;
	vm.raw_set(table, "_events", bus);
	vm.raw_set(table, "codes", libraries.get("net.http.codes"));
	vm.raw_set(table, "listener", http_listener(host));
	return library;
}

/** `net.http.files`. */
function files_library(host: LuaHost): TValue {
	const { vm, border, server } = host;
	return native_table(host, {
		serve: ([given = nil]) => {
			const field = (name: string): TValue => (given.type === tags.table ? vm.index(given, string_value(name)) : nil);
			const path = given.type === tags.table ? optional_text(field("path")) : optional_text(given);
			if (path === undefined) throw new TypeError("bad argument to serve: expected a folder, or options with a path");
			const number = (name: string): number | undefined => {
				const { value } = field(name);
				return typeof value === "number" ? value : undefined;
			};
			const mime_map = field("mime_map");
			const index_files = field("index_files");
			const cache_size = number("cache_size");
			const cache_max_file_size = number("cache_max_file_size");
			const options: FilesOptions = {
				path,
				...(mime_map.type === tags.table
					? { mime_map: (extension: string) => optional_text(vm.index(mime_map, string_value(extension))) }
					: {}),
				...(cache_size === undefined ? {} : { cache_size }),
				...(cache_max_file_size === undefined ? {} : { cache_max_file_size }),
				...(index_files.type === tags.table ? { index_files: (border.copy(index_files) as unknown[]).map(String) } : {}),
				directory_index: field("directory_index").value === true,
			};
			const handler = serve(server.http_server, options);
			return vm.native(([event = nil, rest]) => border.to_lua(handler(border.from_lua(event) as HttpEvent, optional_text(rest))));
		},
	});
}

// -------------------------------------------------------------------------------------------------------------- client

function request_options(host: LuaHost, value: TValue): HttpRequestOptions {
	if (value.type !== tags.table) return {};
	const { vm, border } = host;
	const field = (name: string): TValue => vm.index(value, string_value(name));
	const headers = field("headers");
	const body = body_of(field("body"));
	const streaming = field("streaming_handler");
	const of_headers: { [name: string]: string | number } = {};
	if (headers.type === tags.table) {
		for (const [name, header] of entries_of(host, headers.value as Table | LiveTable)) {
			const known = border.from_lua(header);
			if (typeof known === "string" || typeof known === "number") of_headers[String(name)] = known;
		}
	}
	return {
		...border.copy_fields(value, ["id", "method", "insecure", "suppress_url", "body_size_limit", "timeout"]),
		...(headers.type === tags.table ? { headers: of_headers } : {}),
		...(body === undefined ? {} : { body }),
		...(is_function(streaming)
			? {
					streaming_handler: (response: HttpClientResponse) => {
						const [sink = nil, finalize = nil] = vm.call(streaming, [border.to_lua(response)]);
						return {
							...(sink.ttisnil() ? {} : { sink: sink_of(host, sink) }),
							...(is_function(finalize)
								? { finalize: (answer: HttpClientResponse) => void vm.call(kept(finalize), [border.to_lua(answer)]) }
								: {}),
						};
					},
				}
			: {}),
	};
}

/** A client with Prosody's methods. */
function client_value(host: LuaHost, client: HttpClient): TValue {
	const { vm, border } = host;
	const log = host.server.logger("http");
	const request = (url: TValue | undefined, options: TValue = nil, callback: TValue = nil): TValue => {
		const target = text_argument(url, "url");
		const given = request_options(host, options);
		// the options may be left out
		const done = is_function(options) ? options : callback;
		if (!is_function(done)) return border.to_lua(client.request(target, given));
		const own = kept(done);
		const told: HttpCallback = (body, code, response, asked) => {
			try {
				vm.call(own, [border.to_lua(body), number_value(code), border.to_lua(response), border.to_lua(asked)]);
			} catch (error) {
				log("error", "Traceback[http]: %s", error instanceof Error ? error.stack : error);
			}
		};
		return border.to_lua(client.request(target, given, told));
	};
	const value = native_table(host, {
		request: ([, url, options, callback]) => request(url, options, callback),
		new: ([options = nil]) => client_value(host, client.new(border.copy_fields(options, client_options))),
	});
	vm.raw_set(value.value as Table, "events", border.to_lua(client.events));
	vm.raw_set(value.value as Table, "options", border.deep_table({ ...client.options }));
	return value;
}

const client_options = ["connection_pooling", "connect_timeout", "read_timeout"];

/** `net.http`. */
function client_library(host: LuaHost): TValue {
	const { vm, border, server, libraries } = host;
	const client = client_value(host, server.http);
	const request = vm.index(client, string_value("request"));
	const library = native_table(host, {
		request: ([url = nil, options = nil, callback = nil]) => vm.call(request, [client, url, options, callback]),
		new: ([options = nil]) => client_value(host, server.http.new(border.copy_fields(options, client_options))),
		destroy_request: ([asked = nil]) => {
			const known = border.from_lua(asked) as Partial<HttpClientRequest> | undefined;
			known?.cancel?.();
			return undefined;
		},
	});
	const table = library.value as Table;
	vm.raw_set(table, "default", client);
	vm.raw_set(table, "events", border.to_lua(server.http.events));
	vm.raw_set(table, "features", border.table({ sni: true }));
	vm.raw_set(table, "codes", libraries.get("net.http.codes"));
	for (const name of ["urlencode", "urldecode", "formencode", "formdecode"]) {
		vm.raw_set(table, name, libraries.function_of("util.http", name));
	}
	return library;
}

/** `net.http.errors`. */
function errors_library(host: LuaHost): TValue {
	const { vm, border, libraries } = host;
	const template = (code: TValue | undefined, body?: TValue): TValue => {
		const number = typeof code?.value === "number" ? code.value : 0;
		return border.deep_table({ ...http_error(number, optional_text(body) ?? optional_text(code) ?? "") });
	};
	const registry = vm.new_table();
	registry.metatable = vm.new_table();
	vm.raw_set(
		registry.metatable,
		"__index",
		vm.native(([, code]) => template(code)),
	);
	const library = native_table(host, {
		new: ([code, body, context = nil]) => {
			const made = template(code, body);
			return vm.call(libraries.function_of("util.error", "new"), [made, context]);
		},
	});
	vm.raw_set(library.value as Table, "registry", new TValue(tags.table, registry));
	return library;
}

/** Makers of the libraries `net.http.*`. */
export const http_libraries: { readonly [name: string]: (host: LuaHost) => TValue } = {
	"net.http": client_library,
	"net.http.errors": errors_library,
	"net.http.files": files_library,
	"net.http.server": server_library,
};
