// No counterpart: part of `enjamb compare --html`. A play as the page's script gets it, as small as is still readable.

import { type Aligned, align_stanzas } from "../align.ts";
import type { StanzaPair } from "../pairs.ts";
import { compared_servers, join_known } from "../summary.ts";
import type { CompareResult } from "../types.ts";
import { type ClientView, open_comparison, status_of } from "../view.ts";
import { in_particular, type Names, shorten, what_happens } from "../words.ts";
import { type PageElement, page_element, page_element_of_three } from "./elements.ts";
import { type PageStatus, statuses, worst } from "./status.ts";

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
