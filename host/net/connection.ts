// Counterpart: net/server_epoll.lua (the interface of a connection)

import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Connection, ConnectionPorts, Log, RateLimitSettings, TlsClient, TlsContext } from "../core/types.ts";
import type { Piece } from "../util/out_buffer.ts";
import type { Turn } from "../util/turn.ts";
import type { NetworkSettings } from "./network_settings.ts";
import { write_piece } from "./pieces.ts";
import { Reading } from "./reading.ts";
import { TlsConnection, timer } from "./tls_connection.ts";
import type { KeyStore } from "./tls_keys.ts";

/** How long the other end gets to close after we did, in milliseconds. If we closed at once, our last data could get lost. */
const linger = 1000;
/** How many bytes a peer has to take at a time, within `send_timeout`. */
const portion = 128 * 1024;
/** The same with TLS, which has a copy of what is under way: more would stay with the connection, since it is kept for the next time. */
const tls_portion = 16 * 1024;
/** While more than this many bytes wait for a peer, nothing is read from it: it could only make it more. */
const read_pause = 1024 * 1024;
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

/**
 * One connection by TCP or TLS. What is written joins the turn and goes out at its end in one piece; errors of the
 * connection and in its owner's callbacks do not leave this class.
 */
export class SocketConnection extends TlsConnection implements Connection {
	ondata: (chunk: Buffer) => void = () => {};
	onreadtimeout: () => boolean = () => false;
	/** Resolved when nothing of the connection is left. */
	readonly closed: Promise<void>;

	/** TLS to be turned to once what was written before it is out. */
	private upgrade:
		| { readonly context: TlsContext; readonly client: TlsClient | undefined; readonly before: readonly Piece[] }
		| undefined;
	private reason: string | undefined;
	private told = false;
	/** What is written is held back for now. */
	private held = false;
	private readonly reading: Reading;
	private listeners: StreamListeners;
	private readonly read_timer: NodeJS.Timeout;
	private send_timer: NodeJS.Timeout | undefined;
	private settle: () => void = () => {};

	/** Whether this side opened it. */
	was_opened = false;
	/** Whether somebody else speaks TLS with the peer, and passes on what comes. */
	is_secured = false;

	/**
	 * @param keys where those of connections with TLS 1.3 are kept
	 * @param forget called when nothing of the connection is left
	 */
	constructor(
		stream: Duplex,
		readonly ip: string,
		turn: Turn,
		settings: NetworkSettings,
		log: Log,
		keys: KeyStore,
		private readonly forget: () => void,
	) {
		super(stream, turn, settings, keys, (error) =>
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
		this.listeners = this.listeners_of(stream);
		this.attach();
	}

	get ports(): ConnectionPorts | undefined {
		const { stream } = this;
		if (!(stream instanceof Socket) || stream.localPort === undefined || stream.remotePort === undefined) return undefined;
		const [own, peer] = [stream.localPort, stream.remotePort];
		return this.was_opened ? { server: peer, client: own, peer } : { server: own, client: peer, peer };
	}

	override get secure(): boolean {
		return this.is_secured || super.secure;
	}

	override get pending(): number {
		return this.stream.writableLength + this.out.size;
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
		if (this.is_shaking) {
			if (this.is_finished && this.out.size === 0) this.fail(undefined);
			return;
		}
		if (this.is_finished) {
			this.pass_on(this.out.take());
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
		if (this.is_shaking) return;
		const limit = this.stream instanceof TLSSocket ? tls_portion : portion;
		while (this.out.ready > 0 && (this.held || !this.stream.writableNeedDrain)) this.pass_on(this.out.take(limit));
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
			this.forget_tls();
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
		if (this.state !== "open" || this.upgrade !== undefined || this.secure) return;
		if (this.out.waits) {
			this.fail("TLS was asked for while an answer waited for the storage");
			return;
		}
		this.out.seal();
		this.upgrade = { context, client, before: this.out.take() };
		// What arrives from now on is for TLS, and Node passes on what it has already read.
		this.watch_data(false);
		// Unencrypted bytes after the request for TLS may come from anybody
		this.reading.drop();
		this.stream.pause();
		this.touch();
	}

	/** Takes what the other end says. */
	private readonly heard = (chunk: Buffer): void => {
		// While closing, it is only read so that the other end can finish.
		if (this.state !== "open") return;
		this.read_timer.refresh();
		try {
			if (this.reading.is_limited) this.reading.take(chunk);
			else this.ondata(chunk);
		} catch (error) {
			this.failed_callback(error);
		}
	};

	private listeners_of(stream: Duplex): StreamListeners {
		return {
			data: this.heard,
			drain: () => this.drained(),
			end: () => {
				// What waits for the end of a handshake would wait for ever.
				if (this.is_shaking || (stream instanceof TLSSocket && !this.secure)) this.fail("TLS handshake cut short");
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
	}

	protected override attach(): void {
		if (this.stream instanceof TLSSocket) this.listeners = this.listeners_of(this.stream);
		for (const [name, listener] of Object.entries(this.listeners)) this.stream.on(name, listener);
	}

	protected override detach(): void {
		for (const [name, listener] of Object.entries(this.listeners)) this.stream.off(name, listener);
	}

	protected override watch_data(on: boolean): void {
		if (!on) {
			this.stream.off("data", this.listeners.data);
			return;
		}
		this.listeners.data = (chunk) => this.read_bytes(chunk);
		this.stream.on("data", this.listeners.data);
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
			if (this.state === "ended" || this.secure || this.upgrade !== upgrade) return;
			this.upgrade = undefined;
			const { context, client } = upgrade;
			this.guard(() => (client === undefined ? this.accept_tls(context) : this.openssl_speaks(context, client)));
		};
		if (last === undefined) encrypt();
		else write_piece(this.stream, last, encrypt);
	}

	override tls_ended(): void {
		this.reading.end();
	}

	override tls_data(bytes: Buffer): void {
		this.heard(bytes);
	}

	private end(): void {
		this.say_end();
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

	protected override update_reading(): void {
		if (this.state === "ended" || this.upgrade !== undefined) return;
		if (this.state === "closing" && !this.is_shaking) return;
		if (this.is_shaking || this.reading.is_wanted) this.stream.resume();
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
		this.reading.drop();
	}
}
