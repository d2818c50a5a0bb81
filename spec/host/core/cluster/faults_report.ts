// What people in rooms of a cluster have heard, beside what its archives have.

import type { Heard, Person } from "./people.ts";

/** What a run has shown. */
export interface FaultReport extends Judgement {
	readonly faults: readonly string[];
	/** For each fault, the longest time in which nobody heard anything of anybody, in milliseconds. */
	readonly gaps: readonly number[];
	/** For each room of a node that was killed, how long it took until something was heard there that was said after that, in milliseconds. */
	readonly takeovers: readonly number[];
	/** People who did not hear everybody at the end. */
	readonly unserved: readonly string[];
	/** How often a room went to another node by load. */
	readonly moved: number;
	readonly logs: string;
}

export interface Judgement {
	/** Ids and bodies that somebody heard, and that the archive does not have. */
	readonly missing: readonly string[];
	/** People who heard something in another order than the archive has it, or twice. */
	readonly disordered: readonly string[];
	/** What was said once and is in an archive twice. */
	readonly twice: readonly string[];
	/** When a room did not know somebody whose connection stood. */
	readonly lost: readonly string[];
	readonly heard: number;
	readonly said: number;
	readonly refused: number;
	readonly archived: number;
}

/** @param archives ids with bodies, oldest first, by room */
export function judge(people: readonly Person[], archives: ReadonlyMap<string, ReadonlyMap<string, string>>): Judgement {
	const missing = new Set<string>();
	const disordered: string[] = [];
	let heard = 0;
	for (const { name, hearings } of people) {
		for (const all of hearings) {
			heard += all.length;
			for (const [room, archive] of archives) {
				const one = all.filter((each) => each.room === room);
				for (const { id, body } of one) if (archive.get(id) !== body) missing.add(`${id}: ${body}`);
				const wrong = out_of_order(one, [...archive.keys()]);
				if (wrong !== undefined) disordered.push(`${name} in ${room}: ${wrong}`);
			}
		}
	}
	const twice: string[] = [];
	let archived = 0;
	for (const [room, archive] of archives) {
		archived += archive.size;
		const seen = new Set<string>();
		for (const body of archive.values()) {
			if (seen.has(body)) twice.push(`${room}: ${body}`);
			seen.add(body);
		}
	}
	const sum = (what: "refused" | "said"): number => people.reduce((total, person) => total + person[what], 0);
	return {
		missing: [...missing],
		disordered,
		twice,
		lost: people.flatMap(({ losses }) => losses),
		heard,
		said: sum("said"),
		refused: sum("refused"),
		archived,
	};
}

function out_of_order(heard: readonly Heard[], archive: readonly string[]): string | undefined {
	const order = new Map(archive.map((id, index) => [id, index]));
	let last = -1;
	for (const { id, body } of heard) {
		const at = order.get(id);
		if (at === undefined) continue;
		if (at <= last) return body;
		last = at;
	}
	return undefined;
}

/** A run in a few lines, for people. */
export function report_text({ faults, gaps, takeovers, logs: _logs, ...report }: FaultReport): string {
	const kinds = new Map<string, number>();
	for (const fault of faults) {
		const [kind = ""] = fault.split(" ");
		kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
	}
	const sorted = [...takeovers].sort((one, other) => one - other);
	const at = (part: number): number | undefined => sorted[Math.floor((sorted.length - 1) * part)];
	return JSON.stringify(
		{
			kinds: Object.fromEntries(kinds),
			...report,
			takeovers: { count: sorted.length, median: at(0.5), longest: at(1) },
			longest_gap: Math.max(...gaps),
		},
		null,
		"\t",
	);
}
