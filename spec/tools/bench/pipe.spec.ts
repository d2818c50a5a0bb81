import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { serve_pipe } from "../../../tools/bench/pipe.ts";

const sockets: Socket[] = [];
let close: (() => void) | undefined;
afterEach(() => {
	for (const socket of sockets.splice(0)) socket.destroy();
	close?.();
});

/** What is heard on one end after it was said on the other. */
async function heard(from: Socket, to: Socket, text: string): Promise<string> {
	let said = "";
	const whole = new Promise<void>((resolve) => {
		to.on("data", (chunk: Buffer) => {
			said += chunk.toString("latin1");
			if (said.length >= text.length) resolve();
		});
	});
	from.write(text, "latin1");
	await whole;
	return said;
}

describe("the process that only reads and writes", () => {
	it("passes everything on between two and two, and leaves out who has gone alone", async () => {
		const server = serve_pipe(0);
		await once(server, "listening");
		close = () => void server.close();
		const address = server.address();
		const port = typeof address === "object" && address !== null ? address.port : 0;
		/** The server's end of the last connection. */
		let accepted: Socket | undefined;
		server.on("connection", (socket) => {
			accepted = socket;
		});
		const open = async (): Promise<Socket> => {
			const here = once(server, "connection");
			const socket = connect(port, "127.0.0.1");
			sockets.push(socket);
			await here;
			return socket;
		};
		const alone = await open();
		const gone = accepted && once(accepted, "close");
		alone.destroy();
		await gone;
		const [first, second, third, fourth] = [await open(), await open(), await open(), await open()];
		expect(await heard(first, second, "<a/>")).toBe("<a/>");
		expect(await heard(second, first, "<b/>")).toBe("<b/>");
		expect(await heard(fourth, third, "<c/>".repeat(10_000))).toBe("<c/>".repeat(10_000));
	});
});
