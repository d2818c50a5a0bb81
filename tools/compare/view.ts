// No counterpart: part of `enjamb compare`. Plays as the reports show them: step by step, client by client, stanza by stanza.

import { build, parse_markup } from "../scansion/markup.ts";
import { type MergedElement, merge_one, type Sides } from "./merge.ts";
import { pair_stanzas, type StanzaPair } from "./pairs.ts";
import { chosen_ids, label_of, terms } from "./transcripts.ts";
import type { Comparison, Difference, PlayStep } from "./types.ts";

/** The result of a step, of a client's part of it, or of a stanza. */
export type Status = Comparison["steps"][number];

/** What one client received in one step. */
export interface ClientView {
	readonly player: string;
	readonly status: Status;
	readonly pairs: readonly StanzaPair[];
	/** How the connection ended, where it did. */
	readonly ended: Sides<string>;
	readonly differences: readonly Difference[];
}

/** One step of a play. */
export interface StepView {
	readonly step: PlayStep;
	/** From 0. */
	readonly number: number;
	readonly label: string;
	readonly status: Status;
	/** The stanzas that the acting client sends, or the patterns that it takes values out of; as text where they are no XML. */
	readonly sent: readonly (MergedElement | string)[];
	readonly clients: readonly ClientView[];
}

const nothing: ReadonlyMap<string, string> = new Map();

/** The worst of some differences. */
export function status_of(differences: readonly Difference[]): Status {
	if (differences.length === 0) return "equal";
	return differences.some(({ known }) => known === undefined) ? "different" : "known";
}

/** The stanzas of a step in XML, laid out; the text itself where it cannot be read. */
export function sent_in(step: PlayStep): (MergedElement | string)[] {
	if (!("xml" in step)) return [];
	const markup = parse_markup(step.xml, 1);
	return markup.ok ? markup.value.map((template) => merge_one(build(template, nothing))) : [step.xml];
}

/** Prepares to look at the steps of a play: answers by a step's number, from 0. */
export function open_comparison({ play, reference, subject, differences, steps }: Comparison): (number: number) => StepView {
	const ids = chosen_ids(play);
	const by_step = new Map<number, Difference[]>();
	for (const difference of differences) {
		const others = by_step.get(difference.step);
		if (others) others.push(difference);
		else by_step.set(difference.step, [difference]);
	}
	return (number) => {
		const step = play.steps[number];
		if (step === undefined) throw new RangeError(`step ${number} of ${play.title}: there are ${play.steps.length}`);
		const readings = {
			reference: { terms: terms(reference.jids[number] ?? nothing), chosen_ids: ids },
			subject: { terms: terms(subject.jids[number] ?? nothing), chosen_ids: ids },
		};
		const [here, there] = [reference.steps[number] ?? [], subject.steps[number] ?? []];
		const clients = [...new Set([...here, ...there].map(({ player }) => player))].map((player): ClientView => {
			const left = here.find((received) => received.player === player);
			const right = there.find((received) => received.player === player);
			const own = (by_step.get(number) ?? []).filter((difference) => difference.player === player);
			const about_stanzas = own.filter(({ kind }) => kind !== "stream ended");
			return {
				player,
				status: status_of(own),
				pairs: pair_stanzas(left?.stanzas ?? [], right?.stanzas ?? [], about_stanzas, readings),
				ended: { reference: left?.ended, subject: right?.ended },
				differences: own,
			};
		});
		return { step, number, label: label_of(step), status: steps[number] ?? "equal", sent: sent_in(step), clients };
	};
}
