// No counterpart: `enjamb compare --json`.

import { type Compared, compared_servers, type Summary } from "./summary.ts";
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

function play_as_data({ play, reference, subject, differences, steps }: Comparison, names: CompareResult, third?: Third) {
	return {
		title: play.title,
		source: play.source,
		repeat: repeat_command(play, names.again) ?? null,
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

function totals_as_data({ result, summary }: Compared) {
	const { steps, equal, known, different, different_plays, refused, rooms } = summary;
	return { plays: result.comparisons.length, different_plays, steps, equal, known, different, refused, rooms };
}

function groups_as_data({ groups }: Summary) {
	return groups.map(({ signature, count, label, play, first }) => ({
		signature,
		count,
		label,
		text: in_general(first),
		play: play + 1,
		step: first.step + 1,
	}));
}

function known_counts_as_data({ known_counts }: Summary) {
	return known_counts.map(({ entry, count, steps }) => ({ ...known_as_data(entry), count, steps }));
}

/**
 * The whole run as one JSON document, for programs. What is not there is `null`; plays and steps are numbered from 1, as in the
 * other reports; stanzas are XML text, as the servers sent them. Its shape:
 *
 * - `format`: "enjamb-compare-1"; another number for a shape that readers of this one would misread
 * - `reference`, `subject`: names of the servers, with versions
 * - `passed`: whether nothing differs but in known ways, on the third server neither, and no known difference is outdated: whether the
 *   exit status is 0
 * - `totals`: `plays`, `different_plays`, `steps`, `equal`, `known`, `different` (the last three count steps), `refused` (steps that
 *   the reference answered with nothing but errors), `rooms` (that were made on the reference)
 * - `groups`: what differs, most frequent first: `signature`, `count`, `label` (what the steps were an example of), `text`, and where
 *   it is met first: `play`, `step`
 * - `known`: accepted differences: `id`, `reason`, `reference` (versions it holds for, as a prefix), `shown_by` (script), `count` of
 *   differences, `steps` that have some
 * - `outdated`: accepted differences that should have shown and did not: `id`, `reason`, `reference`, `shown_by`
 * - `shrunk`: scripts that differing random plays were reduced to
 * - `also`, with `--also` only: the third server as compared with the same reference: its `name`, and `passed`, `totals`, `groups` and
 *   `known`, which are for it alone what those of the document are for the subject
 * - `plays`: each with
 *   - `title`, `source` (a script's path, or `seed:NUMBER:STEPS`), `repeat` (a random play's command), `players` (`name`, `jid`,
 *     `resource`)
 *   - `steps`: `number`, `kind`, `player`, `label`, `line` of the script, `xml` that is sent, `status` ("equal", "known" or
 *     "different"), and `reference` and `subject`: what each client received: `player`, `stanzas`, `ended` (how the connection
 *     ended); with `--also` `also_status` and `also`, which are the same for the third server
 *   - `differences`: `kind`, `step`, `player`, `path`, the values `reference` and `subject`, `reference_stanza`, `subject_stanza`,
 *     `signature`, `text` (for people), `known` (an id)
 *   - `also_differences`, with `--also` only: the same for the third server, which is the `subject` in them
 */
export function json_report(result: CompareResult): string {
	const [own, third] = compared_servers(result);
	const third_of = (index: number): Third | undefined => {
		const comparison = third?.result.comparisons[index];
		return third && comparison ? { comparison, names: third.result } : undefined;
	};
	const differs = own.summary.different > 0 || (third?.summary.different ?? 0) > 0;
	const document = {
		format,
		reference: result.reference,
		subject: result.subject,
		passed: !differs && result.outdated.length === 0,
		totals: totals_as_data(own),
		groups: groups_as_data(own.summary),
		known: known_counts_as_data(own.summary),
		outdated: result.outdated.map(known_as_data),
		shrunk: result.shrunk,
		...(third === undefined
			? {}
			: {
					also: {
						name: third.name,
						passed: third.summary.different === 0,
						totals: totals_as_data(third),
						groups: groups_as_data(third.summary),
						known: known_counts_as_data(third.summary),
					},
				}),
		plays: result.comparisons.map((comparison, index) => play_as_data(comparison, result, third_of(index))),
	};
	return `${JSON.stringify(document, undefined, "\t")}\n`;
}
