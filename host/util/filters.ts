// Counterpart: util/filters.lua

/** Gets what passes, and returns it, something in its place, or undefined to swallow it. */
export type Filter<Data> = (data: Data) => Data | undefined;

/** The same filter for finished text that others get, too: false to swallow it. */
export type SharedFilter<Shared> = (text: Shared) => boolean;

interface Entry<Data, Shared> {
	readonly callback: Filter<Data>;
	readonly priority: number;
	readonly shared: SharedFilter<Shared> | undefined;
}

/** The filters of one session, by kind. */
export class Filters<Kind extends string, Data, Shared = never> {
	private readonly lists = new Map<Kind, readonly Entry<Data, Shared>[]>();

	/** Passes data through all filters of a kind; undefined where one swallows it. */
	filter(kind: Kind, data: Data): Data | undefined {
		let passed: Data | undefined = data;
		for (const { callback } of this.lists.get(kind) ?? []) {
			passed = callback(passed);
			if (passed === undefined) return undefined;
		}
		return passed;
	}

	/** Whether any filter of a kind has to see each piece of data, and not only finished text. */
	has(kind: Kind): boolean {
		return this.lists.get(kind)?.some(({ shared }) => shared === undefined) === true;
	}

	/** Passes finished text through all filters of a kind that take it; false where one swallows it. */
	pass_shared(kind: Kind, text: Shared): boolean {
		for (const { shared } of this.lists.get(kind) ?? []) if (shared?.(text) === false) return false;
		return true;
	}

	/**
	 * Adds a filter after those of the same and of higher priority, unless it is there already.
	 * @param shared does the same with finished text, where the filter can; without it, nobody is sent such text past the filter
	 */
	add(kind: Kind, callback: Filter<Data>, priority = 0, shared?: SharedFilter<Shared>): void {
		const list = this.lists.get(kind) ?? [];
		if (list.some((entry) => entry.callback === callback)) return;
		const place = list.findIndex((entry) => entry.priority < priority);
		this.lists.set(kind, list.toSpliced(place < 0 ? list.length : place, 0, { callback, priority, shared }));
	}

	/** Removes a filter. */
	remove(kind: Kind, callback: Filter<Data>): void {
		const rest = (this.lists.get(kind) ?? []).filter((entry) => entry.callback !== callback);
		if (rest.length > 0) this.lists.set(kind, rest);
		else this.lists.delete(kind);
	}
}
