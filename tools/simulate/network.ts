// No counterpart: the way between the processes and NATS.

import { type Carry, MemoryBroker, type MemoryClient } from "../../host/util/cluster/memory.ts";
import type { Bucket, Entry } from "../../host/util/cluster/types.ts";
import type { Random, SimulatedProcess, World } from "./world.ts";

/** How long something is on its way, in milliseconds: at least, at most, and seldom. */
const shortest = 0.2;
const longest = 3;
const seldom = 150;

interface Way {
	/** When what was sent last arrives, so that nothing overtakes it. */
	last: number;
	/** What is sent is held until then. */
	held_until: number;
	/** Counts its breaks: what was sent before one does not arrive. */
	breaks: number;
}

interface Place {
	readonly process: SimulatedProcess;
	readonly client: MemoryClient;
	is_cut: boolean;
	readonly ways: { readonly up: Way; readonly down: Way };
}

/** A broker with the ways to it, which may be slow, held up or cut. */
export class SimulatedNetwork {
	readonly broker: MemoryBroker;
	private readonly places = new Map<string, Place>();
	private is_broker_down = false;
	private readonly stale = new Map<string, Map<string, { now: Entry | undefined; before: Entry | undefined }>>();

	/** @param patience how long a bucket's answer is waited for, in milliseconds */
	constructor(
		private readonly world: World,
		private readonly random: Random,
		patience: number,
		/** How often a read brings what was there before the last change, from 0 to 1. */
		private readonly staleness = 0,
	) {
		const carry: Carry = (from, to, act) => this.carry(from, to, act);
		this.broker = new MemoryBroker({ carry, patience });
	}

	/** Connects a process. A name is given once. */
	connect(name: string, process: SimulatedProcess): MemoryClient {
		const client = this.broker.connect(name, process);
		const way = (): Way => ({ last: 0, held_until: 0, breaks: 0 });
		this.places.set(name, { process, client, is_cut: false, ways: { up: way(), down: way() } });
		if (this.is_broker_down) client.cut();
		return client;
	}

	/** A process is gone, and what it had sent and not yet brought on its way, too, or not. */
	disconnect(name: string): void {
		const place = this.places.get(name);
		place?.client.cut();
		if (place !== undefined && this.random() < 0.5) place.ways.up.breaks++;
	}

	private carry(from: string, to: string, act: () => void): void {
		const place = this.places.get(from === "" ? to : from);
		if (place === undefined || place.is_cut || this.is_broker_down) return;
		const way = from === "" ? place.ways.down : place.ways.up;
		const { breaks } = way;
		const slow = this.random() < 0.002 ? seldom * this.random() : 0;
		const arrival = this.world.now + shortest + (longest - shortest) * this.random() ** 3 + slow;
		way.last = Math.max(way.last, arrival, way.held_until);
		this.world.after(way.last - this.world.now, () => {
			if (way.breaks !== breaks || this.is_broker_down) return;
			if (from === "") place.process.run(act);
			else act();
		});
	}

	/** Nothing passes any more; nobody is told. */
	cut(name: string): void {
		const place = this.places.get(name);
		if (place === undefined) return;
		place.is_cut = true;
		place.ways.up.breaks++;
		place.ways.down.breaks++;
	}

	/** Something passes again: the connection was given up and is made anew. */
	mend(name: string): void {
		const place = this.places.get(name);
		if (place === undefined || !place.is_cut) return;
		place.is_cut = false;
		this.reconnect(place);
	}

	private reconnect(place: Place): void {
		place.client.cut();
		place.process.run(() => {
			if (!(place.is_cut || this.is_broker_down)) place.client.mend();
		});
	}

	/** What is sent is held for so many milliseconds, and then arrives in order. */
	hold(name: string, direction: "up" | "down", milliseconds: number): void {
		const way = this.places.get(name)?.ways[direction];
		if (way !== undefined) way.held_until = Math.max(way.held_until, this.world.now + milliseconds);
	}

	/** NATS is gone, or there again with all that it has stored. */
	set_broker(is_there: boolean): void {
		if (is_there === !this.is_broker_down) return;
		this.is_broker_down = !is_there;
		for (const place of this.places.values()) {
			place.ways.up.breaks++;
			place.ways.down.breaks++;
			if (!place.is_cut) this.reconnect(place);
		}
	}

	/** A bucket whose reads may be a little behind, as from another server's copy. */
	bucket(client: MemoryClient, name: string): Bucket {
		const bucket = client.bucket(name);
		if (this.staleness === 0) return bucket;
		const seen = this.stale.get(name) ?? new Map<string, { now: Entry | undefined; before: Entry | undefined }>();
		this.stale.set(name, seen);
		return {
			...bucket,
			get: async (key) => {
				const entry = await bucket.get(key);
				const known = seen.get(key);
				if (known === undefined) seen.set(key, { now: entry, before: undefined });
				else if (known.now?.revision !== entry?.revision) seen.set(key, { now: entry, before: known.now });
				return this.random() < this.staleness ? seen.get(key)?.before : entry;
			},
		};
	}
}
