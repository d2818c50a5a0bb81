// No counterpart: in Prosody nothing is on its way to other nodes.

import type { Membership } from "../../util/cluster/membership.ts";
import { type Life, same_life } from "../../util/cluster/types.ts";
import * as jid from "../../util/jid.ts";
import type { Stanza } from "../../util/stanza.ts";
import type { HostSession, Log, Server, Session, StanzaEvent } from "../types.ts";
import type { Incoming } from "./incoming.ts";
import type { Inheritance } from "./inheritance.ts";
import { type AgainItem, decode, type Item, type LateItem, type PostItem } from "./items.ts";
import type { Routing } from "./routing.ts";
import { StandIn } from "./stand_in.ts";

/** What those need that deal with it. */
export interface LostParts {
	readonly membership: Pick<Membership, "me">;
	readonly inheritance: Pick<Inheritance, "heir_of" | "knows_end">;
	readonly routing: Routing;
	readonly incoming: Incoming;
	is_account(key: string): boolean;
}

/** What was for nodes that are gone. */
export class Lost {
	/** As far as others say. */
	private undecided: { readonly to: Life; readonly item: Item; readonly number: number }[] = [];

	constructor(
		private readonly server: Pick<Server, "full_sessions" | "hosts" | "router" | "turn">,
		private readonly parts: LostParts,
		private readonly log: Log,
	) {}

	/** Something for another node was not sent, or was lost with it: then it has a number. */
	take(to: Life, bytes: Uint8Array, number = Number.MAX_SAFE_INTEGER, names = this.parts.routing.names_said_to(to)): void {
		const item = decode(bytes, names);
		if (item === undefined) this.log("error", "Something for node %s, which is gone, cannot be read", to.node);
		else this.deal_with(to, item, number);
	}

	/** What a node has said that is gone, to one that is gone as well. */
	take_again(to: Life, item: AgainItem): void {
		this.deal_with(to, item, Number.MAX_SAFE_INTEGER);
	}

	private deal_with(to: Life, said: Item, number: number): void {
		const { inheritance, membership } = this.parts;
		const item = said.kind === "again" ? said.inner : said;
		if (same_life(to, membership.me)) return;
		if (membership.me !== undefined && !inheritance.knows_end(to)) {
			// Who goes on is known as soon as the end of the other one is certain
			this.undecided.push({ to, item, number });
			return;
		}
		if (this.leave_to_heir(to, item, number)) return;
		if (item.kind === "post") this.retry(to, item);
	}

	/** More ends are certain. */
	decide(): void {
		for (const { to, item, number } of this.undecided.splice(0)) this.deal_with(to, item, number);
	}

	/** This node's own life is over. */
	forget(): void {
		this.undecided = [];
	}

	/** What is for accounts goes to the node that goes on with them; false where there is none. */
	private leave_to_heir(of: Life, item: Item, number: number): boolean {
		const { inheritance, incoming, is_account, membership, routing } = this.parts;
		const { me } = membership;
		const heir = inheritance.heir_of(of);
		if (me === undefined || heir === undefined) return false;
		if (item.kind !== "post" && item.kind !== "many" && item.kind !== "answer") return false;
		if (item.kind === "post" && !is_account(item.key)) return false;
		const late: LateItem = { kind: "late", of, number, inner: item };
		if (same_life(heir, me)) incoming.take_late(me, late);
		else routing.say(heir, late);
		return true;
	}

	/** Who said it: here, or on another node, which has passed it on or is gone. */
	private sender_here({ client }: PostItem["sender"]): Session | undefined {
		if (client === undefined) return undefined;
		const { server, parts, log } = this;
		const own = server.full_sessions.get(client.jid);
		if (own !== undefined) return own;
		const answer = (to: string, stanza: Stanza): boolean => {
			parts.routing.say(client.home, { kind: "answer", jid: to, stanza });
			return true;
		};
		const role =
			client.role === undefined ? undefined : server.hosts.get(jid.host(client.jid) ?? "")?.authz.get_role_by_name(client.role);
		return new StandIn({ log, answer, released: () => {} }, client.jid, role, client.secure, client.home);
	}

	/** What passes on an answer for somebody on another server. A room must not be told: it would take the receiver for gone. */
	private behind_servers({ attr }: Stanza, target: HostSession | undefined): Session | undefined {
		return this.server.hosts.has(jid.host(attr["from"] ?? "") ?? "") ? undefined : target;
	}

	/** A stanza did not get to the node that served its receiver: presences to rooms are said again, and other senders are told. */
	private retry(to: Life, item: PostItem): void {
		const { server, log } = this;
		const { routing } = this.parts;
		const { stanza, sender } = item;
		const target = server.hosts.get(jid.host(stanza.attr["to"] ?? "") ?? "");
		const origin = this.sender_here(sender) ?? this.behind_servers(stanza, target);
		if (target === undefined || origin === undefined) {
			log("debug", "Lost with node %s: %s", to.node, stanza.top_tag());
			return;
		}
		const event: StanzaEvent = { origin, stanza };
		server.turn.record(event);
		if (stanza.name !== "presence") routing.refuse(event);
		else routing.pass_on(undefined, target, item, event, (own) => server.router.post_stanza(own.origin, own.stanza, false, own));
	}
}
