// No counterpart: `enjamb compare --json`.

import { summarise, third_as_result } from "./summary.ts";
import { label_of } from "./transcripts.ts";
import type { CompareResult, Comparison, Difference, KnownDifference, Player, Received } from "./types.ts";
import { in_general, in_particular, type Names, repeat_command } from "./words.ts";

/** Names the shape of the document; it changes when a reader of the old one would misread the new one. */
const format = "enjamb-compare-1";

function known_as_data({ id, reason, reference, shown_by }: KnownDifference) {
	return { id, reason, reference: reference ?? null, shown_by: shown_by ?? null };
}

function difference_as_data(difference: Difference, names: Names) {
	const { kind, step, player, path, reference, subject, reference_stanza, subject_stanza, signature, known } = difference;
	return {
		kind,
		step: step + 1,
		player,
		path,
		reference: reference ?? null,
		subject: subject ?? null,
		reference_stanza: reference_stanza === undefined ? null : String(reference_stanza),
		subject_stanza: subject_stanza === undefined ? null : String(subject_stanza),
		signature,
		text: in_particular(difference, names),
		known: known ?? null,
	};
}

function received_as_data(received: readonly Received[]) {
	return received.map(({ player, stanzas, ended }) => ({ player, stanzas: stanzas.map(String), ended: ended ?? null }));
}

/** What others may see of a player: not the password. */
function player_as_data({ name, jid, resource }: Player) {
	return { name, jid, resource: resource ?? null };
}

function play_as_data({ play, reference, subject, differences, steps }: Comparison, names: Names, third?: Third) {
	return {
		title: play.title,
		source: play.source,
		repeat: repeat_command(play) ?? null,
		players: play.players.map(player_as_data),
		steps: play.steps.map((step, index) => ({
			number: index + 1,
			kind: step.kind,
			player: step.player,
			label: label_of(step),
			line: step.line ?? null,
			xml: "xml" in step ? step.xml : null,
			status: steps[index] ?? "equal",
			reference: received_as_data(reference.steps[index] ?? []),
			subject: received_as_data(subject.steps[index] ?? []),
			...(third === undefined
				? {}
				: {
						also_status: third.comparison.steps[index] ?? "equal",
						also: received_as_data(third.comparison.subject.steps[index] ?? []),
					}),
		})),
		differences: differences.map((difference) => difference_as_data(difference, names)),
		...(third === undefined
			? {}
			: { also_differences: third.comparison.differences.map((difference) => difference_as_data(difference, third.names)) }),
	};
}

/** A play on the third server. */
interface Third {
	readonly comparison: Comparison;
	readonly names: Names;
}

function totals_as_data(result: CompareResult) {
	const { steps, equal, known, different, different_plays } = summarise(result);
	return { plays: result.comparisons.length, different_plays, steps, equal, known, different };
}

function groups_as_data(result: CompareResult) {
	return summarise(result).groups.map(({ signature, count, label, play, first }) => ({
		signature,
		count,
		label,
		text: in_general(first),
		play: play + 1,
		step: first.step + 1,
	}));
}

/**
 * The whole run as one JSON document, for programs. What is not there is `null`; plays and steps are numbered from 1, as in the
 * other reports; stanzas are XML text, as the servers sent them. Its shape:
 *
 * - `format`: "enjamb-compare-1"; another number for a shape that readers of this one would misread
 * - `reference`, `subject`: names of the servers, with versions
 * - `passed`: whether nothing differs but in known ways, and no known difference is outdated
 * - `totals`: `plays`, `different_plays`, `steps`, `equal`, `known`, `different` (the last three count steps)
 * - `groups`: what differs, most frequent first: `signature`, `count`, `label` (what the steps were an example of), `text`, and where
 *   it is met first: `play`, `step`
 * - `known`: accepted differences: `id`, `reason`, `reference` (versions it holds for, as a prefix), `shown_by` (script), `count` of
 *   differences, `steps` that have some
 * - `outdated`: accepted differences that should have shown and did not: `id`, `reason`, `reference`, `shown_by`
 * - `shrunk`: scripts that differing random plays were reduced to
 * - `plays`: each with
 *   - `title`, `source` (a script's path, or `seed:NUMBER:STEPS`), `repeat` (a random play's command), `players` (`name`, `jid`,
 *     `resource`)
 *   - `steps`: `number`, `kind`, `player`, `label`, `line` of the script, `xml` that is sent, `status` ("equal", "known" or
 *     "different"), and `reference` and `subject`: what each client received: `player`, `stanzas`, `ended` (how the connection ended)
 * - `also`, with `--also` only: `name`, `passed`, `totals` and `groups` of the third server; each step then has its `also_status` and
 *   `also` (what each client received), each play its `also_differences`
 *   - `differences`: `kind`, `step`, `player`, `path`, the values `reference` and `subject`, `reference_stanza`, `subject_stanza`,
 *     `signature`, `text` (for people), `known` (an id)
 */
export function json_report(result: CompareResult): string {
	const summary = summarise(result);
	const third = third_as_result(result);
	const third_of = (index: number): Third | undefined => {
		const comparison = third?.comparisons[index];
		return third && comparison ? { comparison, names: third } : undefined;
	};
	const document = {
		format,
		reference: result.reference,
		subject: result.subject,
		passed: summary.different === 0 && result.outdated.length === 0,
		totals: totals_as_data(result),
		groups: groups_as_data(result),
		known: summary.known_counts.map((met) => ({ ...known_as_data(met.entry), count: met.count, steps: met.steps })),
		outdated: result.outdated.map(known_as_data),
		shrunk: result.shrunk,
		...(third === undefined
			? {}
			: {
					also: {
						name: third.subject,
						passed: summarise(third).different === 0,
						totals: totals_as_data(third),
						groups: groups_as_data(third),
					},
				}),
		plays: result.comparisons.map((comparison, index) => play_as_data(comparison, result, third_of(index))),
	};
	return `${JSON.stringify(document, undefined, "\t")}\n`;
}
