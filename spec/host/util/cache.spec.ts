import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Cache } from "../../../host/util/cache.ts";

function filled(size: number, ...keys: string[]): Cache<string, number> {
	const cache = new Cache<string, number>(size);
	for (const [index, key] of keys.entries()) cache.set(key, index);
	return cache;
}

function keys(cache: Cache<string, number>): string {
	return [...cache.items()].map(([key]) => key).join("");
}

describe("Cache", () => {
	it("evicts what was set longest ago", () => {
		const cache = filled(3, "a", "b", "c");
		expect(cache.get("a")).toBe(0);
		expect(cache.set("a", 5)).toBe(true);
		expect(cache.set("d", 6)).toBe(true);
		expect(keys(cache)).toBe("dac");
		expect([...cache.values()]).toEqual([6, 5, 2]);
		expect(cache.get("b")).toBeUndefined();
		expect(cache.count()).toBe(3);
		expect(cache.size).toBe(3);
		expect(cache.head()).toEqual(["d", 6]);
		expect(cache.tail()).toEqual(["c", 2]);
	});

	it("does not count reading as use", () => {
		const cache = filled(2, "a", "b");
		cache.get("a");
		cache.set("c", 1);
		expect(keys(cache)).toBe("cb");
	});

	it("removes a key that is set to undefined", () => {
		const cache = filled(3, "a", "b", "c");
		expect(cache.set("b", undefined)).toBe(true);
		expect(cache.set("x", undefined)).toBe(true);
		expect(keys(cache)).toBe("ca");
		cache.set("a", undefined);
		cache.set("c", undefined);
		expect(cache.head()).toBeUndefined();
		expect(cache.tail()).toBeUndefined();
		cache.set("d", 1);
		expect(keys(cache)).toBe("d");
	});

	it("asks on_evict, which may refuse", () => {
		const asked: unknown[] = [];
		const cache = new Cache<string, number>(1, (key, value, self) => {
			asked.push([key, value, self === cache]);
			return value !== 1;
		});
		cache.set("a", 1);
		expect(cache.set("b", 2)).toBe(false);
		expect(keys(cache)).toBe("a");
		expect(cache.set("a", 3)).toBe(true);
		expect(cache.set("b", 2)).toBe(true);
		expect(asked).toEqual([
			["a", 1, true],
			["a", 3, true],
		]);
	});

	it("evicts for any answer but false", () => {
		for (const answer of [undefined, null, 0, ""]) {
			const cache = new Cache<string, number>(1, () => answer);
			cache.set("a", 1);
			expect(cache.set("b", 2)).toBe(true);
			expect(keys(cache)).toBe("b");
		}
	});

	it("never evicts when on_evict is false", () => {
		const cache = new Cache<string, number>(1, false);
		cache.set("a", 1);
		expect(cache.set("b", 2)).toBe(false);
		expect(cache.set("a", 2)).toBe(true);
		expect(cache.resize(2)).toBe(true);
		expect(cache.set("b", 2)).toBe(true);
		expect(cache.resize(1)).toBe(false);
		expect(cache.size).toBe(2);
	});

	it("keeps the oldest entry when on_evict makes room otherwise", () => {
		const growing: Cache<string, number> = new Cache(1, (_key, _value, self) => self.resize(self.size + 1));
		growing.set("a", 1);
		growing.set("b", 2);
		growing.set("c", 3);
		expect(keys(growing)).toBe("cba");
		expect(growing.size).toBe(3);

		const swapping: Cache<string, number> = new Cache(2, (_key, _value, self) => {
			self.set("b", undefined);
		});
		swapping.set("a", 1);
		swapping.set("b", 2);
		swapping.set("c", 3);
		expect(keys(swapping)).toBe("ca");

		const removing: Cache<string, number> = new Cache(1, (key, _value, self) => {
			self.set(key, undefined);
		});
		removing.set("a", 1);
		removing.set("b", 2);
		expect(keys(removing)).toBe("b");
		expect(removing.tail()).toEqual(["b", 2]);
		expect(removing.resize(2)).toBe(true);
		removing.set("c", 3);
		expect(removing.resize(1)).toBe(true);
		expect(keys(removing)).toBe("c");
	});

	it("stays within its size when on_evict replaces the entry", () => {
		const cache: Cache<string, number> = new Cache(2, (key, _value, self) => {
			self.set(key, undefined);
			self.set("x", 9);
		});
		cache.set("a", 1);
		cache.set("b", 2);
		cache.set("c", 3);
		expect(keys(cache)).toBe("cx");
		expect(cache.tail()).toEqual(["x", 9]);
	});

	it("shrinks from the oldest on, as far as on_evict lets it", () => {
		const cache = filled(5, "a", "b", "c", "d");
		expect(cache.resize(2.9)).toBe(true);
		expect(keys(cache)).toBe("dc");
		expect(cache.size).toBe(2);
		const guarded = new Cache<string, number>(3, (key) => key !== "b");
		for (const key of ["a", "b", "c"]) guarded.set(key, 0);
		expect(guarded.resize(1)).toBe(false);
		expect(keys(guarded)).toBe("cb");
		expect(guarded.size).toBe(3);
	});

	it("goes on to the next when on_evict sets the oldest anew while it shrinks", () => {
		const asked: string[] = [];
		const cache: Cache<string, number> = new Cache(3, (key, _value, self) => {
			if (asked.push(key) > 1) return;
			self.set(key, undefined);
			self.set(key, 7);
		});
		for (const key of ["a", "b", "c"]) cache.set(key, 0);
		expect(cache.resize(2)).toBe(true);
		expect(asked).toEqual(["a", "b"]);
		expect([...cache.items()]).toEqual([
			["a", 7],
			["c", 0],
		]);
		expect(cache.count()).toBe(2);
	});

	it("forgets everything on clear, without asking", () => {
		const cache = new Cache<string, number>(1, false);
		cache.set("a", 1);
		cache.clear();
		expect(cache.count()).toBe(0);
		expect(cache.set("b", 1)).toBe(true);
		expect(keys(cache)).toBe("b");
	});

	it("may be emptied while it is gone through", () => {
		const cache = filled(4, "a", "b", "c", "d");
		const seen: string[] = [];
		for (const [key] of cache.items()) {
			seen.push(key);
			cache.set(key, undefined);
		}
		expect(seen).toEqual(["d", "c", "b", "a"]);
		expect(cache.count()).toBe(0);
	});

	it("wants a size of at least one", () => {
		for (const size of [0, -1, 0.5, Number.NaN]) expect(() => new Cache(size)).toThrow(RangeError);
		expect(() => filled(2).resize(0)).toThrow(RangeError);
		expect(new Cache(1.5).size).toBe(1);
	});

	it("does what a plain list would", () => {
		const step = fc.record({
			key: fc.constantFrom(..."abcdefg".split("")),
			value: fc.option(fc.nat(9), { nil: undefined }),
			resize: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined, freq: 5 }),
		});
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (initial, steps) => {
				const cache = new Cache<string, number>(initial);
				let list: [string, number][] = [];
				for (const { key, value, resize } of steps) {
					if (resize !== undefined) cache.resize(resize);
					cache.set(key, value);
					list = list.slice(0, cache.size).filter(([known]) => known !== key);
					if (value !== undefined) list = [[key, value] as [string, number], ...list].slice(0, cache.size);
					expect([...cache.items()]).toEqual(list);
					expect(cache.count()).toBe(list.length);
					expect(cache.head()).toEqual(list[0]);
					expect(cache.tail()).toEqual(list.at(-1));
				}
			}),
		);
	});
});
