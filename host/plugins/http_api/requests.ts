// Counterpart: ejabberd's mod_http_api: from requests to calls, and from answers to responses.

import { isIP } from "node:net";
import type { HttpEvent, HttpRequest, ModuleApi } from "../../core/types.ts";
import type { ApiError } from "../../util/api/command.ts";
import { Cache } from "../../util/cache.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { formdecode } from "../../util/http.ts";
import { Throttle } from "../../util/throttle.ts";
import { type ApiTable, type Called, unknown_command } from "./table.ts";
import type { Token, Tokens } from "./tokens.ts";

/** The most bytes that a call may have. */
const longest_body = 64 * 1024;
/** How many addresses are remembered that came with wrong tokens, and how often they may within a minute. */
const most_addresses = 1000;
const most_failures = 30;
/** How many tokens' rates are remembered. */
const most_rates = 1000;
/** The most characters of a call's arguments in the log. */
const longest_shown = 500;

/** An answer that is an error, in ejabberd's form. */
export interface Problem {
	readonly status: number;
	readonly code: number;
	readonly message: string;
	/** What is known all the same, of a command that lists. */
	readonly partial?: unknown;
	readonly headers?: Readonly<Record<string, string>>;
}

const kinds: Readonly<Record<ApiError["kind"], { readonly status: number; readonly code: number }>> = {
	"bad-request": { status: 400, code: 40 },
	forbidden: { status: 403, code: 32 },
	"not-found": { status: 404, code: 44 },
	conflict: { status: 409, code: 90 },
	failed: { status: 500, code: 50 },
	unavailable: { status: 503, code: 53 },
};

/** How calls are to be limited. */
export interface RequestLimits {
	/** Calls that a token may make within a minute. */
	readonly rate: number;
	/** Whether tokens may only come over connections that nobody else can read. */
	readonly require_encryption: boolean;
}

function is_loopback(ip: string): boolean {
	return ip === "::1" || /^(::ffff:)?127\./.test(ip);
}

/** Whether others could read what comes over a connection. */
export function is_private(request: HttpRequest): boolean {
	return request.secure || is_loopback(request.ip);
}

/** The name in a header `Host`, without the port. */
function host_name(field: string | undefined): string {
	return (field ?? "")
		.replace(/:\d+$/, "")
		.replace(/^\[(.*)\]$/, "$1")
		.toLowerCase();
}

/**
 * Whether a page of this server could have that name. Somebody else's name may lead to this machine, too, so that their pages are of the
 * same origin as what is served here (DNS rebinding); addresses cannot be made to do that.
 */
function is_own_name(module: ModuleApi, name: string): boolean {
	if (isIP(name) !== 0 || name === "localhost" || module.server.hosts.has(name)) return true;
	const { config, hosts } = module.server;
	const named = ["*", ...hosts.keys()].flatMap((host) => [config.get(host, "http_host"), config.get(host, "http_external_url")]);
	return named.some(
		(value) => typeof value === "string" && (value === name || (URL.canParse(value) && new URL(value).hostname === name)),
	);
}

/** Whether a request was made by a page of another site. Programs do not say where they are. */
export function is_foreign(module: ModuleApi, { headers }: HttpRequest): boolean {
	const { origin, host } = headers;
	if (origin === undefined) return false;
	return !URL.canParse(origin) || new URL(origin).host !== host || !is_own_name(module, host_name(host));
}

/** The arguments in a query. */
function read_query(query: string | undefined): Result<Record<string, unknown>, string> {
	const form = formdecode(query ?? "");
	if (typeof form === "string") return form === "" ? ok({}) : failed("expected name=value in the query");
	const given = new Map<string, string>();
	for (const { name, value } of form.fields) {
		if (given.has(name)) return failed(`${name} is there twice`);
		given.set(name, value);
	}
	return ok(Object.fromEntries(given));
}

/** The arguments in the content. An empty list is an empty table, as ejabberd has it. */
function read_content(body: Buffer): Result<Record<string, unknown>, string> {
	let content: unknown;
	try {
		content = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
	} catch {
		return failed("Invalid JSON input");
	}
	if (Array.isArray(content) && content.length === 0) return ok({});
	if (typeof content !== "object" || content === null || Array.isArray(content)) {
		return failed("expected an object with the arguments");
	}
	return ok(Object.fromEntries(Object.entries(content)));
}

function write_head({ response }: HttpEvent): void {
	response.headers["content_type"] = "application/json";
	response.headers["cache_control"] = "no-store";
	response.headers["x_content_type_options"] = "nosniff";
}

/** Answers requests. */
export class Requests {
	private readonly rates = new Cache<string, Throttle>(most_rates);
	private readonly failures = new Cache<string, Throttle>(most_addresses);

	constructor(
		private readonly module: ModuleApi,
		private readonly table: ApiTable,
		private readonly tokens: Tokens,
		private readonly limits: RequestLimits,
	) {}

	/** Calls what the path names. */
	async answer(event: HttpEvent, name: string): Promise<string> {
		const done = await this.call(event.request, name);
		if (!done.ok) return this.refuse(event, done.error);
		write_head(event);
		return JSON.stringify(done.value ?? null);
	}

	/** What an error is as an answer. */
	refuse(event: HttpEvent, { status, code, message, partial, headers = {} }: Problem): string {
		write_head(event);
		event.response.status_code = status;
		for (const [field, value] of Object.entries(headers)) event.response.headers[field] = value;
		return JSON.stringify({ status: "error", code, message, partial });
	}

	/** Whose token a request brings, where it may call anything now. */
	authorize(request: HttpRequest): Result<Token, Problem> {
		if (is_foreign(this.module, request))
			return failed({ status: 403, code: 32, message: "Pages of other sites may not call this" });
		if (this.limits.require_encryption && !is_private(request)) {
			return failed({ status: 403, code: 32, message: "Tokens are only taken over HTTPS, or from this machine" });
		}
		const given = /^Bearer +(\S+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
		const token = given === undefined ? undefined : this.tokens.find(given);
		if (token === undefined) return failed(this.refuse_token(request, given !== undefined));
		const rate = this.rates.get(token.id) ?? new Throttle(this.limits.rate, 60);
		this.rates.set(token.id, rate);
		return rate.poll() ? ok(token) : failed(too_many("Too many calls with this token", 60 / this.limits.rate));
	}

	private refuse_token(request: HttpRequest, was_given: boolean): Problem {
		const seen = this.failures.get(request.ip) ?? new Throttle(most_failures, 60);
		this.failures.set(request.ip, seen);
		if (was_given && !seen.poll()) return too_many("Too many calls with wrong tokens", 60 / most_failures);
		if (was_given) request.log("warn", "A call with a wrong token from %s", request.ip);
		const message = was_given ? "The token is unknown, or it has ended." : "You are not authorized to call this command.";
		return { status: 401, code: 10, message, headers: { www_authenticate: 'Bearer realm="api"' } };
	}

	private async call(request: HttpRequest, name: string): Promise<Result<unknown, Problem>> {
		const authorized = this.authorize(request);
		if (!authorized.ok) return authorized;
		const given = this.read_arguments(request, name);
		if (!given.ok) return given;
		const called = await this.table.call(authorized.value, name, given.value);
		this.log(request, authorized.value, name, called);
		const { answer } = called;
		if (answer.ok) return answer;
		const { kind, text, partial } = answer.error;
		return failed({ ...(answer === unknown_command ? { status: 404, code: 40 } : kinds[kind]), message: text, partial });
	}

	private read_arguments(request: HttpRequest, name: string): Result<Record<string, unknown>, Problem> {
		const { method, body } = request;
		const bad = (status: number, message: string, headers = {}) => failed({ status, code: 40, message, headers });
		if (method !== "POST") {
			const [command] = this.table.find(name).values();
			if (command?.is_reading === false) return bad(405, `${name} changes something: expected POST`, { allow: "POST" });
			const read = read_query(request.url.query);
			return read.ok ? read : bad(400, read.error);
		}
		if (body === false || body.length === 0) return bad(400, "Missing POST data");
		if (body.length > longest_body) return bad(413, `expected at most ${longest_body} bytes`);
		const type = (request.headers["content_type"] ?? "").split(";")[0]?.trim().toLowerCase();
		if (type !== "application/json") return bad(415, "expected Content-Type: application/json");
		const read = read_content(body);
		return read.ok ? read : bad(400, read.error);
	}

	/** What changes something is in the log, and who did it. */
	private log(request: HttpRequest, token: Token, name: string, { command, call, answer }: Called): void {
		const level = command?.is_reading === false ? "info" : "debug";
		const shown = JSON.stringify(call?.shown ?? {}).slice(0, longest_shown);
		const outcome = answer.ok ? "done" : answer.error.text;
		this.module.log(level, "%s (token %s, %s) called %s %s: %s", token.jid, token.id, request.ip, name, shown, outcome);
	}
}

/** The answer to somebody who calls too often; `wait` in seconds. */
export function too_many(message: string, wait: number): Problem {
	return { status: 429, code: 40, message, headers: { retry_after: String(Math.ceil(wait)) } };
}
