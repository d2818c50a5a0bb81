import { describe, expect, it } from "vitest";
import { AddressSet } from "../../../host/util/ip.ts";

describe("a set of addresses", () => {
	const set = new AddressSet(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32", "::1", "localhost", "10.0.0.0/33", "1.2.3.4/", ""]);

	it.each([
		["127.0.0.1", true],
		["127.0.0.2", false],
		["10.200.3.4", true],
		["11.0.0.1", false],
		["2001:db8:1::5", true],
		["2001:db9::", false],
		["::1", true],
		["0:0:0:0:0:0:0:1", true],
		["localhost", undefined],
		["", undefined],
	])("%s: %s", (address, expected) => {
		expect(set.has(address)).toBe(expected);
	});

	it("answers again as before", () => {
		expect(["10.1.1.1", "10.1.1.1", "11.1.1.1", "11.1.1.1", "x", "x"].map((address) => set.has(address))).toEqual([
			true,
			true,
			false,
			false,
			undefined,
			undefined,
		]);
	});

	it("names what is no address", () => {
		expect(set.unknown).toEqual(["localhost", "10.0.0.0/33", "1.2.3.4/", ""]);
	});
});
