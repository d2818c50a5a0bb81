// No counterpart: a Prosody is one process.

import { Agent, type ClientRequest, type ClientRequestArgs, request as http_request, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { BodySink, HijackedConnection, HttpPlace, HttpProcesses, HttpRequest, HttpResponse } from "../../core/types/http.ts";
import { header_bytes, read_headers } from "./request.ts";
import type { Response } from "./response.ts";

/** How often, and after which times, a process is looked for that answers, where the one that did is gone; in milliseconds. */
const tries = 60;
const pause = 100;
/** How much content may wait for another process, in bytes. */
const most_waiting = 16 * 1024 * 1024;
/** For how long a stream to another process is kept that nothing is asked over, in milliseconds. */
const idle_time = 5000;

/** Fields that concern the connection that they came over (RFC 9110 §7.6.1), and what is settled before a request is passed on. */
const own_fields: ReadonlySet<string> = new Set([
	"connection",
	"keep_alive",
	"proxy_connection",
	"te",
	"trailer",
	"transfer_encoding",
	"upgrade",
	"content_length",
	"expect",
]);

/** A request that is passed on. */
interface Passed {
	readonly request: HttpRequest;
	readonly response: Response;
	/** Where its handlers run; undefined stands for one that runs in the same process for all. */
	readonly places: readonly (HttpPlace | undefined)[];
}

/** What passing needs of the server of requests. */
export interface PassingOwner {
	/** Answers a request in this process. */
	fire(request: HttpRequest, response: Response): unknown;
	handle_result(response: HttpResponse, result: unknown): void;
	hijack(response: HttpResponse): HijackedConnection | undefined;
}

/** Content that goes to another process as it comes. */
class Pouring implements BodySink {
	constructor(readonly outgoing: ClientRequest) {}

	write(chunk: Buffer): boolean {
		if (this.outgoing.destroyed) return false;
		this.outgoing.write(chunk);
		return this.outgoing.writableLength <= most_waiting;
	}
}

/** Passes requests on to other processes of this server, and their answers back. */
export class Passing {
	private readonly agent: Agent;

	constructor(
		private readonly processes: HttpProcesses,
		private readonly owner: PassingOwner,
	) {
		const open = (node: string, about: string): Duplex => processes.open(node, about);
		// A stream serves clients of one address only, which it names at its beginning
		this.agent = new (class extends Agent {
			override createConnection(options: ClientRequestArgs): Duplex {
				return open(options.host ?? "", options.localAddress ?? "");
			}
		})({ keepAlive: true, timeout: idle_time, maxFreeSockets: 32 });
	}

	/**
	 * Passes a request on where another process has to answer it.
	 * @returns undefined where this process answers
	 */
	pass(passed: Passed): true | undefined {
		const { request, response } = passed;
		const sink = request.body_sink;
		if (sink instanceof Pouring) {
			// Its content has gone over
			sink.outgoing.end();
			return true;
		}
		const node = this.node_for(passed);
		if (node === this.processes.node) return undefined;
		if (node !== undefined) this.send(passed, node, 1);
		else if (request.body === false) {
			response.headers["retry_after"] = 1;
			this.owner.handle_result(response, 503);
		} else void this.look(passed, 1);
		return true;
	}

	/** The process that answers a request; undefined where that is not known. */
	private node_for({ request, places }: Passed): string | undefined {
		const { processes } = this;
		if (places.includes(undefined)) return processes.leader();
		for (const place of places) {
			const node = typeof place === "function" ? place(request) : undefined;
			if (node !== undefined) return processes.has(node) ? node : processes.node;
		}
		return processes.node;
	}

	/** Finds out who answers a request, and has it answered there. */
	private async look(passed: Passed, attempt: number): Promise<void> {
		const { request, response, places } = passed;
		const node = places.includes(undefined) ? await this.processes.find_leader().catch(() => undefined) : this.node_for(passed);
		if (response.finished) return;
		if (node === this.processes.node) this.owner.handle_result(response, this.owner.fire(request, response));
		else if (node !== undefined) this.send(passed, node, attempt);
		else this.again(passed, attempt);
	}

	/** Tries once more in a while, since another process will take the place of one that is gone. */
	private again(passed: Passed, attempt: number): void {
		if (attempt < tries) setTimeout(() => void this.look(passed, attempt + 1), pause);
		else this.give_up(passed);
	}

	private give_up({ response }: Passed): void {
		if (response.finished) return;
		if (response.has_begun) {
			response.conn.destroy();
			return;
		}
		response.headers["retry_after"] = 1;
		this.owner.handle_result(response, 503);
	}

	private send(passed: Passed, node: string, attempt: number): void {
		const { request, response } = passed;
		let outgoing: ClientRequest;
		try {
			outgoing = this.outgoing(request, node);
		} catch (error) {
			request.log("debug", "It cannot be passed on: %s", error instanceof Error ? error.message : error);
			this.owner.handle_result(response, 400);
			return;
		}
		let is_connected = false;
		outgoing.on("socket", (socket) => {
			// One that is used again has no such event any more
			if (outgoing.reusedSocket) is_connected = true;
			else socket.once("connect", () => (is_connected = true));
		});
		outgoing.on("error", (error: NodeJS.ErrnoException) => {
			if (response.finished) return;
			request.log("debug", "%s does not answer: %s", node, error.message);
			const is_poured = request.body_sink instanceof Pouring;
			const may_repeat = !is_connected || request.method === "GET" || request.method === "HEAD";
			if (may_repeat && !is_poured && !response.has_begun) this.again(passed, attempt);
			else this.give_up(passed);
		});
		outgoing.on("response", (incoming) => this.answer(passed, outgoing, incoming));
		outgoing.on("upgrade", (incoming, stream, head) => this.upgrade(passed, incoming, stream, head));
		response.on_destroy = () => outgoing.destroy();
		if (request.body !== false) outgoing.end(request.body.length > 0 ? request.body : undefined);
		else {
			outgoing.flushHeaders();
			request.body_sink = new Pouring(outgoing);
		}
	}

	private outgoing(request: HttpRequest, node: string): ClientRequest {
		const { url, conn } = request;
		const headers: { [name: string]: string | number } = {};
		for (const [name, value] of Object.entries(request.headers)) {
			if (value !== undefined && !own_fields.has(name)) headers[name.replaceAll("_", "-")] = header_bytes(value);
		}
		const { upgrade } = request.headers;
		headers["connection"] = upgrade === undefined ? "keep-alive" : "Upgrade";
		if (upgrade !== undefined) headers["upgrade"] = upgrade;
		const length = request.body === false ? request.body_length : request.body.length;
		if (length === undefined) headers["transfer-encoding"] = "chunked";
		else if (length > 0 || request.headers["content_length"] !== undefined) headers["content-length"] = length;
		return http_request({
			agent: this.agent,
			// By these two, the agent tells streams from one another
			host: node,
			localAddress: `${conn.secure ? 1 : 0} ${conn.ip}`,
			method: request.method,
			path: url.query === undefined ? url.path : `${url.path}?${url.query}`,
			headers,
			setHost: false,
		});
	}

	/** Hands an answer to the client as it comes. */
	private answer({ request, response }: Passed, outgoing: ClientRequest, incoming: IncomingMessage): void {
		if (response.finished) {
			incoming.resume();
			return;
		}
		const status = incoming.statusCode ?? 500;
		response.status_code = status;
		response.status = `${status} ${incoming.statusMessage ?? ""}`;
		for (const [name, value] of Object.entries(read_headers(incoming.rawHeaders, "_"))) {
			if (!own_fields.has(name) || name === "content_length") response.headers[name] = value;
		}
		const is_empty = request.method === "HEAD" || status === 204 || status === 304;
		if (is_empty || incoming.headers["content-length"] !== undefined) response.write_headers();
		incoming.on("data", (chunk: Buffer) => {
			if (response.write(chunk)) return;
			incoming.pause();
			response.when_drained(() => incoming.resume());
		});
		incoming.on("end", () => {
			// The stream serves another request
			response.on_destroy = undefined;
			if (response.has_begun) response.done();
			else response.send("");
		});
		incoming.on("error", () => outgoing.destroy());
		incoming.on("close", () => {
			if (!incoming.complete && !response.finished) response.conn.destroy();
		});
	}

	/** The other process speaks another protocol with the client from now on. */
	private upgrade({ response }: Passed, incoming: IncomingMessage, stream: Duplex, head: Buffer): void {
		response.on_destroy = undefined;
		const taken = this.owner.hijack(response);
		stream.on("error", () => stream.destroy());
		if (taken === undefined) {
			stream.destroy();
			response.conn.destroy();
			return;
		}
		const { stream: client } = taken;
		const lines = [`HTTP/1.1 ${incoming.statusCode ?? 101} ${incoming.statusMessage ?? ""}`];
		for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
			lines.push(`${incoming.rawHeaders[index]}: ${incoming.rawHeaders[index + 1]}`);
		}
		client.write(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
		if (head.length > 0) client.write(head);
		if (taken.head.length > 0) stream.write(taken.head);
		client.on("error", () => stream.destroy());
		client.once("close", () => stream.destroy());
		stream.once("close", () => client.end());
		stream.pipe(client);
		client.pipe(stream);
	}
}
