// No counterpart: `enjamb compare` for people at a terminal.

import { basename } from "node:path";
import { align_stanzas } from "./align.ts";
import type { StanzaPair } from "./pairs.ts";
import {
	type Compared,
	compared_servers,
	hollow_text,
	is_hollow,
	type JointGroup,
	join_groups,
	join_known,
	type Summary,
} from "./summary.ts";
import { create_paint, lay_out, type Paint, type Terminal, terminal_of, wrap, write_lines } from "./terminal.ts";
import type { CompareResult, Comparison, Difference, KnownDifference } from "./types.ts";
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

/** How many groups of differences are shown in full, and how many more by their name. */
const groups_in_full = 5;
const groups_by_name = 40;
const text_width = 100;

/** How it went on one server: "2,431 of 2,450 steps equal, 19 with known differences, 0 different". */
function outcome({ steps, equal, known, different }: Summary): string {
	const accepted = known === 1 ? "1 with a known difference" : `${grouped(known)} with known differences`;
	return `${grouped(equal)} of ${counted(steps, "step")} equal, ${accepted}, ${grouped(different)} different`;
}

/** One line that says how it went on all. */
function bottom_line(servers: readonly Compared[]): string {
	if (servers.length === 1) return servers.map(({ summary }) => outcome(summary)).join();
	return servers.map(({ short, summary }) => `${visible(short)}: ${outcome(summary)}`).join("; ");
}

/** Rows of a name and numbers, under each other. */
function table(rows: readonly (readonly string[])[]): string[] {
	const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
	return rows.map((row) => {
		const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)));
		return `  ${cells.join("  ")}`;
	});
}

function head(reference: string, servers: readonly Compared[], paint: Paint): string {
	const row = (name: string, number: (server: Compared) => number): string[] => [
		name,
		...servers.map((server) => grouped(number(server))),
	];
	const rows = table([
		...(servers.length > 1 ? [["", ...servers.map(({ short }) => visible(short))]] : []),
		row("plays", ({ result }) => result.comparisons.length),
		row("  with differences", ({ summary }) => summary.different_plays),
		row("steps", ({ summary }) => summary.steps),
		row("  equal", ({ summary }) => summary.equal),
		row("  with known differences", ({ summary }) => summary.known),
		row("  different", ({ summary }) => summary.different),
		row("  met refusals only", ({ summary }) => summary.refused),
		row("rooms made", ({ summary }) => summary.rooms),
	]);
	const names = [`${visible(reference)} (the reference)`, ...servers.map(({ name }) => visible(name))];
	const title = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}, given the same`;
	return [paint("bold", title), "", ...rows].join("\n");
}

function reason(entry: KnownDifference): string {
	return wrap(visible(entry.reason), text_width, "      ");
}

/** "3 times in 2 steps", or the same of each server that it concerns. */
function times_met(met: readonly { readonly count: number; readonly steps: number }[], servers: readonly Compared[]): string {
	const all = met.map(({ count, steps }) => `${counted(count, "time")} in ${counted(steps, "step")}`);
	if (servers.length === 1) return all.join();
	return all
		.flatMap((times, server) => (met[server]?.count ? [`${times} of ${visible(servers[server]?.short ?? "")}`] : []))
		.join("; ");
}

function known_part(servers: readonly Compared[], paint: Paint): string[] {
	const known = join_known(servers).filter(({ met }) => met.some(({ count }) => count > 0));
	if (known.length === 0) return [];
	const entries = known.map(({ entry, met }) => {
		const times = servers.length === 1 ? `, ${times_met(met, servers)}` : `\n      ${times_met(met, servers)}`;
		return `  ${paint("yellow", visible(entry.id))}${times}\n${reason(entry)}`;
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

/** "join: attribute code of presence/x/status differs" */
function group_title({ label, first }: JointGroup): string {
	return visible(`${label}: ${in_general(first)}`);
}

/** "3 times", and of which servers where there are several. */
function group_times({ count, counts }: JointGroup, servers: readonly Compared[], paint: Paint): string {
	if (servers.length === 1) return paint("red", counted(count, "time"));
	const each = counts.map((own, server) => ({ own, name: visible(servers[server]?.short ?? "") })).filter(({ own }) => own > 0);
	return each.map(({ own, name }) => `${paint("red", counted(own, "time"))} from ${name}`).join(" and ");
}

/** Where a step is: the script with its line, or how to play it again. */
function source_of({ play }: Comparison, { step }: Difference, again: string): string {
	const line = play.steps[step]?.line;
	const command = repeat_command(play, again);
	if (command !== undefined) return `${play.title} (again with: ${command})`;
	return `${basename(play.source)}${line === undefined ? "" : `, line ${line}`} (${play.title})`;
}

function indented(lines: readonly string[]): string[] {
	return lines.map((line) => `    ${line}`.trimEnd());
}

/** What one server sent where a group of differences is met, and what of it belongs to the group. */
interface Sent {
	readonly server: Compared;
	/** Undefined where neither it nor the reference sent a stanza. */
	readonly pair: StanzaPair | undefined;
	/** How the connection ended. */
	readonly ended: string | undefined;
	readonly differences: readonly Difference[];
}

/** What each server that was compared sent where a group of differences is met first. */
function sent_by_all(servers: readonly Compared[], { first, play, server }: JointGroup): Sent[] {
	const clients = servers.map(({ result }) => {
		const comparison = result.comparisons[play];
		const view = comparison && open_comparison(comparison)(first.step);
		return view?.clients.find(({ player }) => player === first.player);
	});
	const [own, third] = clients.map((client) => client?.pairs ?? []);
	const row = align_stanzas(own ?? [], third ?? []).find((pairs) =>
		[pairs.own, pairs.third][server]?.differences.includes(first),
	);
	const is_alike = ({ kind, signature }: Difference): boolean => kind === first.kind && signature === first.signature;
	return servers.map((compared, number) => {
		const pair = number === 0 ? row?.own : row?.third;
		const all = (row ? pair?.differences : clients[number]?.differences) ?? [];
		return { server: compared, pair, ended: clients[number]?.ended.subject, differences: all.filter(is_alike) };
	});
}

/** What one server sent, after the reference's. */
function server_lines({ server, pair, ended, differences }: Sent, about_stream: boolean, paint: Paint): string[] {
	const name = `   and from ${paint("red", visible(server.name))}:`;
	const differs = about_stream ? differences.length > 0 : pair !== undefined && pair.differences.length > 0;
	if (!differs) return [`${name} the same`];
	return [name, ...indented(pair ? side_lines(pair.merged, "subject", paint) : [stream_line(ended)])];
}

function group_in_full(servers: readonly Compared[], group: JointGroup, paint: Paint): string[] {
	const { first: difference } = group;
	const comparison = servers[group.server]?.result.comparisons[group.play];
	if (!comparison) return [];
	const view = open_comparison(comparison)(difference.step);
	const client = view.clients.find(({ player }) => player === difference.player);
	const all = sent_by_all(servers, group);
	const shown = all[group.server];
	const again = servers[group.server]?.result.again ?? "";
	const sent = view.sent.flatMap((part) =>
		typeof part === "string" ? [`  ${visible(shorten(part))}`] : write_lines(lay_out(part, "reference", paint), paint),
	);
	const about_stream = shown?.pair === undefined;
	const reference = servers[group.server]?.result.reference ?? "";
	return [
		`   ${visible(source_of(comparison, difference, again))}`,
		`   Step ${difference.step + 1}: ${visible(what_happens(view.step))}${sent.length > 0 ? ":" : ""}`,
		...indented(sent),
		`   ${visible(difference.player)} receives from ${paint("green", visible(reference))}:`,
		...indented(shown?.pair ? side_lines(shown.pair.merged, "reference", paint) : [stream_line(client?.ended.reference)]),
		...all.flatMap((one) => server_lines(one, about_stream, paint)),
		...all.flatMap(({ server, differences }, number) => {
			const own = number === group.server ? difference : differences.find(({ known }) => known === undefined);
			return own ? [`   ${paint("bold", conclusion(own, server.result))}`] : [];
		}),
	];
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

function difference_part(servers: readonly Compared[], paint: Paint): string[] {
	const groups = join_groups(servers);
	if (groups.length === 0) return [];
	const all = groups.reduce((sum, { count }) => sum + count, 0);
	const kinds = groups.length === 1 ? "of one kind" : `of ${grouped(groups.length)} kinds, most frequent first`;
	const parts = [paint("bold", `${counted(all, "difference")}, ${kinds}:`)];
	/** Stanzas that were shown, with the number of the group that showed them. */
	const shown = new Map<unknown, number>();
	let number = 0;
	for (; number < groups.length && shown.size < groups_in_full; number++) {
		const group = groups[number];
		const result = group && servers[group.server]?.result;
		if (!result) continue;
		const { first } = group;
		const title = `${number + 1}. ${group_times(group, servers, paint)}, at ${paint("bold", group_title(group))}`;
		const stanza = first.reference_stanza ?? first.subject_stanza ?? first;
		const before = shown.get(stanza);
		if (before === undefined) shown.set(stanza, number + 1);
		const lines =
			before === undefined
				? group_in_full(servers, group, paint)
				: [`   In the stanza that number ${before} shows: ${conclusion(first, result)}`];
		parts.push([title, ...lines].join("\n"));
	}
	const plain: Paint = (_, text) => text;
	const more = groups.slice(number, number + groups_by_name).map((group, index) => {
		return `${`${number + index + 1}.`.padEnd(4)}${group_times(group, servers, plain)}, at ${group_title(group)}`;
	});
	const left = groups.length - number - more.length;
	if (left > 0) more.push(`and ${counted(left, "kind")} more; --html FILE writes a page that shows all of them`);
	if (more.length > 0) parts.push(more.join("\n"));
	return parts;
}

/** A warning where next to nothing was compared, whatever was equal. */
function hollow_part(servers: readonly Compared[], paint: Paint): string[] {
	const hollow = servers.find(({ summary }) => is_hollow(summary));
	return hollow === undefined ? [] : [paint("yellow", wrap(hollow_text(hollow.result.reference), text_width, "").trimStart())];
}

/**
 * The report for a terminal: numbers, known differences with their reasons, and what differs, grouped, most frequent first; with a
 * third server, of both that were compared with the reference.
 * @param terminal what it is written to; standard output, where it is not given
 */
export function text_report(result: CompareResult, terminal: Terminal = terminal_of(process.stdout)): string {
	const paint = create_paint(terminal.colour);
	const servers = compared_servers(result);
	const bad = result.outdated.length > 0 || servers.some(({ summary }) => summary.different > 0);
	const parts = [
		head(result.reference, servers, paint),
		...known_part(servers, paint),
		...outdated_part(result.outdated, paint),
		...shrunk_part(result.shrunk, paint),
		...difference_part(servers, paint),
		...hollow_part(servers, paint),
		paint(bad ? "red" : "green", bottom_line(servers)),
	];
	return `${parts.join("\n\n")}\n`;
}
