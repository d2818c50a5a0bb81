// A mail server for specs: it keeps what it is given, as RFC 5321 has it, and refuses what it is told to.

import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** One mail that came. */
export interface Mail {
	readonly from: string;
	readonly to: readonly string[];
	readonly text: string;
}

/** A running server. */
export interface SmtpServer {
	readonly port: number;
	readonly mails: Mail[];
	/** Who logged in, as `name:password`. */
	readonly logins: string[];
	stop(): void;
}

/**
 * Starts it on a free port of the loopback interface.
 * @param refuses addresses that nobody has
 */
export async function start_smtp_server(refuses: readonly string[] = []): Promise<SmtpServer> {
	const mails: Mail[] = [];
	const logins: string[] = [];
	const open = new Set<Socket>();
	const server = createServer((socket) => {
		open.add(socket);
		socket.on("error", () => {});
		let from = "";
		let to: string[] = [];
		let text: string[] | undefined;
		const say = (line: string): void => void socket.write(`${line}\r\n`);
		/** The answer to a line; nothing where more is to come. */
		const answer = (line: string): string | undefined => {
			if (text !== undefined) {
				if (line !== ".") {
					text.push(line.startsWith(".") ? line.slice(1) : line);
					return undefined;
				}
				mails.push({ from, to, text: text.join("\n") });
				text = undefined;
				return "250 kept";
			}
			const [, address = ""] = /^(?:MAIL FROM|RCPT TO):<?([^>]*)>?/.exec(line) ?? [];
			if (line.startsWith("EHLO")) return "250-fake\r\n250 AUTH PLAIN";
			if (line.startsWith("AUTH PLAIN ")) {
				const [, name, password] = Buffer.from(line.slice("AUTH PLAIN ".length), "base64").toString().split("\0");
				logins.push(`${name}:${password}`);
				return "235 welcome";
			}
			if (line.startsWith("MAIL FROM:")) [from, to] = [address, []];
			if (line.startsWith("RCPT TO:")) {
				if (refuses.includes(address)) return "550 nobody here by that name";
				to.push(address);
			}
			if (line === "DATA") text = [];
			return line === "DATA" ? "354 go on" : line === "QUIT" ? "221 bye" : "250 ok";
		};
		const hear = (line: string): void => {
			const answered = answer(line);
			if (answered !== undefined) say(answered);
			if (line === "QUIT" && text === undefined) socket.end();
		};
		let rest = "";
		socket.setEncoding("utf8").on("data", (chunk: string) => {
			const lines = (rest + chunk).split("\r\n");
			rest = lines.pop() ?? "";
			for (const line of lines) hear(line);
		});
		say("220 fake ESMTP");
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	return {
		port: typeof address === "object" && address !== null ? address.port : 0,
		mails,
		logins,
		stop() {
			for (const socket of open) socket.destroy();
			server.close();
		},
	};
}
