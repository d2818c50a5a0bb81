// Counterpart: net/server_epoll.lua (the interface of a connection)

import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type {
	ChannelBinding,
	Connection,
	ConnectionDetails,
	ConnectionPorts,
	Log,
	PeerVerification,
	RateLimitSettings,
	TlsClient,
	TlsContext,
} from "../core/types.ts";
import type { Piece } from "../util/out_buffer.ts";
import type { Turn } from "../util/turn.ts";
import { TurnConnection } from "../util/turn_connection.ts";
import { channel_binding } from "./channel_binding.ts";
import type { NetworkSettings } from "./network_settings.ts";
import { write_piece, write_pieces } from "./pieces.ts";
import { Reading } from "./reading.ts";
import { choose_context, type PeerCertificate, peer_certificate, speak_tls, type TlsInfo, tls_info, tls_names } from "./tls.ts";

/** How long the other end gets to close after we did, in milliseconds. If we closed at once, our last data could get lost. */
const linger = 1000;
/** How many bytes a peer has to take at a time, within `send_timeout`. */
const portion = 128 * 1024;
/** The same with TLS, which has a copy of what is under way: more would stay with the connection, since it is kept for the next time. */
const tls_portion = 16 * 1024;
/** While more than this many bytes wait for a peer, nothing is read from it: it could only make it more. */
const read_pause = 1024 * 1024;
const longest_timeout = 2 ** 31 - 1;
/** What owners are told of peers that end a connection, properly or not. The presence of clients quotes it. */
const peer_gone = "closed";
const gone_codes: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

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
 * One connection by TCP or TLS. What is written joins the turn and goes out at its end in one piece; errors of the
 * connection and in its owner's callbacks do not leave this class.
 */
export class SocketConnection extends TurnConnection implements Connection {
	ondata: (chunk: Buffer) => void = () => {};
	onreadtimeout: () => boolean = () => false;
	/** TLS is agreed on. */
	onsecure: () => void = () => {};
	/** Resolved when nothing of the connection is left. */
	readonly closed: Promise<void>;

	/** TLS to be turned to once what was written before it is out. */
	private upgrade:
		| { readonly context: TlsContext; readonly client: TlsClient | undefined; readonly before: readonly Piece[] }
		| undefined;
	private encrypted = false;
	/** How the other end's certificate is checked. */
	private verification: PeerVerification | undefined;
	private shown: PeerCertificate | undefined;
	private reason: string | undefined;
	private told = false;
	/** What is written is held back for now. */
	private held = false;
	private readonly reading: Reading;
	private listeners: StreamListeners;
	private readonly read_timer: NodeJS.Timeout;
	private send_timer: NodeJS.Timeout | undefined;
	private handshake_timer: NodeJS.Timeout | undefined;
	private settle: () => void = () => {};

	/** Whether this side opened it. */
	was_opened = false;

	/** @param forget called when nothing of the connection is left */
	constructor(
		private stream: Duplex,
		readonly ip: string,
		turn: Turn,
		private readonly settings: NetworkSettings,
		log: Log,
		private readonly forget: () => void,
	) {
		super(turn, settings.max_send_buffer_size, (error) =>
			log("error", "Error in a connection from %s: %s", ip, error instanceof Error ? error.stack : error),
		);
		this.closed = new Promise((resolve) => {
			this.settle = resolve;
		});
		this.reading = new Reading(
			(bytes) => {
				if (this.state === "open") this.guard(() => this.ondata(bytes));
			},
			() => this.update_reading(),
			() => this.peer_ended(),
		);
		this.read_timer = timer(settings.read_timeout, () => this.read_timed_out());
		this.listeners = this.attach(stream);
	}

	get secure(): boolean {
		return this.encrypted;
	}

	get ports(): ConnectionPorts | undefined {
		const { stream } = this;
		if (!(stream instanceof Socket) || stream.localPort === undefined || stream.remotePort === undefined) return undefined;
		const [own, peer] = [stream.localPort, stream.remotePort];
		return this.was_opened ? { server: peer, client: own, peer } : { server: own, client: peer, peer };
	}

	override get pending(): number {
		return this.stream.writableLength + this.out.size;
	}

	/** The connection as TLS, once that is agreed on. */
	private get tls(): TLSSocket | undefined {
		return this.encrypted && this.stream instanceof TLSSocket ? this.stream : undefined;
	}

	/** Protocol and cipher; undefined in the clear. */
	ssl_info(): TlsInfo | undefined {
		return this.tls && tls_info(this.tls);
	}

	peer_certificate(): PeerCertificate | undefined {
		// Node forgets a server's certificate when it was asked once
		if (this.tls !== undefined) this.shown ??= peer_certificate(this.tls, this.verification);
		return this.shown;
	}

	details(): ConnectionDetails {
		return {
			server_ip: this.stream instanceof Socket ? this.stream.localAddress : undefined,
			...(this.tls === undefined ? { sni: undefined, alpn: undefined } : tls_names(this.tls)),
		};
	}

	channel_binding(type: ChannelBinding): Buffer | undefined {
		return this.tls && channel_binding(this.tls, type);
	}

	set_keepalive(on: boolean): void {
		if (this.stream instanceof Socket) this.stream.setKeepAlive(on);
	}

	/** What was said before TLS goes out first. */
	protected override get is_blocked(): boolean {
		return this.upgrade !== undefined;
	}

	protected override get is_writing(): boolean {
		return this.state !== "ended" && !this.held;
	}

	flush(): void {
		if (this.state === "ended") return;
		if (this.upgrade !== undefined) {
			this.send_before_tls();
			return;
		}
		if (this.is_finished) {
			write_pieces(this.stream, this.out.take());
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
		while (this.out.ready > 0 && (this.held || !this.stream.writableNeedDrain))
			write_pieces(this.stream, this.out.take(this.encrypted ? tls_portion : portion));
		if (this.stream.writableNeedDrain && !this.held) this.clogged();
	}

	pause(): void {
		this.reading.pause();
	}

	resume(): void {
		this.reading.resume();
	}

	setlimit(settings: RateLimitSettings | undefined): void {
		this.reading.set_limit(settings);
	}

	/** The other end says nothing more. */
	private peer_ended(): void {
		this.tell(this.state === "open" ? peer_gone : this.reason);
		this.close();
	}

	/** Ends the connection at once. Its owner is told of the reason later, since it may be in the middle of writing. */
	override fail(reason: string | undefined): void {
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
		// What arrives from now on is for TLS, and Node passes on what it has already read.
		this.stream.off("data", this.listeners.data);
		// Unencrypted bytes after the request for TLS may come from anybody
		this.reading.drop();
		this.stream.pause();
		this.touch();
	}

	private attach(stream: Duplex): StreamListeners {
		this.stream = stream;
		const listeners: StreamListeners = {
			data: (chunk: Buffer) => {
				// While closing, it is only read so that the other end can finish.
				if (this.state !== "open") return;
				this.read_timer.refresh();
				try {
					if (this.reading.is_limited) this.reading.take(chunk);
					else this.ondata(chunk);
				} catch (error) {
					this.failed_callback(error);
				}
			},
			drain: () => this.drained(),
			end: () => {
				// What waits for the end of a handshake would wait for ever.
				if (stream instanceof TLSSocket && !this.encrypted) this.fail("TLS handshake cut short");
				this.reading.end();
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
		for (const piece of first) write_piece(this.stream, piece);
		if (this.state === "closing") {
			if (last !== undefined) write_piece(this.stream, last);
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
		else write_piece(this.stream, last, encrypt);
	}

	private encrypt(context: TlsContext): void {
		this.handshake_timer = timer(this.settings.ssl_handshake_timeout, () => this.fail("TLS handshake timed out"));
		choose_context(this.stream, context, (chosen) => {
			if (this.state === "open") this.guard(() => this.handshake(chosen));
		});
		this.update_reading();
	}

	private handshake(context: TlsContext, client?: TlsClient): void {
		const plain = this.stream;
		this.verification = context.verification;
		for (const [name, listener] of Object.entries(this.listeners)) plain.off(name, listener);
		const tls = speak_tls(plain, context, client, () => {
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
			this.reading.set_congested(true);
		}
	}

	private drained(): void {
		clearTimeout(this.send_timer);
		this.send_timer = undefined;
		if (this.state !== "ended" && this.out.ready > 0) {
			this.write_out();
			if (this.stream.writableNeedDrain || this.out.ready > 0) return;
		}
		this.reading.set_congested(false);
		if (this.state === "open") this.guard(() => this.ondrain());
	}

	private update_reading(): void {
		if (this.state !== "open" || this.upgrade !== undefined) return;
		if (this.reading.is_wanted) this.stream.resume();
		else this.stream.pause();
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
		this.reading.drop();
	}
}
