// No counterpart: a cluster whose nodes are in one process and agree at once, for specs of what servers do with it.

import type { ClusterParts, NodeEvents, Owner } from "../../../../host/core/cluster/parts.ts";
import { type Life, life_text, same_life } from "../../../../host/util/cluster/types.ts";

interface Node {
	life: Life;
	readonly events: NodeEvents;
	is_stopped: boolean;
}

/** What the nodes have in common. */
export class Hub {
	private readonly nodes = new Map<string, Node>();
	private readonly owned = new Map<string, Life>();
	private readonly unconfirmed = new Map<string, Set<Uint8Array>>();
	private incarnations = 0;
	/** Items that went from one node to another. */
	items = 0;

	/** A node ends without a word: the others are told. */
	kill(name: string): void {
		const node = this.nodes.get(name);
		if (node === undefined) return;
		node.is_stopped = true;
		this.nodes.delete(name);
		for (const [key, life] of [...this.owned]) if (same_life(life, node.life)) this.owned.delete(key);
		for (const other of this.nodes.values()) {
			const way = `${life_text(other.life)} ${life_text(node.life)}`;
			other.events.gone(node.life, [...(this.unconfirmed.get(way) ?? [])]);
		}
	}

	/** Which node serves an address. */
	owner(key: string): string | undefined {
		return this.owned.get(key)?.node;
	}

	parts(name: string): ClusterParts {
		const hub = this;
		let own: Node | undefined;
		const known = new Map<string, Life>();
		const owner = (life: Life | undefined): Owner | undefined =>
			life === undefined ? undefined : same_life(life, own?.life) ? "mine" : life;
		const is_alive = (life: Life): boolean => [...hub.nodes.values()].some((node) => same_life(node.life, life));
		const learn = (key: string): Owner | undefined => {
			const life = hub.owned.get(key);
			if (life === undefined) known.delete(key);
			else known.set(key, life);
			return owner(life);
		};
		return {
			members: {
				get me() {
					if (own === undefined) throw new Error("the node has not joined");
					return own.life;
				},
				may_serve: () => own !== undefined && !own.is_stopped,
				is_alive,
				others: () =>
					[...hub.nodes.values()].filter((node) => node !== own).map(({ life }) => ({ ...life, load: 0, is_leaving: false })),
			},
			owners: {
				owner_of(key) {
					const life = known.get(key);
					return life !== undefined && is_alive(life) ? owner(life) : undefined;
				},
				async find(key) {
					await Promise.resolve();
					return learn(key);
				},
				async acquire(key) {
					await new Promise(setImmediate);
					if (own === undefined || own.is_stopped) throw new Error("the node has ended");
					if (!hub.owned.has(key)) hub.owned.set(key, own.life);
					return learn(key) ?? "mine";
				},
				async release(key) {
					if (same_life(hub.owned.get(key), own?.life)) hub.owned.delete(key);
					known.delete(key);
					await Promise.resolve();
				},
				hand_over: () => Promise.resolve(false),
				forget: (key) => void known.delete(key),
				mine: () => [...hub.owned].filter(([, life]) => same_life(life, own?.life)).map(([key]) => key),
			},
			links: {
				send(to, item) {
					const node = hub.nodes.get(to.node);
					if (own === undefined || own.is_stopped || node === undefined || !same_life(node.life, to)) return false;
					const from = own.life;
					const way = `${life_text(from)} ${life_text(to)}`;
					const waiting = hub.unconfirmed.get(way) ?? new Set();
					hub.unconfirmed.set(way, waiting.add(item));
					hub.items++;
					setImmediate(() => {
						if (!node.is_stopped) node.events.item(from, item, () => waiting.delete(item));
					});
					return true;
				},
			},
			async join(events) {
				await Promise.resolve();
				own = { life: { node: name, incarnation: ++hub.incarnations }, events, is_stopped: false };
				hub.nodes.set(name, own);
			},
			async leave() {
				await Promise.resolve();
				hub.kill(name);
			},
		};
	}
}
