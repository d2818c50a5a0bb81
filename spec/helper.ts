import { vi } from "vitest";
import { patience } from "../host/testing.ts";

export * from "../host/testing.ts";

/** Tries until something holds, and answers with what it gives; throws what it threw last where that never comes. */
export function eventually<Value>(work: () => Value | Promise<Value>): Promise<Value> {
	return vi.waitFor(work, { timeout: patience });
}
