// No counterpart: Prosody writes as it goes, and whoever asked is told.

import type { Server } from "../../core/types.ts";

/** For how long an answer is good, in milliseconds. */
const good_for = 1000;
/** How long storing may take before whoever asks is told that it does not work. */
const patience = 5000;
const store = "health";

/** Finds out whether hosts can store anything, by storing something, and taking it away again. */
export class StorageProbe {
	private last_error = "it failed";
	private known: { readonly at: number; readonly trouble: Promise<string | undefined> } | undefined;
	/** How many turns had failed then. */
	private failures = -1;

	constructor(private readonly server: Pick<Server, "hosts" | "open_store" | "turn">) {}

	/** Told why a turn could not be stored. */
	failed(error: unknown): void {
		this.last_error = error instanceof Error ? error.message : String(error);
	}

	/** Why nothing can be stored; undefined where it can. Those who ask at about the same time get the same answer. */
	trouble(): Promise<string | undefined> {
		const { failures } = this.server.turn.counts;
		const { known } = this;
		if (known !== undefined && this.failures === failures && performance.now() - known.at < good_for) return known.trouble;
		this.failures = failures;
		const trouble = this.try_it();
		this.known = { at: performance.now(), trouble };
		// A failure that it has caused itself is known
		void trouble.then(() => {
			this.failures = this.server.turn.counts.failures;
		});
		return trouble;
	}

	private async try_it(): Promise<string | undefined> {
		const trouble = await this.in_a_turn({ checked: Math.floor(Date.now() / 1000) });
		if (trouble === undefined) void this.in_a_turn(undefined);
		return trouble;
	}

	/** Stores something on all hosts in one turn; answers when that is done, or cannot be. */
	private in_a_turn(value: { readonly checked: number } | undefined): Promise<string | undefined> {
		const { hosts, open_store, turn } = this.server;
		return new Promise((resolve) => {
			const late = setTimeout(() => resolve(`storage has taken more than ${patience / 1000} s`), patience).unref();
			const answer = (trouble: string | undefined): void => {
				clearTimeout(late);
				resolve(trouble);
			};
			turn.remember({
				kept: () => answer(undefined),
				// What the error was is told after this
				undo: () => void setImmediate(() => answer(`storage: ${this.last_error}`)),
			});
			for (const host of hosts.keys()) {
				const opened = open_store(host, store, "keyval");
				const done = opened.ok ? opened.value.set(undefined, value) : opened;
				if (!done.ok) answer(`storage of ${host}: ${done.error.text}`);
			}
		});
	}
}
