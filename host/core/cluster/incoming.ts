// No counterpart: what other nodes send.

import { Heard } from "../../util/cluster/spoken.ts";
import { type Life, life_text, same_life } from "../../util/cluster/types.ts";
import * as jid from "../../util/jid.ts";
import type { AddressableText } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import { parse } from "../../util/xml.ts";
import type { HostSession, Log, Server, Session, StanzaEvent } from "../types.ts";
import type { Inheritance } from "./inheritance.ts";
import { type AgainItem, decode, type Item, type LateItem, type ManyItem, type PostItem } from "./items.ts";
import { Marks } from "./marks.ts";
import { ReadNames } from "./recipients.ts";
import type { Relays } from "./relays.ts";
import type { Routing } from "./routing.ts";
import { StandIn } from "./stand_in.ts";

/** For how long it stays known what a life has said that is over, in milliseconds. */
const memory = 300_000;
/** How long what other nodes say waits after a turn with some of it has failed, in milliseconds. */
const retry_delay = 200;

interface Arrival {
	readonly from: Life;
	readonly item: Item;
	/** Counts what that life has sent; undefined where nobody wants to know it. */
	readonly number: number | undefined;
	readonly done: () => void;
}

/** The stanza that a text for many stands for. */
function stanza_of({ head, tail }: AddressableText): st.Stanza {
	const stanza = parse(head + tail);
	if (stanza === undefined) throw new TypeError(`${head} is not well-formed`);
	return stanza;
}

/** What handling items needs of the server. */
export type IncomingNeeds = Pick<Server, "delivery" | "full_sessions" | "hosts" | "router" | "turn">;

/** Handles what other nodes send, in order. */
export class Incoming {
	/** Clients of other nodes for whom something waits here, with what they said since. */
	private readonly held = new Map<string, { readonly stand_in: StandIn; readonly waiting: (() => void)[] }>();
	/** What has to be handled again, since its turn has failed, and what came behind it. */
	private readonly backlog: Arrival[] = [];
	/** What comes behind something for a node of which it is not certain here that it is gone, by the life that sends it. */
	private readonly early = new Map<string, { readonly of: Life; readonly arrivals: Arrival[] }>();
	private readonly marks = new Marks();
	/** Up to where others were heard, for what is said again. */
	private readonly heard = new Heard();
	/** What each life has said of recipients. */
	private readonly names = new Map<string, ReadNames>();

	constructor(
		private readonly server: IncomingNeeds,
		private readonly routing: Routing,
		private readonly relays: Relays,
		private readonly inheritance: Pick<Inheritance, "came" | "knows_end" | "was_handled">,
		private readonly log: Log,
		private readonly on_event: (item: Extract<Item, { kind: "event" }>) => void,
	) {}

	take(from: Life, bytes: Uint8Array, done: () => void, number: number): void {
		const item = decode(bytes, this.names_of(from));
		if (item === undefined) {
			this.log("error", "Node %s has sent something that is not understood here; do all nodes run the same version?", from.node);
			done();
			return;
		}
		this.marks.begin(from, number);
		const is_numbered = item.kind === "post" && item.number !== undefined;
		const stored = is_numbered ? (this.heard.take(from, item.number ?? 0, done) ?? done) : done;
		const arrival = { from, item, done: stored, number };
		if (this.backlog.length > 0) this.backlog.push(arrival);
		else this.take_in_order(arrival);
	}

	/** Waits with what is for the heir of a node until it is certain here that the node is gone, and with what comes behind it. */
	private take_in_order(arrival: Arrival): void {
		const { from, item } = arrival;
		const name = life_text(from);
		const waiting = this.early.get(name);
		if (waiting !== undefined) waiting.arrivals.push(arrival);
		else if ((item.kind !== "late" && item.kind !== "again") || this.inheritance.knows_end(item.of)) this.handle(arrival);
		else this.early.set(name, { of: item.of, arrivals: [arrival] });
	}

	/** A life is over, and it is certain that it stores nothing more. */
	ended(life: Life): void {
		this.marks.forget(life);
		this.names.delete(life_text(life));
		setTimeout(() => this.heard.forget(life), memory).unref();
		for (const [name, { of, arrivals }] of [...this.early]) {
			if (!same_life(of, life)) continue;
			this.early.delete(name);
			for (const arrival of arrivals) this.take_in_order(arrival);
		}
	}

	/** What a node has said to this one that is gone, and whose sessions this one goes on with. */
	take_again(from: Life, item: AgainItem): void {
		this.handle({ from, item, done: () => {}, number: undefined });
	}

	/** Something that was sent to another node which is gone, and whose accounts this one goes on with. */
	take_late(from: Life, item: LateItem): void {
		this.handle({ from, item, done: () => {}, number: undefined });
	}

	private has_handled({ from, number }: Arrival): void {
		if (number !== undefined) this.inheritance.came(from, this.marks.end(from, number));
	}

	private names_of(from: Life): ReadNames {
		const name = life_text(from);
		const known = this.names.get(name);
		if (known !== undefined) return known;
		const made = new ReadNames();
		this.names.set(name, made);
		return made;
	}

	/** What came before is not taken again; that it is stored is said when that is so. */
	private handle_again(arrival: Arrival, { of, inner }: AgainItem): void {
		const done = this.heard.take(of, inner.number ?? 0, arrival.done);
		if (done === undefined) this.has_handled(arrival);
		else this.handle({ ...arrival, item: inner, done });
	}

	private handle(arrival: Arrival): void {
		const { from, item, done } = arrival;
		if (item.kind === "again") {
			this.handle_again(arrival, item);
			return;
		}
		try {
			if (item.kind === "post" && item.sender.client !== undefined) {
				this.take_stanza(arrival, item);
				return;
			}
			const is_relayed = item.kind === "open" || item.kind === "bytes" || item.kind === "end";
			// Where an earlier turn fails with some of it, this is done again, too, and after that
			this.server.turn.concern(this);
			// Where its sender has no part in what goes wrong here, it is done again
			this.server.turn.remember({ kept: done, undo: is_relayed ? done : () => this.again(arrival) });
			this.do(from, item);
		} catch (error) {
			this.log("error", "Error in what node %s has sent: %s", from.node, error instanceof Error ? error.stack : error);
		}
		this.has_handled(arrival);
	}

	/** Whether something waits to be handled again. */
	get is_behind(): boolean {
		return this.backlog.length > 0;
	}

	private do(from: Life, item: Exclude<Item, AgainItem>): void {
		switch (item.kind) {
			case "post":
				this.post(from, item, this.host_of(item.stanza.attr["from"]) ?? this.host_of(item.stanza.attr["to"]));
				return;
			case "answer":
				this.server.full_sessions.get(item.jid)?.send(item.stanza);
				return;
			case "many":
				this.deliver(item);
				return;
			case "event":
				this.on_event(item);
				return;
			case "want":
				if (this.routing.is_mine(item.key)) void this.routing.let_go(item.key, from);
				return;
			case "given":
				this.routing.given(item).catch((error: unknown) => {
					this.log(
						"warn",
						"%s was not taken from node %s: %s",
						item.key,
						from.node,
						error instanceof Error ? error.message : error,
					);
				});
				return;
			case "late":
				this.do_late(from, item);
				return;
			case "moved":
			case "flush":
			case "flushed":
				this.routing.moved(from, item);
				return;
			default:
				this.relays.take(from, item);
		}
	}

	/** Undone turns come newest first. */
	private again(arrival: Arrival): void {
		if (this.backlog.length === 0) setTimeout(() => this.work_off(), retry_delay).unref();
		this.backlog.unshift(arrival);
		if (arrival.number !== undefined) this.marks.begin(arrival.from, arrival.number);
	}

	private work_off(): void {
		for (const arrival of this.backlog.splice(0)) this.handle(arrival);
	}

	private deliver({ recipients, name, from, text }: ManyItem): void {
		let read: st.Stanza | undefined;
		const stanza = (): st.Stanza => {
			read ??= stanza_of(text);
			return read;
		};
		this.server.delivery.deliver_text(recipients, { name, from, text, stanza }, (left) => {
			this.server.delivery.broadcast(left, stanza(), (to) => this.send_copy(stanza(), to));
		});
	}

	private send_copy(stanza: st.Stanza, to: string): void {
		const copy = st.clone(stanza);
		copy.attr["to"] = to;
		const origin = this.host_of(stanza.attr["from"]) ?? this.host_of(to);
		if (origin !== undefined) this.server.router.post_stanza(origin, copy);
	}

	/** What the node that is gone had handled is in the copies of its sessions. */
	private do_late(from: Life, { of, number, inner }: LateItem): void {
		if (this.inheritance.was_handled(of, from, number)) return;
		switch (inner.kind) {
			case "many":
				for (const to of inner.recipients) this.send_copy(stanza_of(inner.text), to);
				return;
			case "answer":
				this.answer_late(inner.jid, inner.stanza);
				return;
			case "post":
				this.handle({ from, item: inner, done: () => {}, number: undefined });
		}
	}

	private answer_late(to: string, stanza: st.Stanza): void {
		const [target, key] = [this.host_of(to), jid.bare(to)];
		if (target === undefined || key === undefined) return;
		const answer = st.clone(stanza);
		answer.attr["to"] ??= to;
		const event: StanzaEvent = { origin: this.host_of(stanza.attr["from"]) ?? target, stanza: answer };
		const send = (own: StanzaEvent): undefined => void this.server.full_sessions.get(to)?.send(own.stanza);
		this.routing.pass(target, key, event, send);
	}

	private host_of(address: string | undefined): HostSession | undefined {
		return this.server.hosts.get(jid.host(address ?? "") ?? "");
	}

	/** A stanza of a client of another node: it stays behind what the client said before. */
	private take_stanza(arrival: Arrival, item: PostItem): void {
		const { from, done } = arrival;
		const { client } = item.sender;
		if (client === undefined) return;
		const own = this.server.full_sessions.get(client.jid);
		const entry = own === undefined ? this.stand_in(client) : undefined;
		const origin: Session | undefined = own ?? entry?.stand_in;
		if (origin === undefined) {
			done();
			this.has_handled(arrival);
			return;
		}
		const act = (): void => {
			const event: StanzaEvent = { origin, stanza: item.stanza };
			this.server.turn.record(event);
			this.server.turn.remember({ kept: done, undo: done });
			try {
				this.post(from, item, origin);
			} catch (error) {
				this.log("error", "Error while handling %s: %s", item.stanza.top_tag(), error instanceof Error ? error.stack : error);
				if (item.stanza.attr["type"] !== "error" && item.stanza.attr["type"] !== "result") {
					origin.send(st.error_reply(item.stanza, "cancel", "internal-server-error"));
				}
			}
			this.has_handled(arrival);
		};
		if (entry === undefined) act();
		else {
			entry.waiting.push(act);
			this.go_on(client.jid, entry);
		}
	}

	private stand_in(client: NonNullable<PostItem["sender"]["client"]>) {
		const known = this.held.get(client.jid);
		if (known !== undefined) return known;
		const role = client.role === undefined ? undefined : this.host_of(client.jid)?.authz.get_role_by_name(client.role);
		const services = {
			log: this.log,
			answer: (to: string, stanza: st.Stanza): boolean => {
				this.routing.say(client.home, { kind: "answer", jid: to, stanza });
				return true;
			},
			released: (): void => this.go_on(client.jid, entry),
		};
		const entry = {
			stand_in: new StandIn(services, client.jid, role, client.secure, client.home),
			waiting: [] as (() => void)[],
		};
		this.held.set(client.jid, entry);
		return entry;
	}

	/** Handles what a client said, until something of it has to wait. */
	private go_on(client: string, entry: { readonly stand_in: StandIn; readonly waiting: (() => void)[] }): void {
		while (!entry.stand_in.is_held) {
			const act = entry.waiting.shift();
			if (act === undefined) {
				if (this.held.get(client) === entry) this.held.delete(client);
				return;
			}
			act();
		}
	}

	/** Posts a stanza where this node serves its receiver; otherwise it goes on to whoever does. */
	private post(from: Life, item: PostItem, origin: Session | undefined): void {
		const { stanza } = item;
		const target = this.server.hosts.get(stanza.attr["to"] ?? "") ?? this.host_of(stanza.attr["to"]);
		if (origin === undefined || target === undefined) {
			this.log("warn", "Node %s has sent something for %s, which is not served here", from.node, stanza.attr["to"]);
			return;
		}
		const event: StanzaEvent = { origin, stanza };
		const here = (own: StanzaEvent) => this.server.router.post_stanza(own.origin, own.stanza, false, own);
		this.wait(event, this.routing.arrived(from, target, item, event, here));
	}

	private wait({ origin, stanza }: StanzaEvent, waited: ReturnType<Routing["pass"]>): void {
		if (waited === undefined) return;
		const release = "hold" in origin ? origin.hold?.("handler") : undefined;
		waited.ended((outcome) => {
			if (!outcome.ok) {
				this.log("error", "Error while handling %s: %s", stanza.top_tag(), String(outcome.error));
				origin.send(st.error_reply(stanza, "cancel", "internal-server-error"));
			}
			release?.();
		});
	}
}
