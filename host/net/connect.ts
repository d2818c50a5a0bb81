// Counterpart: net/connect.lua

import { connect, type Socket } from "node:net";
import type { OutgoingAddress } from "../core/types.ts";
import { failed, ok, type Result } from "../util/error.ts";

/** A connection on its way. */
export interface Connecting {
	/** The socket, or why there is none; settled also when it was given up. */
	readonly socket: Promise<Result<Socket, string>>;
	cancel(): void;
}

const reasons: { readonly [code: string]: string } = {
	ECONNREFUSED: "nobody listens there",
	ENOTFOUND: "there is no host of that name",
	EAI_AGAIN: "the name could not be looked up",
	EHOSTUNREACH: "there is no way to that host",
	ENETUNREACH: "there is no way to that network",
	ETIMEDOUT: "no answer",
	ECONNRESET: "the connection was cut",
	EMFILE: "this process has too many open files",
};

/** What went wrong, in words. */
function explain(error: NodeJS.ErrnoException): string {
	const { code = "" } = error;
	return reasons[code] === undefined ? error.message : `${reasons[code]} (${code})`;
}

/** Connects by TCP, trying all addresses of a name in turn. */
export function open_socket(options: OutgoingAddress): Connecting {
	let give_up: (reason: string) => void = () => {};
	const socket = new Promise<Result<Socket, string>>((resolve) => {
		const opening = connect({ host: options.host, port: options.port, noDelay: true, allowHalfOpen: true });
		const timer = setTimeout(() => give_up(`no answer within ${options.timeout} s`), options.timeout * 1000);
		const settle = (result: Result<Socket, string>): void => {
			clearTimeout(timer);
			opening.removeAllListeners();
			give_up = () => {};
			if (!result.ok) {
				opening.on("error", () => {});
				opening.destroy();
			}
			resolve(result);
		};
		give_up = (reason) => settle(failed(reason));
		opening.once("error", (error: NodeJS.ErrnoException) => settle(failed(explain(error))));
		opening.once("connect", () => settle(ok(opening)));
	});
	return { socket, cancel: () => give_up("no longer wanted") };
}
