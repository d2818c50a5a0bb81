// Counterpart: net/http/parser.lua (what a request is made from)

import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { HttpRequest, HttpUrl } from "../../core/types/http.ts";
import type { Connection, Log } from "../../core/types.ts";
import { urldecode } from "../../util/http.ts";

/** Whether each character is one byte. */
function is_ascii(text: string): boolean {
	return Buffer.byteLength(text) === text.length;
}

/** Header values are bytes, which Node hands on one by one. */
export function header_text(value: string): string {
	if (is_ascii(value)) return value;
	const bytes = Buffer.from(value, "latin1");
	return isUtf8(bytes) ? bytes.toString() : value;
}

/** The other way: text as Node wants it. */
export function header_bytes(text: string): string {
	return is_ascii(text) ? text : Buffer.from(text).toString("latin1");
}

/** Header fields by name; those that came several times are joined. `separator` stands in names where `-` does on the wire. */
export function read_headers(raw: readonly string[], separator: "_" | "-"): { [name: string]: string | undefined } {
	// Without a prototype, since the names are the peer's.
	const headers: { [name: string]: string | undefined } = Object.create(null);
	/** Fields with an underscore could pass for what only a proxy may say, so they only count where that is not said. */
	const forged: [string, string][] = [];
	for (let position = 0; position + 1 < raw.length; position += 2) {
		const on_wire = (raw[position] ?? "").toLowerCase();
		const name = separator === "-" ? on_wire : on_wire.replaceAll("-", separator);
		const value = header_text(raw[position + 1] ?? "");
		if (separator === "_" && on_wire.includes("_")) forged.push([name, value]);
		else headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
	}
	for (const [name, value] of forged) headers[name] ??= value;
	return headers;
}

function read_url(target: string): HttpUrl | undefined {
	if (target.startsWith("/") || target === "*") {
		const [, path = "", query = ""] = /^([^?]*)\??(.*)$/s.exec(target) ?? [];
		return query === "" ? { path } : { path, query };
	}
	const whole = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#@]*@)?([^/?#:]+|\[[^\]]*\])(?::(\d+))?(\/[^?#]*)?(?:\?([^#]*))?/i.exec(target);
	if (whole === null) return undefined;
	const [, scheme = "", host = "", port, path = "/", query] = whole;
	return { path, scheme, host, ...(port === undefined ? {} : { port }), ...(query === undefined ? {} : { query }) };
}

/** The decoded path, with a slash in front and no empty parts; undefined where it leads out of the root. */
function read_path(path: string): string | undefined {
	const decoded = urldecode(path.replace(/\/{2,}/g, "/"));
	const absolute = decoded.startsWith("/") ? decoded : `/${decoded}`;
	let depth = 0;
	for (const part of absolute.split("/").slice(1, -1)) {
		if (part === "..") depth--;
		else if (part !== "." && part !== "") depth++;
		if (depth < 0) return undefined;
	}
	return absolute;
}

/** A request with its head as it came. */
export interface ReadRequest {
	readonly request: HttpRequest;
	/** Why it cannot be answered; its path is `/` then. */
	readonly problem: string | undefined;
}

/** What all requests have for their prototype, so that Lua's view of them can be told by it. */
export const request_prototype: object = {};

/** Makes a request from its head. */
export function read_request(
	incoming: IncomingMessage,
	conn: Connection,
	logger: (name: string) => Log,
	request_id: string,
): ReadRequest {
	const method = incoming.method ?? "GET";
	const url = read_url(incoming.url ?? "");
	const path = url === undefined ? undefined : read_path(url.path);
	const headers = read_headers(incoming.rawHeaders, "_");
	if (url?.host !== undefined) headers["host"] = url.host;
	const length = headers["content_length"];
	const request: HttpRequest = Object.assign(Object.create(request_prototype), {
		id: request_id,
		log: logger(`http.${method}-${request_id}`),
		method,
		path: path ?? "/",
		url: url ?? { path: "/" },
		httpversion: incoming.httpVersion,
		headers,
		body: false,
		body_length: length === undefined ? undefined : Number(length),
		chunked: headers["transfer_encoding"] !== undefined,
		partial: false,
		body_sink: undefined,
		ip: conn.ip,
		secure: conn.secure,
		conn,
	});
	return { request, problem: path === undefined ? "Invalid path" : undefined };
}
