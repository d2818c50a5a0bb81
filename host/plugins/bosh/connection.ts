// Counterpart: plugins/mod_bosh.lua (sessions, their requests and their timers)

import type { Connection, HttpResponse, Log, Timer } from "../../core/types.ts";
import { ns } from "../../util/ns.ts";
import type { AddressableText, Attributes } from "../../util/stanza.ts";
import { xml_escape } from "../../util/stanza.ts";
import type { Turn } from "../../util/turn.ts";
import { TurnConnection } from "../../util/turn_connection.ts";
import { addressed_text } from "../client_documents.lib.ts";
import { type Body, bosh_ns } from "./body.ts";
import type { BoshFraming } from "./framing.ts";

/** How many requests may wait for something to send, and how many a client may make at once. */
export const bosh_hold = 1;
export const bosh_max_requests = 2;
/** Most bodies that may wait to be handled; a client that keeps to {@link bosh_max_requests} never has so many. */
const most_unhandled = 16;
/** Most bytes that may wait for a client, as with other connections. */
const most_pending = 32 * 1024 * 1024;

/** The start tag of a `<body/>` without its end. */
function body_tag(attributes: Attributes): string {
	let text = `<body xmlns='${bosh_ns}' xmlns:stream='${ns.streams}'`;
	for (const [name, value] of Object.entries(attributes)) {
		if (value !== undefined) text += ` ${name}='${xml_escape(value)}'`;
	}
	return text;
}

/** A `<body/>` as text. */
export function body_text(attributes: Attributes, content = ""): string {
	return `${body_tag(attributes)}>${content}</body>`;
}

/** The body that ends a session, or refuses to make one. */
export function terminate_text(condition?: string, content?: string): string {
	return body_text({ type: "terminate", condition }, content);
}

interface Request {
	readonly response: HttpResponse;
	readonly rid: number;
}

/** What belongs to one session. Times are in seconds. */
export interface BoshOptions {
	readonly sid: string;
	/** The rid of the request that makes the session. */
	readonly rid: number;
	readonly ip: string;
	readonly secure: boolean;
	/** How long a request may wait for something to send. */
	readonly wait: number;
	/** How long the session lives without a request. */
	readonly max_inactivity: number;
	/** What the first answer says about the session. */
	readonly creation: Attributes;
	readonly framing: BoshFraming;
	readonly turn: Turn;
	readonly log: Log;
	add_timer(delay: number, callback: () => void): Timer;
	/** The session is over. */
	forget(): void;
	/** It is over since its client made no request for too long. */
	timed_out(): void;
}

/** A client's requests as one connection: what is written goes into the answer to the oldest of them at the end of the turn. */
export class BoshConnection extends TurnConnection implements Connection {
	readonly carrier = "BOSH";
	ondata: (data: Buffer) => void = () => {};
	onreadtimeout: () => boolean = () => true;

	readonly ip: string;
	readonly secure: boolean;
	private rid: number;
	private readonly requests: Request[] = [];
	/** The last answers by rid, for requests that are made again. */
	private readonly answers = new Map<number, string>();
	/** A request that came before the one before it. */
	private deferred: { readonly body: Body; readonly data: Buffer; readonly request: Request } | undefined;
	/** What answers begin with, but for the first one. */
	private readonly tag: string;
	private is_new = true;
	private paused = false;
	/** Nothing is answered until this is over. */
	private held = false;
	private unhandled = 0;
	private wait_timer: { readonly request: Request; readonly timer: Timer } | undefined;
	private inactive_timer: Timer | undefined;

	constructor(private readonly options: BoshOptions) {
		const { ip, log } = options;
		super(options.turn, most_pending, (error) =>
			log("error", "Error in a BOSH session from %s: %s", ip, error instanceof Error ? error.stack : error),
		);
		this.ip = ip;
		this.secure = options.secure;
		this.rid = options.rid - 1;
		this.tag = body_tag({ sid: options.sid });
	}

	/** Whether a request of the client waits for an answer. */
	get is_active(): boolean {
		return this.requests.length > 0;
	}

	/** Takes a request of this session. Source: stream_callbacks.streamopened. */
	take(body: Body, data: Buffer, request: Request): void {
		const { response, rid } = request;
		const ahead = rid - this.rid;
		if (this.state === "ended") response.send(terminate_text("item-not-found"));
		else if (ahead === 1) {
			this.handle(body, data, request);
			this.handle_deferred();
		} else if (ahead === 2) {
			// An earlier request is missing: this one waits for it, or until the client makes it again
			this.deferred?.request.response.send(body_text({ sid: this.options.sid }));
			const deferred = { body, data, request };
			this.deferred = deferred;
			response.on_destroy = () => {
				if (this.deferred === deferred) this.deferred = undefined;
			};
		} else {
			const answer = this.answers.get(rid);
			if (answer !== undefined) response.send(answer);
			else if (ahead === 0) this.add(request);
			else response.send(terminate_text("item-not-found"));
		}
	}

	private handle(body: Body, data: Buffer, request: Request): void {
		this.rid = request.rid;
		this.add(request);
		if (this.paused && ++this.unhandled > most_unhandled) {
			this.fail("too many requests at once");
			return;
		}
		this.options.framing.read.set(data, body);
		this.ondata(data);
	}

	private handle_deferred(): void {
		const { deferred } = this;
		if (deferred === undefined || deferred.request.rid !== this.rid + 1) return;
		this.deferred = undefined;
		this.handle(deferred.body, deferred.data, deferred.request);
	}

	private add(request: Request): void {
		const { response } = request;
		response.on_destroy = () => this.remove(request);
		this.requests.push(request);
		this.requests.sort((one, other) => one.rid - other.rid);
		this.inactive_timer?.stop();
		this.inactive_timer = undefined;
		this.touch();
	}

	/** It was answered, or its client is gone. */
	private remove(request: Request): void {
		const at = this.requests.indexOf(request);
		if (at < 0) return;
		this.requests.splice(at, 1);
		if (this.wait_timer?.request === request) this.stop_waiting();
		if (this.requests.length > 0 || this.state === "ended") return;
		const { max_inactivity } = this.options;
		this.inactive_timer?.stop();
		this.inactive_timer = this.options.add_timer(max_inactivity, () => {
			this.options.timed_out();
			this.fail(`BOSH client silent for over ${max_inactivity} seconds`);
		});
	}

	override write(data: string | Uint8Array, keep = false): boolean {
		return super.write(typeof data === "string" ? data : Buffer.from(data).toString(), keep);
	}

	override write_shared(text: AddressableText, to: string): boolean {
		return super.write(addressed_text(text, to));
	}

	flush(): void {
		if (this.state === "ended") return;
		if (this.is_finished) {
			this.end(undefined);
			return;
		}
		if (this.held) return;
		if (this.out.ready > 0 && this.requests.length > 0) this.answer(this.take_text());
		while (this.requests.length > bosh_hold && !this.paused) this.answer("");
		this.wait();
	}

	/** What is certain, as text. */
	private take_text(): string {
		const pieces = this.out.take();
		return pieces.map((piece) => (piece instanceof Uint8Array ? Buffer.from(piece).toString() : piece.text)).join("");
	}

	/** Answers the oldest request. */
	private answer(content: string): void {
		const [request] = this.requests;
		if (request === undefined) return;
		const { sid, creation } = this.options;
		const text = this.is_new ? body_text({ sid, ...creation }, content) : `${this.tag}>${content}</body>`;
		this.is_new = false;
		this.answers.set(request.rid, text);
		for (const rid of this.answers.keys()) {
			if (this.answers.size <= bosh_hold + 1) break;
			this.answers.delete(rid);
		}
		request.response.send(text);
		this.remove(request);
		if (content !== "") this.guard(() => this.ondrain());
	}

	/** Answers the oldest request once it has waited long enough. */
	private wait(): void {
		const [request] = this.requests;
		if (request === undefined || this.wait_timer?.request === request) return;
		this.stop_waiting();
		const timer = this.options.add_timer(this.options.wait, () => {
			this.wait_timer = undefined;
			if (this.requests[0] === request) this.answer("");
		});
		this.wait_timer = { request, timer };
	}

	private stop_waiting(): void {
		this.wait_timer?.timer.stop();
		this.wait_timer = undefined;
	}

	pause(): void {
		this.paused = true;
	}

	resume(): void {
		this.paused = false;
		this.unhandled = 0;
		if (this.requests.length > bosh_hold) this.touch();
	}

	pause_writes(): void {
		this.held = true;
	}

	resume_writes(): void {
		this.held = false;
		this.touch();
	}

	/** Ends the session at once. */
	override fail(reason: string | undefined): void {
		if (this.state !== "ended") this.end(reason);
	}

	/** Answers all requests with the end of the session. */
	private end(reason: string | undefined): void {
		this.state = "ended";
		this.options.turn.forget(this);
		this.stop_waiting();
		this.inactive_timer?.stop();
		this.options.forget();
		const text = terminate_text(this.options.framing.has_error ? "remote-stream-error" : undefined, this.take_text());
		this.deferred?.request.response.send(text);
		for (const { response } of this.requests.splice(0)) response.send(text);
		// The owner may be in the middle of something
		setImmediate(() => this.guard(() => this.onclose(reason)));
	}

	/** There is no single connection whose end could be noticed like this. */
	set_keepalive(): void {}

	ssl_info(): undefined {
		return undefined;
	}
}
