// No counterpart: part of `enjamb compare`.

import * as jid from "../../host/util/jid.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import { parse_markup, type Template, variables_in } from "../scansion/markup.ts";
import { Bindings } from "./bindings.ts";
import { type Context, compare_elements, type ElementDifference, pair } from "./elements.ts";
import type { Comparison, Difference, KnownDifference, Play, PlayStep, Received, Transcript } from "./types.ts";

/** Ids that the clients of a play choose, wherever in their stanzas they stand. */
export function chosen_ids(play: Play): Set<string> {
	const ids = new Set<string>();
	for (const step of play.steps) {
		if (step.kind !== "send") continue;
		const markup = parse_markup(step.xml, 1);
		if (markup.ok) for (const template of markup.value) collect_ids(template, ids);
	}
	return ids;
}

function collect_ids(template: Template, ids: Set<string>): void {
	const id = template.attributes.get("id");
	// Values of variables were made up by a server.
	if (id !== undefined && variables_in(id).length === 0) ids.add(id);
	for (const child of template.children) if (typeof child !== "string") collect_ids(child, ids);
}

/** Writes values in the play's terms: the full JID of a player by its name, whatever resource the server gave. */
export function terms(jids: ReadonlyMap<string, string>): (value: string) => string {
	const known = [...jids].filter(([, full_jid]) => full_jid !== "").sort(([, a], [, b]) => b.length - a.length);
	return (value) => known.reduce((text, [name, full_jid]) => text.replaceAll(full_jid, `\${${name}'s full JID}`), value);
}

/** What a step was an example of. */
export function label_of(step: PlayStep | undefined): string {
	return step === undefined ? "" : step.kind === "send" ? step.label : step.kind;
}

/**
 * Whether stanzas of one sender may come in any order: presences from a room itself are about several people, in a random order.
 */
function is_unordered(stanza: Stanza): boolean {
	return stanza.name === "presence" && jid.resource(stanza.attr["from"]) === undefined;
}

function group_by_sender(stanzas: readonly Stanza[], in_terms: (value: string) => string): Map<string, Stanza[]> {
	const groups = new Map<string, Stanza[]>();
	for (const stanza of stanzas) {
		const sender = in_terms(stanza.attr["from"] ?? "");
		const group = groups.get(sender);
		if (group) group.push(stanza);
		else groups.set(sender, [stanza]);
	}
	return groups;
}

/** Whether both carry the same id that a client chose. */
function answers_alike(reference: Stanza, subject: Stanza, context: Context): boolean {
	const id = reference.attr["id"];
	return id !== undefined && id === subject.attr["id"] && context.chosen_ids.has(id);
}

type StanzaDifference = ElementDifference & Pick<Difference, "reference_stanza" | "subject_stanza">;

function compare_group(references: readonly Stanza[], subjects: readonly Stanza[], context: Context): StanzaDifference[] {
	const { found, missing, extra, order } = pair(
		references,
		subjects,
		context.bindings,
		(here, there): StanzaDifference[] | undefined => {
			const stanzas = { reference_stanza: here, subject_stanza: there };
			if (here.name !== there.name) {
				// Both answer the same stanza, but differently.
				if (!answers_alike(here, there, context)) return undefined;
				return [{ kind: "name", path: here.name, reference: here.name, subject: there.name, ...stanzas }];
			}
			return compare_elements(here, there, here.name, context, true).map(
				(difference): StanzaDifference => ({ ...difference, ...stanzas }),
			);
		},
	);
	const differences = [...found];
	for (const stanza of missing) {
		const text = context.reference_terms(String(stanza));
		const nothing = { subject: undefined, subject_stanza: undefined };
		differences.push({ kind: "missing stanza", path: stanza.name, reference: text, reference_stanza: stanza, ...nothing });
	}
	for (const stanza of extra) {
		const text = context.subject_terms(String(stanza));
		const nothing = { reference: undefined, reference_stanza: undefined };
		differences.push({ kind: "extra stanza", path: stanza.name, subject: text, subject_stanza: stanza, ...nothing });
	}
	const ordered = order
		.filter(([index]) => references[index] !== undefined && !is_unordered(references[index]))
		.sort(([a], [b]) => a - b);
	ordered.forEach(([index, partner], position) => {
		const before = ordered[position - 1];
		if (before === undefined || before[1] < partner) return;
		const [reference_stanza, subject_stanza] = [references[index], subjects[partner]];
		differences.push({
			kind: "order",
			path: reference_stanza?.name ?? "",
			reference: `comes as number ${index + 1} of its sender`,
			subject: `comes as number ${partner + 1}`,
			reference_stanza,
			subject_stanza,
		});
	});
	return differences;
}

function compare_received(reference: Received | undefined, subject: Received | undefined, context: Context): StanzaDifference[] {
	const here = group_by_sender(reference?.stanzas ?? [], context.reference_terms);
	const there = group_by_sender(subject?.stanzas ?? [], context.subject_terms);
	const differences: StanzaDifference[] = [];
	for (const sender of new Set([...here.keys(), ...there.keys()])) {
		differences.push(...compare_group(here.get(sender) ?? [], there.get(sender) ?? [], context));
	}
	if (reference?.ended !== subject?.ended) {
		differences.push({
			kind: "stream ended",
			path: "stream",
			reference: reference?.ended,
			subject: subject?.ended,
			reference_stanza: undefined,
			subject_stanza: undefined,
		});
	}
	return differences;
}

/**
 * Compares what two servers answered to the same play, step by step and client by client.
 * @param known differences that are accepted on this reference
 */
export function compare_transcripts(
	play: Play,
	reference: Transcript,
	subject: Transcript,
	known: readonly KnownDifference[],
): Comparison {
	const bindings = new Bindings();
	const ids = chosen_ids(play);
	const differences: Difference[] = [];
	const steps = play.steps.map((step, number): Comparison["steps"][number] => {
		const context: Context = {
			bindings,
			chosen_ids: ids,
			reference_terms: terms(reference.jids[number] ?? new Map()),
			subject_terms: terms(subject.jids[number] ?? new Map()),
		};
		const here = reference.steps[number] ?? [];
		const there = subject.steps[number] ?? [];
		let worst: Comparison["steps"][number] = "equal";
		for (const player of new Set([...here, ...there].map((received) => received.player))) {
			const by_player = (received: Received): boolean => received.player === player;
			for (const difference of compare_received(here.find(by_player), there.find(by_player), context)) {
				const signature = `${label_of(step)}: ${difference.kind} ${difference.path}`;
				const whole: Difference = { ...difference, step: number, player, signature };
				const accepted = known.find((entry) => entry.matches(whole, step));
				differences.push(accepted ? { ...whole, known: accepted.id } : whole);
				if (!accepted) worst = "different";
				else if (worst === "equal") worst = "known";
			}
		}
		return worst;
	});
	return { play, reference, subject, differences, steps };
}
