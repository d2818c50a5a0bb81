// Counterpart: net/http/errors.lua

import type { ErrorType } from "./error.ts";
import { code_text } from "./http_codes.ts";

/** An error of a request to another server, in the terms of XMPP. */
export interface HttpErrorTemplate {
	/** The status; 0 where there was no answer. */
	readonly code: number;
	readonly type: ErrorType;
	readonly condition: string;
	readonly text: string;
}

/** Why there was no answer, by what the client says then. */
const reasons: { readonly [reason: string]: readonly [ErrorType, string, string] } = {
	cancelled: ["cancel", "remote-server-timeout", "Request cancelled"],
	"connection-closed": ["wait", "remote-server-timeout", "Connection closed"],
	"certificate-chain-invalid": ["cancel", "remote-server-timeout", "Server certificate not trusted"],
	"certificate-verify-failed": ["cancel", "remote-server-timeout", "Server certificate invalid"],
	"connection failed": ["cancel", "remote-server-not-found", "Connection failed"],
	"invalid-url": ["modify", "bad-request", "Invalid URL"],
	"unable to resolve service": ["cancel", "remote-server-not-found", "DNS resolution failed"],
};

/** Type and condition by status, after XEP-0086. */
const statuses: { readonly [code: number]: readonly [ErrorType, string] } = {
	400: ["modify", "bad-request"],
	401: ["auth", "not-authorized"],
	402: ["auth", "payment-required"],
	403: ["auth", "forbidden"],
	404: ["cancel", "item-not-found"],
	405: ["cancel", "not-allowed"],
	406: ["modify", "not-acceptable"],
	407: ["auth", "registration-required"],
	408: ["wait", "remote-server-timeout"],
	409: ["cancel", "conflict"],
	410: ["cancel", "gone"],
	411: ["modify", "bad-request"],
	412: ["cancel", "conflict"],
	413: ["modify", "resource-constraint"],
	414: ["modify", "resource-constraint"],
	415: ["cancel", "feature-not-implemented"],
	416: ["modify", "bad-request"],
	422: ["modify", "bad-request"],
	423: ["wait", "resource-constraint"],
	429: ["wait", "resource-constraint"],
	431: ["modify", "resource-constraint"],
	451: ["auth", "forbidden"],
	500: ["wait", "internal-server-error"],
	501: ["cancel", "feature-not-implemented"],
	502: ["wait", "remote-server-timeout"],
	503: ["cancel", "service-unavailable"],
	504: ["wait", "remote-server-timeout"],
	507: ["wait", "resource-constraint"],
	511: ["auth", "not-authorized"],
};

/** The error of a status, or of the reason for which a request got no answer. */
export function http_error(code: number, reason?: string): HttpErrorTemplate {
	if (code === 0) {
		const [type, condition, text] = reasons[reason ?? ""] ?? ["cancel", "internal-server-error", "Connection or internal error"];
		return { code, type, condition, text };
	}
	const [type, condition] = statuses[code] ?? ["cancel", "undefined-condition"];
	return { code, type, condition, text: code_text(code) };
}
