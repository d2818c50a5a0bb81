// No counterpart: `enjamb compare` for people at a terminal.

import { basename } from "node:path";
import { type Group, type Summary, summarise, third_as_result } from "./summary.ts";
import { create_paint, lay_out, type Paint, type Terminal, terminal_of, wrap, write_lines } from "./terminal.ts";
import type { CompareResult, Comparison, Difference, KnownDifference, Play } from "./types.ts";
import { open_comparison } from "./view.ts";
import {
	counted,
	grouped,
	in_general,
	in_particular,
	type Names,
	repeat_command,
	shorten,
	visible,
	what_happens,
} from "./words.ts";

/** Told of each play as it is done. */
export interface Progress {
	played(comparison: Comparison): void;
	/** Clears the bar; what was written for good stays. */
	end(): void;
}

const bar_width = 24;
/** How many lines tell of progress where none can be written again. */
const milestones = 10;

/**
 * Shows how far a run is: a bar on a terminal, and a line now and then elsewhere.
 * @param write to where the bar goes, which should not be where the report goes
 * @param terminal what is written to; standard error, where it is not given
 */
export function create_progress(
	write: (text: string) => void,
	plays: readonly Play[],
	terminal: Terminal = terminal_of(process.stderr),
): Progress {
	const paint = create_paint(terminal.colour);
	const all_steps = plays.reduce((sum, { steps }) => sum + steps.length, 0);
	let done = 0;
	let steps_done = 0;
	let different = 0;
	let milestone = 0;
	const standing = (): string => {
		const how = different === 0 ? "nothing different" : paint("red", `${grouped(different)} different`);
		return `${grouped(done)} of ${counted(plays.length, "play")}, ${counted(steps_done, "step")}, ${how}`;
	};
	const show_bar = (): void => {
		const full = all_steps === 0 ? bar_width : Math.round((steps_done / all_steps) * bar_width);
		const bar = `[${"#".repeat(full)}${"-".repeat(bar_width - full)}]`;
		const numbers = standing();
		const next = plays[done];
		const used = bar.length + 2 + numbers.length + 8;
		const title = next === undefined || terminal.width - used < 12 ? "" : visible(next.title).replace(/[\t\n]/g, " ");
		const shown = title.length > terminal.width - used ? `${title.slice(0, terminal.width - used - 1)}…` : title;
		write(`\r\u001b[K${bar} ${numbers}${shown === "" ? "" : paint("dim", `  now: ${shown}`)}`);
	};
	if (terminal.rewrites && plays.length > 0) show_bar();
	return {
		played({ steps }) {
			done++;
			steps_done += steps.length;
			different += steps.filter((status) => status === "different").length;
			if (terminal.rewrites) show_bar();
			else {
				const reached = Math.floor((done / Math.max(plays.length, 1)) * milestones);
				if (reached === milestone) return;
				milestone = reached;
				write(`${standing()}\n`);
			}
		},
		end() {
			if (terminal.rewrites && plays.length > 0) write("\r\u001b[K");
		},
	};
}

/** How many groups of differences are shown in full, and how many more by their name. */
const groups_in_full = 5;
const groups_by_name = 40;
const text_width = 100;

/** One line that says how it went: "2,431 of 2,450 steps equal, 19 with known differences, 0 different". */
function bottom_line({ steps, equal, known, different }: Summary): string {
	const accepted = known === 1 ? "1 with a known difference" : `${grouped(known)} with known differences`;
	return `${grouped(equal)} of ${counted(steps, "step")} equal, ${accepted}, ${grouped(different)} different`;
}

function table(rows: readonly (readonly [string, string])[]): string[] {
	const [first, second] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
	return rows.map(([name, value]) => `  ${name.padEnd(first ?? 0)}  ${value.padStart(second ?? 0)}`);
}

function head(result: CompareResult, summary: Summary, paint: Paint): string {
	const { comparisons, reference, subject } = result;
	const rows = table([
		["plays", grouped(comparisons.length)],
		["  with differences", grouped(summary.different_plays)],
		["steps", grouped(summary.steps)],
		["  equal", grouped(summary.equal)],
		["  with known differences", grouped(summary.known)],
		["  different", grouped(summary.different)],
	]);
	const title = `${visible(reference)} (the reference) and ${visible(subject)}, given the same`;
	return [paint("bold", title), "", ...rows].join("\n");
}

function reason(entry: KnownDifference): string {
	return wrap(visible(entry.reason), text_width, "      ");
}

function known_part({ known_counts }: Summary, paint: Paint): string[] {
	const met = known_counts.filter(({ count }) => count > 0);
	if (met.length === 0) return [];
	const entries = met.map(({ entry, count, steps }) => {
		const times = `${counted(count, "time")} in ${counted(steps, "step")}`;
		return `  ${paint("yellow", visible(entry.id))}, ${times}\n${reason(entry)}`;
	});
	return [[paint("bold", "Known differences, which are accepted:"), ...entries].join("\n")];
}

function outdated_part(outdated: readonly KnownDifference[], paint: Paint): string[] {
	if (outdated.length === 0) return [];
	const entries = outdated.map((entry) => {
		const script = entry.shown_by === undefined ? "" : `, which ${visible(entry.shown_by)} should show`;
		return `  ${paint("red", visible(entry.id))}${script}\n${reason(entry)}`;
	});
	return [[paint("bold", "Known differences that are none any more, and should leave the list:"), ...entries].join("\n")];
}

function shrunk_part(shrunk: readonly string[], paint: Paint): string[] {
	if (shrunk.length === 0) return [];
	return [[paint("bold", "Short scripts that show what differs:"), ...shrunk.map((file) => `  ${visible(file)}`)].join("\n")];
}

/** "when “join” is played: attribute code of presence/x/status differs" */
function group_title({ label, first }: Group): string {
	return visible(`${label}: ${in_general(first)}`);
}

/** Where a step is: the script with its line, or how to play it again. */
function source_of({ play }: Comparison, { step }: Difference): string {
	const line = play.steps[step]?.line;
	const command = repeat_command(play);
	if (command !== undefined) return `${play.title} (again with: ${command})`;
	return `${basename(play.source)}${line === undefined ? "" : `, line ${line}`} (${play.title})`;
}

function indented(lines: readonly string[]): string[] {
	return lines.map((line) => `    ${line}`.trimEnd());
}

function group_in_full(comparison: Comparison, difference: Difference, names: Names, paint: Paint): string[] {
	const view = open_comparison(comparison)(difference.step);
	const client = view.clients.find(({ player }) => player === difference.player);
	const pair = client?.pairs.find(({ differences }) => differences.includes(difference));
	const sent = view.sent.flatMap((part) =>
		typeof part === "string" ? [`  ${visible(shorten(part))}`] : write_lines(lay_out(part, "reference", paint), paint),
	);
	const lines = [
		`   ${visible(source_of(comparison, difference))}`,
		`   Step ${difference.step + 1}: ${visible(what_happens(view.step))}${sent.length > 0 ? ":" : ""}`,
		...indented(sent),
		`   ${visible(difference.player)} receives from ${paint("green", visible(names.reference))}:`,
		...indented(pair ? side_lines(pair.merged, "reference", paint) : [stream_line(client?.ended.reference)]),
		`   and from ${paint("red", visible(names.subject))}:`,
		...indented(pair ? side_lines(pair.merged, "subject", paint) : [stream_line(client?.ended.subject)]),
		`   ${paint("bold", conclusion(difference, names))}`,
	];
	return lines;
}

/** What differs, on one line. */
function conclusion(difference: Difference, names: Names): string {
	return shorten(visible(in_particular(difference, names)).replace(/\s+/g, " "));
}

function side_lines(merged: Parameters<typeof lay_out>[0], side: "reference" | "subject", paint: Paint): string[] {
	const lines = lay_out(merged, side, paint);
	return lines.length > 0 ? write_lines(lines, paint) : [`${paint("bold", ">")} ${paint("dim", "(nothing)")}`];
}

function stream_line(ended: string | undefined): string {
	return `> (${ended === undefined ? "the connection stays" : `the connection ends: ${visible(ended)}`})`;
}

function difference_part(result: CompareResult, { groups }: Summary, paint: Paint): string[] {
	if (groups.length === 0) return [];
	const all = groups.reduce((sum, { count }) => sum + count, 0);
	const kinds = groups.length === 1 ? "of one kind" : `of ${grouped(groups.length)} kinds, most frequent first`;
	const parts = [paint("bold", `${counted(all, "difference")}, ${kinds}:`)];
	/** Stanzas that were shown, with the number of the group that showed them. */
	const shown = new Map<unknown, number>();
	let number = 0;
	for (; number < groups.length && shown.size < groups_in_full; number++) {
		const group = groups[number];
		const comparison = group && result.comparisons[group.play];
		if (!comparison) continue;
		const { first } = group;
		const title = `${number + 1}. ${paint("red", counted(group.count, "time"))}, at ${paint("bold", group_title(group))}`;
		const stanza = first.reference_stanza ?? first.subject_stanza ?? first;
		const before = shown.get(stanza);
		if (before === undefined) shown.set(stanza, number + 1);
		const lines =
			before === undefined
				? group_in_full(comparison, first, result, paint)
				: [`   In the stanza that number ${before} shows: ${conclusion(first, result)}`];
		parts.push([title, ...lines].join("\n"));
	}
	const more = groups.slice(number, number + groups_by_name).map((group, index) => {
		return `${`${number + index + 1}.`.padEnd(4)}${counted(group.count, "time")}, at ${group_title(group)}`;
	});
	const left = groups.length - number - more.length;
	if (left > 0) more.push(`and ${counted(left, "kind")} more; --html FILE writes a page that shows all of them`);
	if (more.length > 0) parts.push(more.join("\n"));
	return parts;
}

/**
 * The report for a terminal: numbers, known differences with their reasons, and what differs, grouped, most frequent first.
 * @param terminal what it is written to; standard output, where it is not given
 */
export function text_report(result: CompareResult, terminal: Terminal = terminal_of(process.stdout)): string {
	const own = report(result, create_paint(terminal.colour));
	const third = third_as_result(result);
	return third === undefined ? own : `${own}\n${report(third, create_paint(terminal.colour))}`;
}

/** The report on one server beside the reference. */
function report(result: CompareResult, paint: Paint): string {
	const summary = summarise(result);
	const bad = summary.different > 0 || result.outdated.length > 0;
	const parts = [
		head(result, summary, paint),
		...known_part(summary, paint),
		...outdated_part(result.outdated, paint),
		...shrunk_part(result.shrunk, paint),
		...difference_part(result, summary, paint),
		paint(bad ? "red" : "green", bottom_line(summary)),
	];
	return `${parts.join("\n\n")}\n`;
}
