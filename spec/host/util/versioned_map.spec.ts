import { describe, expect, it } from "vitest";
import { VersionedMap } from "../../../host/util/versioned_map.ts";

describe("a map that says what has changed", () => {
	it("names what was set and deleted since, in order", () => {
		const map = new VersionedMap<string, number>();
		map.set("a", 1).set("b", 2);
		const { version } = map;
		expect(map.changed_since(version)).toEqual([]);
		map.delete("a");
		map.set("c", 3);
		expect(map.changed_since(version)).toEqual(["a", "c"]);
		map.clear();
		expect(map.changed_since(version)).toEqual(["a", "c", "b", "c"]);
		expect(map.size).toBe(0);
	});

	it("says where it does not know any more, and never leaves anything out", () => {
		const map = new VersionedMap<number, number>();
		const versions: number[] = [];
		for (let key = 0; key < 2000; key++) {
			versions.push(map.version);
			map.set(key, key);
		}
		for (const [count, version] of versions.entries()) {
			const changed = map.changed_since(version);
			if (changed !== undefined) expect(changed).toEqual(Array.from({ length: 2000 - count }, (_, index) => count + index));
		}
		expect(map.changed_since(0)).toBeUndefined();
		expect(map.changed_since(1900)).toHaveLength(100);
	});
});
