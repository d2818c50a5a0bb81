// Counterpart: plugins/mod_websocket.lua (frames), net/websocket/frames.lua

import { Receiver, Sender } from "ws";
import type { ChannelBinding, Connection, Log, RateLimitSettings } from "../../core/types.ts";
import type { RawHead } from "../../util/out_buffer.ts";
import type { AddressableText } from "../../util/stanza.ts";
import { attribute_for } from "../client_documents.lib.ts";

const text_frame = 0x1;
const close_frame = 0x8;
const ping_frame = 0x9;
const pong_frame = 0xa;

/** Codes of RFC 6455 §7.4.1 for what cannot be read; 1002 for all others. */
const close_codes: Readonly<Record<string, number>> = {
	WS_ERR_INVALID_UTF8: 1007,
	WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
	WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
};
const too_big = 1009;

function frame(opcode: number, data: Buffer): Buffer {
	const pieces = Sender.frame(data, { fin: true, opcode, mask: false, readOnly: true, rsv1: false });
	return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}

/** The head of a frame with text of so many bytes. Source: RFC 6455 §5.2. */
function text_head(size: number): RawHead {
	const first = 0x80 | text_frame;
	if (size < 126) return { raw: String.fromCharCode(first, size) };
	if (size < 0x10000) return { raw: String.fromCharCode(first, 126, size >> 8, size & 0xff) };
	const bytes = Array.from({ length: 8 }, (_, at) => Math.floor(size / 256 ** (7 - at)) % 256);
	return { raw: String.fromCharCode(first, 127, ...bytes) };
}

/** A close frame; its text may have 123 bytes. */
function build_close(code: number, text: string): Buffer {
	const data = Buffer.alloc(2 + Buffer.byteLength(text));
	data.writeUInt16BE(code);
	data.write(text, 2);
	return frame(close_frame, data);
}

/** What the connection itself does not know about the client, and what the client may send. */
export interface WebSocketOptions {
	/** Address of the client; where there is a trusted proxy, the one that it gives. */
	readonly ip: string;
	/** Whether the way between the client and this server is encrypted. */
	readonly secure: boolean;
	/** Most bytes of one message. */
	readonly message_size_limit: number;
	/** Most frames of one message. */
	readonly fragment_limit: number;
	readonly log: Log;
}

/**
 * Messages of WebSocket over a connection that speaks it from now on: what is written in one call is one message, and the owner
 * gets one message at a time. Pings are answered here. What XMPP over WebSocket does not have (RFC 7395 §3.2, §3.3.3) ends the
 * connection with the code that says so.
 */
export class WebSocketConnection implements Connection {
	readonly carrier = "WebSocket";
	ondata: (message: Buffer) => void = () => {};
	onclose: (error: string | undefined) => void = () => {};
	onreadtimeout: () => boolean = () => false;
	onpredrain: () => void = () => {};
	ondrain: () => void = () => {};
	ondiscard: () => void = () => {};
	/** The client sends a message that is too big. Nothing is read any more; the owner is to end the stream. */
	ontoolarge: () => void = () => {};

	readonly ip: string;
	readonly secure: boolean;
	private readonly receiver: Receiver;
	private closing = false;
	/** The head of the last frame, for texts of so many bytes. */
	private last_head: { readonly size: number; readonly head: RawHead } | undefined;
	/** The last recipient's attribute, which is mostly the same, and whether each of its characters is one byte. */
	private last_attribute = { text: "", is_ascii: true };

	constructor(
		private readonly conn: Connection,
		private readonly options: WebSocketOptions,
	) {
		this.ip = options.ip;
		this.secure = options.secure;
		this.receiver = new Receiver({
			isServer: true,
			maxPayload: options.message_size_limit,
			maxFragments: options.fragment_limit,
		});
		this.receiver.on("message", (data: Buffer, is_binary: boolean) => this.take(data, is_binary));
		this.receiver.on("ping", (data: Buffer) => void this.conn.write(frame(pong_frame, data), true));
		this.receiver.on("conclude", () => this.refuse(1000, "Goodbye"));
		this.receiver.on("error", (error: NodeJS.ErrnoException) => this.unreadable(error));
		conn.ondata = (chunk) => void this.receiver.write(chunk);
		conn.onclose = (error) => this.onclose(error);
		conn.onreadtimeout = () => this.onreadtimeout();
		conn.onpredrain = () => this.onpredrain();
		conn.ondrain = () => this.ondrain();
		conn.ondiscard = () => this.ondiscard();
	}

	get pending(): number {
		return this.conn.pending;
	}

	get ports(): Connection["ports"] {
		return this.conn.ports;
	}

	write(data: string | Uint8Array, keep?: boolean): boolean {
		// An empty text belongs to something that follows, and is not a message
		if (data.length === 0) return true;
		if (this.closing) return false;
		// Text stays text, so that it goes out with what else is said in this turn in one piece
		if (typeof data === "string" && !keep && Buffer.byteLength(data) === data.length) {
			const text = { head: data, tail: "", size: data.length, is_ascii: true };
			return this.conn.write_shared(text, "", this.head_for(data.length));
		}
		return this.conn.write(frame(text_frame, Buffer.from(data)), keep);
	}

	private head_for(size: number): RawHead {
		if (this.last_head?.size !== size) this.last_head = { size, head: text_head(size) };
		return this.last_head.head;
	}

	/** The text that many get stays one; only the head of its frame is made, where it is not as long as the one before. */
	write_shared(text: AddressableText, to: string): boolean {
		if (this.closing) return false;
		const attribute = attribute_for(text, to);
		if (attribute !== this.last_attribute.text) {
			this.last_attribute = { text: attribute, is_ascii: Buffer.byteLength(attribute) === attribute.length };
		}
		if (!(text.is_ascii && this.last_attribute.is_ascii)) return this.write(text.head + attribute + text.tail);
		return this.conn.write_shared(text, attribute, this.head_for(text.size + attribute.length));
	}

	/** Asks the client whether it is still there; any answer keeps the connection open. */
	ping(): boolean {
		return !this.closing && this.conn.write(frame(ping_frame, Buffer.alloc(0)), true);
	}

	set_keepalive(on: boolean): void {
		this.conn.set_keepalive(on);
	}

	ssl_info(): ReturnType<Connection["ssl_info"]> {
		return this.conn.ssl_info();
	}

	channel_binding(type: ChannelBinding): Buffer | undefined {
		return this.conn.channel_binding?.(type);
	}

	peer_certificate(): ReturnType<NonNullable<Connection["peer_certificate"]>> {
		return this.conn.peer_certificate?.();
	}

	pause(): void {
		this.conn.pause();
	}

	resume(): void {
		this.conn.resume();
	}

	setlimit(settings: RateLimitSettings | undefined): void {
		this.conn.setlimit?.(settings);
	}

	pause_writes(): void {
		this.conn.pause_writes();
	}

	resume_writes(): void {
		this.conn.resume_writes();
	}

	close(): void {
		this.refuse(1000, "Stream closed");
	}

	destroy(): void {
		this.closing = true;
		this.conn.destroy();
	}

	private take(data: Buffer, is_binary: boolean): void {
		if (this.closing) return;
		if (is_binary) this.refuse(1003, "Only text frames are supported, RFC 7395 3.2");
		else if (data[0] !== 0x3c) this.refuse(1007, "Invalid payload start character, RFC 7395 3.3.3");
		else this.ondata(data);
	}

	private unreadable(error: NodeJS.ErrnoException): void {
		if (this.closing) return;
		const code = close_codes[error.code ?? ""] ?? 1002;
		this.options.log("debug", "Unreadable WebSocket frame from %s: %s", this.ip, error.message);
		// Otherwise a client that resumes its session would send the same stanza again
		if (code === too_big) this.ontoolarge();
		if (!this.closing) this.refuse(code, error.message);
	}

	/** Sends the reason, and ends the connection once everything written is out. */
	private refuse(code: number, text: string): void {
		if (this.closing) return;
		this.closing = true;
		this.conn.write(build_close(code, text), true);
		this.conn.close();
	}
}
