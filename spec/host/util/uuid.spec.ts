import { describe, expect, it } from "vitest";
import { generate, get_nibbles, v4, v7 } from "../../../host/util/uuid.ts";

describe("uuid", () => {
	it("makes random ones", () => {
		expect(generate).toBe(v4);
		const made = Array.from({ length: 100 }, generate);
		for (const uuid of made) expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(new Set(made).size).toBe(100);
	});

	it("makes such as sort by time, in Prosody's layout", () => {
		// 36 bits of seconds, 24 of their fraction
		expect(v7(0x123456789 + 0.5)).toMatch(/^12345678-9800-7000-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(v7(0x065f3a2b1 + 0x0abcc0 / 0x1000000)).toMatch(/^065f3a2b-10ab-7cc0-/);
		for (let count = 0; count < 100; count++) expect(v7(0)).toMatch(/^00000000-0000-7000-[89ab]/);
		const made = [1, 1.001, 15, 16, 1700000000, 1700000000.25, 1700000001].map((now) => v7(now));
		expect([...made].sort()).toEqual(made);
		expect(v7().slice(0, 9) >= v7(Date.now() / 1000 - 60).slice(0, 9)).toBe(true);
	});

	it("makes so many digits", () => {
		for (const count of [0, 1, 2, 7]) expect(get_nibbles(count)).toMatch(new RegExp(`^[0-9a-f]{${count}}$`));
	});
});
