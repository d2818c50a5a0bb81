// Counterpart: net/server_epoll.lua (the interface of a connection)

import type { X509Certificate } from "node:crypto";
import { isIP, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connect_tls, TLSSocket } from "node:tls";
import type { Connection, Log, RateLimitSettings, TlsClient, TlsContext } from "../core/types.ts";
import { OutBuffer, type Piece } from "../util/out_buffer.ts";
import type { AddressableText } from "../util/stanza.ts";
import type { Held, Outlet, Turn } from "../util/turn.ts";
import { await_client_hello } from "./client_hello.ts";
import type { NetworkSettings } from "./network_settings.ts";
import { RateLimit } from "./rate_limit.ts";

/** How long the other end gets to close after we did, in milliseconds. Closing at once could cost it our last words. */
const linger = 1000;
/** How many bytes a peer has to take at a time, within `send_timeout`. */
const portion = 128 * 1024;
/** While more than this many bytes wait for a peer, nothing is read from it: it could only make it more. */
const read_pause = 1024 * 1024;
const longest_timeout = 2 ** 31 - 1;
/** What owners are told of peers that end a connection, properly or not. The presence of clients quotes it. */
const peer_gone = "closed";
const gone_codes: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/** What is known of a TLS connection, for logs. */
export interface TlsInfo {
	readonly protocol: string;
	readonly cipher: string;
}

/**
 * Why the chain of the other end's certificate does not lead to somebody who is trusted; undefined where it does. Node asks OpenSSL
 * itself only for connections that a server of its own has accepted.
 */
function verification_problem(tls: TLSSocket): string | undefined {
	const handle: unknown = Reflect.get(tls, "_handle");
	if (typeof handle !== "object" || handle === null || !("verifyError" in handle) || typeof handle.verifyError !== "function") {
		return "not verified";
	}
	const error: unknown = handle.verifyError();
	if (!(error instanceof Error)) return undefined;
	return "code" in error ? String(error.code) : error.message;
}

interface StreamListeners {
	data(chunk: Buffer): void;
	drain(): void;
	end(): void;
	error(error: NodeJS.ErrnoException): void;
	close(): void;
}

function timer(seconds: number, callback: () => void): NodeJS.Timeout {
	return setTimeout(callback, Math.min(seconds * 1000, longest_timeout)).unref();
}

/**
 * One connection. What is written joins the turn and goes out at its end in one piece; nothing that happens to the connection, and
 * nothing that its owner's callbacks throw, gets out of here.
 */
export class SocketConnection implements Connection, Outlet {
	ondata: (chunk: Buffer) => void = () => {};
	onclose: (error: string | undefined) => void = () => {};
	onreadtimeout: () => boolean = () => false;
	onpredrain: () => void = () => {};
	ondrain: () => void = () => {};
	ondiscard: () => void = () => {};
	/** TLS is agreed on. */
	onsecure: () => void = () => {};
	/** Settled when nothing of the connection is left. */
	readonly closed: Promise<void>;

	private state: "open" | "closing" | "ended" = "open";
	/** Collected for the end of the turn. */
	private readonly out = new OutBuffer();
	/** Whether the turn knows of something to write. */
	private dirty = false;
	/** TLS to be turned to once what was written before it is out. */
	private upgrade:
		| { readonly context: TlsContext; readonly client: TlsClient | undefined; readonly before: readonly Piece[] }
		| undefined;
	private encrypted = false;
	private reason: string | undefined;
	private told = false;
	private paused = false;
	/** What is written stays here for now. */
	private held = false;
	private congested = false;
	/** What holds back bytes that come too fast. */
	private limit: RateLimit | undefined;
	/** Whether what waits for the limit is the last that the other end said. */
	private said_all = false;
	private listeners: StreamListeners;
	private readonly read_timer: NodeJS.Timeout;
	private send_timer: NodeJS.Timeout | undefined;
	private handshake_timer: NodeJS.Timeout | undefined;
	private settle: () => void = () => {};

	/** @param forget called when nothing of the connection is left */
	constructor(
		private stream: Duplex,
		readonly ip: string,
		private readonly turn: Turn,
		private readonly settings: NetworkSettings,
		private readonly log: Log,
		private readonly forget: () => void,
	) {
		this.closed = new Promise((resolve) => {
			this.settle = resolve;
		});
		this.read_timer = timer(settings.read_timeout, () => this.read_timed_out());
		this.listeners = this.attach(stream);
	}

	get secure(): boolean {
		return this.encrypted;
	}

	get pending(): number {
		return this.stream.writableLength + this.out.size;
	}

	/** Protocol and cipher; undefined in the clear. */
	ssl_info(): TlsInfo | undefined {
		if (!(this.encrypted && this.stream instanceof TLSSocket)) return undefined;
		return { protocol: this.stream.getProtocol() ?? "", cipher: this.stream.getCipher().name };
	}

	peer_certificate(): { readonly certificate: X509Certificate; readonly problem: string | undefined } | undefined {
		if (!(this.encrypted && this.stream instanceof TLSSocket)) return undefined;
		const certificate = this.stream.getPeerX509Certificate();
		return certificate === undefined ? undefined : { certificate, problem: verification_problem(this.stream) };
	}

	set_keepalive(on: boolean): void {
		if (this.stream instanceof Socket) this.stream.setKeepAlive(on);
	}

	write(data: string | Uint8Array, keep = false): boolean {
		if (!this.has_place(data.length)) return false;
		this.out.add(data, keep);
		this.touch();
		return true;
	}

	write_shared(text: AddressableText, to: string): boolean {
		if (!this.has_place(text.size + to.length)) return false;
		this.out.add_shared(text, to);
		this.touch();
		return true;
	}

	/** Whether so much more may wait; a connection whose peer does not take it is ended. */
	private has_place(size: number): boolean {
		if (this.state !== "open") return false;
		if (this.pending + size <= this.settings.max_send_buffer_size) return true;
		this.fail("no space left in buffer");
		return false;
	}

	/** Has the turn flush this at its end. */
	private touch(): void {
		if (this.dirty) return;
		this.dirty = true;
		this.turn.touch(this);
	}

	hold(): Held {
		// What was said before TLS goes out with it
		if (this.upgrade !== undefined) return { release: () => this.flush(), discard: () => this.discard() };
		this.prepare_to_drain();
		this.dirty = false;
		const segment = this.out.hold();
		return {
			release: () => {
				this.out.release(segment);
				this.flush();
			},
			discard: () => {
				if (this.out.drop(segment) && this.state === "open") this.guard(() => this.ondiscard());
				this.flush();
			},
		};
	}

	private prepare_to_drain(): void {
		if (this.state !== "ended" && !this.held && this.out.size > 0) this.guard(() => this.onpredrain());
	}

	seal(): void {
		const is_for_tls = this.upgrade !== undefined;
		if (!is_for_tls) this.prepare_to_drain();
		this.dirty = false;
		if (!is_for_tls) this.out.seal();
	}

	flush(): void {
		if (this.state === "ended") return;
		if (this.upgrade !== undefined) {
			this.send_before_tls();
			return;
		}
		// Where more was said since, the end of its turn ends the connection
		if (this.state === "closing" && !(this.dirty || this.out.waits)) {
			this.write_pieces(this.out.take());
			this.end();
			return;
		}
		const size = this.out.ready;
		if (size === 0) return;
		this.write_out();
		// What the system takes at once Node does not call drained, but the owner may be waiting all the same.
		if (!(this.held || this.stream.writableNeedDrain) && size > this.stream.writableHighWaterMark) this.drained();
	}

	/** Hands on what is ready, in portions: whether a peer takes anything at all is seen by each of them. */
	private write_out(): void {
		while (this.out.ready > 0 && (this.held || !this.stream.writableNeedDrain)) this.write_pieces(this.out.take(portion));
		if (this.stream.writableNeedDrain && !this.held) this.clogged();
	}

	private write_pieces(pieces: readonly Piece[]): void {
		if (pieces.length > 1) this.stream.cork();
		for (const piece of pieces) this.write_piece(piece);
		if (pieces.length > 1) this.stream.uncork();
	}

	private write_piece(piece: Piece, written?: () => void): void {
		if (piece instanceof Uint8Array) this.stream.write(piece, written);
		// To copy bytes is quicker than to encode characters
		else this.stream.write(piece.text, piece.is_ascii ? "latin1" : "utf8", written);
	}

	discard(): void {
		this.dirty = false;
		const is_lost = this.out.has_losses;
		this.out.discard();
		if (is_lost && this.state === "open") this.guard(() => this.ondiscard());
		if (this.out.size === 0 && this.upgrade === undefined && this.state !== "closing") return;
		this.seal();
		this.flush();
	}

	pause(): void {
		this.paused = true;
		this.update_reading();
	}

	resume(): void {
		this.paused = false;
		this.limit?.go_on();
		this.update_reading();
	}

	setlimit(settings: RateLimitSettings | undefined): void {
		const rest = this.limit?.stop();
		this.limit =
			settings &&
			new RateLimit(
				settings,
				(bytes) => this.take(bytes),
				() => this.limit_changed(),
				() => !this.paused,
			);
		if (rest !== undefined) this.read(rest);
		this.limit_changed();
	}

	/** Something has to wait before it may be passed on, or nothing does any more. */
	private limit_changed(): void {
		this.update_reading();
		if (this.limit?.waits === true || !this.said_all) return;
		this.said_all = false;
		this.peer_ended();
	}

	/** The other end says nothing more. */
	private peer_ended(): void {
		this.tell(this.state === "open" ? peer_gone : this.reason);
		this.close();
	}

	/** Passes on what was read, as fast as it may come. */
	private read(bytes: Buffer): void {
		if (this.limit === undefined) this.take(bytes);
		else this.limit.take(bytes);
	}

	private take(bytes: Buffer): void {
		if (this.state !== "open") return;
		try {
			this.ondata(bytes);
		} catch (error) {
			this.failed_callback(error);
		}
	}

	close(): void {
		if (this.state !== "open") return;
		this.state = "closing";
		this.touch();
	}

	destroy(): void {
		this.fail(undefined);
	}

	/** Ends the connection at once. Its owner is told of the reason later, since it may be in the middle of writing. */
	fail(reason: string | undefined): void {
		if (this.state !== "ended") {
			this.state = "ended";
			this.reason = reason;
			this.turn.forget(this);
			this.stop_timers();
		}
		this.stream.destroy();
	}

	pause_writes(): void {
		if (this.held || this.state !== "open") return;
		this.held = true;
		this.stream.cork();
	}

	resume_writes(): void {
		if (!this.held) return;
		this.held = false;
		this.stream.uncork();
		if (this.state !== "open") return;
		if (this.stream.writableNeedDrain) this.clogged();
		// what was held is out once this is
		else this.stream.write("", () => this.drained());
	}

	starttls(context: TlsContext, client?: TlsClient): void {
		if (this.state !== "open" || this.upgrade !== undefined || this.encrypted) return;
		if (this.out.waits) {
			this.fail("TLS was asked for while an answer waited for the storage");
			return;
		}
		this.out.seal();
		this.upgrade = { context, client, before: this.out.take() };
		// What arrives from now on is for TLS. Node hands it what it has read already.
		this.stream.off("data", this.listeners.data);
		// What the client said in the clear behind its wish for TLS may be anybody's
		this.limit?.drop();
		this.stream.pause();
		this.touch();
	}

	/** Runs a callback of the owner, whose mistakes cost it the connection and nobody else. */
	guard(callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.failed_callback(error);
		}
	}

	private failed_callback(error: unknown): void {
		this.log("error", "Error in a connection from %s: %s", this.ip, error instanceof Error ? error.stack : error);
		this.fail("internal error");
	}

	private attach(stream: Duplex): StreamListeners {
		this.stream = stream;
		const listeners: StreamListeners = {
			data: (chunk: Buffer) => {
				// Closing, it is only read so that the other end can finish.
				if (this.state !== "open") return;
				this.read_timer.refresh();
				this.read(chunk);
			},
			drain: () => this.drained(),
			end: () => {
				// What waits for the end of a handshake would wait for ever.
				if (stream instanceof TLSSocket && !this.encrypted) this.fail("TLS handshake cut short");
				if (this.limit?.waits === true) this.said_all = true;
				else this.peer_ended();
			},
			error: (error: NodeJS.ErrnoException) => this.fail(gone_codes.has(error.code ?? "") ? peer_gone : error.message),
			close: () => {
				this.fail(undefined);
				this.tell(this.reason);
				this.forget();
				this.settle();
			},
		};
		for (const [name, listener] of Object.entries(listeners)) stream.on(name, listener);
		return listeners;
	}

	private send_before_tls(): void {
		const { upgrade } = this;
		if (upgrade === undefined) return;
		const first = upgrade.before.slice(0, -1);
		const last = upgrade.before.at(-1);
		for (const piece of first) this.write_piece(piece);
		if (this.state === "closing") {
			if (last !== undefined) this.write_piece(last);
			this.stream.end(() => this.fail(undefined));
			return;
		}
		const encrypt = (): void => {
			if (this.state === "ended" || this.encrypted || this.upgrade !== upgrade) return;
			this.upgrade = undefined;
			this.guard(() =>
				upgrade.client === undefined ? this.encrypt(upgrade.context) : this.handshake(upgrade.context, upgrade.client),
			);
		};
		if (last === undefined) encrypt();
		else this.write_piece(last, encrypt);
	}

	/** Chooses by what the client says first. Changing contexts in the middle, as Node does, keeps certificates of another kind of key. */
	private encrypt(context: TlsContext): void {
		this.handshake_timer = timer(this.settings.ssl_handshake_timeout, () => this.fail("TLS handshake timed out"));
		const { by_name } = context;
		if (by_name === undefined) {
			this.handshake(context);
			return;
		}
		await_client_hello(this.stream, ({ server_name }) => {
			if (this.state !== "open") return;
			this.guard(() => this.handshake(server_name === undefined ? context : by_name(server_name)));
		});
		this.update_reading();
	}

	private handshake(context: TlsContext, client?: TlsClient): void {
		const plain = this.stream;
		for (const [name, listener] of Object.entries(this.listeners)) plain.off(name, listener);
		// TLS reports what happens to the connection below it.
		plain.on("error", () => {});
		const { secureContext: secure_context } = context.options;
		const tls =
			client === undefined
				? new TLSSocket(plain, { ...context.options, isServer: true })
				: connect_tls({
						...(secure_context === undefined ? {} : { secureContext: secure_context }),
						socket: plain,
						// Who is at the other end is looked at afterwards, by XMPP's rules
						rejectUnauthorized: false,
						...(isIP(client.servername) === 0 ? { servername: client.servername } : {}),
						...(client.alpn === undefined ? {} : { ALPNProtocols: [client.alpn] }),
					});
		tls.on(client === undefined ? "secure" : "secureConnect", () => {
			clearTimeout(this.handshake_timer);
			this.encrypted = true;
			this.guard(() => this.onsecure());
		});
		tls.on("_tlsError", (error: Error) => this.fail(`TLS: ${error.message}`));
		this.listeners = this.attach(tls);
		this.update_reading();
		if (this.out.size > 0 || this.state === "closing") this.touch();
	}

	private end(): void {
		this.stream.end(() => this.tell(undefined));
		this.stream.resume();
		clearTimeout(this.read_timer);
		// Before it goes, what it was told has to go out.
		const give_up = (): void => {
			if (this.stream.writableLength === 0) this.fail(undefined);
		};
		this.stream.once("finish", () => setTimeout(give_up, linger).unref());
		this.send_timer ??= timer(this.settings.send_timeout, () => this.fail("write timeout"));
	}

	private clogged(): void {
		this.send_timer ??= timer(this.settings.send_timeout, () => this.fail("write timeout"));
		if (this.pending > this.settings.max_send_buffer_size) {
			this.fail("no space left in buffer");
			return;
		}
		if (this.pending > read_pause) {
			this.congested = true;
			this.update_reading();
		}
	}

	private drained(): void {
		clearTimeout(this.send_timer);
		this.send_timer = undefined;
		if (this.state !== "ended" && this.out.ready > 0) {
			this.write_out();
			if (this.stream.writableNeedDrain || this.out.ready > 0) return;
		}
		if (this.congested) {
			this.congested = false;
			this.update_reading();
		}
		if (this.state === "open") this.guard(() => this.ondrain());
	}

	private update_reading(): void {
		if (this.state !== "open" || this.upgrade !== undefined) return;
		if (this.paused || this.congested || this.limit?.waits === true) this.stream.pause();
		else this.stream.resume();
	}

	private read_timed_out(): void {
		if (this.state !== "open") return;
		let alive = false;
		this.guard(() => {
			alive = this.onreadtimeout();
		});
		if (alive) this.read_timer.refresh();
		else this.fail("read timeout");
	}

	private tell(reason: string | undefined): void {
		if (this.told) return;
		this.told = true;
		this.guard(() => this.onclose(reason));
	}

	private stop_timers(): void {
		clearTimeout(this.read_timer);
		clearTimeout(this.send_timer);
		clearTimeout(this.handshake_timer);
		this.limit?.drop();
	}
}
