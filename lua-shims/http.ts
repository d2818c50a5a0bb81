// Counterpart: net/http/server.lua, net/http/files.lua, as the Lua side of the host's HTTP server

import { type FilesOptions, serve } from "../host/core/http_files.ts";
import type { HttpApp, HttpCors, HttpEvent, HttpHandler, HttpRequest } from "../host/core/types.ts";
import { Response } from "../host/net/http/response.ts";
import type { LuaContext } from "./context.ts";
import { body_of, kept, source_of } from "./http_body.ts";
import { client_library, errors_library } from "./http_client.ts";
import { entries_of } from "./store_values.ts";
import { make_library, optional_text, text_argument } from "./vm/arguments.ts";
import type { Table, TValue } from "./vm/fengari.ts";
import { is_function, LiveTable, nil, string_value, tags } from "./vm/live_table.ts";
import { bytes_of } from "./vm/text.ts";
import { LuaError } from "./vm/vm.ts";

function header_record(host: LuaContext, headers: TValue): { [name: string]: unknown } {
	const record: { [name: string]: unknown } = {};
	for (const [name, field] of entries_of(host, headers.value as Table | LiveTable))
		record[String(name)] = host.border.from_lua(field);
	return record;
}

/** The answer of a Lua handler, for the host's server. */
function answer_of(host: LuaContext, value: TValue): unknown {
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
	if (!condition.ttisnil() || !code.ttisnil()) {
		const error = border.copy_fields(value, ["type", "condition", "text", "code"]);
		// the module that makes the error page gets all of it
		border.bind(error, kept(value));
		return error;
	}
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

const runners = new WeakMap<LuaContext, TValue>();

function runner_of(host: LuaContext): TValue {
	let runner = runners.get(host);
	if (!runner) {
		const chunk = host.vm.load(bytes_of(run_in_runner), "=lua-shims/http", host.globals);
		if (!chunk.ok) throw new Error(chunk.error);
		runner = host.vm.call(chunk.value, [])[0] ?? nil;
		runners.set(host, runner);
	}
	return runner;
}

/** The host's handler for a Lua handler. It answers at once where that one does not wait, otherwise with a promise. */
export function http_handler(host: LuaContext, value: TValue): HttpHandler {
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
export function http_app_from_lua(host: LuaContext, item: TValue): HttpApp {
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

const listeners = new WeakMap<LuaContext, TValue>();

/** The listener of `net.http.server`: on ports where a module offers it, the host's server answers. */
export function http_listener(host: LuaContext): TValue {
	let listener = listeners.get(host);
	if (!listener) {
		listener = host.border.table({});
		listeners.set(host, listener);
	}
	return listener;
}

/** `net.http.server`. */
function server_library(host: LuaContext): TValue {
	const { vm, border, server, libraries } = host;
	const { http_server } = server;
	const bus = border.to_lua(http_server.events);
	const name_of = (value: TValue | undefined): string => text_argument(value, "host");
	/** One handler of the host for each Lua function, so that it can be removed. */
	const handlers = new WeakMap<object, HttpHandler>();
	/** The same for events that are not requests, such as `http-error`: their handlers answer at once. */
	const others = new WeakMap<object, (event: unknown) => unknown>();
	const other_of = (given: TValue): ((event: unknown) => unknown) => {
		const value = kept(given);
		const closure = value.value as object;
		let handler = others.get(closure);
		if (!handler) {
			handler = (event) => answer_of(host, vm.call(value, [border.to_lua(event)])[0] ?? nil);
			others.set(closure, handler);
		}
		return handler;
	};
	const handler_of = (event: string, value: TValue | undefined): ((event: HttpEvent) => unknown) => {
		if (!is_function(value)) throw new TypeError("bad argument: expected a function as the handler");
		if (!event.includes(" ")) return other_of(value);
		let handler = handlers.get(value.value as object);
		if (!handler) {
			handler = http_handler(host, value);
			handlers.set(value.value as object, handler);
		}
		return handler as (event: HttpEvent) => unknown;
	};
	const event_of = (value: TValue | undefined) => text_argument(value, "event") as `GET ${string}`;
	// Functions that Prosody's modules put in place of a response's methods call these
	const response_of = (value: TValue | undefined): Response => {
		const known = value === undefined ? undefined : border.from_lua(value);
		if (known instanceof Response) return known;
		throw new TypeError("bad argument: expected a response");
	};
	const library = make_library(host.vm, {
		add_handler: ([event, handler, priority]) => {
			http_server.events.add_handler(
				event_of(event),
				handler_of(event_of(event), handler),
				typeof priority?.value === "number" ? priority.value : undefined,
			);
			return undefined;
		},
		remove_handler: ([event, handler]) => {
			http_server.events.remove_handler(event_of(event), handler_of(event_of(event), handler));
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
			Response.prototype.send.call(response_of(response), body_of(body));
			return border.to_lua(true);
		},
		send_file: ([response, file = nil]) => {
			Response.prototype.send_file.call(response_of(response), source_of(host, file));
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
function files_library(host: LuaContext): TValue {
	const { vm, border, server } = host;
	return make_library(host.vm, {
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

/** Makers of the libraries `net.http.*`. */
export const http_libraries: { readonly [name: string]: (host: LuaContext) => TValue } = {
	"net.http": client_library,
	"net.http.errors": errors_library,
	"net.http.files": files_library,
	"net.http.server": server_library,
};
