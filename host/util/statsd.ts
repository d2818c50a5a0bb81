// Counterpart: util/statsd.lua

import { createSocket } from "node:dgram";
import type { Listening } from "./openmetrics.ts";

/** Where numbers are sent. */
export interface StatsdOptions {
	readonly server: string;
	readonly port: number;
	/** What all names begin with. */
	readonly prefix: string;
}

/** The name of a metric; dots divide it. Source: util/statsd.lua, build_metric_name. */
function metric_name(family: string, labels: readonly string[]): string {
	return [family, ...labels].join("/").replaceAll(".", "_").replaceAll("/", ".");
}

/** Characters that end a name there, or a line. */
function safe(name: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a name must not hold
	return name.replace(/[:|@\u0000-\u0020]/g, "_");
}

/**
 * Sends changes to a statsd by UDP: one datagram for each metric that has changed, at the end of a pass of the event loop.
 * @param failed told once of what is in the way, such as a name that cannot be resolved
 * @returns what registers metrics, and what ends it
 */
export function send_to_statsd(
	{ server, port, prefix }: StatsdOptions,
	failed: (problem: string) => void,
): { readonly listen: Listening; close(): void } {
	const gauges = new Map<string, number>();
	const counters = new Map<string, number>();
	const socket = createSocket(server.includes(":") ? "udp6" : "udp4");
	socket.unref();
	let is_told = false;
	const tell = (error: Error | null): void => {
		if (error === null || is_told) return;
		is_told = true;
		failed(error.message);
	};
	socket.on("error", tell);
	let is_scheduled = false;
	let is_closed = false;

	function flush(): void {
		is_scheduled = false;
		if (is_closed) return;
		for (const [name, value] of gauges) socket.send(`${name}:${value}|g`, port, server, tell);
		for (const [name, by] of counters) socket.send(`${name}:${by}|c`, port, server, tell);
		gauges.clear();
		counters.clear();
	}

	function schedule(): void {
		if (is_scheduled) return;
		is_scheduled = true;
		setImmediate(flush);
	}

	return {
		listen(family, labels) {
			const name = safe(`${prefix}.${metric_name(family, labels)}`);
			return {
				gauge(suffix, value) {
					gauges.set(name + suffix, value);
					schedule();
				},
				counted(suffix, by) {
					counters.set(name + suffix, (counters.get(name + suffix) ?? 0) + by);
					schedule();
				},
			};
		},
		close() {
			flush();
			is_closed = true;
			// What was sent last goes out first
			setImmediate(() => socket.close());
		},
	};
}
