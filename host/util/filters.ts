// Counterpart: util/filters.lua

/** Gets what passes, and returns it, something in its place, or undefined to swallow it. */
export type Filter<Data> = (data: Data) => Data | undefined;

interface Entry<Data> {
	readonly callback: Filter<Data>;
	readonly priority: number;
}

/** The filters of one session, by kind. */
export class Filters<Kind extends string, Data> {
	private readonly lists = new Map<Kind, readonly Entry<Data>[]>();

	/** Passes data through all filters of a kind; undefined where one swallows it. */
	filter(kind: Kind, data: Data): Data | undefined {
		let passed: Data | undefined = data;
		for (const { callback } of this.lists.get(kind) ?? []) {
			passed = callback(passed);
			if (passed === undefined) return undefined;
		}
		return passed;
	}

	/** Whether there is any filter of a kind. */
	has(kind: Kind): boolean {
		return this.lists.has(kind);
	}

	/** Adds a filter after those of the same and of higher priority, unless it is there already. */
	add(kind: Kind, callback: Filter<Data>, priority = 0): void {
		const list = this.lists.get(kind) ?? [];
		if (list.some((entry) => entry.callback === callback)) return;
		const place = list.findIndex((entry) => entry.priority < priority);
		this.lists.set(kind, list.toSpliced(place < 0 ? list.length : place, 0, { callback, priority }));
	}

	/** Removes a filter. */
	remove(kind: Kind, callback: Filter<Data>): void {
		const rest = (this.lists.get(kind) ?? []).filter((entry) => entry.callback !== callback);
		if (rest.length > 0) this.lists.set(kind, rest);
		else this.lists.delete(kind);
	}
}
