// No counterpart: Prosody stores whole rooms.

/** A map that notes which of its keys have changed, so that only these need to be stored. */
export class NotedMap<Key, Value> extends Map<Key, Value> {
	/** Undefined while the constructor of Map fills the map. */
	private readonly noted: Set<Key> | undefined = new Set();

	override set(key: Key, value: Value): this {
		this.noted?.add(key);
		return super.set(key, value);
	}

	override delete(key: Key): boolean {
		this.noted?.add(key);
		return super.delete(key);
	}

	override clear(): void {
		for (const key of this.keys()) this.noted?.add(key);
		super.clear();
	}

	/** The keys that were set or deleted since the last call. */
	take_changed(): Key[] {
		const changed = [...(this.noted ?? [])];
		this.noted?.clear();
		return changed;
	}
}
