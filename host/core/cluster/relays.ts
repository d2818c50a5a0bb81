// No counterpart: in Prosody every client of an account is connected to this process.

import type { Links } from "../../util/cluster/link.ts";
import type { Owner, Ownership } from "../../util/cluster/ownership.ts";
import type { Life } from "../../util/cluster/types.ts";
import { same_life } from "../../util/cluster/types.ts";
import { document_framing, type Framing } from "../../util/framing.ts";
import * as id from "../../util/id.ts";
import type { Stanza } from "../../util/stanza.ts";
import { type Eventual, promise_of, waiting_for } from "../../util/waiting.ts";
import type { C2sSession, ClientStreams, Connection, HostSession, Log, ProvenLogin, Server } from "../types.ts";
import { open_login, proven_login } from "./carried_login.ts";
import { type BytesItem, type EndItem, encode, type OpenItem, type OpenLogin } from "./items.ts";
import { between_messages, RelayConnection } from "./relay_connection.ts";

/** Most bytes that a client may send before it is known where its account is. */
const most_early = 64 * 1024;

/** How often a connection is carried to another node, each time because the account has moved, before the client has to come anew. */
const most_tries = 4;

/** A connection here of a client whose account is elsewhere. */
interface Carried {
	readonly conn: Connection;
	readonly key: string;
	readonly open: OpenItem;
	/** The node that it was carried to; undefined while it is looked up anew. */
	to: Life | undefined;
	tries: number;
	/** What the client has said, until that node has said something: should it not have the account, another one is told. */
	said: BytesItem[] | undefined;
	said_size: number;
}

/** Stream errors for clients whose account cannot be served now. */
const nowhere = { condition: "resource-constraint", text: "It cannot be known at the moment which node serves this account" };
/** Why a connection that was carried here has ended. */
const node_gone = "the node of the connection is gone";
/** Why a connection cannot be carried to a node: it does not have the account. */
const not_here = "another node serves the account";

const not_carried = {
	condition: "resource-constraint",
	text: "Another node serves this account, and this kind of connection cannot be carried there",
};

/**
 * All sessions of an account are on the node that serves it. Whoever logs in elsewhere has the connection carried there: this node
 * authenticates the client, and from then on only passes bytes.
 */
export class Relays {
	private streams: ClientStreams | undefined;
	private readonly framings = new Map<string, (host: string) => Framing>();
	/** Who has proved to be whom at another node, and was carried here. */
	private readonly logins = new WeakMap<C2sSession, ProvenLogin>();
	/** Connections here whose sessions are elsewhere. */
	private readonly carried = new Map<string, Carried>();
	/** Sessions here whose connections are elsewhere. */
	private readonly served = new Map<string, { readonly conn: RelayConnection; readonly from: Life }>();

	constructor(
		private readonly server: Pick<Server, "full_sessions" | "hosts" | "sessionmanager" | "turn">,
		private readonly parts: { readonly owners: Ownership; readonly links: Pick<Links, "is_full" | "send"> },
		private readonly log: Log,
	) {}

	/** What makes clients' streams. */
	carry(streams: ClientStreams | undefined): void {
		this.streams = streams;
	}

	/** How a carrier of messages writes the stream of a client of a host. */
	carry_framing(carrier: string, make: (host: string) => Framing): void {
		this.framings.set(carrier, make);
	}

	/** How many connections go to other nodes, and how many come from there. */
	get counts(): { readonly carried: number; readonly served: number } {
		return { carried: this.carried.size, served: this.served.size };
	}

	/** A client has authenticated: goes on here or where its account is. What it says meanwhile waits. */
	place(session: C2sSession): void {
		const { conn } = session;
		const { streams } = this;
		if (streams === undefined || conn === undefined || conn instanceof RelayConnection) return;
		const key = `${session.username}@${session.host}`;
		if (this.parts.owners.owner_of(key) === "mine") return;
		// What came behind the login, in the same piece, must not be handled here either
		const release = session.hold?.("work");
		const { ondata } = conn;
		const early: Buffer[] = [];
		let size = 0;
		conn.ondata = (chunk) => {
			early.push(chunk);
			size += chunk.length;
			if (size > most_early) conn.destroy();
		};
		const go_on = (owner: Owner): void => {
			if (session.type !== "c2s_unbound" || session.conn !== conn) return;
			if (owner !== "mine") {
				this.begin(session, streams, conn, owner, early);
				return;
			}
			conn.ondata = ondata;
			release?.();
			for (const chunk of early) conn.ondata(chunk);
		};
		// Later even where that is known: the client is not told yet that it is authenticated
		const refuse = (error: unknown): void => {
			this.log("warn", "Nobody can say who serves %s: %s", key, error instanceof Error ? error.message : error);
			if (session.type === "c2s_unbound") session.close(nowhere);
		};
		void promise_of(this.parts.owners.acquire(key)).then(go_on, refuse).finally(release);
	}

	/** See {@link Cluster.carry_login}. */
	carry_login(session: C2sSession, username: string, authenticate: Stanza, proven: ProvenLogin | undefined): Eventual<boolean> {
		const { conn } = session;
		const { streams } = this;
		const { owners } = this.parts;
		if (streams === undefined || conn === undefined || conn instanceof RelayConnection) return false;
		const key = `${username}@${session.host}`;
		if (owners.owner_of(key) === "mine") return false;
		const go_on = (owner: Owner): boolean => {
			// The client may have gone meanwhile
			if (session.type !== "c2s_unauthed" || session.conn !== conn) return true;
			if (owner === "mine") return false;
			this.begin(session, streams, conn, owner, [], { username, ...open_login(session, conn, authenticate, proven) });
			return true;
		};
		const refuse = (error: unknown): true => {
			this.log("warn", "Nobody can say who serves %s: %s", key, error instanceof Error ? error.message : error);
			if (session.type === "c2s_unauthed") session.close(nowhere);
			return true;
		};
		return waiting_for(promise_of(owners.acquire(key)).then(go_on, refuse));
	}

	/** See {@link Cluster.proven}. */
	proven(session: C2sSession): ProvenLogin | undefined {
		const login = this.logins.get(session);
		this.logins.delete(session);
		return login;
	}

	private begin(
		session: C2sSession,
		streams: ClientStreams,
		conn: Connection,
		to: Life,
		early: readonly Buffer[],
		login?: OpenLogin & { readonly username: string },
	): void {
		const { host = "", role, ip, secure } = session;
		const { username = login?.username ?? "" } = session;
		const carrier = conn.carrier ?? "";
		if (carrier !== "" && !this.framings.has(carrier)) {
			session.close(not_carried);
			return;
		}
		session.log("info", "Goes on at node %s, which serves the account", to.node);
		const open: OpenItem = { kind: "open", id: id.long(), host, username, role: role?.name, ip, secure, carrier, login };
		const unread = streams.release(session);
		const carried: Carried = { conn, key: `${username}@${host}`, open, to, tries: 1, said: [], said_size: 0 };
		this.carried.set(open.id, carried);
		const text_of = new TextDecoder("utf-8");
		const pass = (chunk: Buffer): void => {
			const text = carrier === "" ? text_of.decode(chunk, { stream: true }) : chunk.toString("utf8") + between_messages;
			if (text !== "") this.pass(carried, text);
		};
		conn.ondata = pass;
		conn.onclose = (reason) => {
			if (!this.carried.delete(open.id) || carried.to === undefined) return;
			this.send(carried.to, { kind: "end", id: open.id, inward: true, reason });
		};
		conn.onreadtimeout = () => carrier === "" && conn.write(" ", true);
		if (!this.send(to, open)) conn.destroy();
		// What came behind a login that has waited for its account
		for (const text of unread) pass(Buffer.from(text));
		for (const chunk of early) pass(chunk);
		conn.resume();
	}

	/** The client has said something. */
	private pass(carried: Carried, text: string): void {
		const { conn, to, open, said } = carried;
		const item: BytesItem = { kind: "bytes", id: open.id, inward: true, text };
		if (said !== undefined) {
			carried.said_size += text.length;
			if (carried.said_size <= most_early) said.push(item);
			else carried.said = undefined;
		}
		if (to !== undefined && !this.send(to, item)) conn.destroy();
		else if (to === undefined && carried.said === undefined) conn.destroy();
	}

	/** The account is not where it was known to be: it has moved. */
	private carry_on(carried: Carried): void {
		const { owners } = this.parts;
		const { key, open, said } = carried;
		owners.forget(key);
		if (said === undefined || carried.tries >= most_tries) {
			this.end(open.id, carried);
			return;
		}
		carried.to = undefined;
		carried.tries++;
		promise_of(owners.acquire(key)).then(
			(owner) => {
				if (this.carried.get(open.id) !== carried) return;
				// Nothing is left here of its stream: its client comes anew
				if (owner === "mine") {
					this.end(open.id, carried);
					return;
				}
				carried.to = owner;
				if (!this.send(owner, open)) carried.conn.destroy();
				else for (const item of carried.said ?? []) this.send(owner, item);
			},
			() => this.end(open.id, carried),
		);
	}

	private send(to: Life, item: OpenItem | BytesItem | EndItem): boolean {
		return !this.parts.links.is_full(to) && this.parts.links.send(to, [encode(item)]);
	}

	/** What another node says about a connection. */
	take(from: Life, item: OpenItem | BytesItem | EndItem): void {
		if (item.kind === "open") this.serve(from, item);
		else if (item.inward) {
			const served = this.served.get(item.id);
			if (item.kind === "bytes") served?.conn.came(item.text);
			else served?.conn.gone(item.reason);
		} else {
			const carried = this.carried.get(item.id);
			if (carried === undefined || !same_life(from, carried.to)) return;
			if (item.kind === "end" && item.reason === not_here) this.carry_on(carried);
			else if (item.kind === "end") this.end(item.id, carried);
			else {
				carried.said = undefined;
				this.write(carried.conn, item.text);
			}
		}
	}

	private write(conn: Connection, text: string): void {
		const messages = conn.carrier === undefined ? [text] : text.split(between_messages).filter((message) => message !== "");
		for (const message of messages) conn.write(message, true);
	}

	private end(name: string, { conn }: Carried): void {
		this.carried.delete(name);
		conn.close();
	}

	/** Makes the session for a connection of another node. */
	private serve(from: Life, item: OpenItem): void {
		const forget = (): void => {
			if (this.served.delete(item.id)) this.send(from, { kind: "end", id: item.id, inward: false, reason: undefined });
		};
		const host = this.server.hosts.get(item.host);
		const framing = item.carrier === "" ? document_framing : this.framings.get(item.carrier)?.(item.host);
		if (this.streams === undefined || host === undefined || framing === undefined) {
			this.send(from, { kind: "end", id: item.id, inward: false, reason: undefined });
			return;
		}
		const conn = new RelayConnection(
			item,
			this.server.turn,
			(error) =>
				this.log("error", "Error in a connection of node %s: %s", from.node, error instanceof Error ? error.stack : error),
			(text) => {
				if (this.send(from, { kind: "bytes", id: item.id, inward: false, text })) return undefined;
				return this.parts.links.is_full(from) ? "no space left in buffer" : node_gone;
			},
			forget,
		);
		this.served.set(item.id, { conn, from });
		const key = `${item.username}@${item.host}`;
		if (this.parts.owners.owner_of(key) === "mine") {
			this.accept(host, item, conn, framing);
			return;
		}
		// It may be one of a node that is gone, which this one goes on with. What is known here is wrong if the other node is right.
		conn.pause();
		const { owners } = this.parts;
		owners.forget(key);
		promise_of(owners.acquire(key)).then(
			(owner) => {
				if (owner === "mine") this.accept(host, item, conn, framing);
				else {
					if (this.served.delete(item.id)) this.send(from, { kind: "end", id: item.id, inward: false, reason: not_here });
					conn.close();
				}
				conn.resume();
			},
			(error: unknown) => {
				this.log("warn", "Nobody can say who serves %s: %s", key, error instanceof Error ? error.message : error);
				conn.close();
			},
		);
	}

	private accept(host: HostSession, item: OpenItem, conn: RelayConnection, framing: Framing): void {
		if (this.streams === undefined) return;
		const session = this.streams.accept(conn, framing);
		if (item.login !== undefined) {
			const proven = proven_login(item.username, item.login);
			if (proven !== undefined) this.logins.set(session, proven);
			// The client has its answer already
			conn.is_silent = true;
			conn.came(item.login.header);
			conn.is_silent = false;
			conn.came(item.login.authenticate);
			return;
		}
		session.host = item.host;
		session.secure = item.secure;
		const done = this.server.sessionmanager.make_authenticated(session, item.username, item.role);
		if (done.ok) host.events.fire_event("authentication-success", { session });
		else session.close({ condition: "not-authorized", text: done.error });
	}

	/** This node ends: so do its connections. Whoever is told an error on the stream would not go on with the session. */
	close_all(): void {
		for (const [name, carried] of [...this.carried]) {
			const { to } = carried;
			if (to !== undefined)
				this.send(to, { kind: "end", id: name, inward: true, reason: "the node of the connection has ended" });
			this.end(name, carried);
		}
	}

	/**
	 * A node is gone: its clients, and the sessions that clients here had there. Those come back to them at the node that goes on with
	 * them, where they have stream management.
	 */
	gone(life: Life): void {
		for (const [name, { conn, from }] of [...this.served]) {
			if (!same_life(from, life)) continue;
			this.served.delete(name);
			conn.gone(node_gone);
		}
		for (const [name, carried] of [...this.carried]) {
			if (same_life(carried.to, life)) this.end(name, carried);
		}
	}
}
