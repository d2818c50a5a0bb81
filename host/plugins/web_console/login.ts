// No counterpart: administrators log in to the console in the browser with their account, by SASL over HTTP.

import { ClientSession } from "../../core/c2s_session.ts";
import type { HttpRequest, ModuleApi, SaslHandler } from "../../core/types.ts";
import { Cache } from "../../util/cache.ts";
import { base64_decode, base64_encode } from "../../util/encodings.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { document_framing } from "../../util/framing.ts";
import * as id from "../../util/id.ts";
import * as jid from "../../util/jid.ts";
import { Throttle } from "../../util/throttle.ts";
import { promise_of, Waiting } from "../../util/waiting.ts";
import type { HttpApiExports } from "../mod_http_api.ts";

/** For how long somebody stays logged in, in seconds. */
const session_time = 12 * 3600;
/** Exchanges that may be open at once, and for how long each, in seconds. */
const most_exchanges = 200;
const exchange_time = 60;
/** Tries within a minute, of one address and for one account. */
const most_tries = 10;
const most_remembered = 2000;
/** The most characters of a message of SASL. */
const longest_message = 4096;

/** What is possible over HTTP: nothing that binds a channel, or that proves nothing. */
const possible: ReadonlySet<string> = new Set(["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]);

/** An answer to a step of a login. */
export type LoginStep =
	| { readonly mechanisms: readonly string[] }
	| { readonly exchange: string; readonly message: string }
	| { readonly token: string; readonly jid: string; readonly message: string };

/** Why somebody was not let in. */
export interface Refusal {
	readonly status: 400 | 401 | 403 | 429;
	readonly text: string;
}

interface Exchange {
	readonly handler: SaslHandler;
	readonly host: string;
	readonly account: string;
	readonly ends: number;
}

function refuse(status: Refusal["status"], text: string): Result<LoginStep, Refusal> {
	return failed({ status, text });
}

function seconds(): number {
	return performance.now() / 1000;
}

/** The logins of administrators. */
export class Logins {
	private readonly exchanges = new Cache<string, Exchange>(most_exchanges);
	private readonly tries = new Cache<string, Throttle>(most_remembered);

	constructor(
		private readonly module: ModuleApi,
		private readonly api: HttpApiExports,
	) {}

	/**
	 * Takes a step: the first names the account, the second a mechanism with its first message, others go on with that.
	 * @param given what the page sent
	 */
	async step(request: HttpRequest, given: Readonly<Record<string, unknown>>): Promise<Result<LoginStep, Refusal>> {
		const { account, mechanism, exchange, message } = given;
		if (typeof exchange === "string") return this.go_on(request, exchange, message);
		const { node, host, resource } = jid.prepped_split(typeof account === "string" ? account : undefined);
		if (node === undefined || host === undefined || resource !== undefined) {
			return refuse(400, "expected an account such as admin@example.com");
		}
		const address = `${node}@${host}`;
		const is_served = this.module.server.hosts.get(host)?.type === "local";
		if (!is_served) return refuse(400, `${host} has no accounts here: use a token`);
		const handler = this.handler(request, host);
		const offered = handler.mechanisms().filter((name) => possible.has(name));
		if (typeof mechanism !== "string") return ok({ mechanisms: offered });
		if (!this.may_try(request.ip) || !this.may_try(address)) return refuse(429, "too many tries; wait a minute");
		if (!offered.includes(mechanism) || !handler.select(mechanism)) return refuse(400, `${mechanism} is not offered`);
		const began = { handler, host, account: address, ends: seconds() + exchange_time };
		return this.process(request, id.medium(), began, message);
	}

	private go_on(request: HttpRequest, name: string, message: unknown): Promise<Result<LoginStep, Refusal>> {
		const exchange = this.exchanges.get(name);
		this.exchanges.set(name, undefined);
		const is_open = exchange !== undefined && exchange.ends > seconds();
		return is_open
			? this.process(request, name, exchange, message)
			: Promise.resolve(refuse(401, "the login took too long; begin again"));
	}

	private async process(
		request: HttpRequest,
		name: string,
		exchange: Exchange,
		given: unknown,
	): Promise<Result<LoginStep, Refusal>> {
		const message = typeof given === "string" && given.length <= longest_message ? base64_decode(given) : undefined;
		if (message === undefined) return refuse(400, "message: expected base64");
		const { handler, host, account } = exchange;
		const processed = handler.process_waiting?.(message) ?? handler.process(message);
		const step = processed instanceof Waiting ? await promise_of(processed) : processed;
		if (step.status === "challenge") {
			this.exchanges.set(name, exchange);
			return ok({ exchange: name, message: base64_encode(step.data) });
		}
		const { log } = this.module;
		if (step.status === "failure") {
			log("warn", "%s could not log in from %s: %s", account, request.ip, step.text ?? step.condition);
			return refuse(401, "the account or the password is wrong");
		}
		const address = `${step.username}@${host}`;
		const { table, tokens } = this.api;
		if (address !== account || !table.may_manage_some(table.caller(address))) {
			log("warn", "%s wanted to log in from %s, and is no administrator", address, request.ip);
			return refuse(403, `${address} is no administrator`);
		}
		log("info", "%s has logged in from %s", address, request.ip);
		const { text } = tokens.create_session(address, session_time);
		return ok({ token: text, jid: address, message: base64_encode(step.data ?? Buffer.alloc(0)) });
	}

	/** An exchange for somebody who comes over HTTP, which providers see as a client that has just connected. */
	private handler(request: HttpRequest, host: string): SaslHandler {
		const { server } = this.module;
		const session = new ClientSession(server, `console-${request.id}`, request.conn, {
			framing: document_framing,
			close() {},
			hold: () => () => {},
			reset_stream() {},
			authenticated() {},
			take_over() {},
		});
		session.host = host;
		session.secure = true;
		return server.usermanager.get_sasl_handler(host, session);
	}

	private may_try(whom: string): boolean {
		const throttle = this.tries.get(whom) ?? new Throttle(most_tries, 60);
		this.tries.set(whom, throttle);
		return throttle.poll();
	}
}
