// No counterpart: what nodes of a cluster send each other. Nodes trust each other, but not that all run the same version.

import type { Life } from "../../util/cluster/types.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";

/** Who said a stanza, as far as handlers may want to know. */
export interface Sender {
	/** The full JID of a client of a virtual host, with its role; undefined for everybody else. */
	readonly client?: {
		readonly jid: string;
		readonly role: string | undefined;
		readonly secure: boolean;
		/** The life of the node that has the session. */
		readonly home: Life;
	};
}

/** A stanza for an address that the other node serves. */
export interface PostItem {
	readonly kind: "post";
	/** The address in question: a bare JID or a host. */
	readonly key: string;
	readonly sender: Sender;
	readonly stanza: Stanza;
	/** How often it went to a node that did not serve the address. */
	readonly tries: number;
}

/** An answer for one client of the other node, whatever its `to` says. */
export interface AnswerItem {
	readonly kind: "answer";
	readonly jid: string;
	readonly stanza: Stanza;
}

/** One stanza for many clients of the other node. */
export interface ManyItem {
	readonly kind: "many";
	readonly recipients: readonly string[];
	readonly stanza: Stanza;
}

/** A connection of a client whose account the other node serves: it begins, brings bytes, or ends. */
export interface OpenItem {
	readonly kind: "open";
	readonly id: string;
	readonly host: string;
	readonly username: string;
	readonly role: string | undefined;
	readonly ip: string;
	readonly secure: boolean;
	readonly carrier: string;
}

export interface BytesItem {
	readonly kind: "bytes";
	readonly id: string;
	/** Whether they come from the client. */
	readonly inward: boolean;
	readonly text: string;
}

export interface EndItem {
	readonly kind: "end";
	readonly id: string;
	readonly inward: boolean;
	readonly reason: string | undefined;
}

/** An event of a host, that has to be heard on each node. */
export interface EventItem {
	readonly kind: "event";
	readonly host: string;
	readonly name: string;
	readonly fields: Readonly<Record<string, string>>;
}

/** The other node is asked to give up an address, since it is needed here. */
export interface WantItem {
	readonly kind: "want";
	readonly key: string;
}

/**
 * About the order of what is for an address that has moved. `moved`: what you sent me for it, I passed on; it is elsewhere. `flush`: say when
 * you have passed on all that I sent you. `flushed`: I have; from now on, what you send there comes after it.
 */
export interface MovedItem {
	readonly kind: "moved" | "flush" | "flushed";
	readonly key: string;
	/** How many nodes were asked already to flush, one by the other. */
	readonly hops?: number;
}

/** The other node has an address from now on, for which so many stanzas a second were handled lately. */
export interface GivenItem {
	readonly kind: "given";
	readonly key: string;
	readonly rate: number;
}

/** Something that another node may not have handled which is gone since, for the node that goes on with its accounts. */
export interface LateItem {
	readonly kind: "late";
	/** The life that is over. */
	readonly of: Life;
	/** Under which number it was sent there. */
	readonly number: number;
	readonly inner: PostItem | AnswerItem | ManyItem;
}

export type Item =
	| GivenItem
	| LateItem
	| MovedItem
	| WantItem
	| PostItem
	| AnswerItem
	| ManyItem
	| OpenItem
	| BytesItem
	| EndItem
	| EventItem;

type Frozen = readonly [name: string, attr: Readonly<Record<string, string>>, ...children: (string | Frozen)[]];

/** A stanza as plain lists, since its own text would lose which elements say their namespace. */
function freeze(stanza: Stanza): Frozen {
	const attr: Record<string, string> = {};
	for (const name in stanza.attrs) {
		const value = stanza.attrs[name];
		if (value !== undefined) attr[name] = value;
	}
	return [stanza.name, attr, ...stanza.children.map((child) => (child instanceof st.Stanza ? freeze(child) : String(child)))];
}

function thaw(frozen: unknown): Stanza | undefined {
	if (!Array.isArray(frozen)) return undefined;
	const [name, attr, ...children]: unknown[] = frozen;
	if (typeof name !== "string" || typeof attr !== "object" || attr === null) return undefined;
	const stanza = new st.Stanza(name);
	const own: Record<string, string> = {};
	for (const [key, value] of Object.entries(attr)) if (typeof value === "string") own[key] = value;
	stanza.attr = own;
	for (const child of children) {
		const element = typeof child === "string" ? child : thaw(child);
		if (element === undefined) return undefined;
		stanza.append_parsed(element);
	}
	return stanza;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function plain(item: Item): object {
	if ("stanza" in item) return { ...item, stanza: freeze(item.stanza) };
	return "inner" in item ? { ...item, inner: plain(item.inner) } : item;
}

/** An item as bytes. */
export function encode(item: Item): Uint8Array {
	return encoder.encode(JSON.stringify(plain(item)));
}

type Fields = Readonly<Record<string, unknown>>;

function text(value: unknown): string | undefined {
	return typeof value === "string" ? value : undefined;
}

function sender_of(value: unknown): Sender {
	const client = fields_of(fields_of(value)?.["client"]);
	const jid = text(client?.["jid"]);
	const home = life_in(client?.["home"]);
	if (jid === undefined || home === undefined) return {};
	return { client: { jid, role: text(client?.["role"]), secure: client?.["secure"] === true, home } };
}

function life_in(value: unknown): Life | undefined {
	const fields = fields_of(value);
	const [node, incarnation] = [text(fields?.["node"]), fields?.["incarnation"]];
	return node === undefined || typeof incarnation !== "number" ? undefined : { node, incarnation };
}

function fields_of(value: unknown): Fields | undefined {
	return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
}

function texts(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** Reads an item; undefined for anything else. */
export function decode(bytes: Uint8Array): Item | undefined {
	let fields: Fields | undefined;
	try {
		fields = fields_of(JSON.parse(decoder.decode(bytes)));
	} catch {
		return undefined;
	}
	return fields === undefined ? undefined : item_of(fields);
}

function item_of(fields: Fields): Item | undefined {
	const { kind } = fields;
	if (kind === "late") {
		const [of, number, inside] = [life_in(fields["of"]), fields["number"], fields_of(fields["inner"])];
		const inner = inside && item_of(inside);
		if (of === undefined || typeof number !== "number" || inner === undefined) return undefined;
		return inner.kind === "post" || inner.kind === "answer" || inner.kind === "many" ? { kind, of, number, inner } : undefined;
	}
	const [id, host, key] = [text(fields["id"]), text(fields["host"]), text(fields["key"])];
	if (kind === "post" || kind === "answer" || kind === "many") {
		const stanza = thaw(fields["stanza"]);
		if (stanza === undefined) return undefined;
		if (kind === "many") return { kind, recipients: texts(fields["recipients"]), stanza };
		const jid = text(fields["jid"]);
		if (kind === "answer") return jid === undefined ? undefined : { kind, jid, stanza };
		const tries = Number(fields["tries"]);
		return key === undefined ? undefined : { kind, key, sender: sender_of(fields["sender"]), stanza, tries };
	}
	if ((kind === "want" || kind === "moved") && key !== undefined) return { kind, key };
	if ((kind === "flush" || kind === "flushed") && key !== undefined) return { kind, key, hops: Number(fields["hops"]) || 0 };
	if (kind === "given" && key !== undefined) return { kind, key, rate: Math.max(0, Number(fields["rate"]) || 0) };
	if (kind === "bytes" && id !== undefined) {
		return { kind, id, inward: fields["inward"] === true, text: text(fields["text"]) ?? "" };
	}
	if (kind === "end" && id !== undefined) return { kind, id, inward: fields["inward"] === true, reason: text(fields["reason"]) };
	if (kind === "event" && host !== undefined) {
		const own = Object.entries(fields_of(fields["fields"]) ?? {}).flatMap(([name, value]) =>
			typeof value === "string" ? [[name, value] as const] : [],
		);
		return { kind, host, name: text(fields["name"]) ?? "", fields: Object.fromEntries(own) };
	}
	if (kind === "open" && id !== undefined && host !== undefined) {
		return {
			kind,
			id,
			host,
			username: text(fields["username"]) ?? "",
			role: text(fields["role"]),
			ip: text(fields["ip"]) ?? "",
			secure: fields["secure"] === true,
			carrier: text(fields["carrier"]) ?? "",
		};
	}
	return undefined;
}
