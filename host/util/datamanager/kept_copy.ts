// No counterpart: what takes the place of a list that is shortened while others have their turns.

/** A copy of some entries of a list, beside it, as list_removal.ts makes it. */
export interface KeptCopy {
	readonly path: string;
	readonly index: string;
	/** In bytes. */
	readonly length: number;
	readonly index_length: number;
	/** How many entries it has, and how many the list had. */
	readonly entries: number;
	readonly of: number;
}
