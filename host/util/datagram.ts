// No counterpart: Node has no datagram sockets of Unix.

/** Sends a text to a socket of this machine; calls back with why that could not be done, as where nobody listens. */
export type SendDatagram = (path: string, text: string, failed: (problem: string) => void) => void;

/** Loads what sends them; answers undefined where the optional package for that is not installed. */
export async function load_datagrams(): Promise<SendDatagram | undefined> {
	const library = await import("node-unix-socket").catch(() => undefined);
	if (library === undefined) return undefined;
	return (path, text, failed) => {
		const socket = new library.DgramSocket();
		socket.on("error", (error: Error) => failed(error.message));
		const bytes = Buffer.from(text);
		socket.sendTo(bytes, 0, bytes.length, path, (error) => {
			if (error) failed(error.message);
			socket.close();
		});
	};
}
