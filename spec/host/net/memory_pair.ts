import { Duplex } from "node:stream";

class Side extends Duplex {
	other: Side | undefined;
	private taken: (() => void) | undefined;

	constructor() {
		super({ allowHalfOpen: true });
	}

	override _read(): void {
		const { taken } = this;
		this.taken = undefined;
		taken?.();
	}

	// Later, as over a wire: what is told in the midst of a write confuses TLS.
	override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
		setImmediate(() => this.other?.receive(chunk, callback));
	}

	override _final(callback: () => void): void {
		setImmediate(() => {
			this.other?.push(null);
			callback();
		});
	}

	override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
		if (this.other && !this.other.readableEnded) setImmediate(() => this.other?.push(null));
		callback(error);
	}

	private receive(chunk: Buffer, taken: () => void): void {
		if (this.destroyed || this.push(chunk)) taken();
		else this.taken = taken;
	}
}

/** The two ends of a connection in memory, with back-pressure. */
export function memory_pair(): [Duplex, Duplex] {
	const [near, far] = [new Side(), new Side()];
	near.other = far;
	far.other = near;
	return [near, far];
}
