// No counterpart: what nodes of a cluster send each other. Nodes trust each other, but not that all run the same version.

import type { Audience } from "../../util/audience.ts";
import type { Life } from "../../util/cluster/types.ts";
import type { AddressableText, Stanza } from "../../util/stanza.ts";
import { type KnownNames, ReadNames, RecipientsWriter, read_recipients } from "./recipients.ts";
import { counted, NotUnderstood, TextReader, write_stanza } from "./text_code.ts";

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
	/** Counts what may have to be said again when the node that says it is gone: undefined where nobody could. */
	readonly number?: number | undefined;
}

/** A stanza that a node has said which is gone since, by the node that goes on with its sessions: it may have come before. */
export interface AgainItem {
	readonly kind: "again";
	/** The life that is over. */
	readonly of: Life;
	readonly inner: PostItem;
}

/** An answer for one client of the other node, whatever its `to` says. */
export interface AnswerItem {
	readonly kind: "answer";
	readonly jid: string;
	readonly stanza: Stanza;
}

/** One stanza for many clients of the other node, as text. */
export interface ManyItem {
	readonly kind: "many";
	readonly recipients: Audience | readonly string[];
	readonly name: string;
	readonly from: string;
	readonly text: AddressableText;
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
	/** A login that goes on over there: undefined for one that is over. */
	readonly login?: OpenLogin | undefined;
}

/** A login by SASL2, as its client has begun it. */
export interface OpenLogin {
	/** The stream's header, and what the login began with, as text. */
	readonly header: string;
	readonly authenticate: string;
	/** What the connection can be bound by, in base64. */
	readonly bindings: Readonly<Record<string, string>>;
	/** Whether the client has proved to be the item's `username`, and what it is told with that, in base64. */
	readonly is_proven: boolean;
	readonly data: string | undefined;
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
	| AgainItem
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

/** What items begin with that are written as text of ours; others are JSON. */
const marks = { post: "P", answer: "A", many: "M", bytes: "B", late: "L", again: "R" } as const;

/** What an item has before {@link ManyItem}'s recipients: the same for each node. */
export function many_body(name: string, from: string, { head, tail }: AddressableText): string {
	return marks.many + counted(name) + counted(from) + counted(head) + counted(tail);
}

/** A stanza for many, where {@link many_body} has written it. @param of as {@link RecipientsWriter.write} has it */
export function encode_many(body: string, recipients: readonly string[], writer: RecipientsWriter, of?: object): Uint8Array {
	return Buffer.from(body + writer.write(recipients, of));
}

function optional(value: string | undefined): string {
	return value === undefined ? "-" : `+${counted(value)}`;
}

function written_life({ node, incarnation }: Life): string {
	return `${counted(node)}${incarnation};`;
}

function written({ client }: Sender): string {
	if (client === undefined) return "-";
	const { jid, role, secure, home } = client;
	return `+${counted(jid)}${optional(role)}${secure ? "1" : "0"}${written_life(home)}`;
}

/** An item as bytes. */
export function encode(item: Item): Uint8Array {
	return Buffer.from(text_of(item));
}

/** The same as text. */
export function text_of(item: Item): string {
	switch (item.kind) {
		case "post": {
			const number = item.number === undefined ? "" : `#${item.number}`;
			return `${marks.post}${counted(item.key)}${item.tries}${number}${written(item.sender)}${write_stanza(item.stanza)}`;
		}
		case "again":
			return marks.again + written_life(item.of) + text_of(item.inner);
		case "answer":
			return marks.answer + counted(item.jid) + write_stanza(item.stanza);
		case "bytes":
			return `${marks.bytes}${item.inward ? "1" : "0"}${counted(item.id)}${item.text}`;
		case "many":
			return many_body(item.name, item.from, item.text) + new RecipientsWriter(0).write([...item.recipients]);
		case "late":
			return `${marks.late}${written_life(item.of)}${item.number};${text_of(item.inner)}`;
		default:
			return JSON.stringify(item);
	}
}

type Fields = Readonly<Record<string, unknown>>;

function text(value: unknown): string | undefined {
	return typeof value === "string" ? value : undefined;
}

function read_optional(reader: TextReader): string | undefined {
	return reader.mark() === "+" ? reader.counted() : undefined;
}

function read_sender(reader: TextReader): Sender {
	if (reader.mark() !== "+") return {};
	const jid = reader.counted();
	const role = read_optional(reader);
	const secure = reader.mark() === "1";
	return { client: { jid, role, secure, home: read_life(reader) } };
}

function read_life(reader: TextReader): Life {
	const life = { node: reader.counted(), incarnation: reader.number() };
	reader.mark();
	return life;
}

function read_late(reader: TextReader): LateItem | undefined {
	const of = read_life(reader);
	const number = reader.number();
	reader.mark();
	const inner = read_text(reader, false, new ReadNames());
	return inner?.kind === "post" || inner?.kind === "answer" || inner?.kind === "many"
		? { kind: "late", of, number, inner }
		: undefined;
}

function read_post(reader: TextReader): PostItem {
	const [key, tries] = [reader.counted(), reader.number()];
	let number: number | undefined;
	if (reader.ahead() === "#") {
		reader.mark();
		number = reader.number();
	}
	return { kind: "post", key, tries, number, sender: read_sender(reader), stanza: reader.stanza() };
}

function read_again(reader: TextReader): AgainItem | undefined {
	const of = read_life(reader);
	const inner = read_text(reader, false, new ReadNames());
	return inner?.kind === "post" ? { kind: "again", of, inner } : undefined;
}

function read_many(reader: TextReader, is_ascii: boolean, names: KnownNames): ManyItem {
	const [name, from, head, tail] = [reader.counted(), reader.counted(), reader.counted(), reader.counted()];
	const size = head.length + tail.length;
	const text = { head, tail, size, is_ascii: is_ascii || Buffer.byteLength(head) + Buffer.byteLength(tail) === size };
	return { kind: "many", name, from, text, recipients: read_recipients(reader, names) };
}

/** Reads what is text of ours. */
function read_text(reader: TextReader, is_ascii: boolean, names: KnownNames): Item | undefined {
	switch (reader.mark()) {
		case marks.post:
			return read_post(reader);
		case marks.again:
			return read_again(reader);
		case marks.answer:
			return { kind: "answer", jid: reader.counted(), stanza: reader.stanza() };
		case marks.bytes:
			return { kind: "bytes", inward: reader.mark() === "1", id: reader.counted(), text: reader.rest() };
		case marks.many:
			return read_many(reader, is_ascii, names);
		case marks.late:
			return read_late(reader);
		default:
			return undefined;
	}
}

function fields_of(value: unknown): Fields | undefined {
	return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
}

function login_in(value: unknown): OpenLogin | undefined {
	const fields = fields_of(value);
	const [header, authenticate] = [text(fields?.["header"]), text(fields?.["authenticate"])];
	if (fields === undefined || header === undefined || authenticate === undefined) return undefined;
	const bindings: Record<string, string> = {};
	for (const [type, data] of Object.entries(fields_of(fields["bindings"]) ?? {})) {
		if (typeof data === "string") bindings[type] = data;
	}
	return { header, authenticate, bindings, is_proven: fields["is_proven"] === true, data: text(fields["data"]) };
}

/** Reads what {@link text_of} wrote. */
export function read_item(written_text: string): Item | undefined {
	return decode(Buffer.from(written_text));
}

/**
 * Reads an item; undefined for anything else.
 * @param names what was said before of recipients
 */
export function decode(bytes: Uint8Array, names: KnownNames = new ReadNames()): Item | undefined {
	const written_text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
	if (written_text.startsWith("{")) return decode_json(written_text);
	try {
		return read_text(new TextReader(written_text), written_text.length === bytes.byteLength, names);
	} catch (error) {
		if (error instanceof NotUnderstood) return undefined;
		throw error;
	}
}

function decode_json(json: string): Item | undefined {
	let fields: Fields | undefined;
	try {
		fields = fields_of(JSON.parse(json));
	} catch {
		return undefined;
	}
	return fields && item_of(fields);
}

function item_of(fields: Fields): Item | undefined {
	const { kind } = fields;
	const [id, host, key] = [text(fields["id"]), text(fields["host"]), text(fields["key"])];
	if ((kind === "want" || kind === "moved") && key !== undefined) return { kind, key };
	if ((kind === "flush" || kind === "flushed") && key !== undefined) return { kind, key, hops: Number(fields["hops"]) || 0 };
	if (kind === "given" && key !== undefined) return { kind, key, rate: Math.max(0, Number(fields["rate"]) || 0) };
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
			login: login_in(fields["login"]),
		};
	}
	return undefined;
}
