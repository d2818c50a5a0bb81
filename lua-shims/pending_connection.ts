// No counterpart: a connection that Lua has already, while the host still makes it.

import type { Connection } from "../host/core/types.ts";
import { addressed_text } from "../host/plugins/client_documents.lib.ts";
import type { AddressableText } from "../host/util/stanza.ts";

/** How much may be written before there is a connection, in bytes. */
const most_waiting = 2 ** 20;

/** Keeps what is written until there is a connection. */
export class PendingConnection implements Connection {
	readonly secure = false;
	ondata: Connection["ondata"] = () => {};
	onclose: Connection["onclose"] = () => {};
	onreadtimeout: Connection["onreadtimeout"] = () => false;
	onpredrain: Connection["onpredrain"] = () => {};
	ondrain: Connection["ondrain"] = () => {};
	ondiscard: Connection["ondiscard"] = () => {};
	/** There is a connection. */
	onconnect: () => void = () => {};
	/** Whether the connection is no longer wanted. */
	is_closed = false;
	private readonly waiting: Buffer[] = [];
	private size = 0;

	/** @param give_up called when the connection is no longer wanted */
	constructor(
		readonly ip: string,
		private readonly give_up: () => void,
	) {}

	get pending(): number {
		return this.size;
	}

	write(data: string | Uint8Array): boolean {
		const bytes = Buffer.from(data);
		if (this.is_closed || this.size + bytes.length > most_waiting) return false;
		this.size += bytes.length;
		this.waiting.push(bytes);
		return true;
	}

	write_shared(text: AddressableText, to: string): boolean {
		return this.write(addressed_text(text, to));
	}

	/** Passes on what was written. */
	hand_over(conn: Connection): void {
		for (const bytes of this.waiting) conn.write(bytes);
	}

	close(): void {
		if (this.is_closed) return;
		this.is_closed = true;
		this.give_up();
	}

	destroy(): void {
		this.close();
	}

	ssl_info(): undefined {
		return undefined;
	}

	set_keepalive(): void {}
	pause(): void {}
	resume(): void {}
	pause_writes(): void {}
	resume_writes(): void {}
}
