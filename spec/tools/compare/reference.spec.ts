import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clone, Stanza } from "../../../host/util/stanza.ts";
import { Dice } from "../../../tools/compare/grammar/dice.ts";
import { perform } from "../../../tools/compare/perform.ts";
import { random_play } from "../../../tools/compare/random.ts";
import { compare_transcripts } from "../../../tools/compare/transcripts.ts";
import type { Endpoint, Transcript } from "../../../tools/compare/types.ts";
import { find_prosody, type Reference, start_reference } from "../../../tools/reference.ts";
import { not_installed } from "../../needs.ts";

// Compared with itself it shows that comparisons show nothing but differences
const no_prosody = not_installed(find_prosody(), "Prosody", "it is not compared with itself");

const seed = 20260;
const plays = 8;
const steps = 60;

let references: Reference[] = [];

async function start(): Promise<Reference> {
	const started = await start_reference();
	if (!started.ok) throw new Error(started.error);
	return started.value;
}

function endpoint({ host, port }: Reference, name: string): Endpoint {
	return { name, host, port, stop: () => undefined };
}

/** Changes something in a stanza that servers may not choose, or leaves the stanza out. */
function change(original: Stanza, dice: Dice): Stanza[] {
	const stanza = clone(original);
	const elements: Stanza[] = [stanza];
	for (const element of elements) elements.push(...element.tags);
	const element = dice.pick(elements);
	const names = Object.keys(element.attr).filter((name) => !["id", "stamp", "sessionid", "seconds", "ver"].includes(name));
	const name = dice.maybe(names);
	switch (dice.below(5)) {
		case 0:
			return [];
		case 1:
			return [stanza, clone(original)];
		case 2:
			if (name !== undefined) delete element.attr[name];
			else element.attr["new"] = "1";
			break;
		case 3:
			if (name !== undefined) element.attr[name] = "changed";
			else element.append_parsed("changed");
			break;
		default:
			if (element.children.length > 0) element.children = [];
			else element.append_parsed(new Stanza("new", {}));
	}
	return [stanza];
}

describe.skipIf(no_prosody)("a real Prosody, compared with itself in random plays", () => {
	beforeAll(async () => {
		references = await Promise.all([start(), start()]);
	});

	afterAll(async () => {
		await Promise.all(references.map((reference) => reference.stop()));
	});

	it.each(Array.from({ length: plays }, (_, number) => number))("differs in nothing in play %i", async (number) => {
		const play = random_play(seed, number, steps);
		const performed = await Promise.all(
			references.map((reference, index) => perform(play, endpoint(reference, `Prosody ${index}`))),
		);
		const [here, there] = performed.map((transcript) => {
			if (!transcript.ok) throw new Error(transcript.error);
			return transcript.value;
		});
		if (!here || !there) throw new Error("expected two transcripts");
		const { differences, steps: outcomes } = compare_transcripts(play, here, there, []);
		expect(differences).toEqual([]);
		expect(outcomes).toEqual(new Array(steps).fill("equal"));
		// Equal because both say nothing would prove nothing.
		const stanzas = here.steps.flatMap((received) => received.flatMap((entry) => entry.stanzas));
		expect(stanzas.length).toBeGreaterThan(steps);
	});

	it("finds whatever is changed in an answer", async () => {
		const [reference] = references;
		if (!reference) throw new Error("expected a reference");
		const play = random_play(seed, plays, steps);
		const performed = await perform(play, endpoint(reference, "Prosody"));
		if (!performed.ok) throw new Error(performed.error);
		const dice = new Dice(seed, plays);
		const places = performed.value.steps.flatMap((entries, step) =>
			entries.flatMap(({ stanzas }, entry) => stanzas.map((_, index) => ({ step, entry, index }))),
		);
		expect(places.length).toBeGreaterThan(steps);
		for (let round = 0; round < 200; round++) {
			const place = dice.pick(places);
			const changed: Transcript = {
				...performed.value,
				steps: performed.value.steps.map((entries, step) =>
					step !== place.step
						? entries
						: entries.map((received, entry) =>
								entry !== place.entry
									? received
									: {
											...received,
											stanzas: received.stanzas.flatMap((stanza, index) =>
												index === place.index ? change(stanza, dice) : [stanza],
											),
										},
							),
				),
			};
			const { differences } = compare_transcripts(play, performed.value, changed, []);
			expect(differences.length, JSON.stringify(place)).toBeGreaterThan(0);
			expect(differences.every(({ step }) => step === place.step)).toBe(true);
		}
	});

	it("was asked nothing that it has no answer to", () => {
		// A handler that fails leaves the answer out and what it did half done: another server cannot be compared with that.
		for (const reference of references) expect(reference.log()).not.toMatch(/Traceback|[Ee]rror (in|calling)/);
	});
});
