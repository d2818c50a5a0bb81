// No counterpart: in Prosody nobody else has to be asked.

import { failed, ok, type Result } from "../error.ts";
import * as id from "../id.ts";
import type { Membership } from "./membership.ts";
import { most_parts, type Part, parts_of, read_part } from "./parts.ts";
import { type Bus, type Clock, type Life, life_of_text, life_text, same_life } from "./types.ts";

/** How long nothing is heard of a node that was asked until it is given up, in milliseconds; and how often one says that it is still at it. */
const usual_patience = 5000;
const beat = 1000;
/** Pause between the parts of a long answer, so that signs of life are not behind all of them, in milliseconds. */
const part_pause = 5;
/** Most questions that wait for answers, and most of one other node that are answered at the same time. */
const most_waiting = 10_000;
const most_answering = 200;

/** What asking needs. */
export interface AskingOptions {
	readonly bus: Bus;
	readonly clock: Clock;
	readonly membership: Pick<Membership, "is_alive" | "listen" | "may_serve" | "me">;
	/** What subjects begin with: the cluster's name. */
	readonly prefix: string;
	/** How long nothing may be heard of a node that was asked, in milliseconds. */
	readonly patience?: number;
	/** Answers a question of another node; what is thrown is told there. */
	answer(from: Life, asked: string): Promise<string>;
	warn?(text: string): void;
}

/** A question that waits for its answer. */
interface Waiting {
	readonly to: Life;
	readonly parts: Uint8Array[];
	call_off(): void;
	settle(outcome: Result<string, string>): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Questions to other nodes, and their answers: texts of any kind, an answer in as many messages as it needs. Nothing is said twice, since a
 * question may have an effect: whoever does not hear an answer is told that it did not come, and what was asked may be done or not.
 */
export class Asking {
	private readonly waiting = new Map<string, Waiting>();
	/** How many questions of a node are being answered. */
	private readonly answering = new Map<string, number>();
	private unsubscribe: readonly (() => void)[] = [];
	private readonly stop_listening: () => void;

	constructor(private readonly options: AskingOptions) {
		const { membership } = options;
		this.stop_listening = membership.listen({
			on_begun: (life) => this.begin(life),
			on_over: () => this.end("this node was cut off from the others"),
			on_ended: (life) => this.gone(life),
		});
		if (membership.me !== undefined) this.begin(membership.me);
	}

	private subject(kind: "ask" | "answer", life: Life): string {
		return `${this.options.prefix}.${kind}.${life.node}.${life.incarnation}`;
	}

	private begin(life: Life): void {
		for (const end of this.unsubscribe) end();
		const { bus } = this.options;
		this.unsubscribe = [
			bus.subscribe(this.subject("ask", life), (data) => void this.take_question(life, data)),
			bus.subscribe(this.subject("answer", life), (data) => this.take_answer(data)),
		];
	}

	/** Nothing that is asked now is answered. */
	private end(why: string): void {
		for (const end of this.unsubscribe) end();
		this.unsubscribe = [];
		for (const name of [...this.waiting.keys()]) this.finish(name, failed(why));
	}

	stop(): void {
		this.stop_listening();
		this.end("this node is stopping");
	}

	private gone(life: Life): void {
		for (const [name, { to }] of [...this.waiting]) if (same_life(to, life)) this.finish(name, failed("it is gone"));
	}

	private finish(name: string, outcome: Result<string, string>): void {
		const waiting = this.waiting.get(name);
		if (waiting === undefined) return;
		this.waiting.delete(name);
		waiting.call_off();
		waiting.settle(outcome);
	}

	/** Asks another node. The error says why there is no answer, as what may follow the name of the node and a colon. */
	ask(to: Life, asked: string): Promise<Result<string, string>> {
		const { bus, membership } = this.options;
		const { me } = membership;
		if (me === undefined || !membership.may_serve()) return Promise.resolve(failed("this node has no connection to the others"));
		if (!membership.is_alive(to)) return Promise.resolve(failed("it is gone"));
		if (this.waiting.size >= most_waiting) return Promise.resolve(failed("too many questions wait for answers"));
		const name = id.long();
		const text = encoder.encode(asked);
		const [question, more] = parts_of(life_text(me), name, "question", text, bus.longest);
		if (question === undefined || more !== undefined) return Promise.resolve(failed("what is asked is too long"));
		return new Promise((settle) => {
			this.waiting.set(name, { to, parts: [], call_off: this.patience(name), settle });
			bus.publish(this.subject("ask", to), question);
		});
	}

	private patience(name: string): () => void {
		const { clock, patience = usual_patience } = this.options;
		return clock.after(patience, () => this.finish(name, failed("it does not answer")));
	}

	private take_answer(data: Uint8Array): void {
		const part = read_part(data);
		const waiting = part === undefined ? undefined : this.waiting.get(part.name);
		// An answer that comes too late, or of nobody who was asked
		if (part === undefined || waiting === undefined || part.from !== life_text(waiting.to)) return;
		waiting.call_off();
		if (part.kind === "beat") {
			this.waiting.set(part.name, { ...waiting, call_off: this.patience(part.name) });
			return;
		}
		if (part.kind === "question" || part.index !== waiting.parts.length) {
			this.finish(part.name, failed("a part of its answer was lost"));
			return;
		}
		waiting.parts.push(part.bytes);
		if (waiting.parts.length < part.count) {
			this.waiting.set(part.name, { ...waiting, call_off: this.patience(part.name) });
			return;
		}
		this.finish(part.name, read_text(part.kind, waiting.parts));
	}

	private async take_question(me: Life, data: Uint8Array): Promise<void> {
		const part = read_part(data);
		const from = life_of_text(part?.from ?? "");
		if (part === undefined || from === undefined || part.kind !== "question" || part.count !== 1) {
			this.options.warn?.("a question that came is not understood here; do all nodes run the same version?");
			return;
		}
		const { name } = part;
		const say = (kind: Part["kind"], text: string): Promise<void> => this.say(me, from, name, kind, text);
		const count = this.answering.get(part.from) ?? 0;
		if (count >= most_answering) {
			await say("problem", "it is asked too much");
			return;
		}
		this.answering.set(part.from, count + 1);
		const stop_beating = this.beat(() => void say("beat", ""));
		let answer: readonly [Part["kind"], string];
		try {
			answer = ["answer", await this.options.answer(from, decoder.decode(part.bytes))];
		} catch (error) {
			answer = ["problem", error instanceof Error ? error.message : String(error)];
		}
		stop_beating();
		const left = (this.answering.get(part.from) ?? 1) - 1;
		if (left > 0) this.answering.set(part.from, left);
		else this.answering.delete(part.from);
		await say(...answer);
	}

	/** Says again and again that there will be an answer. @returns what ends that */
	private beat(say: () => void): () => void {
		const { clock } = this.options;
		let call_off = clock.after(beat, function again() {
			say();
			call_off = clock.after(beat, again);
		});
		return () => call_off();
	}

	private async say(me: Life, to: Life, name: string, kind: Part["kind"], text: string): Promise<void> {
		const { bus, clock } = this.options;
		const parts = parts_of(life_text(me), name, kind, encoder.encode(text), bus.longest);
		if (parts.length > most_parts) {
			await this.say(me, to, name, "problem", `its answer of ${text.length} characters is too long`);
			return;
		}
		for (const [index, part] of parts.entries()) {
			if (index > 0) await new Promise<void>((resolve) => void clock.after(part_pause, resolve));
			// The life that was asked is over, and nothing is said in its name
			if (!same_life(this.options.membership.me, me)) return;
			bus.publish(this.subject("answer", to), part);
		}
	}
}

function read_text(kind: Part["kind"], parts: readonly Uint8Array[]): Result<string, string> {
	try {
		const text = decoder.decode(Buffer.concat(parts));
		return kind === "answer" ? ok(text) : failed(text);
	} catch {
		return failed("its answer is not understood here; do all nodes run the same version?");
	}
}
