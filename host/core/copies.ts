// No counterpart: Prosody fires the events of each copy of a stanza that goes to many.

import type { CopyWatcher } from "../util/events.ts";

/** How often in a row handlers may do what cannot be known of further copies, until they are called for each of the rest. */
const most_failures = 3;
/** How many kinds of recipients are told apart. */
const most_tests = 4;

/** Who has to let copies pass before the handler that delivers them. */
export interface Watched {
	readonly watcher: CopyWatcher;
	readonly handlers: number;
}

/**
 * The copies of one stanza for many. Handlers handle the first one, and others for whom it is not known that they would do the same.
 * Whatever else happens in between has to be told by {@link forget}.
 */
export class Copies {
	private readonly tests = new Map<Watched, ((address: string) => boolean)[]>();
	private failures = 0;

	/** Whether the handlers would let the copy for that address pass, and change nothing. */
	may_pass(watched: Watched, address: string): boolean {
		return this.tests.get(watched)?.some((holds) => holds(address)) === true;
	}

	/** Delivers a copy with all its handlers. */
	deliver(watched: Watched, address: string, deliver: () => void): void {
		if (this.failures >= most_failures) {
			this.forget();
			deliver();
			return;
		}
		const test = watched.watcher.watch(address, watched.handlers, deliver);
		if (test === undefined) {
			this.failures++;
			this.forget();
			return;
		}
		this.failures = 0;
		const known = this.tests.get(watched) ?? [];
		this.tests.set(watched, [test, ...known.slice(0, most_tests - 1)]);
	}

	/** Hands a copy that may pass to a session that looks at it by itself. */
	hand_over({ watcher }: Watched, address: string, send: () => void): void {
		if (watcher.watch(address, 0, send) === undefined) this.forget();
	}

	/** Something has happened that handlers may take into account. */
	forget(): void {
		this.tests.clear();
	}
}
