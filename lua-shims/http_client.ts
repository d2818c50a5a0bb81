// Counterpart: net/http.lua, net/http/errors.lua, as the Lua side of the host's HTTP client

import type { HttpCallback, HttpClient, HttpClientRequest, HttpClientResponse, HttpRequestOptions } from "../host/core/types.ts";
import { http_error } from "../host/util/http_errors.ts";
import type { LuaContext } from "./context.ts";
import { body_of, kept, sink_of } from "./http_body.ts";
import { entries_of } from "./store_values.ts";
import { make_library, optional_text, text_argument } from "./vm/arguments.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { is_function, type LiveTable, nil, number_value, string_value, tags } from "./vm/live_table.ts";

function request_options(host: LuaContext, value: TValue): HttpRequestOptions {
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
function client_value(host: LuaContext, client: HttpClient): TValue {
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
	const value = make_library(host.vm, {
		request: ([, url, options, callback]) => request(url, options, callback),
		new: ([options = nil]) => client_value(host, client.new(border.copy_fields(options, client_options))),
	});
	vm.raw_set(value.value as Table, "events", border.to_lua(client.events));
	vm.raw_set(value.value as Table, "options", border.deep_table({ ...client.options }));
	return value;
}

const client_options = ["connection_pooling", "connect_timeout", "read_timeout"];

/** `net.http`. */
export function client_library(host: LuaContext): TValue {
	const { vm, border, server, libraries } = host;
	const client = client_value(host, server.http);
	const request = vm.index(client, string_value("request"));
	const library = make_library(host.vm, {
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
export function errors_library(host: LuaContext): TValue {
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
	const library = make_library(host.vm, {
		new: ([code, body, context = nil]) => {
			const made = template(code, body);
			return vm.call(libraries.function_of("util.error", "new"), [made, context]);
		},
	});
	vm.raw_set(library.value as Table, "registry", new TValue(tags.table, registry));
	return library;
}
