// No counterpart: what a node says of itself in the bucket of nodes.

/** What the others are to know of a node, such as its load. */
export type NodeInfo = { readonly [name: string]: string | number | boolean };

/** The value of a node's key. */
export interface NodeRecord {
	readonly incarnation: number;
	/** Tells which process wrote it. */
	readonly token: string;
	/** Counts the renewals of a life. */
	readonly beat: number;
	readonly state: "alive" | "leaving" | "over";
	readonly info: NodeInfo;
}

/** @param record with 0 as incarnation where the life begins with it: the revision that it gets is the incarnation */
export function write_record(record: NodeRecord): Uint8Array {
	return Buffer.from(JSON.stringify(record));
}

/** The record of a key's value; undefined where it is none. */
export function read_record(value: Uint8Array, revision: number): NodeRecord | undefined {
	let read: unknown;
	try {
		read = JSON.parse(Buffer.from(value).toString());
	} catch {
		return undefined;
	}
	if (typeof read !== "object" || read === null) return undefined;
	const { incarnation, token, beat, state, info }: { [name: string]: unknown } = { ...read };
	if (!is_count(incarnation) || incarnation > revision || !is_count(beat) || typeof token !== "string") return undefined;
	if (state !== "alive" && state !== "leaving" && state !== "over") return undefined;
	return { incarnation: incarnation === 0 ? revision : incarnation, token, beat, state, info: info_of(info) };
}

function is_count(value: unknown): value is number {
	return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function info_of(value: unknown): NodeInfo {
	const info: { [name: string]: string | number | boolean } = {};
	if (typeof value !== "object" || value === null) return info;
	for (const [name, one] of Object.entries(value)) {
		if (typeof one === "string" || typeof one === "number" || typeof one === "boolean") info[name] = one;
	}
	return info;
}
