import { vi } from "vitest";
import type { Server } from "../host/core/types.ts";
import { patience } from "../host/testing.ts";

/** The value of a metric that a server's module `http_openmetrics` would show, by its name and its labels as they stand there. */
export function metric_value({ statsmanager }: Pick<Server, "statsmanager">, name: string): number {
	const line = statsmanager.registry
		?.render()
		.split("\n")
		.find((one) => one.startsWith(`${name} `));
	return Number(line?.slice(name.length));
}

export * from "../host/testing.ts";

/** Tries until something holds, and answers with what it gives; throws what it threw last where that never comes. */
export function eventually<Value>(work: () => Value | Promise<Value>): Promise<Value> {
	return vi.waitFor(work, { timeout: patience });
}
