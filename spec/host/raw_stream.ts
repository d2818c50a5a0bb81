import { connect, type Socket } from "node:net";

/** A stream over a socket, spoken by hand: text goes out, and what comes is taken piece by piece. */
export class RawStream {
	/** What came and was not taken yet. */
	left = "";
	private wake: () => void = () => undefined;
	private readonly socket: Socket;

	constructor(port: number) {
		this.socket = connect(port, "127.0.0.1");
		this.socket.setEncoding("utf8").on("data", (chunk: string) => {
			this.left += chunk;
			this.wake();
		});
		this.socket.on("close", () => this.wake()).on("error", () => undefined);
	}

	write(text: string): void {
		this.socket.write(text);
	}

	/** Waits for a text, and takes everything up to it; undefined where the stream ends without. */
	async take(pattern: RegExp): Promise<string | undefined> {
		for (;;) {
			const found = pattern.exec(this.left);
			if (found) {
				const end = found.index + found[0].length;
				const taken = this.left.slice(0, end);
				this.left = this.left.slice(end);
				return taken;
			}
			if (this.socket.destroyed) return undefined;
			await new Promise<void>((resolve) => {
				this.wake = resolve;
			});
		}
	}

	close(): void {
		this.socket.destroy();
	}
}
