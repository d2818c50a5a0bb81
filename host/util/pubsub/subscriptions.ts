// Counterpart: util/pubsub.lua (service.subscriptions)

/** Who is subscribed to what, by the JID that subscriptions belong to. */
export class Subscriptions {
	/** Account, subscribed JID, nodes. */
	private readonly accounts = new Map<string, Map<string, Set<string>>>();

	add(account: string, jid: string, node: string): void {
		const jids = this.accounts.get(account) ?? new Map<string, Set<string>>();
		this.accounts.set(account, jids);
		jids.set(jid, (jids.get(jid) ?? new Set()).add(node));
	}

	remove(account: string, jid: string, node: string): void {
		const jids = this.accounts.get(account);
		const nodes = jids?.get(jid);
		nodes?.delete(node);
		if (nodes?.size === 0) jids?.delete(jid);
		if (jids?.size === 0) this.accounts.delete(account);
	}

	/** Of one account, or of all. */
	*of(account?: string): Generator<{ node: string; jid: string }> {
		const wanted =
			account === undefined ? this.accounts.values() : [this.accounts.get(account) ?? new Map<string, Set<string>>()];
		for (const jids of wanted) {
			for (const [jid, nodes] of jids) for (const node of nodes) yield { node, jid };
		}
	}
}
