import { describe, expect, it } from "vitest";
import { Reading } from "../../../host/net/reading.ts";
import { eventually } from "../../helper.ts";

/** A reading whose owner takes one piece and pauses, as one does whose work goes on in later slices. */
function pausing_owner(): { reading: Reading; seen: string[] } {
	const seen: string[] = [];
	const reading: Reading = new Reading(
		(bytes) => {
			seen.push(String(bytes));
			reading.pause();
		},
		() => {},
		() => seen.push("the end"),
	);
	return { reading, seen };
}

describe("the end of what the other end says", () => {
	it("is told at once to who waits for it", () => {
		const { reading, seen } = pausing_owner();
		reading.end();
		expect(seen).toEqual(["the end"]);
	});

	it("is told once the owner goes on, and only once", () => {
		const { reading, seen } = pausing_owner();
		reading.take(Buffer.from("last words"));
		reading.end();
		expect(seen).toEqual(["last words"]);
		reading.resume();
		reading.resume();
		expect(seen).toEqual(["last words", "the end"]);
	});

	it("is told after what waits for its rate", async () => {
		const { reading, seen } = pausing_owner();
		reading.set_limit({ rate: 200, burst: 4, resolution: 0.02 });
		reading.take(Buffer.from("last words"));
		reading.end();
		while (!seen.includes("the end")) {
			const before = seen.length;
			reading.resume();
			await eventually(() => expect(seen.length).toBeGreaterThan(before));
		}
		expect(seen.slice(0, -1).join("")).toBe("last words");
		expect(seen.at(-1)).toBe("the end");
	});
});
