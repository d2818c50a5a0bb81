// No counterpart: in Prosody nobody else has to be asked.

import { Asking, type AskingOptions } from "../../util/cluster/asking.ts";
import type { Membership } from "../../util/cluster/membership.ts";
import type { Owner, Ownership } from "../../util/cluster/ownership.ts";
import type { Life } from "../../util/cluster/types.ts";
import type { Usage } from "../../util/cluster/usage.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { promise_of } from "../../util/waiting.ts";
import type { Nodes, NodesBeyond } from "../types.ts";
import type { Routing } from "./routing.ts";

/** How often a question goes to a node that does not serve the address any more. */
const most_tries = 6;
/** What is answered for an address that is served elsewhere; all other answers are longer. */
const not_mine = "";

/** What questions need. */
export interface InquiryParts extends Pick<AskingOptions, "bus" | "clock" | "prefix" | "warn"> {
	readonly membership: Membership;
	readonly owners: Ownership;
	readonly routing: Pick<Routing, "fence">;
	readonly usage: Pick<Usage, "note">;
	readonly nodes: Pick<Nodes, "answer_other">;
}

/** Takes questions to other nodes, and answers theirs. What is asked stands behind a line that names the address that it is about, or is empty. */
export class Inquiries implements NodesBeyond {
	private readonly asking: Asking;

	constructor(private readonly parts: InquiryParts) {
		this.asking = new Asking({ ...parts, answer: (_from, asked) => this.answer(asked) });
	}

	get node(): string {
		return this.parts.membership.node;
	}

	*others(): IterableIterator<readonly [string, (text: string) => Promise<Result<string, string>>]> {
		const lives = [...this.parts.membership.others()].map(({ life }) => life);
		for (const life of lives.sort((a, b) => (a.node < b.node ? -1 : 1))) {
			yield [life.node, (text) => this.asking.ask(life, `\n${text}`)];
		}
	}

	async owner(key: string, text: string): Promise<Result<{ readonly node: string; readonly text: string } | undefined, string>> {
		for (let tries = 0; tries < most_tries; tries++) {
			let owner: Owner;
			try {
				owner = await this.serving(key);
			} catch (error) {
				return failed(`which node serves ${key} cannot be found out: ${error instanceof Error ? error.message : error}`);
			}
			if (owner === "mine") return ok(undefined);
			const told = await this.asking.ask(owner, `${key}\n${text}`);
			if (!told.ok) return failed(`node ${owner.node}: ${told.error}`);
			if (told.value !== not_mine) return ok({ node: owner.node, text: told.value });
			this.parts.owners.forget(key);
		}
		return failed(`${key} moves from node to node`);
	}

	/** Who serves an address: this node where nobody does. */
	private async serving(key: string): Promise<"mine" | Life> {
		const { owners, routing, usage } = this.parts;
		const owner = await promise_of(owners.acquire(key));
		if (owner === "mine") {
			usage.note(key);
			routing.fence();
		}
		return owner;
	}

	private async answer(asked: string): Promise<string> {
		const end = asked.indexOf("\n");
		const key = asked.slice(0, Math.max(end, 0));
		if (key !== "" && (await this.serving(key)) !== "mine") return not_mine;
		return this.parts.nodes.answer_other(asked.slice(end + 1));
	}

	stop(): void {
		this.asking.stop();
	}
}
