// No counterpart: Prosody looks up who is where each time.

/** How many of the last changes are kept in mind. */
const most_changes = 256;

/** A map that says which keys were set or deleted lately, for those who keep what they have found in it. */
export class VersionedMap<Key, Value> extends Map<Key, Value> {
	/** Counts the changes. */
	version = 0;
	/** The keys of the last changes, oldest first. */
	private changed: Key[] = [];

	override set(key: Key, value: Value): this {
		this.note(key);
		return super.set(key, value);
	}

	override delete(key: Key): boolean {
		this.note(key);
		return super.delete(key);
	}

	override clear(): void {
		for (const key of this.keys()) this.note(key);
		super.clear();
	}

	/** The keys that were set or deleted since a version, oldest first; undefined where that is not known any more. */
	changed_since(version: number): readonly Key[] | undefined {
		const count = this.version - version;
		return count > this.changed.length ? undefined : this.changed.slice(this.changed.length - count);
	}

	private note(key: Key): void {
		this.version++;
		this.changed.push(key);
		if (this.changed.length >= 2 * most_changes) this.changed = this.changed.slice(most_changes);
	}
}
