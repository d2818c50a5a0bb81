// No counterpart: a Prosody is one machine, where everything can be looked at.

import type { Result } from "../../util/error.ts";

/** What nodes of a cluster ask each other. What comes from another node is read before it is believed: it may run another version. */
export interface Question<Asked, Answer> {
	/** Nobody else has it. */
	readonly name: string;
	/** Undefined for anything else. */
	read_asked(given: unknown): Asked | undefined;
	/** Undefined for anything else. */
	read_answer(given: unknown): Answer | undefined;
}

/** What one node says. */
export interface NodeAnswer<Answer> {
	/** Its name; empty for a server that is no node of a cluster. */
	readonly node: string;
	readonly answer: Answer;
}

/** What all nodes say. */
export interface Answers<Answer> {
	/** This node's first, then the others' by name. */
	readonly answers: readonly NodeAnswer<Answer>[];
	/** Why there is no answer of the other ones, by node. Whatever they were asked to do may be done or not. */
	readonly missing: ReadonlyMap<string, string>;
}

/** What is between this node and the others. Texts are JSON. */
export interface NodesBeyond {
	/** This node's name. */
	readonly node: string;
	/** Names of the others, in order, each with what asks it. */
	others(): Iterable<readonly [node: string, ask: (text: string) => Promise<Result<string, string>>]>;
	/** Asks whoever serves a bare JID; undefined where that is this node. The error names the node. */
	owner(bare_jid: string, text: string): Promise<Result<{ readonly node: string; readonly text: string } | undefined, string>>;
}

/**
 * The way to what other nodes have, for lists and commands. A server that is no node of a cluster is one with itself, so that nobody has
 * to care which of both it is. What is asked and answered has to be fit for JSON.
 */
export interface Nodes {
	/** This node's name; empty for a server that is no node of a cluster. */
	readonly own: string;
	/**
	 * Answers a question of all nodes, this one included. What is thrown is told to whoever asks. The answer goes out when what was done for
	 * it is stored.
	 * @returns what ends it
	 */
	answer<Asked, Answer>(question: Question<Asked, Answer>, act: (asked: Asked) => Answer | Promise<Answer>): () => void;
	/** Asks all nodes. What this node itself throws is thrown. */
	ask_all<Asked, Answer>(question: Question<Asked, Answer>, asked: Asked): Promise<Answers<Answer>>;
	/** Asks all but this one; nobody where it is no node of a cluster. */
	ask_others<Asked, Answer>(question: Question<Asked, Answer>, asked: Asked): Promise<Answers<Answer>>;
	/**
	 * Asks the node that serves a bare JID, which is this one where nobody did. The error names the node, and says why there is no
	 * answer.
	 */
	ask_owner<Asked, Answer>(
		bare_jid: string,
		question: Question<Asked, Answer>,
		asked: Asked,
	): Promise<Result<NodeAnswer<Answer>, string>>;
	/** This server has become a node. */
	connect(beyond: NodesBeyond): void;
	/** Answers another node. What is thrown is told there. */
	answer_other(text: string): Promise<string>;
}
