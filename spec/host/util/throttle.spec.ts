import { describe, expect, it } from "vitest";
import { Throttle } from "../../../host/util/throttle.ts";

describe("a throttle", () => {
	it("lets as much through as it may, and more with time", () => {
		let now = 0;
		const throttle = new Throttle(3, 10, () => now);
		expect([throttle.poll(), throttle.poll(), throttle.poll(), throttle.poll()]).toEqual([true, true, true, false]);
		now = 3;
		expect(throttle.poll()).toBe(false);
		now = 4;
		expect(throttle.peek()).toBe(true);
		expect([throttle.poll(), throttle.poll()]).toEqual([true, false]);
		now = 1000;
		expect(throttle.update()).toBe(3);
		expect([throttle.poll(3), throttle.poll()]).toEqual([true, false]);
	});

	it("takes all there is from what costs too much, when told to", () => {
		const throttle = new Throttle(3, 10, () => 0);
		expect(throttle.poll(4)).toBe(false);
		expect(throttle.peek(3)).toBe(true);
		expect(throttle.poll(4, true)).toBe(false);
		expect(throttle.peek()).toBe(false);
	});

	it("never fills again in an endless period", () => {
		let now = 0;
		const throttle = new Throttle(1, Number.POSITIVE_INFINITY, () => now);
		throttle.poll();
		now = 1e9;
		expect(throttle.peek()).toBe(false);
	});

	it("goes by the clock of the process", () => {
		expect(new Throttle(1, 1).poll()).toBe(true);
	});
});
