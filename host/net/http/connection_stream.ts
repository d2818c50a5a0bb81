// No counterpart: lets Node's HTTP work on our connections.

import { Duplex } from "node:stream";
import type { Connection } from "../../core/types.ts";

/** While more than this many bytes wait for a peer, no more content is made for it. */
const enough_pending = 64 * 1024;

/** A connection as a stream of Node. What is written joins the turn, like everything that a connection is given. */
export class ConnectionStream extends Duplex {
	private written: (() => void) | undefined;
	private is_gone = false;

	/** @param oninput told of everything that comes, before it is read */
	constructor(
		readonly conn: Connection,
		oninput: () => void,
	) {
		super();
		conn.ondata = (chunk) => {
			oninput();
			if (!this.push(chunk)) conn.pause();
		};
		conn.ondrain = () => {
			const { written } = this;
			this.written = undefined;
			written?.();
		};
		// What was written before is still going out by itself.
		conn.onclose = () => {
			this.is_gone = true;
			this.destroy();
		};
	}

	override _read(): void {
		this.conn.resume();
	}

	override _write(chunk: Buffer, _encoding: string, written: (error?: Error) => void): void {
		if (!this.conn.write(chunk)) written(new Error("the connection is gone"));
		else if (this.conn.pending > enough_pending) this.written = written;
		else written();
	}

	override _final(done: () => void): void {
		this.conn.close();
		done();
	}

	override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
		if (!this.is_gone) this.conn.destroy();
		done();
	}
}
