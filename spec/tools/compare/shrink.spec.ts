import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shrink } from "../../../tools/compare/shrink.ts";
import type { Play, PlayStep } from "../../../tools/compare/types.ts";

function play_of(length: number): Play {
	const steps = Array.from(
		{ length },
		(_, number): PlayStep => ({
			kind: "send",
			player: number % 2 === 0 ? "Romeo" : "Juliet",
			xml: `<message id='${number}'/>`,
			label: String(number),
		}),
	);
	const players = ["Romeo", "Juliet"].map((name) => ({ name, jid: `${name}@localhost`, password: "password" }));
	return { title: "play", source: "seed:1:1", players, steps };
}

function labels(play: Play): string[] {
	return play.steps.map((step) => ("label" in step ? step.label : ""));
}

describe("shrinking", () => {
	it("finds exactly the steps that it takes, in their order", async () => {
		await fc.assert(
			fc.asyncProperty(fc.uniqueArray(fc.nat(39), { minLength: 1, maxLength: 4 }), async (needed) => {
				const wanted = [...needed].sort((a, b) => a - b).map(String);
				const shorter = await shrink(
					play_of(40),
					Math.max(...needed),
					async (play) => wanted.every((label) => labels(play).includes(label)),
					10_000,
				);
				expect(labels(shorter)).toEqual(wanted);
			}),
			{ numRuns: 50 },
		);
	});

	it("keeps only the players that still act", async () => {
		const shorter = await shrink(play_of(10), 9, async (play) => labels(play).includes("4"), 1000);
		expect(shorter.players.map(({ name }) => name)).toEqual(["Romeo"]);
	});

	it("keeps the whole play when nothing shorter shows the difference", async () => {
		const whole = play_of(6);
		const shorter = await shrink(whole, 5, async (play) => play.steps.length === 6, 1000);
		expect(labels(shorter)).toEqual(labels(whole));
	});

	it("gives up after the given number of tries", async () => {
		let tries = 0;
		await shrink(play_of(40), 39, async () => ++tries < 0, 7);
		expect(tries).toBe(7);
	});
});
