// No counterpart: a Prosody is one machine.

import type { Duplex } from "node:stream";
import type { Change, KeptCopy } from "../../util/cluster/kept_copies.ts";
import type { Life } from "../../util/cluster/types.ts";
import type { Result } from "../../util/error.ts";
import type { Framing } from "../../util/framing.ts";
import type { AddressableText, Stanza } from "../../util/stanza.ts";
import type { Eventual } from "../../util/waiting.ts";
import type { Connection } from "./connections.ts";
import type { TextSender } from "./delivery.ts";
import type { HostSession, StanzaEvent } from "./events.ts";
import type { Waited } from "./managers.ts";
import type { C2sSession } from "./sessions.ts";

/** What a host has in memory for addresses that one node serves at a time: accounts, or rooms. */
export interface Placed {
	/** Whether something of a bare JID is here that has to stay, such as sessions or occupants. */
	in_use(jid: string): boolean;
	/** How many sessions or occupants are there. */
	size(jid: string): number;
	/** Whether another node can go on with a bare JID that is in use, and nobody notices. */
	readonly moves: boolean;
	/** This node serves a bare JID from now on, whose users are here: what is stored comes into memory. */
	take_up(jid: string): void;
	/** Drops what memory has of a bare JID, since another node may serve it from now on. All of it is stored at the end of the turn. */
	give_up(jid: string): void;
	/** Drops what memory still has of a bare JID, of which nothing may be stored any more. */
	lose(jid: string): void;
	/** Drops what memory has of all of them: other nodes serve them already, and nothing may be stored any more. */
	lose_all(): void;
}

/** Recipients that are on one other node. */
export interface Share {
	readonly to: Life;
	readonly recipients: string[];
	/** What has them as its audience, where exactly these may get more: then the other node keeps them in mind. */
	of?: object;
}

/** Recipients of one broadcast by their node. */
export type Collected = Map<string, Share>;

/** Other nodes, as the router and the delivery know them. */
export interface Beyond {
	/**
	 * Passes a stanza on to the node that serves its receiver.
	 * @param target the receiver's host
	 * @param to_bare the receiver without resource
	 * @param here handles it on this node; called at once or, where the node is not known yet, later
	 */
	pass(target: HostSession, to_bare: string, event: StanzaEvent, here: (event: StanzaEvent) => Waited): Waited;
	/** Takes a recipient of a broadcast who is on another node; false where none is known. */
	collect(full_jid: string, into: Collected): boolean;
	/**
	 * Another number than before whenever clients may be elsewhere than {@link collect} has said. Undefined while it is being asked where
	 * something is: then each recipient has to be asked for.
	 */
	readonly ways: number | undefined;
	/** A way to hand texts to a client of another node, as the delivery has it; undefined where none is known. */
	text_sender(full_jid: string, name: string, from: string): TextSender | undefined;
	/** Sends a stanza as text to all recipients that were collected: once to each node. */
	broadcast(collected: Collected, name: string, from: string, text: AddressableText): void;
	/** Whether this node serves a bare JID, as far as it knows. */
	is_mine(bare_jid: string): boolean;
}

/** Who a client has proved to be, to a node that does not serve the account. */
export interface ProvenLogin {
	readonly username: string;
	/** What the client is told with its success, such as the server's own proof. */
	readonly data: Buffer | string | undefined;
}

/** A host's sessions that can go on at another node. */
export interface SessionKeeper {
	/** Adds all of them. */
	add_all(add: (change: Change) => void): void;
	/** Adds what has changed since the last time and was not added yet. */
	add_rest(add: (change: Change) => void): void;
	/** Makes sessions of those of an account of this host that another node had: they wait for their clients. */
	restore(account: string, copies: readonly KeptCopy[]): void;
	/** Cuts the connections of sessions, without a word, and forgets these: another node goes on with them. */
	abandon(): void;
	/** Whether an account has any. */
	has(account: string): boolean;
}

/** Another node that goes on with sessions of this one, when this one is gone. */
export interface SessionStandby {
	/** Whether there is one, which may not have everything yet. */
	readonly is_on: boolean;
	/** Whether there is one that has everything, and the others know of it. */
	readonly is_certain: boolean;
	/** A number for a session. */
	new_id(): number;
	/** Has a change be over there before this turn is seen. */
	add(change: Change): void;
	/** The same for what {@link SessionKeeper.add_rest} adds. */
	touch(): void;
	/** What was added in turns that have failed does not hold. */
	restart(): void;
	keep(host: string, keeper: SessionKeeper | undefined): void;
}

/** Makes clients' streams, and gives up those whose account is on another node. */
export interface ClientStreams {
	accept(conn: Connection, framing: Framing): C2sSession;
	/**
	 * Takes a session out of the server without a word to its client; its connection lives on.
	 * @returns what came over it and was not handled
	 */
	release(session: C2sSession): readonly string[];
}

/** The other processes of this machine that are the same server. */
export interface NeighbourStreams {
	/** Has streams taken that others open for a purpose; `about` is what they say of it. Ends that where there is nothing to take them. */
	answer(purpose: string, take: ((stream: Duplex, about: string) => void) | undefined): void;
	/** Opens a stream to another process. It ends with an error where that is not there. */
	open(node: string, purpose: string, about?: string): Duplex;
}

/** A server as one node of a cluster. */
export interface Cluster extends Beyond {
	readonly node: string;
	/** Where the nodes are the processes of one server on this machine, which share its ports and files. */
	readonly neighbours: NeighbourStreams | undefined;
	/** Whether another node of a name is alive. */
	has(node: string): boolean;
	/** The node that does what one node does for all, as far as is known here. */
	leader(what: string): string | undefined;
	/** Finds it; this one where no other does it. Rejects where nobody can say. */
	find_leader(what: string): Promise<string>;
	/** Has the bare JIDs of a host served by one node each, rather than the whole host by one. */
	place(host: string, placed: Placed): void;
	/** Ends that. */
	displace(host: string): void;
	/** A secret that all nodes have and nobody else, in hexadecimal; for each purpose another one. */
	secret(purpose: string): string;
	/** Whether this node does what one node does for all, such as tasks: it does from now on where no other one does. False where nobody can say. */
	leads(what: string): Promise<boolean>;
	/** Tells all other nodes something at the end of the turn: there it is the event `cluster-told` of the host. */
	tell(host: string, name: string, fields: Readonly<Record<string, string>>): void;
	/** Why this node serves nothing at the moment; undefined where it does. */
	trouble(): string | undefined;
	/** Has this node serve a bare JID. The error says why that is not possible. */
	bring(bare_jid: string): Promise<Result<true, string>>;
	/** Calls back when a node is gone, once its clients have had the time to come back that stream management gives them. */
	on_gone(listener: () => void): void;
	readonly standby: SessionStandby;
	/**
	 * Has a login go on where its account is (XEP-0388): what the client asks for with it is answered there.
	 * @param authenticate what the client has begun the login with
	 * @param proven whom it has proved to be; undefined where that is to be found out over there
	 * @returns whether the client was carried to another node; otherwise the account is here
	 */
	carry_login(session: C2sSession, username: string, authenticate: Stanza, proven: ProvenLogin | undefined): Eventual<boolean>;
	/** Whom a client has proved to be that another node has carried here; told once. */
	proven(session: C2sSession): ProvenLogin | undefined;
	/** Has clients carried to the node of their account. */
	carry(streams: ClientStreams | undefined): void;
	/** Has those of a carrier of messages carried. @param make says how the stream of a client of a host is written */
	carry_framing(carrier: string, make: (host: string) => Framing): void;
}
