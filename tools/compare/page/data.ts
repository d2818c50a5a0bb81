// No counterpart: part of `enjamb compare --html`. What the page's script gets, as small as is still readable.

import { attributeName } from "../../scansion/match.ts";
import type { Mark, MergedElement, MergedText } from "../merge.ts";
import type { StanzaPair } from "../pairs.ts";
import { summarise } from "../summary.ts";
import type { CompareResult, Comparison, Difference, KnownDifference } from "../types.ts";
import { type ClientView, open_comparison, type Status, status_of } from "../view.ts";
import { in_general, in_particular, type Names, repeat_command, short_names, shorten, what_happens } from "../words.ts";

/** `d`ifferent, `k`nown, `f`ree; empty for what is not marked. */
type PageMark = "" | "d" | "k" | "f";

/** 0 equal, 1 known, 2 different. */
type PageStatus = 0 | 1 | 2;

/** Name and value, where both servers have the same; otherwise name, the reference's, the other's, mark. */
type PageAttribute = [string, string] | [string, string | null, string | null, PageMark];

/** Text that both have; text of one or each; an element: name, attributes, children, side (`l`, `r`; empty for both), mark. */
type PageNode = string | { t: [string | null, string | null]; m: PageMark } | PageElement;

type PageElement = [string, PageAttribute[], PageNode[], ("" | "l" | "r")?, PageMark?];

/** A row of stanzas that belong together. */
interface PagePair {
	/** Element. */
	readonly e: PageElement;
	readonly s: PageStatus;
	/** Number on each side, from 1, where they come at different places. */
	readonly n?: [number, number];
	/** Whether elements are in another order on the right, and shown in that of the left. */
	readonly o?: 1;
}

/** What one client received in a step. */
interface PageClient {
	/** Name. */
	readonly p: string;
	readonly s: PageStatus;
	readonly r: PagePair[];
	/** How the connection ended on each side, where it did. */
	readonly e?: [string | null, string | null];
	/** Differences in words: text, number in the list of known ones or -1. */
	readonly d?: [string, number][];
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

/** What filters look at in a step: status, actor, label, who receives something (numbers in the lists); why it is not equal. */
type IndexStep = [PageStatus, number, number, number[], number[]?];

/** All that is shown before a play is opened. */
export interface PageIndex {
	readonly reference: string;
	readonly subject: string;
	/** Short names of the two. */
	readonly short: [string, string];
	readonly date: string;
	readonly command: string;
	readonly totals: { steps: number; equal: number; known: number; different: number; different_plays: number };
	/** What differs. Numbers of these are what {@link IndexStep} has from 0 on. */
	readonly groups: { label: string; text: string; count: number }[];
	/** What is accepted; the nth of these is -1-n in {@link IndexStep}. */
	readonly known: { id: string; reason: string; count: number }[];
	readonly outdated: { id: string; reason: string; shown_by: string }[];
	readonly shrunk: readonly string[];
	readonly clients: string[];
	readonly labels: string[];
	readonly plays: { title: string; source: string; repeat: string; players: [string, string][]; steps: IndexStep[] }[];
}

const marks: Record<Mark, PageMark> = { different: "d", known: "k", free: "f" };

function page_mark(mark: Mark | undefined): PageMark {
	return mark === undefined ? "" : marks[mark];
}

const statuses: Record<Status, PageStatus> = { equal: 0, known: 1, different: 2 };

function page_node(node: MergedElement | MergedText): PageNode {
	if (node.kind === "element") return page_element(node);
	const { reference, subject, mark } = node;
	if (mark === undefined && reference !== undefined && reference === subject) return reference;
	return { t: [reference ?? null, subject ?? null], m: page_mark(mark) };
}

function page_element({ name, attributes, children, side, mark }: MergedElement): PageElement {
	const own = attributes.map((attribute): PageAttribute => {
		const { reference, subject } = attribute;
		const title = attributeName(attribute.name);
		if (attribute.mark === undefined && reference !== undefined && reference === subject) return [title, reference];
		return [title, reference ?? null, subject ?? null, page_mark(attribute.mark)];
	});
	const element: PageElement = [name, own, children.map(page_node)];
	if (side !== "both" || mark !== undefined)
		element.push(side === "both" ? "" : side === "reference" ? "l" : "r", page_mark(mark));
	return element;
}

function page_pair({ merged, position, differences }: StanzaPair): PagePair {
	const { reference, subject } = position;
	const moved = reference !== undefined && subject !== undefined && reference !== subject;
	return {
		e: page_element(merged),
		s: statuses[status_of(differences)],
		...(moved ? { n: [reference + 1, subject + 1] } : {}),
		...(merged.reordered ? { o: 1 } : {}),
	};
}

function page_client(client: ClientView, names: Names, known: readonly KnownDifference[]): PageClient {
	const { player, status, pairs, ended, differences } = client;
	const notes = differences.map((difference): [string, number] => [
		shorten(in_particular(difference, names)),
		known.findIndex(({ id }) => id === difference.known),
	]);
	return {
		p: player,
		s: statuses[status],
		r: pairs.map(page_pair),
		...(ended.reference === undefined && ended.subject === undefined
			? {}
			: { e: [ended.reference ?? null, ended.subject ?? null] }),
		...(notes.length > 0 ? { d: notes } : {}),
	};
}

/** A play's steps in full. */
export function page_play(comparison: Comparison, result: CompareResult): PagePlay {
	const view = open_comparison(comparison);
	const steps = comparison.play.steps.map((step, number): PageStep => {
		const { sent, clients } = view(number);
		return {
			w: what_happens(step),
			...(step.line === undefined ? {} : { l: step.line }),
			x: sent.map((part) => (typeof part === "string" ? part : page_element(part))),
			c: clients.map((client) => page_client(client, result, result.known)),
		};
	});
	return { steps };
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

/** Everything but the steps in full. */
export function page_index(result: CompareResult, { date, command }: { date: string; command: string }): PageIndex {
	const { reference, subject } = result;
	const { steps, equal, known, different, different_plays, groups, known_counts } = summarise(result);
	const short = short_names(result);
	const [clients, labels] = [new Numbers(), new Numbers()];
	const reasons = new Map(groups.map(({ signature }, number) => [signature, number]));
	const known_numbers = new Map(result.known.map(({ id }, number) => [id, -1 - number]));
	const reason_of = (difference: Difference): number | undefined =>
		difference.known === undefined ? reasons.get(difference.signature) : known_numbers.get(difference.known);

	const plays = result.comparisons.map(({ play, differences, steps: outcomes, reference: here, subject: there }) => {
		const why: Set<number>[] = play.steps.map(() => new Set());
		for (const difference of differences) {
			const reason = reason_of(difference);
			if (reason !== undefined) why[difference.step]?.add(reason);
		}
		const index = play.steps.map((step, number): IndexStep => {
			const received = [...(here.steps[number] ?? []), ...(there.steps[number] ?? [])];
			const receivers = received.filter(({ stanzas, ended }) => stanzas.length > 0 || ended !== undefined);
			const entry: IndexStep = [
				statuses[outcomes[number] ?? "equal"],
				clients.of(step.player),
				labels.of(step.kind === "send" ? step.label : step.kind),
				[...new Set(receivers.map(({ player }) => clients.of(player)))],
			];
			const own = why[number] ?? new Set();
			if (own.size > 0) entry.push([...own]);
			return entry;
		});
		return {
			title: play.title,
			source: play.source,
			repeat: repeat_command(play) ?? "",
			players: play.players.map(({ name, jid }): [string, string] => [name, jid]),
			steps: index,
		};
	});
	return {
		reference,
		subject,
		short: [short.reference, short.subject],
		date,
		command,
		totals: { steps, equal, known, different, different_plays },
		groups: groups.map(({ label, count, first }) => ({ label, text: in_general(first), count })),
		known: known_counts.map(({ entry: { id, reason }, count }) => ({ id, reason, count })),
		outdated: result.outdated.map(({ id, reason, shown_by }) => ({ id, reason, shown_by: shown_by ?? "" })),
		shrunk: result.shrunk,
		clients: clients.texts,
		labels: labels.texts,
		plays,
	};
}
