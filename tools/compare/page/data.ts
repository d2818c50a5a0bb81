// No counterpart: part of `enjamb compare --html`. What the page's script gets, as small as is still readable.

import { type Aligned, align_stanzas } from "../align.ts";
import type { StanzaPair } from "../pairs.ts";
import { compared_servers, join_groups, join_known, type Summary } from "../summary.ts";
import type { CompareResult, Comparison, Difference } from "../types.ts";
import { type ClientView, open_comparison, type Status, status_of } from "../view.ts";
import { in_general, in_particular, type Names, repeat_command, short_names, shorten, what_happens } from "../words.ts";
import { type PageElement, page_element, page_element_of_three } from "./elements.ts";

/** 0 equal, 1 known, 2 different. */
type PageStatus = 0 | 1 | 2;

/** A row of stanzas that belong together. */
interface PagePair {
	/** Element. */
	readonly e: PageElement;
	/** The worst of all servers; with a third one, `b` has that of each. */
	readonly s: PageStatus;
	readonly b?: [PageStatus, PageStatus];
	/** Number in each column, from 1, where they come at different places; null where there is none. */
	readonly n?: (number | null)[];
	/** Who has elements in another order, which are shown in that of the left: 1 our server, 2 the third, 3 both. */
	readonly o?: 1 | 2 | 3;
}

/** What one client received in a step. */
interface PageClient {
	/** Name. */
	readonly p: string;
	readonly s: PageStatus;
	readonly b?: [PageStatus, PageStatus];
	readonly r: PagePair[];
	/** How the connection ended in each column, where it did. */
	readonly e?: (string | null)[];
	/** Differences in words: text, number in the list of known ones or -1, and with a third server whose it is: 0 ours, 1 the third's. */
	readonly d?: [string, number, number?][];
}

/** One step in full: what it is, the script's line, what is sent (text where it is no XML), what each client received. */
interface PageStep {
	/** What happens: "Romeo sends". */
	readonly w: string;
	readonly l?: number;
	readonly x: (PageElement | string)[];
	readonly c: PageClient[];
}

/** A play's steps in full, read when the play is opened. */
export interface PagePlay {
	readonly steps: PageStep[];
}

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

const statuses: Record<Status, PageStatus> = { equal: 0, known: 1, different: 2 };

function worst(all: readonly PageStatus[]): PageStatus {
	return all.includes(2) ? 2 : all.includes(1) ? 1 : 0;
}

/** Numbers from 1 in each column, if any that is there differs from the reference's. */
function moved(positions: readonly (number | undefined)[]): Pick<PagePair, "n"> {
	const [reference, ...others] = positions;
	const is_moved = others.some((other) => reference !== undefined && other !== undefined && other !== reference);
	return is_moved ? { n: positions.map((position) => (position === undefined ? null : position + 1)) } : {};
}

function page_pair({ merged, position, differences }: StanzaPair): PagePair {
	return {
		e: page_element(merged),
		s: statuses[status_of(differences)],
		...moved([position.reference, position.subject]),
		...(merged.reordered ? { o: 1 } : {}),
	};
}

/** The same with a third server, whose list of pairs may have it or not. */
function page_pair_of_three({ own, third }: Aligned<StanzaPair>): PagePair {
	const b: PagePair["b"] = [statuses[status_of(own?.differences ?? [])], statuses[status_of(third?.differences ?? [])]];
	const [ours, thirds] = [own?.merged.reordered ?? false, third?.merged.reordered ?? false];
	return {
		e: page_element_of_three(own?.merged, third?.merged),
		s: worst(b),
		b,
		...moved([own?.position.reference ?? third?.position.reference, own?.position.subject, third?.position.subject]),
		...(ours ? { o: thirds ? 3 : 1 } : thirds ? { o: 2 } : {}),
	};
}

function ends_of(ends: readonly (string | undefined)[]): Pick<PageClient, "e"> {
	return ends.every((end) => end === undefined) ? {} : { e: ends.map((end) => end ?? null) };
}

/** The number that a difference has in the list of known ones, or -1. */
type KnownNumber = (id: string | undefined) => number;

function page_client({ player, status, pairs, ended, differences }: ClientView, names: Names, known: KnownNumber): PageClient {
	const d = differences.map((difference): [string, number] => [
		shorten(in_particular(difference, names)),
		known(difference.known),
	]);
	return {
		p: player,
		s: statuses[status],
		r: pairs.map(page_pair),
		...ends_of([ended.reference, ended.subject]),
		...(d.length > 0 ? { d } : {}),
	};
}

function page_client_of_three(
	player: string,
	views: readonly [ClientView | undefined, ClientView | undefined],
	names: readonly Names[],
	known: KnownNumber,
): PageClient {
	const [own, third] = views;
	const b: PageClient["b"] = [statuses[own?.status ?? "equal"], statuses[third?.status ?? "equal"]];
	const d = views.flatMap((view, server) =>
		(view?.differences ?? []).map((difference): [string, number, number] => {
			const name = names[server];
			return [name ? shorten(in_particular(difference, name)) : "", known(difference.known), server];
		}),
	);
	return {
		p: player,
		s: worst(b),
		b,
		r: align_stanzas(own?.pairs ?? [], third?.pairs ?? []).map(page_pair_of_three),
		...ends_of([own?.ended.reference ?? third?.ended.reference, own?.ended.subject, third?.ended.subject]),
		...(d.length > 0 ? { d } : {}),
	};
}

/** The plays' steps in full, by a play's number from 0. */
export function page_plays(result: CompareResult): (number: number) => PagePlay {
	const servers = compared_servers(result);
	const [ours, thirds] = servers;
	const names = servers.map((server) => server.result);
	const numbers = new Map(join_known(servers).map(({ entry }, number) => [entry.id, number]));
	const known: KnownNumber = (id) => (id === undefined ? -1 : (numbers.get(id) ?? -1));

	return (number) => {
		const comparison = ours.result.comparisons[number];
		const beside = thirds?.result.comparisons[number];
		if (!comparison) throw new RangeError(`play ${number}: there are ${ours.result.comparisons.length}`);
		const view = open_comparison(comparison);
		const third_view = beside && open_comparison(beside);
		const clients_of = (step: number, clients: readonly ClientView[]): PageClient[] => {
			if (!third_view) return clients.map((client) => page_client(client, result, known));
			const third_clients = third_view(step).clients;
			return [...new Set([...clients, ...third_clients].map(({ player }) => player))].map((player) => {
				const of_player = (client: ClientView): boolean => client.player === player;
				return page_client_of_three(player, [clients.find(of_player), third_clients.find(of_player)], names, known);
			});
		};
		const steps = comparison.play.steps.map((step, index): PageStep => {
			const { sent, clients } = view(index);
			return {
				w: what_happens(step),
				...(step.line === undefined ? {} : { l: step.line }),
				x: sent.map((part) => (typeof part === "string" ? part : page_element(part))),
				c: clients_of(index, clients),
			};
		});
		return { steps };
	};
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
			repeat: repeat_command(play) ?? "",
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
		clients: clients.texts,
		labels: labels.texts,
		plays,
	};
}
