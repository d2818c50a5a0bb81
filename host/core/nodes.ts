// No counterpart: what a server asks all nodes, or the one that serves an address; alone, it asks itself.

import { failed, ok, type Result } from "../util/error.ts";
import type { Turn } from "../util/turn.ts";
import type { Answers, NodeAnswer, Nodes, NodesBeyond, Question } from "./types.ts";

type Handler = (asked: unknown) => Promise<unknown>;

const not_understood = "its answer is not understood here; do all nodes run the same version?";

function read_json(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Questions of a server, by their names. */
export class ServerNodes implements Nodes {
	private readonly handlers = new Map<string, Handler>();
	/** Undefined where this server is no node of a cluster. */
	private beyond: NodesBeyond | undefined;

	constructor(private readonly turn: Turn) {}

	get own(): string {
		return this.beyond?.node ?? "";
	}

	connect(beyond: NodesBeyond): void {
		this.beyond = beyond;
	}

	answer<Asked, Answer>(question: Question<Asked, Answer>, act: (asked: Asked) => Answer | Promise<Answer>): () => void {
		const handler: Handler = async (given) => {
			const asked = question.read_asked(given);
			if (asked === undefined) throw new Error("what was asked is not understood there; do all nodes run the same version?");
			return act(asked);
		};
		this.handlers.set(question.name, handler);
		return () => {
			if (this.handlers.get(question.name) === handler) this.handlers.delete(question.name);
		};
	}

	async answer_other(text: string): Promise<string> {
		const read = read_json(text);
		const [name, asked]: unknown[] = Array.isArray(read) ? read : [];
		const handler = typeof name === "string" ? this.handlers.get(name) : undefined;
		if (handler === undefined) throw new Error("it cannot answer that: no module there does");
		const answer = await handler(asked);
		const is_stored = await new Promise<boolean>((resolve) => {
			this.turn.remember({ kept: () => resolve(true), undo: () => resolve(false) });
		});
		if (!is_stored) throw new Error("it could not be stored there, and was not done");
		return JSON.stringify(answer ?? null);
	}

	private async ask_here<Asked, Answer>({ name, read_answer }: Question<Asked, Answer>, asked: Asked): Promise<Answer> {
		const handler = this.handlers.get(name);
		if (handler === undefined) throw new Error(`nobody answers ${name} here`);
		const answer = read_answer(await handler(asked));
		if (answer === undefined) throw new Error(`${name} was answered by something else`);
		return answer;
	}

	async ask_others<Asked, Answer>(question: Question<Asked, Answer>, asked: Asked): Promise<Answers<Answer>> {
		const text = JSON.stringify([question.name, asked]);
		const answers: NodeAnswer<Answer>[] = [];
		const missing = new Map<string, string>();
		const asking = [...(this.beyond?.others() ?? [])].map(async ([node, ask]) => [node, await ask(text)] as const);
		for (const [node, told] of await Promise.all(asking)) {
			const answer = told.ok ? question.read_answer(read_json(told.value)) : undefined;
			if (answer !== undefined) answers.push({ node, answer });
			else missing.set(node, told.ok ? not_understood : told.error);
		}
		return { answers, missing };
	}

	async ask_all<Asked, Answer>(question: Question<Asked, Answer>, asked: Asked): Promise<Answers<Answer>> {
		// Both begin at the same time
		const [own, others] = await Promise.all([this.ask_here(question, asked), this.ask_others(question, asked)]);
		return { answers: [{ node: this.own, answer: own }, ...others.answers], missing: others.missing };
	}

	async ask_owner<Asked, Answer>(
		bare_jid: string,
		question: Question<Asked, Answer>,
		asked: Asked,
	): Promise<Result<NodeAnswer<Answer>, string>> {
		const told = await this.beyond?.owner(bare_jid, JSON.stringify([question.name, asked]));
		if (told?.ok === false) return told;
		if (told?.value === undefined) return ok({ node: this.own, answer: await this.ask_here(question, asked) });
		const { node, text } = told.value;
		const answer = question.read_answer(read_json(text));
		return answer === undefined ? failed(`node ${node}: ${not_understood}`) : ok({ node, answer });
	}
}
