// No counterpart: part of `enjamb compare`.

/**
 * Which value made up by one server stands for which value of the other, one to one, for a whole play. So it does not matter what
 * an id looks like, but it does matter that the same id comes again where it should.
 */
export class Bindings {
	private readonly forward = new Map<string, string>();
	private readonly backward = new Map<string, string>();
	private readonly made: [string, string][] = [];

	/** Notes that two values stand for each other; false where either already stands for another one. */
	bind(reference: string, subject: string): boolean {
		const known = this.forward.get(reference);
		if (known !== undefined) return known === subject;
		if (this.backward.has(subject)) return false;
		this.forward.set(reference, subject);
		this.backward.set(subject, reference);
		this.made.push([reference, subject]);
		return true;
	}

	/** A point to go back to with {@link rollback}, after a comparison that was only a try. */
	mark(): number {
		return this.made.length;
	}

	/** Forgets what was noted since the mark. */
	rollback(mark: number): void {
		for (const [reference, subject] of this.made.splice(mark)) {
			this.forward.delete(reference);
			this.backward.delete(subject);
		}
	}
}
