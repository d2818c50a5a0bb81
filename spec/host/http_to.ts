import { type IncomingHttpHeaders, request } from "node:http";

/** An answer, read to its end. */
export interface HttpAnswer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
}

/** Asks the server on a port of this machine for a URL, whatever name that has; over a connection of its own. */
export function http_to(
	port: number,
	url: string,
	method: string,
	headers: Record<string, string> = {},
	body?: Buffer | string,
): Promise<HttpAnswer> {
	const { host, pathname } = new URL(url);
	return new Promise((resolve, reject) => {
		const asked = request(
			{ host: "127.0.0.1", port, path: pathname, method, headers: { host, ...headers }, agent: false },
			(got) => {
				const chunks: Buffer[] = [];
				got.on("data", (chunk: Buffer) => chunks.push(chunk));
				got.on("end", () => resolve({ status: got.statusCode ?? 0, headers: got.headers, body: Buffer.concat(chunks) }));
			},
		);
		asked.on("error", reject);
		asked.end(body);
	});
}
