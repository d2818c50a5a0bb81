// No counterpart: a node with clients in rooms, as small as can be, on the real code of the cluster.

import { weight_of } from "../../host/util/cluster/balance.ts";
import { Balancer } from "../../host/util/cluster/balancer.ts";
import { Links } from "../../host/util/cluster/link.ts";
import { Membership } from "../../host/util/cluster/membership.ts";
import { Ownership } from "../../host/util/cluster/ownership.ts";
import { type Life, life_text } from "../../host/util/cluster/types.ts";
import { Usage } from "../../host/util/cluster/usage.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { SimulatedNetwork } from "./network.ts";
import type { Rules } from "./rules.ts";
import type { Random, SimulatedProcess, World } from "./world.ts";

/** How long it takes until something that could not be done is tried again, in milliseconds. */
const retry = 300;

/** What passes between nodes. */
type Item =
	/** A client says something; asked of the owner. */
	| { readonly kind: "say"; readonly room: string; readonly text: string }
	/** What was said, by the owner, to all. */
	| { readonly kind: "said"; readonly room: string; readonly text: string; readonly index: number }
	/** It could not be said. */
	| { readonly kind: "failed"; readonly room: string; readonly text: string }
	/** This node does not have the room, or cannot read it now. */
	| { readonly kind: "elsewhere"; readonly room: string }
	/** What was said from some number on is missing; asked of the owner. */
	| { readonly kind: "missing"; readonly room: string; readonly from: number }
	/** The receiver has the room now, in which so much is said a second. */
	| { readonly kind: "given"; readonly room: string; readonly rate: number };

/** A room that lives on this node. */
interface Room {
	readonly life: Life;
	/** What was said, once it is read. */
	said: string[] | undefined;
	/** Things to do, one after another. */
	last: Promise<void>;
}

/** What the world around has, and is told. */
export interface Surroundings {
	readonly world: World;
	readonly network: SimulatedNetwork;
	readonly database: SimulatedDatabase;
	readonly random: Random;
	readonly rules: Rules;
	readonly rooms: readonly string[];
	report(violation: string): void;
	/** A node says or stores something for a room: nobody else may be able to. */
	acts(node: SimulatedNode, room: string): void;
}

/** One process of a node. */
export class SimulatedNode {
	readonly membership: Membership;
	readonly ownership: Ownership;
	readonly links: Links;
	readonly balancer: Balancer;
	readonly usage: Usage;
	private readonly rooms = new Map<string, Room>();
	/** What clients of this node have said and not heard of yet. */
	readonly open = new Map<string, string>();
	/** Up to which number clients of this node have heard each room; missing before the first one. */
	readonly heard = new Map<string, number>();
	/** What was asked for last, and when. */
	private readonly asked = new Map<string, { readonly before: number; readonly at: number }>();
	/** What clients were told of what they said. */
	readonly counts = { heard: 0, failed: 0, taken: 0 };

	constructor(
		readonly name: string,
		/** Of its connection. */
		readonly connection: string,
		readonly process: SimulatedProcess,
		private readonly around: Surroundings,
	) {
		const { network, database, random, rules } = around;
		const client = network.connect(connection, process);
		this.membership = new Membership({
			node: name,
			clock: process,
			bucket: network.bucket(client, "nodes"),
			fence: { raise: (life) => database.raise(process, life) },
			random,
			info: () => this.balancer.info(),
			...(rules.part === undefined ? {} : { part: rules.part }),
		});
		this.ownership = new Ownership({
			membership: this.membership,
			clock: process,
			bucket: network.bucket(client, "owners"),
			on_lost: () => {
				this.rooms.clear();
				this.usage.clear();
			},
		});
		this.usage = new Usage(process);
		this.balancer = new Balancer({
			clock: process,
			membership: this.membership,
			burdens: () => this.burdens(),
			cpu: () => 0,
			move: ({ key, to }) => this.hand_over(key, to),
		});
		this.links = new Links({
			bus: client,
			clock: process,
			membership: this.membership,
			prefix: "simulated",
			on_item: (from, item, stored) => this.take(from, JSON.parse(Buffer.from(item).toString()), stored),
			on_lost: (_to, items) => {
				for (const item of items) this.lost(JSON.parse(Buffer.from(item).toString()));
			},
		});
		this.membership.listen({
			// Answers to what was asked in this life will not find it
			on_over: () => {
				for (const text of [...this.open.keys()]) this.failed(text);
			},
			// What a dead node had is taken by those who need it
			on_dead: (life) => {
				for (const room of this.ownership.keys_of(life)) this.ask_for_missing(room);
			},
		});
	}

	private *burdens() {
		for (const key of this.ownership.mine()) {
			yield { key, weight: weight_of(this.usage.rate(key), 1), moves: true, age: this.usage.age(key) };
		}
	}

	/** Enters the cluster, however often that fails. */
	start(): void {
		this.membership.start().then(
			(born) => {
				if (!born.ok) this.process.after(retry, () => this.start());
				else if (this.around.rules.balances !== false) this.balancer.start();
			},
			() => this.process.after(retry, () => this.start()),
		);
	}

	/** A client of this node says something. */
	say(room: string, text: string): void {
		this.open.set(text, room);
		this.to_owner({ kind: "say", room, text }, () => this.failed(text));
	}

	/** Brings something to the owner of its room, who may be here. */
	private to_owner(item: Item & { kind: "say" | "missing" }, on_failure: () => void): void {
		this.ownership.acquire(item.room).ended((owner) => {
			if (!owner.ok) on_failure();
			else if (owner.value === "mine") {
				const { me } = this.membership;
				if (me === undefined) on_failure();
				else this.handle(me, item, () => undefined);
			} else if (!this.send(owner.value, item)) on_failure();
		});
	}

	private send(to: Life, item: Item): boolean {
		return !this.links.is_full(to) && this.links.send(to, [Buffer.from(JSON.stringify(item))]);
	}

	/** Something came from another node. */
	private take(from: Life, item: Item, stored: () => void): void {
		switch (item.kind) {
			case "said":
				this.hear(item.room, item.index, item.text);
				stored();
				return;
			case "failed":
				this.failed(item.text);
				stored();
				return;
			case "elsewhere":
				this.ownership.forget(item.room);
				this.ask_later(item.room);
				stored();
				return;
			case "given":
				this.ownership.acquire(item.room).ended((owner) => {
					if (owner.ok && owner.value === "mine") this.usage.came(item.room, item.rate);
					stored();
				});
				return;
			default:
				this.ownership.acquire(item.room).ended((owner) => {
					if (owner.ok && owner.value === "mine") this.handle(from, item, stored);
					else {
						// Whoever sent it believes what is not so any more
						this.refuse(from, item);
						stored();
					}
				});
		}
	}

	private refuse(from: Life, item: Item): void {
		if (item.kind === "say") this.answer(from, { kind: "failed", room: item.room, text: item.text });
		this.answer(from, { kind: "elsewhere", room: item.room });
	}

	private answer(to: Life, item: Item): void {
		if (to.node !== this.name) this.send(to, item);
		else if (item.kind === "elsewhere") this.ask_later(item.room);
		else if (item.kind === "failed") this.failed(item.text);
		else if (item.kind === "said") this.hear(item.room, item.index, item.text);
	}

	/** The owner's part. */
	private handle(from: Life, item: Item & { kind: "say" | "missing" }, stored: () => void): void {
		const room = this.room(item.room);
		if (room === undefined) {
			this.refuse(from, item);
			stored();
			return;
		}
		this.usage.note(item.room);
		room.last = room.last
			.then(() => (item.kind === "say" ? this.store(room, from, item) : this.repeat(room, from, item)))
			.then(stored, stored);
	}

	private room(name: string): Room | undefined {
		const { me } = this.membership;
		if (me === undefined || this.ownership.owner_of(name) !== "mine") return undefined;
		const there = this.rooms.get(name);
		if (there?.life === me) return there;
		this.counts.taken++;
		const room: Room = { life: me, said: undefined, last: Promise.resolve() };
		this.rooms.set(name, room);
		return room;
	}

	/** Whether this node still has a room, and may say something for it. */
	private may_act(name: string, room: Room): boolean {
		return this.rooms.get(name) === room && this.membership.me === room.life && this.membership.may_serve();
	}

	private async load(name: string, room: Room): Promise<string[]> {
		room.said ??= await this.around.database.read(this.process, name);
		return room.said;
	}

	private async store(room: Room, from: Life, { room: name, text }: { room: string; text: string }): Promise<void> {
		try {
			const said = await this.load(name, room);
			if (!this.may_act(name, room)) throw new Error("not any more");
			this.around.acts(this, name);
			const index = said.length;
			await this.around.database.commit(this.process, room.life, name, index, text);
			said.push(text);
			// Stored, but whoever has the room by now says it
			if (this.around.rules.looks && !this.may_act(name, room)) throw new Error("too late");
			this.around.acts(this, name);
			this.hear(name, index, text);
			for (const { life } of this.membership.others()) this.send(life, { kind: "said", room: name, text, index });
		} catch {
			// What is stored has to be read again
			room.said = undefined;
			this.answer(from, { kind: "failed", room: name, text });
		}
	}

	private async repeat(room: Room, from: Life, { room: name, from: first }: { room: string; from: number }): Promise<void> {
		const said = await this.load(name, room).catch(() => undefined);
		if (said === undefined || !this.may_act(name, room)) {
			this.answer(from, { kind: "elsewhere", room: name });
			return;
		}
		this.around.acts(this, name);
		for (let index = first; index < said.length; index++) {
			const text = said[index];
			if (text !== undefined) this.answer(from, { kind: "said", room: name, text, index });
		}
	}

	/** Clients of this node hear something; they know by its number whether something is missing. */
	private hear(room: string, index: number, text: string): void {
		const stored = this.around.database.said(room)[index];
		if (stored !== text)
			this.around.report(`${this.label} hears ${text} as number ${index} in ${room}, where ${stored} is stored`);
		const before = this.heard.get(room);
		if (before !== undefined && index > before + 1) {
			this.ask_for_missing(room);
			return;
		}
		if (this.open.delete(text)) this.counts.heard++;
		if (before === undefined || index > before) this.heard.set(room, index);
	}

	private ask_for_missing(room: string): void {
		const before = this.heard.get(room);
		const asked = this.asked.get(room);
		const now = this.process.now();
		if (before === undefined || (asked?.before === before && now - asked.at < retry)) return;
		this.asked.set(room, { before, at: now });
		this.to_owner({ kind: "missing", room, from: before + 1 }, () => this.ask_later(room));
	}

	private ask_later(room: string): void {
		this.process.after(retry + 1, () => this.ask_for_missing(room));
	}

	/** A client is told that something was not said, or that nobody knows. */
	private failed(text: string): void {
		if (this.open.delete(text)) this.counts.failed++;
	}

	/** What another life has not acknowledged. */
	private lost(item: Item): void {
		if (item.kind === "say") this.failed(item.text);
		else if (item.kind === "missing") this.ask_for_missing(item.room);
	}

	/** Gives a room to another node, once everybody has what was said in it. */
	async hand_over(room: string, to: Life): Promise<boolean> {
		const rate = this.usage.rate(room);
		const is_given = await this.ownership.hand_over(room, to, () => this.finish(room));
		if (is_given) this.send(to, { kind: "given", room, rate });
		return is_given;
	}

	/** Gives a room to nobody. */
	give_back(room: string): void {
		void this.ownership.release(room, () => this.finish(room));
	}

	private async finish(name: string): Promise<void> {
		const room = this.rooms.get(name);
		this.rooms.delete(name);
		await room?.last;
		await this.links.settled();
		this.usage.forget(name);
	}

	/** Hands everything over, and leaves. */
	async leave(): Promise<void> {
		this.balancer.stop();
		this.membership.announce_leaving();
		for (const { key, to } of this.balancer.farewell()) void this.hand_over(key, to);
		await new Promise<void>((resolve) => this.process.after(500, resolve));
		await this.membership.leave();
	}

	/** Whether this node has a room, and may serve it. */
	serves(room: string): boolean {
		return this.ownership.owner_of(room) === "mine" && this.membership.may_serve();
	}

	/** Its name, with the number of its life where it has one. */
	get label(): string {
		const { me } = this.membership;
		return me === undefined ? this.name : life_text(me);
	}
}
