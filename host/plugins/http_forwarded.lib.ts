// Counterpart: plugins/mod_http.lua (get_forwarded_connection_info)

import type { HttpRequest } from "../core/types.ts";
import { parse_forwarded } from "../util/http.ts";
import type { AddressSet } from "../util/ip.ts";

/** An address without the port that proxies may name with it. */
function bare_address(text: string): string {
	return /^\[([0-9a-fA-F:]*)\]/.exec(text)?.[1] ?? /^\d+\.\d+\.\d+\.\d+/.exec(text)?.[0] ?? text;
}

function is_trusted(proxies: AddressSet, address: string): boolean | undefined {
	return proxies.has(bare_address(address));
}

/** By RFC 7239: the request's way is followed back as long as each proxy is trusted. */
function follow_forwarded(request: HttpRequest, proxies: AddressSet): { ip: string; secure: boolean } {
	let { ip, secure } = request;
	const way = parse_forwarded(request.headers["forwarded"]);
	if (way === undefined || way === false) return { ip, secure };
	request.forwarded = way;
	for (const hop of [...way].reverse()) {
		const trusted = is_trusted(proxies, ip);
		if (trusted !== true) {
			if (trusted === undefined) request.log("warn", "A proxy forwards for %q, which is no address", ip);
			break;
		}
		ip = bare_address(hop["for"] ?? ip);
		secure = secure && hop["proto"] === "https";
	}
	return { ip, secure };
}

/**
 * By `X-Forwarded-For`: the last address that does not belong to a trusted proxy; the connection's own address comes last in the
 * list.
 */
function follow_x_forwarded(request: HttpRequest, proxies: AddressSet): { ip: string; secure: boolean } {
	let { ip } = request;
	const forwarded_for = request.headers["x_forwarded_for"];
	if (forwarded_for !== undefined) {
		for (const address of `${forwarded_for},${ip}`.split(/[\s,]+/)) {
			const trusted = address === "" || is_trusted(proxies, address);
			if (trusted === undefined) request.log("warn", "A proxy forwards for %q, which is no address", address);
			else if (!trusted) ip = bare_address(address);
		}
	}
	return { ip, secure: request.secure || request.headers["x_forwarded_proto"] === "https" };
}

/**
 * Sets where a request came from, where trusted proxies say so.
 * @param legacy whether proxies speak of that with `X-Forwarded-For` instead of `Forwarded`
 */
export function apply_forwarded(request: HttpRequest, proxies: AddressSet, legacy: boolean): void {
	if (is_trusted(proxies, request.ip) !== true) return;
	const { ip, secure } = legacy ? follow_x_forwarded(request, proxies) : follow_forwarded(request, proxies);
	request.ip = ip;
	request.secure = secure;
}
