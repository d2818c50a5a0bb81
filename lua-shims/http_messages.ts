// Counterpart: net/http/server.lua (requests and responses as modules in Lua see them)

import type { HttpRequest } from "../host/core/types.ts";
import { request_prototype } from "../host/net/http/request.ts";
import { Response } from "../host/net/http/response.ts";
import { connection_value } from "./connection.ts";
import type { LuaContext } from "./context.ts";
import { type Field, HostTable, read_only, same } from "./host_table.ts";
import { body_of, kept, sink_of, source_of, take_headers } from "./http_body.ts";
import { log_function } from "./log_format.ts";
import type { TValue } from "./vm/fengari.ts";
import { bytes_value, nil, tags } from "./vm/live_table.ts";

import type { NativeFunction } from "./vm/vm.ts";

/** Shows what the host's HTTP server handles to Lua. */
export function register_http(host: LuaContext): void {
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
					value = log_function(host.vm, target.log);
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
	/** Content that Lua has replaced or removed. */
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
		[
			"finished",
			{
				get: (response) => response.finished || undefined,
				// a module that sets it answers itself
				set: (response, value) => {
					response.finished = !value.ttisnil() && value.value !== false;
				},
			},
		],
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
