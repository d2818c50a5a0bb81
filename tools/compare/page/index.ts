// No counterpart: part of `enjamb compare --html`. What the page's script gets at once: all but the steps in full.

import { compared_servers, hollow_text, is_hollow, join_groups, join_known, type Summary } from "../summary.ts";
import type { CompareResult, Comparison, Difference } from "../types.ts";
import { counted, in_general, repeat_command, short_names } from "../words.ts";
import { type PageStatus, statuses, worst } from "./status.ts";

/** What filters look at in a step: worst status, actor, label, who receives something (numbers in the lists); why it is not equal. */
type IndexStep = [PageStatus, number, number, number[], number[]?];

/** A step on one of several servers: status, and why it is not equal. */
type ServerStep = [PageStatus, ...number[]];

interface Totals {
	readonly steps: number;
	readonly equal: number;
	readonly known: number;
	readonly different: number;
	readonly different_plays: number;
}

/** All that is shown before a play is opened. */
export interface PageIndex {
	readonly reference: string;
	readonly subject: string;
	/** Name of the third server, where there is one. */
	readonly third?: string;
	/** Short names, one for each column. */
	readonly short: readonly string[];
	readonly date: string;
	readonly command: string;
	/** Steps by their worst status. */
	readonly totals: Totals;
	/** With a third server: the same of ours and of it. */
	readonly each?: Totals[];
	/** What differs, with a third server also how often on each. Numbers of these are what {@link IndexStep} has from 0 on. */
	readonly groups: { label: string; text: string; count: number; each?: readonly number[] }[];
	/** What is accepted, in the same way; the nth of these is -1-n in {@link IndexStep}. */
	readonly known: { id: string; reason: string; count: number; each?: readonly number[] }[];
	readonly outdated: { id: string; reason: string; shown_by: string }[];
	readonly shrunk: readonly string[];
	/** A warning about the whole, or nothing. */
	readonly warning: string;
	/** What else is worth knowing of how much was compared. */
	readonly remark: string;
	readonly clients: string[];
	readonly labels: string[];
	/** With a third server, `by` has the steps on each of the two. */
	readonly plays: {
		title: string;
		source: string;
		repeat: string;
		players: [string, string][];
		steps: IndexStep[];
		by?: ServerStep[][];
	}[];
}

/** A list of texts without repetition, that answers with a text's number. */
class Numbers {
	readonly texts: string[] = [];
	private readonly numbers = new Map<string, number>();

	of(text: string): number {
		const known = this.numbers.get(text);
		if (known !== undefined) return known;
		this.numbers.set(text, this.texts.length);
		return this.texts.push(text) - 1;
	}
}

function totals_of({ steps, equal, known, different, different_plays }: Summary): Totals {
	return { steps, equal, known, different, different_plays };
}

/** Counts steps by the worst that they came to on any server. */
function worst_totals(plays: readonly (readonly IndexStep[])[]): Totals {
	const counts: [number, number, number] = [0, 0, 0];
	for (const [status] of plays.flat()) counts[status]++;
	const [equal, known, different] = counts;
	const different_plays = plays.filter((steps) => steps.some(([status]) => status === 2)).length;
	return { steps: equal + known + different, equal, known, different, different_plays };
}

function remark_of({ rooms, refused }: Summary): string {
	return `${counted(rooms, "room")} made; ${counted(refused, "step")} met with nothing but refusals.`;
}

/** Everything but the steps in full. */
export function page_index(result: CompareResult, { date, command }: { date: string; command: string }): PageIndex {
	const { reference, subject } = result;
	const servers = compared_servers(result);
	const [, third] = servers;
	const [groups, known] = [join_groups(servers), join_known(servers)];
	const [clients, labels] = [new Numbers(), new Numbers()];
	const reasons = new Map(groups.map(({ signature }, number) => [signature, number]));
	const known_numbers = new Map(known.map(({ entry }, number) => [entry.id, -1 - number]));
	const reason_of = (difference: Difference): number | undefined =>
		difference.known === undefined ? reasons.get(difference.signature) : known_numbers.get(difference.known);

	/** The steps of a play on one server. */
	const steps_on = ({ play, differences, steps }: Comparison): ServerStep[] => {
		const why: Set<number>[] = play.steps.map(() => new Set());
		for (const difference of differences) {
			const reason = reason_of(difference);
			if (reason !== undefined) why[difference.step]?.add(reason);
		}
		return play.steps.map((_, number) => [statuses[steps[number] ?? "equal"], ...(why[number] ?? [])]);
	};

	const plays = result.comparisons.map((comparison, at) => {
		const { play } = comparison;
		const beside = third?.result.comparisons[at];
		const by = [comparison, ...(beside ? [beside] : [])].map(steps_on);
		const transcripts = [comparison.reference, comparison.subject, ...(beside ? [beside.subject] : [])];
		const steps = play.steps.map((step, number): IndexStep => {
			const received = transcripts.flatMap((transcript) => transcript.steps[number] ?? []);
			const receivers = received.filter(({ stanzas, ended }) => stanzas.length > 0 || ended !== undefined);
			const outcomes = by.flatMap((server) => (server[number] ? [server[number]] : []));
			const entry: IndexStep = [
				worst(outcomes.map(([status]) => status)),
				clients.of(step.player),
				labels.of(step.kind === "send" ? step.label : step.kind),
				[...new Set(receivers.map(({ player }) => clients.of(player)))],
			];
			const why = new Set(outcomes.flatMap(([, ...own]) => own));
			if (why.size > 0) entry.push([...why]);
			return entry;
		});
		return {
			title: play.title,
			source: play.source,
			repeat: repeat_command(play, result.again) ?? "",
			players: play.players.map(({ name, jid }): [string, string] => [name, jid]),
			steps,
			...(third ? { by } : {}),
		};
	});
	const each = (counts: readonly number[]): { each?: readonly number[] } => (third ? { each: counts } : {});
	return {
		reference,
		subject,
		...(third ? { third: third.name } : {}),
		short: [short_names(result).reference, ...servers.map(({ short }) => short)],
		date,
		command,
		totals: worst_totals(plays.map(({ steps }) => steps)),
		...(third ? { each: servers.map(({ summary }) => totals_of(summary)) } : {}),
		groups: groups.map(({ label, count, counts, first }) => ({ label, text: in_general(first), count, ...each(counts) })),
		known: known.map(({ entry: { id, reason }, met }) => {
			const counts = met.map(({ count }) => count);
			return { id, reason, count: counts.reduce((sum, count) => sum + count, 0), ...each(counts) };
		}),
		outdated: result.outdated.map(({ id, reason, shown_by }) => ({ id, reason, shown_by: shown_by ?? "" })),
		shrunk: result.shrunk,
		warning: is_hollow(servers[0].summary) ? hollow_text(reference) : "",
		remark: remark_of(servers[0].summary),
		clients: clients.texts,
		labels: labels.texts,
		plays,
	};
}
