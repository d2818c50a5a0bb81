// No counterpart: in Prosody whoever waits for an answer does so in a coroutine, and all that called it waits in the same one.

import { failed, ok, type Result } from "./error.ts";

/** The result of something that took time; the error is what was thrown. */
export type Outcome<Answer> = Result<Answer, unknown>;

// Written as a method, so that a Waiting of any type is assignable to a general one
type Listener<Answer> = { listener(outcome: Outcome<Answer>): void }["listener"];

/**
 * An answer that comes later. Functions return it in place of the answer, and each caller on the way up says how to go on then.
 * Unlike with a promise, everything goes on at once when the answer is there, in the turn that brought it.
 */
export class Waiting<Answer> {
	private outcome: Outcome<Answer> | undefined;
	private readonly listeners: Listener<Answer>[] = [];

	/** @param begin gets the function that gives the result; only its first call counts */
	constructor(begin: (settle: (outcome: Outcome<Answer>) => void) => void) {
		begin((outcome) => {
			if (this.outcome !== undefined) return;
			this.outcome = outcome;
			for (const listener of this.listeners.splice(0)) listener(outcome);
		});
	}

	/** Calls back with the result: at once where it is known. */
	ended(listener: Listener<Answer>): void {
		if (this.outcome === undefined) this.listeners.push(listener);
		else listener(this.outcome);
	}

	/** Does something with the answer, and gives the result of that; what it throws is the error. */
	go_on<Next>(next: (answer: Answer) => Next | Waiting<Next>): Waiting<Next> {
		return new Waiting<Next>((settle) => {
			this.ended((outcome) => {
				if (!outcome.ok) {
					settle(outcome);
					return;
				}
				try {
					const answer = next(outcome.value);
					if (answer instanceof Waiting) answer.ended(settle);
					else settle(ok(answer));
				} catch (error) {
					settle(failed(error));
				}
			});
		});
	}
}

/** Something that is there, or comes later. */
export type Eventual<Answer> = Answer | Waiting<Answer>;

/** The same as a promise, whose callbacks run a little later. */
export function promise_of<Answer>(waiting: Waiting<Answer>): Promise<Answer> {
	return new Promise((resolve, reject) => {
		waiting.ended((outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
	});
}

/** What comes later as a promise; what is there stays as it is. */
export function promised<Answer>(answer: Eventual<Answer>): Answer | Promise<Answer> {
	return answer instanceof Waiting ? promise_of(answer) : answer;
}

/** Goes on with an answer: now, or when it is there. */
export function go_on<Answer, Next>(
	answer: Answer | Waiting<Answer>,
	next: (answer: Answer) => Next | Waiting<Next>,
): Next | Waiting<Next> {
	return answer instanceof Waiting ? answer.go_on(next) : next(answer);
}

/**
 * Does something for each item, one after the other, however long each takes.
 * @returns the first answer that is true, after which the rest is left out
 */
export function one_by_one<Item>(items: Iterable<Item>, act: (item: Item) => unknown): unknown {
	const left = items[Symbol.iterator]();
	for (let step = left.next(); step.done !== true; step = left.next()) {
		const answer = act(step.value);
		if (answer instanceof Waiting) {
			const rest: Iterable<Item> = { [Symbol.iterator]: () => left };
			return answer.go_on((late) => (late ? late : one_by_one(rest, act)));
		}
		if (answer) return answer;
	}
	return undefined;
}

/** Waits for several; whatever they bring, each of them has ended then. */
export function waiting_for_all(all: readonly Waiting<unknown>[]): Waiting<void> {
	return new Waiting((settle) => {
		let left = all.length;
		for (const one of all) {
			one.ended(() => {
				left--;
				if (left === 0) settle(ok(undefined));
			});
		}
	});
}

/**
 * Goes on when something is there that the server itself has asked for. Until then, nothing that a sender has sent behind it is handled,
 * and its stream does not end.
 */
export function holding<Answer, Next>(
	origin: { hold?(by: "work" | "handler"): () => void },
	waiting: Waiting<Answer>,
	next: (answer: Answer) => Next | Waiting<Next>,
): Waiting<Next> {
	const release = origin.hold?.("work");
	const going_on = waiting.go_on(next);
	// Once the next function was called: what comes behind must not overtake it
	waiting.ended(() => release?.());
	return going_on;
}

/** What a promise will bring. */
export function waiting_for<Answer>(promise: Promise<Answer>): Waiting<Answer> {
	return new Waiting((settle) => {
		promise.then(
			(answer) => settle(ok(answer)),
			(error: unknown) => settle(failed(error)),
		);
	});
}
