// No counterpart: in Prosody a client's connection ends where its session is.

import type { AddressableText } from "../../util/stanza.ts";
import type { Turn } from "../../util/turn.ts";
import { TurnConnection } from "../../util/turn_connection.ts";
import type { ChannelBinding, Connection } from "../types.ts";
import type { OpenItem } from "./items.ts";

/** Most bytes that may wait for the end of a turn, as with other connections. */
const most_pending = 32 * 1024 * 1024;
/** Stands between messages of a carrier of messages; XML has no such character. */
export const between_messages = "\u0000";

/** A client's connection that is on another node, where its bytes go to and come from. */
export class RelayConnection extends TurnConnection implements Connection {
	readonly carrier?: "BOSH" | "WebSocket";
	readonly ip: string;
	readonly secure: boolean;
	ondata: (chunk: Buffer) => void = () => {};
	onreadtimeout: () => boolean = () => true;
	private paused = false;
	private unread: Buffer[] = [];
	private is_told = false;
	private readonly bindings: Readonly<Record<string, string>>;
	/** Whether what is written is thrown away: the client has it already. */
	is_silent = false;

	/**
	 * @param say sends text to the client's node, or answers with why that cannot be
	 * @param end has the connection ended there, once what was said before is sent
	 */
	constructor(
		item: OpenItem,
		turn: Turn,
		mistake: (error: unknown) => void,
		private readonly say: (text: string) => string | undefined,
		private readonly end: () => void,
	) {
		super(turn, most_pending, mistake);
		this.ip = item.ip;
		this.secure = item.secure;
		this.bindings = item.login?.bindings ?? {};
		if (item.carrier === "WebSocket" || item.carrier === "BOSH") this.carrier = item.carrier;
	}

	/** Something came from the client. */
	came(text: string): void {
		if (this.state === "ended") return;
		const messages = this.carrier === undefined ? [text] : text.split(between_messages).filter((message) => message !== "");
		for (const message of messages) this.unread.push(Buffer.from(message));
		this.read();
	}

	/** The client is gone. */
	gone(reason: string | undefined): void {
		this.paused = false;
		this.read();
		this.is_told = true;
		this.fail(reason);
	}

	private read(): void {
		while (!this.paused && this.state === "open") {
			const chunk = this.unread.shift();
			if (chunk === undefined) return;
			this.guard(() => this.ondata(chunk));
		}
	}

	channel_binding(type: ChannelBinding): Buffer | undefined {
		const data = this.bindings[type];
		return data === undefined ? undefined : Buffer.from(data, "base64");
	}

	override write(data: string | Uint8Array, keep = false): boolean {
		if (this.is_silent) return true;
		const text = typeof data === "string" ? data : Buffer.from(data).toString("utf8");
		return super.write(this.carrier === undefined ? text : text + between_messages, keep);
	}

	override write_shared(text: AddressableText, to: string): boolean {
		if (this.carrier === undefined) return super.write_shared(text, to);
		return this.write(text.head + to + text.tail);
	}

	flush(): void {
		if (this.state === "ended") return;
		if (this.out.ready > 0) {
			let text = "";
			for (const piece of this.out.take()) text += "text" in piece ? piece.text : Buffer.from(piece).toString("utf8");
			const problem = this.say(text);
			if (problem !== undefined) {
				this.fail(problem);
				return;
			}
			if (this.out.size === 0) this.guard(() => this.ondrain());
		}
		if (this.is_finished) this.fail(undefined);
	}

	fail(reason: string | undefined): void {
		if (this.state === "ended") return;
		this.state = "ended";
		this.unread = [];
		this.turn.forget(this);
		if (!this.is_told) this.end();
		// Not within what the owner is doing
		setImmediate(() => this.guard(() => this.onclose(reason)));
	}

	set_keepalive(): void {
		// The client's own node does that
	}

	ssl_info(): undefined {
		return undefined;
	}

	pause(): void {
		this.paused = true;
	}

	resume(): void {
		this.paused = false;
		this.read();
	}

	pause_writes(): void {
		// Nothing is written at once
	}

	resume_writes(): void {
		// The same
	}
}
