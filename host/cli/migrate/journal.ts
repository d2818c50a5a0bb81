// No counterpart: how far a migration has got, so that it can go on after it was ended.

import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { failed, ok, type Result } from "../../util/error.ts";

/** How far a unit has got. */
export interface UnitState {
	/** Of its source, when it was begun. */
	readonly fingerprint: string;
	readonly done: boolean;
	/** Items (or keys of a table) that are in the target. */
	readonly items: number;
	/** Of all of them; while an archive is not done, of its complete links. */
	readonly digest: string;
	/** Where to go on in the source, and in the target. */
	readonly next: number;
	readonly position: number;
	/** How much of the source was read, in its own measure. */
	readonly read: number;
	/** How many records are kept aside, and how long their file is. */
	readonly aside: number;
	readonly aside_size: number;
}

const format = 1;

function is_state(value: unknown): value is { unit: string; state: UnitState } {
	if (typeof value !== "object" || value === null || !("unit" in value) || !("state" in value)) return false;
	const { unit, state } = value;
	if (typeof unit !== "string" || typeof state !== "object" || state === null) return false;
	const numbers = ["items", "next", "position", "read", "aside", "aside_size"];
	return (
		numbers.every((name) => typeof Reflect.get(state, name) === "number") &&
		["fingerprint", "digest"].every((name) => typeof Reflect.get(state, name) === "string")
	);
}

function parse(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch {
		return undefined;
	}
}

/** A file beside the target, to which a line is added for each step; the last one of a unit counts. */
export class Journal {
	readonly units = new Map<string, UnitState>();
	private waiting = "";

	private constructor(
		readonly path: string,
		/** Whether an earlier run has left it. */
		readonly resumed: boolean,
	) {}

	/** Opens the journal of a migration; one of another migration is an error. Nothing is written yet. */
	static open(path: string, from: string, to: string): Result<Journal, string> {
		if (!existsSync(path)) {
			const journal = new Journal(path, false);
			journal.waiting = `${JSON.stringify({ format, from, to })}\n`;
			return ok(journal);
		}
		const [first = "", ...lines] = readFileSync(path, "utf8").split("\n");
		const head = parse(first);
		if (first !== JSON.stringify({ format, from, to })) {
			const other = typeof head === "object" && head !== null && "from" in head ? String(head.from) : "something else";
			return failed(
				`${path} says that a migration from ${other} was begun here: go on with that one, or remove the target and this file`,
			);
		}
		const journal = new Journal(path, true);
		// A last line that was cut off is one that never was.
		for (const line of lines.slice(0, -1)) {
			const step = parse(line);
			if (is_state(step)) journal.units.set(step.unit, step.state);
		}
		return ok(journal);
	}

	/** Notes a step; it is written by {@link write}, once the target has committed what it speaks of. */
	note(unit: string, state: UnitState): void {
		this.units.set(unit, state);
		this.waiting += `${JSON.stringify({ unit, state })}\n`;
	}

	write(): void {
		if (this.waiting === "") return;
		appendFileSync(this.path, this.waiting, { mode: 0o600 });
		this.waiting = "";
	}

	remove(): void {
		rmSync(this.path, { force: true });
	}
}
