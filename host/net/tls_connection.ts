// Counterpart: net/server_epoll.lua, net/tls_luasec.lua (starttls, and what a connection knows of TLS)

import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { ChannelBinding, ConnectionDetails, PeerVerification, TlsClient, TlsContext } from "../core/types.ts";
import type { Piece } from "../util/out_buffer.ts";
import type { Turn } from "../util/turn.ts";
import { TurnConnection } from "../util/turn_connection.ts";
import { channel_binding } from "./channel_binding.ts";
import { await_client_hello } from "./client_hello.ts";
import type { NetworkSettings } from "./network_settings.ts";
import { write_pieces } from "./pieces.ts";
import { type PeerCertificate, peer_certificate, speak_tls, type TlsInfo, tls_info, tls_names } from "./tls.ts";
import { alerts } from "./tls_ciphers.ts";
import { type Agreed, type HandshakeOwner, may_step_back, TlsHandshake } from "./tls_handshake.ts";
import type { KeyStore } from "./tls_keys.ts";

const longest_timeout = 2 ** 31 - 1;

/** Calls back after some seconds, which keep no process alive. */
export function timer(seconds: number, callback: () => void): NodeJS.Timeout {
	return setTimeout(callback, Math.min(seconds * 1000, longest_timeout)).unref();
}

/**
 * A connection that may turn to TLS. With TLS 1.3, OpenSSL is needed until both ends agree; with what came before, with certificates
 * of clients, for clients that want short records and where this side is the client, it speaks all of TLS.
 */
export abstract class TlsConnection extends TurnConnection implements HandshakeOwner {
	/** TLS is agreed on. */
	onsecure: () => void = () => {};

	private encrypted = false;
	/** A handshake that OpenSSL does on its own. */
	private shaking: TlsHandshake | undefined;
	/** What came of it. */
	private agreed: Agreed | undefined;
	/** How the other end's certificate is checked. */
	private verification: PeerVerification | undefined;
	private shown: PeerCertificate | undefined;
	private handshake_timer: NodeJS.Timeout | undefined;
	private unsuitable: ((said: Buffer) => void) | undefined;

	/**
	 * @param keys where those of connections with TLS 1.3 are kept
	 * @param mistake called with what a callback of the owner threw; the connection ends
	 */
	constructor(
		protected stream: Duplex,
		turn: Turn,
		protected readonly settings: NetworkSettings,
		private readonly keys: KeyStore,
		mistake: (error: unknown) => void,
	) {
		super(turn, settings.max_send_buffer_size, mistake);
	}

	/** Listens to the stream. */
	protected abstract attach(): void;
	/** Does not listen to the stream any more. */
	protected abstract detach(): void;
	/** Hands what comes over the stream to {@link read_bytes}; or listens to nothing that comes. */
	protected abstract watch_data(on: boolean): void;
	/** Reads on, or does not. */
	protected abstract update_reading(): void;
	abstract tls_data(bytes: Buffer): void;
	abstract tls_ended(): void;

	get secure(): boolean {
		return this.encrypted;
	}

	/** The connection as TLS, once that is agreed on, where OpenSSL speaks it. */
	private get tls(): TLSSocket | undefined {
		return this.encrypted && this.stream instanceof TLSSocket ? this.stream : undefined;
	}

	/** Protocol and cipher; undefined in the clear. */
	ssl_info(): TlsInfo | undefined {
		return this.agreed?.info ?? (this.tls && tls_info(this.tls));
	}

	peer_certificate(): PeerCertificate | undefined {
		// Node forgets a server's certificate when it was asked once
		if (this.tls !== undefined) this.shown ??= peer_certificate(this.tls, this.verification);
		return this.shown;
	}

	details(): ConnectionDetails {
		return {
			server_ip: this.stream instanceof Socket ? this.stream.localAddress : undefined,
			...(this.agreed?.names ?? (this.tls === undefined ? { sni: undefined, alpn: undefined } : tls_names(this.tls))),
		};
	}

	channel_binding(type: ChannelBinding): Buffer | undefined {
		if (this.agreed === undefined) return this.tls && channel_binding(this.tls, type);
		if (type === "tls-exporter") return this.agreed.records.exporter;
		return type === "tls-server-end-point" ? this.agreed.end_point : undefined;
	}

	/** Whether a client has yet to agree on TLS: nothing is written before. */
	protected get is_shaking(): boolean {
		return this.handshake_timer !== undefined;
	}

	/** Takes what came over the stream, once TLS has begun. */
	protected read_bytes(bytes: Buffer): void {
		if (this.shaking !== undefined) this.shaking.read(bytes);
		else this.agreed?.records.read(bytes);
	}

	protected pass_on(pieces: readonly Piece[]): void {
		const { agreed, stream } = this;
		if (agreed === undefined) {
			write_pieces(stream, pieces);
			return;
		}
		const bytes = agreed.records.protect(pieces);
		if (bytes.length === 0) return;
		// Where nothing waits, the system takes a copy at once of what it can; anything else may keep what it gets
		const is_taken = stream instanceof Socket && stream.writableLength === 0 && stream.writableCorked === 0;
		stream.write(is_taken ? bytes : Buffer.from(bytes));
		if (is_taken && stream.writableLength > 0) this.keys.space.give_away(bytes);
	}

	/** Waits for the client's first bytes, by which its context is found: OpenSSL cannot take another one later without mixing both. */
	protected accept_tls(context: TlsContext): void {
		const { ssl_handshake_timeout } = this.settings;
		this.handshake_timer = timer(ssl_handshake_timeout, () => this.fail("TLS handshake timed out"));
		await_client_hello(this.stream, (hello, said) => {
			if (this.state === "ended") return;
			const { server_name, speaks_1_3, wants_short_records } = hello;
			const chosen = server_name === undefined ? context : (context.by_name?.(server_name) ?? context);
			this.guard(() => {
				const may = speaks_1_3 && !wants_short_records && may_step_back(chosen) && !this.settings.openssl_records;
				if (may) this.shake_hands(chosen, said);
				else this.openssl_goes_on(chosen, said);
			});
		});
		this.update_reading();
	}

	/** TLS 1.3, for which OpenSSL is needed only until both ends agree. */
	private shake_hands(context: TlsContext, said: Buffer): void {
		this.unsuitable = (all) => this.openssl_goes_on(context, all);
		this.shaking = new TlsHandshake(context, this.keys, said, this);
		this.watch_data(true);
		this.shaking.go_on();
		this.update_reading();
	}

	tls_agreed(agreed: Agreed, rest: Buffer): void {
		this.shaking = undefined;
		this.unsuitable = undefined;
		this.agreed = agreed;
		this.handshake_over();
		this.update_reading();
		if (rest.length > 0) agreed.records.read(rest);
	}

	tls_unsuitable(said: Buffer): void {
		this.shaking = undefined;
		this.watch_data(false);
		this.stream.pause();
		this.unsuitable?.(said);
		this.unsuitable = undefined;
	}

	tls_failed(reason: string, alert?: number): void {
		// Nothing follows the end of this side
		if (alert !== undefined && this.agreed !== undefined && this.stream.writable) {
			this.stream.write(this.agreed.records.alert(alert));
		}
		this.fail(`TLS: ${reason}`);
	}

	tls_send(bytes: Buffer): void {
		if (this.state !== "ended") this.stream.write(bytes);
	}

	private handshake_over(): void {
		clearTimeout(this.handshake_timer);
		this.handshake_timer = undefined;
		this.encrypted = true;
		this.guard(() => this.onsecure());
		if (this.out.size > 0 || this.state === "closing") this.touch();
	}

	/**
	 * OpenSSL does all of TLS.
	 * @param said what came already. It gets that before it reads itself, and so takes a buffer for that much instead of 64 KB.
	 */
	private openssl_goes_on(context: TlsContext, said: Buffer): void {
		this.stream.unshift(said);
		this.openssl_speaks(context);
	}

	protected openssl_speaks(context: TlsContext, client?: TlsClient): void {
		const plain = this.stream;
		this.verification = context.verification;
		this.detach();
		const tls = speak_tls(plain, context, client, () => this.handshake_over());
		tls.on("_tlsError", (error: Error) => this.fail(`TLS: ${error.message}`));
		this.stream = tls;
		this.attach();
		this.update_reading();
	}

	/** Tells the other end that nothing more comes. */
	protected say_end(): void {
		if (this.agreed !== undefined) this.stream.write(this.agreed.records.alert(alerts.close_notify));
	}

	/** The connection is gone. */
	protected forget_tls(): void {
		clearTimeout(this.handshake_timer);
		this.shaking?.close();
		this.agreed?.records.close();
	}
}
