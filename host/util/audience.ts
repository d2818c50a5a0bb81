// No counterpart: Prosody goes through a room's occupants for each message.

/**
 * Full JIDs that get one thing after the other. The list never changes, so that what is found out about it can be kept for the next time:
 * where it has changed, there is a new audience.
 */
export class Audience implements Iterable<string> {
	/** @param of what has this audience, such as a room; whatever is kept of an earlier one of it is not needed any more */
	constructor(
		readonly jids: readonly string[],
		readonly of: object,
	) {}

	[Symbol.iterator](): Iterator<string> {
		return this.jids[Symbol.iterator]();
	}
}
