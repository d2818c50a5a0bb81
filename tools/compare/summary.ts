// No counterpart: part of `enjamb compare`.

import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import { label_of } from "./transcripts.ts";
import type { CompareResult, Comparison, Difference, KnownDifference, PlayStep, Received } from "./types.ts";
import { short_names, visible } from "./words.ts";

/** Differences of one kind, path and label. */
export interface Group {
	readonly signature: string;
	readonly count: number;
	/** What a step was an example of where they occur. */
	readonly label: string;
	/** Where it is met first, with the play's number from 0. */
	readonly play: number;
	readonly first: Difference;
}

/** A known difference, with how often it was met. */
export interface KnownCount {
	readonly entry: KnownDifference;
	/** How many single differences it accepts. */
	readonly count: number;
	/** In how many steps. */
	readonly steps: number;
}

/** A run in numbers. */
export interface Summary {
	readonly steps: number;
	readonly equal: number;
	/** Steps in which only known things differ. */
	readonly known: number;
	readonly different: number;
	/** Plays of which at least one step is different. */
	readonly different_plays: number;
	/** Steps to which the reference answered with nothing but errors. */
	readonly refused: number;
	/** Rooms that were made on the reference. */
	readonly rooms: number;
	/** Whether somebody asked to enter a room. */
	readonly wants_rooms: boolean;
	/** What differs and is not known, most frequent first. */
	readonly groups: readonly Group[];
	/** In the order of the list. */
	readonly known_counts: readonly KnownCount[];
}

/** Whether a step brought errors and nothing else. */
function is_refused(received: readonly Received[]): boolean {
	const stanzas = received.flatMap((part) => part.stanzas);
	return stanzas.length > 0 && stanzas.every((stanza) => stanza.attr["type"] === "error");
}

/** The rooms that a play made: who is the first in one is told so (XEP-0045 §10.1.1). */
function rooms_made({ reference }: Comparison): number {
	const stanzas = reference.steps.flatMap((step) => step.flatMap((part) => part.stanzas));
	const is_first = (stanza: Stanza): boolean =>
		stanza.get_child("x", ns.muc_user)?.tags.some(({ name, attr }) => name === "status" && attr["code"] === "201") ?? false;
	return stanzas.filter((stanza) => stanza.name === "presence" && is_first(stanza)).length;
}

function enters_room(step: PlayStep): boolean {
	return step.kind === "send" && step.xml.startsWith("<presence") && step.xml.includes("'http://jabber.org/protocol/muc'");
}

/** Whether rooms were asked for and none was made, so that what was equal says little about them. */
export function is_hollow({ rooms, wants_rooms }: Summary): boolean {
	return rooms === 0 && wants_rooms;
}

/** A warning for a run that says little. */
export function hollow_text(reference: string): string {
	return `No room was made on ${visible(reference)}, so that rooms were hardly compared. Look at the refusals above: restrict_room_creation may keep everybody from making rooms.`;
}

/** Counts steps, and groups what differs. */
export function summarise(result: CompareResult): Summary {
	const counts = { equal: 0, known: 0, different: 0 };
	const groups = new Map<string, { count: number; label: string; play: number; first: Difference }>();
	const met = new Map<string, { count: number; steps: Set<string> }>();
	for (const [play, { play: played, differences, steps }] of result.comparisons.entries()) {
		for (const status of steps) counts[status]++;
		for (const difference of differences) {
			const { known, signature, step } = difference;
			if (known === undefined) {
				const group = groups.get(signature);
				if (group) group.count++;
				else groups.set(signature, { count: 1, label: label_of(played.steps[step]), play, first: difference });
				continue;
			}
			const entry = met.get(known) ?? { count: 0, steps: new Set() };
			entry.count++;
			entry.steps.add(`${play} ${step}`);
			met.set(known, entry);
		}
	}
	return {
		steps: counts.equal + counts.known + counts.different,
		...counts,
		different_plays: result.comparisons.filter(({ steps }) => steps.includes("different")).length,
		refused: result.comparisons.reduce((sum, { reference }) => sum + reference.steps.filter(is_refused).length, 0),
		rooms: result.comparisons.reduce((sum, comparison) => sum + rooms_made(comparison), 0),
		wants_rooms: result.comparisons.some(({ play }) => play.steps.some(enters_room)),
		groups: [...groups].map(([signature, group]) => ({ signature, ...group })).sort((a, b) => b.count - a.count),
		known_counts: result.known.map((entry) => {
			const { count = 0, steps } = met.get(entry.id) ?? {};
			return { entry, count, steps: steps?.size ?? 0 };
		}),
	};
}

/** A server that was compared with the reference. */
export interface Compared {
	/** With its version. */
	readonly name: string;
	/** As lists of several servers call it. */
	readonly short: string;
	/** Its part of the run, as a run of its own. */
	readonly result: CompareResult;
	readonly summary: Summary;
}

/** What was compared with the reference: our server, and the third one where there is one. */
export function compared_servers(result: CompareResult): readonly [Compared, ...Compared[]] {
	const whole = (part: CompareResult): Compared => {
		return { name: part.subject, short: short_names(part).subject, result: part, summary: summarise(part) };
	};
	const { also, ...own } = result;
	if (!also) return [whole(own)];
	const { name, comparisons, known } = also;
	return [
		whole(own),
		whole({ reference: result.reference, subject: name, comparisons, known, outdated: [], shrunk: [], again: result.again }),
	];
}

/** Differences of one kind, path and label on all servers that were compared with the reference. */
export interface JointGroup extends Group {
	/** How many there are on each of the servers; {@link Group.count} is their sum. */
	readonly counts: readonly number[];
	/** Number of the server, from 0, on which {@link Group.first} was met. */
	readonly server: number;
}

/** Puts the groups of several servers together, most frequent first. */
export function join_groups(servers: readonly Compared[]): JointGroup[] {
	const signatures = new Set(servers.flatMap(({ summary }) => summary.groups.map(({ signature }) => signature)));
	const joint = [...signatures].flatMap((signature): JointGroup[] => {
		const own = servers.map(({ summary }) => summary.groups.find((group) => group.signature === signature));
		const server = own.findIndex((group) => group !== undefined);
		const first = own[server];
		const counts = own.map((group) => group?.count ?? 0);
		return first ? [{ ...first, counts, count: counts.reduce((sum, count) => sum + count, 0), server }] : [];
	});
	return joint.sort((a, b) => b.count - a.count);
}

/** A known difference, with how often it was met on each of the servers. */
export interface JointKnown {
	readonly entry: KnownDifference;
	readonly met: readonly Omit<KnownCount, "entry">[];
}

/** Puts the known differences of several servers together, in the order of the list. */
export function join_known(servers: readonly Compared[]): JointKnown[] {
	const never = { count: 0, steps: 0 };
	const all = servers.map(({ summary }) => new Map(summary.known_counts.map((count) => [count.entry.id, count])));
	const entries = new Map(all.flatMap((counts) => [...counts].map(([id, { entry }]) => [id, entry] as const)));
	return [...entries].map(([id, entry]) => ({ entry, met: all.map((counts) => counts.get(id) ?? never) }));
}
