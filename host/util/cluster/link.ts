// No counterpart: what passes between nodes, for certain and in order.

import { pack, read_frame, write_frame } from "./frame.ts";
import { ReceivingEnd, SendingEnd, with_acknowledgement } from "./link_ends.ts";
import type { Membership } from "./membership.ts";
import { type Bus, type Clock, type Life, life_text, same_life } from "./types.ts";

export interface LinksOptions {
	readonly bus: Bus;
	readonly clock: Clock;
	readonly membership: Membership;
	/** What subjects begin with: the cluster's name. */
	readonly prefix: string;
	/** How many bytes may wait for another node before it counts as full. */
	readonly limit?: number;
	/**
	 * Something came from another life: each item once, and in order.
	 * @param stored to be called when what follows from the item is stored, or has failed, and after the answer to it was sent. The
	 * other side knows of it only when it has the answer
	 * @param number counts the items of that life from 1 on
	 */
	on_item(from: Life, item: Uint8Array, stored: () => void, number: number): void;
	/**
	 * A life is over, or this node's own: what it has not acknowledged, in order. It may have stored some of that.
	 * @param first the number of the first of them, by which the other side knows them
	 */
	on_lost(to: Life, items: readonly Uint8Array[], first: number): void;
	/** Told of what an administrator should know. */
	warn?(text: string): void;
}

const usual_limit = 8_000_000;
/** Bytes of a frame's items, bytes that may be on their way, and those after which an acknowledgement is sent at once. */
const usual_frame = 250_000;
const window = 2_000_000;
const urgent = 200_000;
/** A frame's head is shorter than that. */
const head = 200;
/** How long an acknowledgement waits for something that it can go with, in milliseconds. */
const acknowledgement_delay = 100;
/** How long an acknowledgement is waited for the first time, and at most, in milliseconds. */
const first_patience = 400;
const longest_patience = 3000;

interface Link {
	/** The life of this node that it belongs to. */
	readonly me: Life;
	readonly peer: Life;
	readonly sending: SendingEnd;
	readonly receiving: ReceivingEnd;
	/** Bytes that came since the last acknowledgement. */
	came: number;
	/** How many items were sent, and how many came. */
	given: number;
	items: number;
	patience: number;
	/** Call off the acknowledgement that is due, and the repetition. */
	acknowledgement: (() => void) | undefined;
	repetition: (() => void) | undefined;
}

/**
 * Channels from this node's life to others and back, over a bus that may lose messages: items are numbered, repeated until they are
 * received, kept until they are stored over there, and come once and in order. What one turn sends to a node is one message, as long as
 * it is not very long.
 */
export class Links {
	private readonly links = new Map<string, Link>();
	private readonly bus: Bus;
	private readonly clock: Clock;
	private readonly membership: Membership;
	private readonly limit: number;
	private readonly room: number;
	private readonly ends: (() => void)[];
	/** Frames that were sent, frames that were sent again, and items that came. */
	readonly counts = { frames: 0, repeated: 0, items: 0 };

	constructor(private readonly options: LinksOptions) {
		const { bus, membership } = options;
		this.bus = bus;
		this.clock = options.clock;
		this.membership = membership;
		this.limit = options.limit ?? usual_limit;
		this.room = Math.min(usual_frame, bus.longest - head);
		this.ends = [
			bus.subscribe(this.subject(membership.node), (data) => this.take(data)),
			membership.listen({
				on_over: () => {
					for (const link of [...this.links.values()]) this.close(link);
				},
				on_dead: (life) => {
					const link = this.links.get(life_text(life));
					if (link !== undefined) this.close(link);
				},
			}),
		];
	}

	/** Ends all links; nobody is told. */
	stop(): void {
		for (const end of this.ends) end();
		for (const link of this.links.values()) call_off(link);
		this.links.clear();
	}

	/** Whether so much waits for a life that nothing more is to be sent to it for now. */
	is_full(to: Life): boolean {
		return this.waiting(to) >= this.limit;
	}

	/** The bytes that a life has not acknowledged. */
	waiting(to: Life): number {
		return this.links.get(life_text(to))?.sending.bytes ?? 0;
	}

	/** The number of the last frame for a life; 0 where there is none. */
	written(to: Life): number {
		return this.links.get(life_text(to))?.sending.last_number ?? 0;
	}

	/** The number of the last frame that a life, by its word, has stored with all before it; 0 where there is none. */
	stored(to: string): number {
		return this.links.get(to)?.sending.stored ?? 0;
	}

	/**
	 * Resolves when all that was sent by now has arrived, or was given back: whoever gets a room next says nothing that could come before
	 * it. What has arrived may still be waiting there, such as for a room that its node gives away.
	 */
	async settled(): Promise<void> {
		await Promise.all([...this.links.values()].map(({ sending }) => sending.settled()));
	}

	/**
	 * Sends items to another life: what a turn that is stored has to say to it. That something is full has to be known before.
	 * @returns false where that life or this node's own is over; then nothing was sent
	 */
	send(to: Life, items: readonly Uint8Array[]): boolean {
		const { me } = this.membership;
		if (me === undefined || !this.membership.is_alive(to) || same_life(me, to)) return false;
		const link = this.link(me, to);
		link.given += items.length;
		for (const chunks of pack(items, this.room)) {
			const { sending } = link;
			sending.add(write_frame({ from: me, to, received: 0, stored: 0, number: sending.last_number + 1, chunks }));
		}
		this.pump(link);
		return true;
	}

	private subject(node: string): string {
		return `${this.options.prefix}.link.${node}`;
	}

	private link(me: Life, peer: Life): Link {
		const key = life_text(peer);
		const there = this.links.get(key);
		if (there !== undefined) return there;
		const sending = new SendingEnd(window);
		const link: Link = {
			me,
			peer: this.membership.known_life(peer),
			sending,
			receiving: new ReceivingEnd(sending),
			came: 0,
			given: 0,
			items: 0,
			patience: first_patience,
			acknowledgement: undefined,
			repetition: undefined,
		};
		this.links.set(key, link);
		return link;
	}

	/** Sends what may be sent now. */
	private pump(link: Link): void {
		const { sending, receiving } = link;
		let frames = 0;
		// Past its deadline, a node says nothing: others may have been told already by whoever has taken what it had
		if (this.membership.may_serve()) {
			sending.pump((frame) => {
				frames++;
				this.publish(link, with_acknowledgement(frame, receiving));
			});
		}
		if (frames > 0) this.no_acknowledgement(link);
		if (sending.is_waiting) link.repetition ??= this.clock.after(link.patience, () => this.repeat(link));
	}

	private publish(link: Link, frame: Uint8Array): void {
		this.counts.frames++;
		this.bus.publish(this.subject(link.peer.node), frame);
	}

	private repeat(link: Link): void {
		link.repetition = undefined;
		if (this.membership.may_serve()) {
			link.patience = Math.min(link.patience * 2, longest_patience);
			this.counts.repeated++;
			link.sending.go_back();
		}
		this.pump(link);
	}

	private take(data: Uint8Array): void {
		const frame = read_frame(data);
		if (frame === undefined) {
			this.options.warn?.("a message from another node cannot be read");
			return;
		}
		const { from, to, number, chunks } = frame;
		const { me } = this.membership;
		// Of a life that is not known yet, it will come again
		if (me === undefined || !same_life(to, me) || !this.membership.is_alive(from)) return;
		const link = this.link(me, from);
		this.take_acknowledgement(link, frame.received, frame.stored);
		if (number === 0) return;
		link.receiving.take(
			number,
			chunks,
			(item, stored) => this.give(link, item, stored),
			() => this.acknowledge_later(link),
		);
		link.came += data.length;
		if (link.came >= urgent) this.acknowledge(link);
		else this.acknowledge_later(link);
	}

	private give(link: Link, item: Uint8Array, stored: () => void): void {
		this.counts.items++;
		link.items++;
		try {
			this.options.on_item(link.peer, item, stored, link.items);
		} catch (error) {
			this.options.warn?.(
				`an item from ${life_text(link.peer)} has failed: ${error instanceof Error ? error.stack : String(error)}`,
			);
			stored();
		}
	}

	private take_acknowledgement(link: Link, received: number, stored: number): void {
		const has_moved = link.sending.acknowledged(received, stored);
		if (!has_moved) return;
		if (link.receiving.advance()) this.acknowledge_later(link);
		link.patience = first_patience;
		link.repetition?.();
		link.repetition = undefined;
		this.pump(link);
	}

	private acknowledge_later(link: Link): void {
		if (this.links.get(life_text(link.peer)) !== link) return;
		link.acknowledgement ??= this.clock.after(acknowledgement_delay, () => this.acknowledge(link));
	}

	private acknowledge(link: Link): void {
		this.no_acknowledgement(link);
		const { me, peer, receiving } = link;
		const { received, stored } = receiving;
		this.publish(link, write_frame({ from: me, to: peer, received, stored, number: 0, chunks: [] }));
	}

	private no_acknowledgement(link: Link): void {
		link.acknowledgement?.();
		link.acknowledgement = undefined;
		link.came = 0;
	}

	private close(link: Link): void {
		call_off(link);
		this.links.delete(life_text(link.peer));
		const items = link.sending.take_items();
		if (items.length > 0) this.options.on_lost(link.peer, items, link.given - items.length + 1);
	}
}

function call_off(link: Link): void {
	link.acknowledgement?.();
	link.repetition?.();
	link.acknowledgement = undefined;
	link.repetition = undefined;
}
