// Counterpart: net/http/parser.lua (the content of a request)

import type { IncomingMessage } from "node:http";
import type { BodySink } from "../../core/types/http.ts";

/** How the content of a message ended: whole, larger than allowed, refused by its sink, too slow, or cut off. */
export type BodyEnd = "whole" | "too large" | "refused" | "too slow" | "cut off";

/**
 * Reads what comes, until `take` says that something is wrong, or it ends.
 * @param patience milliseconds until all has to be there; as long as it takes where absent
 */
function read(incoming: IncomingMessage, take: (chunk: Buffer) => BodyEnd | undefined, patience?: number): Promise<BodyEnd> {
	return new Promise((resolve) => {
		const timer = patience === undefined ? undefined : setTimeout(() => finish("too slow"), patience).unref();
		const finish = (end: BodyEnd): void => {
			clearTimeout(timer);
			incoming.off("data", ondata);
			// What still comes is of no use to anybody.
			incoming.resume();
			resolve(end);
		};
		const ondata = (chunk: Buffer): void => {
			const end = take(chunk);
			if (end !== undefined) finish(end);
		};
		incoming.on("data", ondata);
		incoming.once("end", () => finish("whole"));
		incoming.once("close", () => finish(incoming.complete ? "whole" : "cut off"));
		incoming.once("error", () => finish("cut off"));
	});
}

/**
 * Collects content.
 * @param limit most bytes
 * @param patience milliseconds until all has to be there
 */
export async function collect(
	incoming: IncomingMessage,
	limit: number,
	patience: number,
): Promise<{ readonly end: BodyEnd; readonly body: Buffer }> {
	const chunks: Buffer[] = [];
	let size = 0;
	const take = (chunk: Buffer): BodyEnd | undefined => {
		size += chunk.length;
		if (size > limit) return "too large";
		chunks.push(chunk);
		return undefined;
	};
	const end = await read(incoming, take, patience);
	return { end, body: end === "whole" ? Buffer.concat(chunks) : Buffer.alloc(0) };
}

/** Hands content to a sink as it comes. Throws what the sink throws. */
export async function pour(incoming: IncomingMessage, sink: BodySink): Promise<BodyEnd> {
	let problem: { readonly error: unknown } | undefined;
	const end = await read(incoming, (chunk) => {
		try {
			return sink.write(chunk) ? undefined : "refused";
		} catch (error) {
			problem = { error };
			return "refused";
		}
	});
	if (problem !== undefined) throw problem.error;
	return end;
}
