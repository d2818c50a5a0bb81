// Counterpart: util/cache.lua

/**
 * Called before the oldest entry is removed for a new one. `false` keeps it, so that the new one is refused; anything else removes
 * it. The callback may also make room itself, by `resize` or by removing entries.
 */
export type OnEvict<K, V> = (key: K, value: V, cache: Cache<K, V>) => unknown;

interface Entry<K, V> {
	readonly key: K;
	value: V;
	newer: Entry<K, V> | undefined;
	older: Entry<K, V> | undefined;
}

/** A whole number of entries, at least one. */
function check_size(size: number): number {
	if (!(size >= 1)) throw new RangeError(`cache: expected a size of at least 1, got ${size}`);
	return Math.floor(size);
}

/**
 * A limited number of values by key, in the order in which keys were last set, newest first; reading does not change it.
 * Setting a key to `undefined` removes it.
 */
export class Cache<K, V> {
	readonly #entries = new Map<K, Entry<K, V>>();
	readonly #on_evict: OnEvict<K, V> | false | undefined;
	#newest: Entry<K, V> | undefined;
	#oldest: Entry<K, V> | undefined;
	#size: number;

	/** `on_evict` false means that nothing is ever evicted: a full cache refuses new keys. */
	constructor(size: number, on_evict?: OnEvict<K, V> | false) {
		this.#size = check_size(size);
		this.#on_evict = on_evict;
	}

	/** How many entries there may be. */
	get size(): number {
		return this.#size;
	}

	/**
	 * Stores a value as the newest, or removes the key when the value is undefined. `false` when the cache is full and no entry was
	 * removed.
	 */
	set(key: K, value: V | undefined): boolean {
		const existing = this.#entries.get(key);
		if (existing) {
			this.#unlink(existing);
			if (value === undefined) {
				this.#entries.delete(key);
			} else {
				existing.value = value;
				this.#link(existing);
			}
			return true;
		}
		if (value === undefined) return true;
		const oldest = this.#oldest;
		if (oldest && this.#entries.size >= this.#size) {
			if (this.#may_not_evict(oldest)) return false;
			// Still full: on_evict made no room, or replaced the entry by another
			if (this.#entries.size >= this.#size) this.#remove(this.#holds(oldest) ? oldest : this.#oldest);
		}
		const entry: Entry<K, V> = { key, value, newer: undefined, older: undefined };
		this.#entries.set(key, entry);
		this.#link(entry);
		return true;
	}

	get(key: K): V | undefined {
		return this.#entries.get(key)?.value;
	}

	/** How many entries there are. */
	count(): number {
		return this.#entries.size;
	}

	/** Newest first. Entries may be removed meanwhile. */
	*items(): Generator<[K, V], void> {
		let entry = this.#newest;
		while (entry) {
			const { key, value }: Entry<K, V> = entry;
			entry = entry.older;
			yield [key, value];
		}
	}

	/** Newest first. Entries may be removed meanwhile. */
	*values(): Generator<V, void> {
		for (const [, value] of this.items()) yield value;
	}

	/** The newest entry. */
	head(): [K, V] | undefined {
		return this.#newest && [this.#newest.key, this.#newest.value];
	}

	/** The oldest entry, next to be evicted. */
	tail(): [K, V] | undefined {
		return this.#oldest && [this.#oldest.key, this.#oldest.value];
	}

	/** Changes the limit, and removes entries beyond it; `false` when on_evict refuses, and then the limit stays. */
	resize(new_size: number): boolean {
		const size = check_size(new_size);
		while (this.#oldest && this.#entries.size > size) {
			const oldest = this.#oldest;
			if (this.#may_not_evict(oldest)) return false;
			this.#remove(oldest);
		}
		this.#size = size;
		return true;
	}

	/** Forgets everything, without asking on_evict. */
	clear(): void {
		this.#entries.clear();
		this.#newest = undefined;
		this.#oldest = undefined;
	}

	#may_not_evict(entry: Entry<K, V>): boolean {
		return this.#on_evict === false || this.#on_evict?.(entry.key, entry.value, this) === false;
	}

	#holds(entry: Entry<K, V>): boolean {
		return this.#entries.get(entry.key) === entry;
	}

	#remove(entry: Entry<K, V> | undefined): void {
		// on_evict may have removed it already
		if (!entry || !this.#holds(entry)) return;
		this.#entries.delete(entry.key);
		this.#unlink(entry);
	}

	#link(entry: Entry<K, V>): void {
		entry.newer = undefined;
		entry.older = this.#newest;
		if (this.#newest) this.#newest.newer = entry;
		this.#newest = entry;
		this.#oldest ??= entry;
	}

	#unlink(entry: Entry<K, V>): void {
		if (entry.newer) entry.newer.older = entry.older;
		else this.#newest = entry.older;
		if (entry.older) entry.older.newer = entry.newer;
		else this.#oldest = entry.newer;
	}
}
