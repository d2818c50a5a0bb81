// No counterpart: in Prosody nothing is on its way to other nodes.

import type { Change } from "./kept_copies.ts";
import type { Links } from "./link.ts";
import type { Standby } from "./standby.ts";
import { type Life, life_text } from "./types.ts";

interface Said {
	readonly number: number;
	readonly item: string;
	/** The link's frame that it is in; undefined while its turn is not stored. */
	frame: number | undefined;
}

/**
 * What this node has said to others for clients who count it as handled, until it is stored over there. The node that goes on with this
 * one's sessions knows of it: when this node is gone, that one says it again, by its number, so that nobody takes it twice.
 */
export class Spoken {
	private readonly by_life = new Map<string, Said[]>();
	/** Lives that are over: what was said to them was given back. */
	private readonly over_lives = new Set<string>();
	private last = 0;

	constructor(
		private readonly standby: Pick<Standby, "add" | "is_on">,
		private readonly links: Pick<Links, "stored" | "written">,
	) {}

	/** The number of what is about to be said; undefined where there is nobody who could say it again. */
	next_number(): number | undefined {
		if (!this.standby.is_on) return undefined;
		this.last++;
		return this.last;
	}

	/** Something is said in this turn. */
	add(to: Life, number: number, item: string): void {
		const name = life_text(to);
		const said = this.by_life.get(name);
		if (said === undefined) this.by_life.set(name, [{ number, item, frame: undefined }]);
		else said.push({ number, item, frame: undefined });
		this.standby.add(["t", name, number, item]);
	}

	/** Its turn has failed: it was not said. */
	take_back(to: Life, number: number): void {
		const said = this.by_life.get(life_text(to)) ?? [];
		const at = said.findIndex((one) => one.number === number);
		if (at >= 0) said.splice(at, 1);
	}

	/** Everything up to that number was given to the link. */
	sent(to: Life, number: number): void {
		const frame = this.links.written(to);
		for (const one of this.by_life.get(life_text(to)) ?? []) {
			if (one.number > number) return;
			one.frame ??= frame;
		}
	}

	/** A life is over. */
	gone(life: Life): void {
		if (this.by_life.delete(life_text(life))) this.over_lives.add(life_text(life));
	}

	/** This node's own life is over, and with it whatever it has said. */
	over(): void {
		this.by_life.clear();
		this.over_lives.clear();
	}

	/** Adds all that may have to be said again. */
	add_all(add: (change: Change) => void): void {
		// Not what is known to be stored
		this.add_rest(() => {});
		for (const [name, said] of this.by_life) for (const { number, item } of said) add(["t", name, number, item]);
	}

	/** Adds up to where it is not needed any more. */
	add_rest(add: (change: Change) => void): void {
		for (const name of this.over_lives) add(["d", name, Number.MAX_SAFE_INTEGER]);
		this.over_lives.clear();
		for (const [name, said] of this.by_life) {
			const stored = this.links.stored(name);
			let done = 0;
			while (said[done]?.frame !== undefined && (said[done]?.frame ?? 0) <= stored) done++;
			if (done === 0) continue;
			const [last] = said.splice(0, done).slice(-1);
			if (last !== undefined) add(["d", name, last.number]);
		}
	}
}

/** Up to which number others have said something: what is said again for them is not taken twice. */
export class Heard {
	private readonly last = new Map<string, number>();
	/** What came and is not stored yet, with whom to tell of that. */
	private readonly open = new Map<string, (() => void)[]>();

	/**
	 * Something came with a number.
	 * @param stored called when it is stored, or its sender was told: also where it is what came before that is stored
	 * @returns what is to be called then; undefined where it came before
	 */
	take(from: Life, number: number, stored: () => void): (() => void) | undefined {
		const name = life_text(from);
		const key = `${name} ${number}`;
		if (number <= (this.last.get(name) ?? 0)) {
			const open = this.open.get(key);
			if (open === undefined) stored();
			else open.push(stored);
			return undefined;
		}
		this.last.set(name, number);
		const told = [stored];
		this.open.set(key, told);
		return () => {
			this.open.delete(key);
			for (const tell of told.splice(0)) tell();
		};
	}

	forget(life: Life): void {
		this.last.delete(life_text(life));
	}
}
