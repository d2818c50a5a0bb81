import { patience } from "../helper.ts";

interface Waiter<T> {
	accepts(item: T): boolean;
	done(item: T): void;
	failed(reason: Error): void;
}

/** What a client received and nobody has taken yet, oldest first. */
export class Inbox<T> {
	readonly waiting: T[] = [];
	private readonly waiters = new Set<Waiter<T>>();
	private ended: Error | undefined;

	add(item: T): void {
		for (const waiter of this.waiters) {
			if (!waiter.accepts(item)) continue;
			waiter.done(item);
			return;
		}
		this.waiting.push(item);
	}

	/** Nothing more comes; who waits fails with this reason, and so does who asks for what is not there. */
	end(reason: Error): void {
		this.ended ??= reason;
		for (const waiter of this.waiters) waiter.failed(reason);
	}

	/** Takes the oldest item that is accepted, once it is there; fails where none comes. */
	take(what: string, accepts: (item: T) => boolean): Promise<T> {
		const index = this.waiting.findIndex(accepts);
		const [found] = index === -1 ? [] : this.waiting.splice(index, 1);
		if (found !== undefined) return Promise.resolve(found);
		if (this.ended) return Promise.reject(this.ended);
		return new Promise((resolve, reject) => {
			const settle = (): void => {
				clearTimeout(timer);
				this.waiters.delete(waiter);
			};
			const waiter: Waiter<T> = {
				accepts,
				done(item) {
					settle();
					resolve(item);
				},
				failed(reason) {
					settle();
					reject(reason);
				},
			};
			const timer = setTimeout(
				() => waiter.failed(new Error(`expected ${what}; waiting: ${this.waiting.map(describe).join("\n") || "nothing"}`)),
				patience,
			);
			this.waiters.add(waiter);
		});
	}
}

function describe(item: unknown): string {
	const own = String(item);
	return own === "[object Object]" ? JSON.stringify(item) : own;
}
