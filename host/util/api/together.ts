// No counterpart: how the answers of all nodes of a cluster become one.

/** A value as part of an order: its JID, or itself. */
function place_of(value: unknown): string {
	if (typeof value !== "object" || value === null) return String(value);
	const { jid }: { readonly jid?: unknown } = value;
	return typeof jid === "string" ? jid : "";
}

/** One list of all, by JID where they have one; what is in several of them stands there once. */
export function one_list(answers: readonly unknown[]): unknown[] {
	const all = answers.flatMap((answer) => (Array.isArray(answer) ? answer : []));
	const once = [...new Map(all.map((value) => [JSON.stringify(value), value])).values()];
	return once.sort((a, b) => (place_of(a) < place_of(b) ? -1 : place_of(a) > place_of(b) ? 1 : 0));
}

/** The numbers of objects, added up by name. */
export function sums(answers: readonly unknown[]): Record<string, number> {
	const total: Record<string, number> = {};
	for (const answer of answers) {
		for (const [name, value] of Object.entries(answer ?? {}))
			if (typeof value === "number") total[name] = (total[name] ?? 0) + value;
	}
	return total;
}

/** What this node says, where all say the same. */
export function first([answer]: readonly unknown[]): unknown {
	return answer;
}
