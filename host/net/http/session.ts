// Counterpart: net/http/server.lua (sessions of connections)

import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpRequest } from "../../core/types/http.ts";
import type { Connection, Log } from "../../core/types.ts";
import { collect, pour } from "./body.ts";
import { ConnectionStream } from "./connection_stream.ts";
import { read_request } from "./request.ts";
import { Response } from "./response.ts";

/** How long the head of a request, and content that is collected, may take to arrive, in milliseconds. */
const head_patience = 60_000;
const body_patience = 300_000;

/** A request as Node read it. */
export interface Exchange {
	readonly incoming: IncomingMessage;
	readonly outgoing: ServerResponse;
	/** What came after a request for another protocol. */
	readonly upgrade_head?: Buffer;
}

/** What sessions need of their server. */
export interface SessionOwner {
	logger(name: string): Log;
	/** Makes the id of a request. */
	request_id(): string;
	/** Most bytes of content that are collected. */
	body_limit(): number;
	/** Fires the events of a request; undefined where nobody wants it. */
	fire(request: HttpRequest, response: Response): unknown;
	handle_result(response: Response, result: unknown): void;
	/** Answers with the page of an error. */
	answer_error(response: Response, code: number, message?: string): void;
	fail(response: Response, error: unknown): void;
	/** Turns processed so far; tells whether an answer was written in the turn that failed. */
	turns(): number;
}

/** Text in place of an answer, for what never became a request. */
function bare_answer(status: string): string {
	return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

/** The requests of one connection, one after the other. */
export class HttpSession {
	readonly stream: ConnectionStream;
	/** What is being answered. */
	private current: { readonly exchange: Exchange; readonly response: Response; readonly turn: number } | undefined;
	/** A request is being read or answered; the next one has to wait. */
	private is_busy = false;
	private readonly waiting: Exchange[] = [];
	private head_timer: NodeJS.Timeout | undefined;
	/** What came next was no request: the connection ends once the present one is answered. */
	private is_broken = false;
	private is_hijacked = false;

	constructor(
		readonly conn: Connection,
		private readonly owner: SessionOwner,
	) {
		this.stream = new ConnectionStream(conn, () => {
			if (!this.is_busy) this.head_timer ??= setTimeout(() => this.head_timed_out(), head_patience).unref();
		});
		// Errors come with the end of the connection, which is what counts.
		this.stream.on("error", () => {});
		this.stream.once("close", () => this.stop_timer());
		conn.onreadtimeout = () => this.current !== undefined && !this.current.response.finished;
		conn.ondiscard = () => this.answer_was_lost();
		// Node closes behind the last answer, of which nobody knows yet whether it is true
		conn.speaks_after_loss = true;
	}

	/** The request that a handler is busy with. */
	get request(): HttpRequest | undefined {
		return this.current?.response.request;
	}

	add(exchange: Exchange): void {
		this.stop_timer();
		const { outgoing } = exchange;
		outgoing.on("error", () => {});
		// Node attached the connection to the next response by then.
		outgoing.once("finish", () => this.next(exchange));
		outgoing.once("close", () => {
			if (this.current?.exchange === exchange && !this.is_hijacked) this.current.response.lose();
		});
		this.waiting.push(exchange);
		if (!this.is_busy) this.start();
	}

	/** What the peer sent is no HTTP. */
	bad_input(status: string): void {
		this.stop_timer();
		this.is_broken = true;
		const { current } = this;
		const is_read = current?.exchange.incoming.complete ?? false;
		if (current !== undefined && (is_read || current.response.has_begun)) {
			current.response.persistent = false;
			if (current.response.finished || !is_read) this.conn.close();
			return;
		}
		// A request whose content went wrong halfway; its handlers did not see it yet.
		current?.response.lose();
		this.conn.write(bare_answer(status), true);
		this.conn.close();
	}

	/** Takes the connection out of HTTP; undefined where the present request does not ask for that. */
	hijack(response: Response): Buffer | undefined {
		const { current } = this;
		if (current?.response !== response || response.finished) return undefined;
		const { upgrade_head, outgoing, incoming } = current.exchange;
		if (upgrade_head === undefined) return undefined;
		this.release(outgoing, incoming);
		this.conn.onreadtimeout = () => false;
		response.lose();
		return upgrade_head;
	}

	/** Gives the connection up. */
	private release(outgoing: ServerResponse, incoming: IncomingMessage): void {
		this.is_hijacked = true;
		outgoing.detachSocket(incoming.socket);
		this.conn.ondiscard = () => {};
	}

	private start(): void {
		const exchange = this.waiting.shift();
		if (exchange === undefined) return;
		this.is_busy = true;
		this.process(exchange).catch((error) => {
			this.owner.logger("http.server")("error", "Error in a request from %s: %s", this.conn.ip, error);
			this.conn.destroy();
		});
	}

	private next(exchange: Exchange): void {
		const status = this.current?.exchange === exchange ? this.current.response.status_code : undefined;
		if (status !== undefined) this.current = undefined;
		this.is_busy = false;
		const { upgrade_head, outgoing, incoming } = exchange;
		if (upgrade_head !== undefined && status === 101) {
			// Whoever answered so has set the connection's callbacks, and speaks another protocol from now on.
			this.release(outgoing, incoming);
			if (upgrade_head.length > 0) this.conn.ondata(upgrade_head);
		} else if (this.is_broken || upgrade_head !== undefined) this.conn.close();
		else this.start();
	}

	private respond(exchange: Exchange, request: HttpRequest): Response {
		const response = new Response(request, exchange.outgoing, (failed, error) => this.owner.fail(failed, error));
		// Node no longer reads from it.
		if (exchange.upgrade_head !== undefined) this.make_last(response);
		this.current = { exchange, response, turn: this.owner.turns() };
		return response;
	}

	private make_last(response: Response): void {
		response.persistent = false;
		response.reset_headers();
	}

	private async process(exchange: Exchange): Promise<void> {
		const { incoming } = exchange;
		const { request, problem } = read_request(incoming, this.conn, this.owner.logger, this.owner.request_id());
		request.log("debug", "%s %s HTTP/%s", request.method, request.path, request.httpversion);
		if (problem !== undefined) {
			incoming.resume();
			this.owner.answer_error(this.respond(exchange, request), 400, problem);
			return;
		}
		if (!request.chunked && (request.body_length ?? 0) === 0) {
			incoming.resume();
			request.body = Buffer.alloc(0);
			this.handle(exchange, request);
			return;
		}
		await this.process_content(exchange, request);
	}

	private handle(exchange: Exchange, request: HttpRequest): void {
		const response = this.respond(exchange, request);
		this.owner.handle_result(response, this.owner.fire(request, response));
	}

	private async process_content(exchange: Exchange, request: HttpRequest): Promise<void> {
		const { incoming, outgoing } = exchange;
		const limit = this.owner.body_limit();
		const is_large = (request.body_length ?? 0) > limit;
		const early = this.respond(exchange, request);
		if (is_large || request.chunked) {
			request.partial = true;
			// A handler that answers now does not need the rest.
			this.make_last(early);
			const result = this.owner.fire(request, early);
			if (request.body_sink === undefined && (result !== undefined || early.finished)) {
				this.owner.handle_result(early, result);
				return;
			}
			if (request.body_sink === undefined && is_large) {
				this.owner.answer_error(early, 413);
				return;
			}
			if (early.finished) return;
		}
		if (contains_continue(request)) outgoing.writeContinue();
		const sink = request.body_sink;
		if (sink === undefined) {
			const { end, body } = await collect(incoming, limit, body_patience);
			if (end === "cut off" || this.is_broken) return;
			if (end !== "whole") {
				this.make_last(early);
				this.owner.answer_error(early, end === "too slow" ? 408 : 413);
				return;
			}
			request.body = body;
		} else {
			try {
				const end = await pour(incoming, sink);
				if (end === "refused") request.log("debug", "The content was refused by what it was written to");
				if (end !== "whole" || this.is_broken) {
					this.conn.destroy();
					return;
				}
			} catch (error) {
				this.owner.fail(early, error);
				return;
			}
		}
		if (early.finished) return;
		request.partial = false;
		this.handle(exchange, request);
	}

	/** The turn failed in which the answer was written, wholly or in part. */
	private answer_was_lost(): void {
		const { current } = this;
		if (current !== undefined && current.turn !== this.owner.turns()) {
			this.conn.destroy();
			return;
		}
		this.conn.write(bare_answer("500 Internal Server Error"), true);
		this.conn.close();
	}

	private head_timed_out(): void {
		this.head_timer = undefined;
		if (!this.is_busy) this.bad_input("408 Request Timeout");
	}

	private stop_timer(): void {
		clearTimeout(this.head_timer);
		this.head_timer = undefined;
	}
}

function contains_continue(request: HttpRequest): boolean {
	return request.headers["expect"]?.toLowerCase() === "100-continue";
}
