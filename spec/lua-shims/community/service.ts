// A service on the web for modules that ask one: it answers when a test says so.

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { eventually } from "../../helper.ts";

/** In this time a server here has asked what it is going to ask, in milliseconds. */
const quiet_time = 100;

/** A service that answers when it is told to. */
export interface Service {
	readonly url: string;
	/** What was asked and is not answered yet, in order. */
	asked(): string[];
	/** Waits until a question is asked. */
	asking(question: string): Promise<void>;
	/** Waits a little, in which a question must not be asked. */
	unasked(question: string): Promise<void>;
	/** Answers a question, once it is asked. */
	answer(question: string, code?: number, body?: string): Promise<void>;
	stop(): void;
}

export async function start_service(): Promise<Service> {
	const open: { readonly question: string; readonly response: ServerResponse }[] = [];
	const server = createServer((request, response) => {
		open.push({ question: (request.url ?? "").slice(1), response });
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const asking = (question: string): Promise<void> =>
		eventually(() => expect(open.map((one) => one.question)).toContain(question));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
		asked: () => open.map(({ question }) => question),
		asking,
		async unasked(question) {
			await new Promise((resolve) => setTimeout(resolve, quiet_time));
			expect(open.map((one) => one.question)).not.toContain(question);
		},
		async answer(question, code = 200, body = "yes") {
			await asking(question);
			const [found] = open.splice(
				open.findIndex((one) => one.question === question),
				1,
			);
			found?.response.writeHead(code).end(body);
		},
		stop() {
			server.close();
			server.closeAllConnections();
		},
	};
}
