// No counterpart: in Prosody every address of a host is served by this process.

import type { Links } from "../../util/cluster/link.ts";
import type { Membership } from "../../util/cluster/membership.ts";
import type { Owner, Ownership } from "../../util/cluster/ownership.ts";
import type { Spoken } from "../../util/cluster/spoken.ts";
import type { Life } from "../../util/cluster/types.ts";
import { same_life } from "../../util/cluster/types.ts";
import type { Usage } from "../../util/cluster/usage.ts";
import { failed, ok } from "../../util/error.ts";
import * as jid from "../../util/jid.ts";
import type { AddressableText } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import { promise_of, Waiting } from "../../util/waiting.ts";
import { is_answer } from "../stanza_answers.ts";
import type { Beyond, Collected, HostSession, Log, Placed, Server, StanzaEvent, TextSender, Waited } from "../types.ts";
import type { Asking, Line } from "./asked.ts";
import {
	type AgainItem,
	encode,
	type GivenItem,
	type Item,
	type ManyItem,
	type MovedItem,
	many_body,
	type PostItem,
} from "./items.ts";
import { Numbered } from "./numbered.ts";
import { Order } from "./order.ts";
import { type OnLost, Outlets } from "./outlets.ts";
import { Places } from "./places.ts";
import { key_of, takes_account } from "./receivers.ts";
import type { KnownNames } from "./recipients.ts";
import { sender_of } from "./stand_in.ts";
import { TurnFence } from "./turn_fence.ts";

/** How often a stanza goes to a node that does not serve its receiver any more, before its sender is told. */
const most_tries = 6;
/** How long it takes until something is said again that was lost with its turn, in milliseconds. */
const say_again = 200;
/** Recipients in one item: more make several items, since messages between nodes may not be very long. */
const most_recipients = 5000;

/** What decisions are made from. */
export interface RoutingParts {
	readonly owners: Ownership;
	readonly links: Pick<Links, "is_full" | "send" | "settled">;
	readonly membership: Pick<Membership, "is_alive" | "may_serve" | "me">;
	/** How much is done here for each address. */
	readonly usage: Usage;
	/** What may have to be said again when this node is gone. */
	readonly spoken: Spoken;
}

/** Decides where stanzas are handled, and passes on those for other nodes. */
export class Routing implements Beyond {
	private readonly hosts_placed = new Map<string, Placed>();
	private readonly outlets: Outlets;
	private readonly places: Places;
	/** What waits until it is known who serves its address: what is said here, and what comes from others, which never waits for these. */
	private readonly asking = new Map<string, Line>();
	private readonly transit = new Map<string, Line>();
	private readonly order: Order;
	private readonly turn_fence: TurnFence;
	private readonly numbered: Numbered;

	constructor(
		private readonly server: Pick<Server, "hosts" | "turn">,
		private readonly parts: RoutingParts,
		private readonly log: Log,
		on_lost: OnLost,
	) {
		this.turn_fence = new TurnFence(server.turn, parts.membership);
		this.outlets = new Outlets(server.turn, parts, on_lost);
		this.numbered = new Numbered(server.turn, parts.spoken, this.outlets);
		this.places = new Places(parts.owners, (bare_jid) => {
			if (this.asking.has(bare_jid) || this.transit.has(bare_jid)) return false;
			return this.placed.has(jid.host(bare_jid) ?? "");
		});
		this.order = new Order(
			(to, item) => this.say_surely(to, item),
			(life) => parts.membership.is_alive(life),
		);
	}

	is_mine(bare_jid: string): boolean {
		return this.parts.owners.owner_of(bare_jid) === "mine";
	}

	pass(target: HostSession, to_bare: string, event: StanzaEvent, here: (event: StanzaEvent) => Waited): Waited {
		const key = key_of(target, to_bare, event.stanza, this.placed);
		if (key === undefined) return here({ ...event, is_here: true });
		if (!this.asking.has(key)) {
			const owner = this.parts.owners.owner_of(key);
			if (owner !== undefined && this.order.before(key, owner) === undefined) {
				if (owner === "mine") return this.serve(key, event, here);
				this.order.went(key, owner);
				this.post(owner, key, event, 0);
				return undefined;
			}
		}
		return this.ask(target, key, event, here, 0);
	}

	/** Something came from another node. */
	arrived(
		from: Life,
		target: HostSession,
		item: Pick<PostItem, "key" | "tries">,
		event: StanzaEvent,
		here: Asking["here"],
	): Waited {
		const { key } = item;
		if (!this.transit.has(key) && this.is_mine(key)) return this.serve(key, event, here);
		return this.pass_on(from, target, item, event, here);
	}

	/** Handles something for an address that this node serves. */
	serve(key: string, event: StanzaEvent, here: (event: StanzaEvent) => Waited): Waited {
		this.parts.usage.note(key);
		this.fence();
		return here({ ...event, is_here: true });
	}

	/** Waits until it is known who serves an address. Senders keep their order, and so does what is for one address. */
	private ask(
		target: HostSession,
		key: string,
		event: StanzaEvent,
		here: Asking["here"],
		tries: number,
		from?: Life,
	): Waiting<unknown> {
		// Whoever sends it may change it before it is handled
		const own: StanzaEvent = { ...event, stanza: st.clone(event.stanza) };
		const takes = target.type === "component" ? !target.modules.has("component") : takes_account(event.stanza);
		return new Waiting<unknown>((settle) => {
			const entry: Asking = {
				event: own,
				takes,
				tries,
				life: this.parts.membership.me,
				from,
				here,
				settle(answer) {
					if (answer instanceof Waiting) answer.ended(settle);
					else settle(ok(undefined));
				},
				fail: (error) => settle(failed(error)),
			};
			const lines = from === undefined ? this.asking : this.transit;
			const others = lines.get(key);
			if (others !== undefined) {
				others.queue.push(entry);
				return;
			}
			const queue = [entry];
			lines.set(key, { queue, done: this.answer_all(lines, key, queue) });
		});
	}

	/**
	 * Gives up an address once all that was done for it is stored, and has arrived where it was said. What comes for it meanwhile waits until then.
	 * @param to who has it next; nobody where nothing is said
	 * @returns false where it stays here, since it could not be stored
	 */
	async let_go(key: string, to?: Life): Promise<boolean> {
		const { owners, usage, links } = this.parts;
		const rate = usage.rate(key);
		const finish = async (): Promise<void> => {
			const placed = this.placed.get(jid.host(key) ?? "");
			placed?.give_up(key);
			await this.server.turn.done();
			if (placed?.in_use(key)) throw new Error(`${key} could not be stored`);
			placed?.lose(key);
			usage.forget(key);
			// What the next one says must not be there before it
			await links.settled();
		};
		if (to === undefined) return owners.release(key, finish);
		const is_given = await owners.hand_over(key, to, finish);
		if (is_given) this.say_surely(to, { kind: "given", key, rate });
		return is_given;
	}

	/** Another node has given an address to this one: users of it may be anywhere, so it is taken up at once. */
	async given({ key, rate }: GivenItem): Promise<void> {
		if ((await promise_of(this.parts.owners.acquire(key))) !== "mine") return;
		this.fence();
		this.parts.usage.came(key, rate);
		this.server.turn.concern(key);
		this.placed.get(jid.host(key) ?? "")?.take_up(key);
	}

	private async answer_all(lines: Map<string, Line>, key: string, queue: Asking[]): Promise<void> {
		const { owners } = this.parts;
		for (let entry = queue[0]; entry !== undefined; entry = queue[0]) {
			let [owner, problem]: [Owner | undefined, unknown] = [undefined, undefined];
			try {
				owner = await promise_of<Owner | undefined>(entry.takes ? owners.acquire(key) : owners.find(key));
			} catch (error) {
				problem = error;
			}
			// Its sender was told, or says it again at another node, which has the session by now
			if (entry.life !== this.parts.membership.me) problem ??= new Error("this node has a new life");
			const goes_to = problem === undefined && lines === this.asking ? owner : undefined;
			const before = goes_to && this.order.before(key, goes_to);
			if (before !== undefined) {
				await before;
				continue;
			}
			if (queue.shift() !== undefined && queue.length === 0) lines.delete(key);
			this.answer_one(key, entry, owner, problem);
		}
	}

	private answer_one(key: string, entry: Asking, owner: Owner | undefined, problem: unknown): void {
		const { event } = entry;
		try {
			// The turn in which it came is over
			this.server.turn.record(event);
			if (problem !== undefined) {
				this.log("warn", "Nobody can say who serves %s: %s", key, problem instanceof Error ? problem.message : problem);
				this.refuse(event);
				entry.settle(undefined);
			} else if (owner === "mine") entry.settle(this.serve(key, event, entry.here));
			else if (owner === undefined) entry.settle(entry.here({ ...event, is_here: true }));
			else {
				if (entry.from === undefined) this.order.went(key, owner);
				else {
					this.order.went_on(key, owner);
					this.say_surely(entry.from, { kind: "moved", key });
				}
				this.post(owner, key, event, entry.tries);
				entry.settle(undefined);
			}
		} catch (error) {
			entry.fail(error);
		}
	}

	private post(owner: Life, key: string, { origin, stanza }: StanzaEvent, tries: number): void {
		const item: PostItem = { kind: "post", key, sender: sender_of(origin, this.parts.membership.me), stanza, tries };
		// What its sender counts as handled must not be lost with this node, nor what another node believes to be there by then
		const counts = tries > 0 || ("smacks" in origin && origin.smacks !== undefined);
		this.check_room(owner);
		if (!(counts && this.numbered.say(owner, item))) this.say(owner, item);
	}

	/** Says once more what a node has said that is gone. */
	say_again(to: Life, item: AgainItem): void {
		this.check_room(to);
		if (!this.numbered.say(to, item)) this.say(to, item);
	}

	/**
	 * A stanza came from a node, or was given back, for an address that is not known to be served here.
	 * @param from is told where the address is served elsewhere by now; undefined where it was given back
	 */
	pass_on(
		from: Life | undefined,
		target: HostSession,
		item: Pick<PostItem, "key" | "tries">,
		event: StanzaEvent,
		here: Asking["here"],
	): Waited {
		const { key, tries } = item;
		this.doubt(key, from);
		if (tries >= most_tries) {
			this.refuse(event);
			return undefined;
		}
		return this.ask(target, key, event, here, tries + 1, from);
	}

	/** Has it looked up anew who serves an address, unless that is being done: a node was thought to do that which does not. */
	private doubt(key: string, from: Life | undefined): void {
		const { owners } = this.parts;
		const known = owners.owner_of(key);
		const is_wrong = known !== undefined && known !== "mine" && same_life(known, from);
		if (is_wrong || !(this.asking.has(key) || this.transit.has(key))) owners.forget(key);
	}

	/** Keeps the order of what is for an address that moves from node to node. */
	moved(from: Life, item: MovedItem): void {
		const { kind, key } = item;
		if (kind === "flush") {
			// What came before is passed on first
			const others = this.transit.get(key)?.done ?? Promise.resolve();
			void others.then(() => this.order.answer(from, item, this.is_mine(key)));
		} else if (kind === "flushed") this.order.flushed(from, item);
		else {
			this.doubt(key, from);
			this.order.moved(from, key);
		}
	}

	/** Tells a sender that something cannot be done now. */
	refuse({ origin, stanza }: StanzaEvent): void {
		if (is_answer(stanza) || (stanza.name === "presence" && stanza.attr["type"] === "unavailable")) return;
		origin.send(st.error_reply(stanza, "wait", "resource-constraint", "This cannot be reached at the moment"));
	}

	/** Says something to another node at the end of the turn. */
	say(to: Life, item: Exclude<Item, ManyItem>): void {
		this.check_room(to);
		this.outlets.to(to).add(encode(item));
	}

	private check_room(to: Life): void {
		this.fence();
		if (this.parts.links.is_full(to)) this.server.turn.fail(new Error(`too much waits for node ${to.node}`));
	}

	/** What was said to another node of recipients. */
	names_said_to(to: Life): KnownNames | undefined {
		return this.outlets.names(to);
	}

	/** Says something to another node that has to be known there even where the turn fails in which it is said: others wait for it. */
	private say_surely(to: Life, item: GivenItem | MovedItem): void {
		this.say(to, item);
		this.server.turn.remember({
			kept() {},
			undo: () => void setTimeout(() => this.parts.membership.is_alive(to) && this.say_surely(to, item), say_again).unref(),
		});
	}

	/** Forgets the way to a node that is gone. */
	gone(life: Life): void {
		this.parts.spoken.gone(life);
		this.outlets.gone(life);
		this.places.forget();
		this.order.gone(life);
	}

	/** This node's life is over. */
	over(): void {
		this.order.over();
		this.parts.spoken.over();
		this.parts.usage.clear();
	}

	/** Makes this turn fail at its end where this node may not act any more by then. */
	fence(): void {
		this.turn_fence.put();
	}

	/** Whether nobody is being asked who serves anything. */
	private get is_quiet(): boolean {
		return this.asking.size === 0 && this.transit.size === 0;
	}

	/** Hosts whose bare JIDs are placed one by one. */
	get placed(): ReadonlyMap<string, Placed> {
		return this.hosts_placed;
	}

	get ways(): number | undefined {
		return this.is_quiet ? this.places.version : undefined;
	}

	/** Which hosts are placed has changed. */
	place(host: string, placed: Placed | undefined): void {
		if (placed === undefined) this.hosts_placed.delete(host);
		else this.hosts_placed.set(host, placed);
		this.places.forget();
	}

	collect(full_jid: string, into: Collected): boolean {
		return this.places.collect(full_jid, into, this.is_quiet);
	}

	text_sender(full_jid: string, name: string, from: string): TextSender | undefined {
		const place = this.places.place_of(full_jid, this.is_quiet);
		if (place === undefined) return undefined;
		return (text) => {
			// It may have moved meanwhile
			if (this.places.place_of(full_jid, this.is_quiet)?.name !== place.name) return false;
			this.check_room(place.to);
			this.outlets.to(place.to).add({ body: many_body(name, from, text), recipients: [full_jid] });
			return true;
		};
	}

	broadcast(collected: Collected, name: string, from: string, text: AddressableText): void {
		const body = many_body(name, from, text);
		for (const { to, recipients, of } of collected.values()) {
			this.check_room(to);
			const outlet = this.outlets.to(to);
			if (of !== undefined) {
				outlet.add({ body, recipients, of });
				continue;
			}
			for (let from = 0; from < recipients.length; from += most_recipients) {
				outlet.add({ body, recipients: recipients.slice(from, from + most_recipients) });
			}
		}
	}
}
