// No counterpart: what may be made wrong on purpose, to see that it is found.

export interface Rules {
	/** The part of the lease in which a node may serve; the membership's own where it is left out. */
	readonly part?: number;
	/** Whether the database refuses what the dead want to store. */
	readonly has_fence: boolean;
	/** Whether a node looks whether it may serve before it says what is stored. */
	readonly looks: boolean;
	/** Whether rooms move by load. */
	readonly balances?: boolean;
}

export const right_rules: Rules = { has_fence: true, looks: true };
