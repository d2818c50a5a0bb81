import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RateLimit } from "../../../host/net/rate_limit.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** A limit with what it has delivered, and when. */
function limited(rate: number, burst: number, resolution: number) {
	const seen = { bytes: "", at: [] as [number, number][], waits: false, ready: true };
	const start = performance.now();
	const limit: RateLimit = new RateLimit(
		{ rate, burst, resolution },
		(bytes) => {
			seen.bytes += bytes.toString("latin1");
			seen.at.push([(performance.now() - start) / 1000, seen.bytes.length]);
		},
		() => {
			seen.waits = limit.waits;
		},
		() => seen.ready,
	);
	return { limit, seen };
}

const text = (length: number): string => Array.from({ length }, (_, index) => String.fromCharCode(97 + (index % 26))).join("");

describe("a limit of bytes", () => {
	it("lets a burst pass at once, and the rest as fast as it may come", () => {
		const { limit, seen } = limited(100, 200, 1);
		limit.take(Buffer.from(text(450)));
		expect([seen.bytes.length, seen.waits]).toEqual([200, true]);
		vi.advanceTimersByTime(999);
		expect(seen.bytes.length).toBe(200);
		vi.advanceTimersByTime(1);
		expect([seen.bytes.length, seen.waits]).toEqual([300, true]);
		vi.advanceTimersByTime(2000);
		expect([seen.bytes, seen.waits]).toEqual([text(450), false]);
	});

	it("delivers everything, in order, and never more than may come", () => {
		const step = fc.record({ length: fc.integer({ min: 1, max: 400 }), wait: fc.integer({ min: 0, max: 3000 }) });
		fc.assert(
			fc.property(fc.array(step), fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 500 }), (steps, rate, burst) => {
				const { limit, seen } = limited(rate, burst, 0.5);
				let sent = "";
				for (const { length, wait } of steps) {
					const piece = text(length);
					sent += piece;
					limit.take(Buffer.from(piece));
					expect(limit.waits).toBe(seen.bytes.length < sent.length);
					vi.advanceTimersByTime(wait);
				}
				vi.advanceTimersByTime(1e9);
				expect(seen.bytes).toBe(sent);
				const most = Math.max(1, burst, rate / 2);
				for (const [at, bytes] of seen.at) expect(bytes).toBeLessThanOrEqual(most + rate * at + 1e-6);
			}),
		);
	});

	it("waits for an owner who reads nothing, and keeps what waits when it ends", () => {
		const { limit, seen } = limited(100, 100, 1);
		limit.take(Buffer.from(text(350)));
		seen.ready = false;
		vi.advanceTimersByTime(5000);
		expect(seen.bytes.length).toBe(100);
		seen.ready = true;
		limit.go_on();
		expect(seen.bytes.length).toBe(200);
		// Not earlier than its time
		limit.go_on();
		expect(seen.bytes.length).toBe(200);
		expect(limit.stop()?.toString()).toBe(text(350).slice(200));
		vi.advanceTimersByTime(5000);
		expect(seen.bytes.length).toBe(200);
	});
});
