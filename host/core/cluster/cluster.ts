// No counterpart: a Prosody is one machine.

import { weight_of } from "../../util/cluster/balance.ts";
import { Balancer } from "../../util/cluster/balancer.ts";
import { Links } from "../../util/cluster/link.ts";
import { Membership } from "../../util/cluster/membership.ts";
import { Ownership } from "../../util/cluster/ownership.ts";
import { Spoken } from "../../util/cluster/spoken.ts";
import type { Bucket, Bus, Clock, Fence, Life } from "../../util/cluster/types.ts";
import { Usage } from "../../util/cluster/usage.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import type { Framing } from "../../util/framing.ts";
import * as jid from "../../util/jid.ts";
import { promise_of } from "../../util/waiting.ts";
import { as_period } from "../config/option_types.ts";
import type { Writers } from "../sqlite/writers.ts";
import { telling } from "../telling.ts";
import type { ClientStreams, Cluster, HostSession, NeighbourStreams, Placed, Server } from "../types.ts";
import { say_again } from "./again.ts";
import { within } from "./clock.ts";
import { InCommon } from "./in_common.ts";
import { Incoming } from "./incoming.ts";
import { Inheritance } from "./inheritance.ts";
import { Inquiries } from "./inquiries.ts";
import { Lost } from "./lost.ts";
import { processor_share } from "./processor.ts";
import { Relays } from "./relays.ts";
import { Routing } from "./routing.ts";
import { Serving } from "./serving.ts";

/** How often addresses that nobody needs are given up, and how long nobody has to have needed them; in milliseconds. */
const sweep_interval = 30_000;
const idle_time = 60_000;

/** How often another node is asked to give up an address, and in which intervals, in milliseconds. */
const most_wants = 100;
const want_interval = 50;

/** How long giving up everything may take when this node leaves; then the others take it as it is. In milliseconds. */
const leave_time = 5000;

/** What clients of a node are told that was taken for dead. */
const cut_off = { condition: "reset", text: "This node was cut off from the others, and something may have been missed" };

/** What ends the sessions of an account, with what its clients are told; as mod_c2s has it. */
const account_events = [
	["user-password-changed", "reset", "Password changed"],
	["user-role-changed", "reset", "Role changed"],
	["user-deleted", "not-authorized", "Account deleted"],
	["user-disabled", "not-authorized", "Account disabled"],
] as const;
/** What other nodes are told then. */
const account_ended = "account-sessions-end";

/** In seconds, as mod_smacks has it. */
const default_grace = 600;

/** What a node needs of its server. */
export type ClusterNeeds = Pick<
	Server,
	| "bare_sessions"
	| "config"
	| "delivery"
	| "events"
	| "full_sessions"
	| "hosts"
	| "logger"
	| "nodes"
	| "router"
	| "sessionmanager"
	| "turn"
>;

/** A node with its own beginning and end. */
export interface NodeCluster extends Cluster {
	/** This node's life; undefined where it has none. */
	readonly life: Life | undefined;
	/** Enters the cluster. Rejects with why that is not possible. */
	start(): Promise<void>;
	/** Gives up all that is served here, and leaves. */
	stop(): Promise<void>;
}

/** What the machinery of a cluster runs on. */
export interface ClusterBase {
	readonly node: string;
	/** Nodes with the same name of the cluster belong together. */
	readonly name: string;
	readonly bus: Bus;
	bucket(name: "nodes" | "owners"): Bucket;
	readonly clock: Clock;
	readonly fence: Fence;
	/** How long the others wait for a sign of life, in milliseconds. */
	readonly lease?: number;
	/** Who may write to a file of data next, where nodes share it. */
	readonly writers?: Writers;
	/** See {@link Cluster.neighbours}. */
	readonly neighbours?: NeighbourStreams;
	/** The part of a processor's core that this node takes; measured where nothing is said. */
	cpu?(): number;
	/** Ends what it runs on. */
	close(): Promise<void>;
}

/** Makes a server one node of a cluster. */
export function create_cluster(server: ClusterNeeds, base: ClusterBase): NodeCluster {
	const log = server.logger("cluster");
	const report = telling(log);
	const warn = (text: string): void => log("warn", "%s", text);
	const { clock, bus, node } = base;
	const membership = new Membership({
		node,
		clock,
		bucket: base.bucket("nodes"),
		fence: base.fence,
		...(base.lease === undefined ? {} : { lease: base.lease }),
		info: () => ({ ...balancer.info(), sessions: server.full_sessions.size, ...inheritance.info }),
		warn,
	});
	// Before the links: what they give back goes to the heir of whoever is gone
	const inheritance = new Inheritance({
		base,
		server,
		membership,
		log,
		is_account,
		add_said: (add, all) => (all ? spoken.add_all(add) : spoken.add_rest(add)),
		say_again: (of, to, item) => say_again({ membership, routing, incoming, lost }, of, to, item),
	});
	const owners = new Ownership({
		membership,
		clock,
		bucket: base.bucket("owners"),
		heir: (key, life) => inheritance.heir(key, life),
		on_taken(key) {
			routing.fence();
			inheritance.taken(key);
		},
	});
	const links = new Links({
		bus,
		clock,
		membership,
		prefix: base.name,
		on_item: (from, item, stored, number) => incoming.take(from, item, stored, number),
		on_lost: (to, items, first) => {
			for (const [index, item] of items.entries()) lost.take(to, item, first + index);
		},
		warn,
	});
	const usage = new Usage(clock);
	const spoken = new Spoken(inheritance, links);
	const parts = { owners, links, membership, usage, spoken };
	const routing = new Routing(server, parts, log, (to, items, names) => {
		for (const item of items) lost.take(to, item, undefined, names);
	});
	const relays = new Relays(server, parts, log);
	const incoming = new Incoming(server, routing, relays, inheritance, log, ({ host, name, fields }) => told(host, name, fields));
	const lost = new Lost(server, { ...parts, inheritance, routing, incoming, is_account }, log);
	const inquiries = new Inquiries({ ...parts, bus, clock, prefix: base.name, routing, nodes: server.nodes, warn });
	server.nodes.connect(inquiries);
	const serving = new Serving(membership, clock, log);
	const balancer = new Balancer({
		clock,
		membership,
		burdens,
		cpu: base.cpu ?? processor_share(clock),
		move: async ({ key, to, weight }) => {
			const is_given = await routing.let_go(key, to);
			if (is_given) log("info", "%s goes to node %s, which has less to do (weight %s)", key, to.node, weight.toFixed(1));
			return is_given;
		},
	});
	/** How long clients of a node that is gone have to come back, in milliseconds. */
	const grace = (as_period(server.config.get("*", "smacks_hibernation_time"), 0).value ?? default_grace) * 1000;
	let sweeping: NodeJS.Timeout | undefined;
	let is_joined = false;
	const in_common = new InCommon(owners, node, log);

	function is_account(key: string): boolean {
		return routing.placed.get(jid.host(key) ?? "") === accounts;
	}

	/** Accounts of a virtual host stay while they have sessions. What modules keep in memory of others may change on another node. */
	const accounts: Placed = {
		in_use: (account) => server.bare_sessions.has(account),
		size: (account) => server.bare_sessions.get(account)?.sessions.size ?? 0,
		// Its sessions are here
		moves: false,
		take_up() {},
		give_up() {},
		lose(account) {
			const { node: username, host = "" } = jid.split(account);
			if (username !== undefined) server.hosts.get(host)?.events.tell("account-given-up", { username }, report);
		},
		lose_all() {},
	};

	server.events.add_handler("host-activated", (name) => {
		const host = server.hosts.get(name);
		// Whichever node has the stream of an external component serves its domain
		host?.events.add_handler("component-authenticated", () => {
			void bring(name).then((done) => done.ok || log("error", "%s", done.error));
		});
		host?.events.add_handler("component-disconnected", () => void routing.let_go(name));
		if (host?.type !== "local") return;
		place(name, accounts);
		host.events.add_handler("authentication-success", ({ session }) => relays.place(session), -1000);
	});
	server.events.add_handler("host-deactivated", (name) => displace(name));

	const close_account = (account: string, condition: string, text: string): void => {
		for (const session of [...(server.bare_sessions.get(account)?.sessions.values() ?? [])]) session.close({ condition, text });
	};
	// What ends the sessions of an account ends them wherever they are
	for (const [event, condition, text] of account_events) {
		server.events.add_handler(event, ({ username, host }) => {
			const account = `${username}@${host}`;
			if (!routing.is_mine(account)) tell_all(host, account_ended, { account, condition, text });
		});
	}

	function tell_all(host: string, name: string, fields: Readonly<Record<string, string>>): void {
		for (const { life } of membership.others()) routing.say(life, { kind: "event", host, name, fields });
	}

	function told(host: string, name: string, fields: Readonly<Record<string, string>>): void {
		const { account, condition, text } = fields;
		if (name === account_ended && account !== undefined) close_account(account, condition ?? "reset", text ?? "");
		else server.hosts.get(host)?.events.tell("cluster-told", { name, fields }, report);
	}

	function place(host: string, placed: Placed): void {
		routing.place(host, placed);
	}

	function displace(host: string): void {
		routing.place(host, undefined);
	}

	/** A node is gone: what it served is served here, as far as it is needed here. */
	function gone(life: Life): void {
		log("warn", "Node %s is gone", life.node);
		routing.gone(life);
		lost.decide();
		incoming.ended(life);
		relays.gone(life);
		take_rooms();
		void inheritance.take_up(life, owners).then(take_rooms);
		server.events.tell("cluster-node-gone", { node: life.node }, report);
	}

	function take_rooms(): void {
		for (const [host, key] of needed()) void take_over(host, key);
	}

	/** Rooms that clients here are in, and of which it is not known who serves them. */
	function needed(): [HostSession, string][] {
		const found = new Map<string, [HostSession, string]>();
		for (const { directed } of server.full_sessions.values()) {
			for (const address of directed ?? []) {
				const key = jid.bare(address);
				const host = server.hosts.get(jid.host(address) ?? "");
				if (key === undefined || host === undefined || found.has(key)) continue;
				if (!routing.placed.has(host.host) || owners.owner_of(key) !== undefined) continue;
				found.set(key, [host, key]);
			}
		}
		return [...found.values()];
	}

	async function take_over({ host }: HostSession, key: string): Promise<void> {
		try {
			if ((await promise_of(owners.acquire(key))) !== "mine") return;
			routing.fence();
			server.turn.concern(key);
			routing.placed.get(host)?.take_up(key);
		} catch (error) {
			log("error", "%s could not be taken over: %s", key, error instanceof Error ? error.message : error);
		}
	}

	/**
	 * This node was taken for dead. What was sent to it since is lost, so its clients have to come anew: they would not know that they have
	 * missed something.
	 */
	function life_over(): void {
		log("error", "The other nodes have taken this one for dead: what it served is theirs now, and its clients have to come anew");
		server.turn.fail(new Error("the other nodes have taken this one for dead"));
		server.turn.end();
		for (const placed of routing.placed.values()) placed.lose_all();
		for (const host of server.hosts.values()) host.events.tell("account-given-up", { username: undefined }, report);
		routing.over();
		relays.close_all();
		inheritance.abandon();
		lost.forget();
		for (const session of [...server.full_sessions.values()]) session.close(cut_off);
	}

	/** Asks whoever serves an address to give it up, until it is here. */
	async function bring(key: string): Promise<Result<true, string>> {
		for (let tries = 0; tries < most_wants; tries++) {
			try {
				const owner = await promise_of(owners.acquire(key));
				if (owner === "mine") return ok(true);
				routing.say(owner, { kind: "want", key });
				await new Promise((resolve) => setTimeout(resolve, want_interval));
				owners.forget(key);
			} catch (error) {
				return failed(error instanceof Error ? error.message : String(error));
			}
		}
		return failed(`another node serves ${key}, and does not give it up`);
	}

	/** What this node has, with how much work that is. */
	function* burdens() {
		for (const key of owners.mine()) {
			const placed = routing.placed.get(jid.host(key) ?? "");
			const moves = placed?.moves === true && placed.in_use(key);
			yield { key, weight: weight_of(usage.rate(key), placed?.size(key) ?? 0), moves, age: usage.age(key) };
		}
	}

	/** Gives up what nobody needs here, so that any node can take it. */
	async function sweep(): Promise<void> {
		for (const key of [...owners.mine()]) {
			const placed = routing.placed.get(jid.host(key) ?? "");
			if (placed === undefined || placed.in_use(key) || usage.idle_time(key) < idle_time) continue;
			await routing.let_go(key);
		}
	}

	return {
		get node() {
			return node;
		},
		neighbours: base.neighbours,
		has: (name) => [...membership.others()].some(({ life }) => life.node === name),
		get life() {
			return membership.me;
		},
		pass: (target, to_bare, event, here) => routing.pass(target, to_bare, event, here),
		get ways() {
			return routing.ways;
		},
		collect: (full_jid, into) => routing.collect(full_jid, into),
		text_sender: (full_jid, name, from) => routing.text_sender(full_jid, name, from),
		broadcast: (collected, name, from, text) => routing.broadcast(collected, name, from, text),
		is_mine: (bare_jid) => routing.is_mine(bare_jid),
		place,
		displace,
		...in_common.shared,
		tell: tell_all,
		trouble: () => serving.trouble(),
		bring,
		on_gone(listener) {
			server.events.add_handler("cluster-node-gone", () => void setTimeout(listener, grace).unref());
		},
		standby: inheritance,
		carry_login: (session, username, authenticate, proven) => relays.carry_login(session, username, authenticate, proven),
		proven: (session) => relays.proven(session),
		carry: (streams: ClientStreams | undefined) => relays.carry(streams),
		carry_framing: (carrier: string, make: (host: string) => Framing) => relays.carry_framing(carrier, make),
		async start() {
			const born = await membership.start();
			if (!born.ok) throw new Error(born.error);
			await in_common.learn(base.bucket("owners"));
			membership.listen({
				on_over: () => is_joined && life_over(),
				on_joined: (life) => log("info", "Node %s has joined", life.node),
				on_dead: gone,
			});
			is_joined = true;
			sweeping = setInterval(() => void sweep(), sweep_interval).unref();
			balancer.start();
			serving.start();
		},
		async stop() {
			clearInterval(sweeping);
			if (!is_joined) return;
			is_joined = false;
			relays.close_all();
			balancer.stop();
			serving.stop();
			membership.announce_leaving();
			// Accounts whose sessions go on elsewhere are left to the node that has what is needed for that
			const given_up = [...owners.mine()].filter((key) => !inheritance.has(key));
			const next = new Map(balancer.farewell().map(({ key, to }) => [key, to]));
			await within(leave_time, Promise.all(given_up.map((key) => routing.let_go(key, next.get(key)))));
			await server.turn.done();
			await within(leave_time, links.settled());
			await membership.leave();
			inquiries.stop();
			links.stop();
			inheritance.stop();
			await base.close();
		},
	};
}
