// No counterpart: a session does not outlive a Prosody.

import { type Change, KeptCopies } from "../../util/cluster/kept_copies.ts";
import type { Membership } from "../../util/cluster/membership.ts";
import type { Ownership } from "../../util/cluster/ownership.ts";
import { Standby } from "../../util/cluster/standby.ts";
import { type Bus, type Clock, type Life, life_of_text, same_life } from "../../util/cluster/types.ts";
import * as jid from "../../util/jid.ts";
import { promise_of } from "../../util/waiting.ts";
import type { Log, Server, SessionKeeper, SessionStandby } from "../types.ts";

/** How many accounts of a node that is gone are taken at the same time. */
const most_at_once = 50;
/** How long it stays known what a node had handled that is gone, in milliseconds. */
const memory = 60_000;

export interface InheritanceOptions {
	readonly base: { readonly bus: Bus; readonly clock: Clock; readonly name: string };
	readonly server: Pick<Server, "turn">;
	readonly membership: Membership;
	readonly log: Log;
	/** Whether a key is an account: rooms are taken by whoever has occupants. */
	is_account(key: string): boolean;
	/** Adds what this node has said to others, for whoever has to say it again: all of it, or what has changed. */
	add_said(add: (change: Change) => void, all: boolean): void;
	/** Says something again that a life has said which is over, as it is written. */
	say_again(of: Life, to: Life, item: string): void;
}

/**
 * Sessions that can be resumed outlive their node. What is needed for that is at another node before anybody sees anything of it; when
 * the first one is gone, that node takes the accounts in question, and their sessions wait there for their clients.
 */
export class Inheritance implements SessionStandby {
	private readonly standby: Standby;
	private readonly copies: KeptCopies;
	private readonly keepers = new Map<string, SessionKeeper>();
	/** Who goes on with what a life had that is over: the last one of each node. */
	private readonly heirs = new Map<string, { readonly incarnation: number; readonly heir: Life | undefined }>();
	private ids = 0;

	constructor(private readonly options: InheritanceOptions) {
		const { base, server, membership, log } = options;
		const shared = { bus: base.bus, membership, prefix: base.name };
		membership.listen({ on_dead: (life) => this.note_heir(life) });
		this.copies = new KeptCopies({ ...shared, warn: (text) => log("error", "%s", text) });
		this.standby = new Standby({
			...shared,
			clock: base.clock,
			turn: server.turn,
			add_rest: (add) => {
				for (const keeper of this.keepers.values()) keeper.add_rest(add);
				options.add_said(add, false);
			},
			add_all: (add) => {
				for (const keeper of this.keepers.values()) keeper.add_all(add);
				options.add_said(add, true);
			},
			info: (text) => log("info", "%s", text),
		});
	}

	/** What the other nodes are told: who goes on when this one is gone. */
	get info(): { readonly heir?: string } {
		const { heir } = this.standby;
		return heir === undefined ? {} : { heir };
	}

	get counts(): { readonly kept: number; readonly messages: number; readonly bytes: number; readonly copies: number } {
		return { kept: this.copies.size, ...this.standby.counts };
	}

	get is_on(): boolean {
		return this.standby.is_on;
	}

	get is_certain(): boolean {
		return this.standby.heir !== undefined;
	}

	new_id(): number {
		this.ids++;
		return this.ids;
	}

	add(change: Change): void {
		this.standby.add(change);
	}

	touch(): void {
		this.standby.touch();
	}

	restart(): void {
		this.standby.restart();
	}

	/** What another node sent was handled, up to that number. */
	came(from: Life, number: number): void {
		this.standby.came(from, number);
	}

	keep(host: string, keeper: SessionKeeper | undefined): void {
		if (keeper === undefined) this.keepers.delete(host);
		else this.keepers.set(host, keeper);
	}

	private keeper_of(key: string): SessionKeeper | undefined {
		return this.keepers.get(jid.host(key) ?? "");
	}

	/** Whether an account here has sessions that another node goes on with. */
	has(key: string): boolean {
		return this.is_certain && this.options.is_account(key) && this.keeper_of(key)?.has(key) === true;
	}

	private note_heir(life: Life): void {
		const { node, incarnation } = life;
		const heir = this.options.membership.last_info(life)?.["heir"];
		this.heirs.set(node, { incarnation, heir: typeof heir === "string" ? life_of_text(heir) : undefined });
	}

	/** Whether it is known here, and certain, that a life is over. */
	knows_end(life: Life): boolean {
		return (this.heirs.get(life.node)?.incarnation ?? 0) >= life.incarnation;
	}

	/** Who goes on with the accounts of a life that is over; undefined where nobody does any more. */
	heir_of(life: Life): Life | undefined {
		const known = this.heirs.get(life.node);
		const heir = known?.incarnation === life.incarnation ? known.heir : undefined;
		if (heir === undefined) return undefined;
		return same_life(heir, this.options.membership.me) || this.options.membership.is_alive(heir) ? heir : undefined;
	}

	/** The same for one key. */
	heir(key: string, life: Life): Life | undefined {
		return this.options.is_account(key) ? this.heir_of(life) : undefined;
	}

	/** Whether a life had handled what another one sent under that number, so that its copies have what follows from it. */
	was_handled(by: Life, from: Life, number: number): boolean {
		return this.copies.was_handled(by, from, number);
	}

	/** This node has taken a key: sessions go on that another node had. */
	taken(key: string): void {
		if (!this.options.is_account(key)) return;
		const copies = this.copies.take_out(key);
		if (copies.length === 0) return;
		try {
			this.keeper_of(key)?.restore(key, copies);
		} catch (error) {
			this.options.log("error", "Sessions of %s cannot go on: %s", key, error instanceof Error ? error.stack : error);
		}
	}

	/** Takes what a life had that is over, where this node goes on with that. Resolves when all of it is here. */
	async take_up(life: Life, owners: Pick<Ownership, "acquire">): Promise<void> {
		const { membership, base, log } = this.options;
		if (!same_life(this.heir_of(life), membership.me)) {
			this.copies.forget(life);
			return;
		}
		// Before its clients can be back, who say more
		for (const { to, items } of this.copies.said_by(life)) {
			for (const item of items) this.options.say_again(life, to, item);
		}
		const keys = this.copies.keys_of(life);
		if (keys.length > 0) log("info", "Goes on with sessions of %d accounts of node %s", keys.length, life.node);
		const rest = keys.values();
		const work = async (): Promise<void> => {
			for (const key of rest) {
				try {
					// Another node that has it does not know of its sessions
					if ((await promise_of(owners.acquire(key))) !== "mine") this.copies.take_out(key);
				} catch (error) {
					log("error", "%s could not be taken over: %s", key, error instanceof Error ? error.message : error);
				}
			}
		};
		await Promise.all(Array.from({ length: Math.min(most_at_once, keys.length) }, work));
		base.clock.after(memory, () => this.copies.forget(life));
	}

	/** This node's life is over: its clients have to come back, and find their sessions elsewhere. */
	abandon(): void {
		for (const keeper of this.keepers.values()) keeper.abandon();
	}

	stop(): void {
		this.copies.stop();
	}
}
