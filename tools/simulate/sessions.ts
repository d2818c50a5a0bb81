// No counterpart: clients whose sessions outlive their nodes, and much that goes wrong.

import { usual_lease } from "../../host/util/cluster/membership.ts";
import type { Life } from "../../host/util/cluster/types.ts";
import { SimulatedDatabase } from "./database.ts";
import { SimulatedNetwork } from "./network.ts";
import { SessionNode } from "./session_node.ts";
import type { Session, SessionSurroundings, Told } from "./session_types.ts";
import { type Random, random_numbers, SimulatedProcess, World } from "./world.ts";

export interface SessionReport {
	readonly seed: number;
	readonly violations: readonly string[];
	readonly failures: number;
	/** How often a session was resumed, and how often a client was told that this is not possible. */
	readonly resumed: number;
	readonly ended: number;
	/** What was said; of that, what was said again by another node, and what its senders got back. */
	readonly said: number;
	readonly again: number;
	readonly refused: number;
	/** What counted as handled and is lost, with the session, since two nodes were gone at once. */
	readonly lost: number;
	/** What is there twice: stored by the node of the session itself, which ended in that moment. */
	readonly twice: number;
}

/** How long a client waits for an answer, and until it tries again, in milliseconds. */
const answer_time = 4000;
const pause = 200;
const most_violations = 5;
/** How many things go wrong in one episode. */
const failures_each = 60;
/** What was said so long before a session ended for good may be lost with two nodes that are gone; in milliseconds, and how many texts at most. */
const lately = 20_000;
const most_lately = 200;
/** Nodes that end so shortly one after the other are gone at once: nobody has taken over yet what the first one had, in milliseconds. */
const at_once = 1500;
/** How long what was said may be under way from node to node, in milliseconds. */
const under_way = 5000;

/** What clients are in, and tell of. */
interface Scene {
	readonly world: World;
	readonly random: Random;
	nodes(): SessionNode[];
	report(text: string): void;
	/** Its client knows that a text counts as handled. */
	counted(text: string): void;
	/** These were said lately in a session that cannot be resumed. */
	ended(texts: readonly string[]): void;
}

/** A client that comes back wherever it can. */
class SessionClient {
	private token = "";
	private sessions = 0;
	/** Counts connections: what comes over an earlier one is nothing any more. */
	private attempt = 0;
	private at: { readonly node: SessionNode; readonly session: Session } | undefined;
	/** What was said in this session and does not count yet, and how much counts. */
	private said: { readonly room: string; readonly text: string }[] = [];
	private handled = 0;
	private received = 0;
	private number = 0;
	/** What was said lately in this session, with when that was. */
	private lately: { readonly text: string; readonly at: number }[] = [];
	private answered_at = 0;
	resumed = 0;
	ended = 0;

	constructor(
		readonly name: string,
		private readonly rooms: readonly string[],
		private readonly around: Scene,
	) {
		this.connect();
		this.watch();
	}

	get is_settled(): boolean {
		return this.at !== undefined && this.said.length === 0;
	}

	private any<Value>(values: readonly Value[]): Value | undefined {
		return values[Math.floor(this.around.random() * values.length)];
	}

	/** What was said from a time on, in this session. */
	said_since(begin: number): string[] {
		return this.lately.filter(({ at }) => at >= begin).map(({ text }) => text);
	}

	/** The connection is gone. */
	drop(node?: SessionNode): void {
		if (node !== undefined && this.at?.node !== node) return;
		this.connect();
	}

	private connect(wanted?: SessionNode): void {
		const { world } = this.around;
		this.attempt++;
		this.at = undefined;
		const { attempt, token, received } = this;
		this.sessions++;
		const fresh = `${this.name}.${this.sessions}`;
		const node = wanted ?? this.any(this.around.nodes());
		const told = (act: () => void): void => void world.after(1, () => attempt === this.attempt && act());
		const again = (to?: SessionNode): void =>
			told(() => void world.after(pause, () => attempt === this.attempt && this.connect(to)));
		this.answered_at = world.now;
		if (node === undefined) {
			again();
			return;
		}
		node.process.run(() =>
			node.log_in({
				name: this.name,
				token,
				fresh,
				has: received,
				is_sent: wanted !== undefined,
				tell: (what) => told(() => this.hear(what)),
				later: () => again(),
				elsewhere: (owner: Life) => again(this.around.nodes().find(({ name }) => name === owner.node)),
				begun: (session) => told(() => this.begin(node, session, fresh)),
				resumed: (session, h, queue) => told(() => this.go_on(node, session, h, queue)),
			}),
		);
	}

	/** Comes back where nothing is heard for long. */
	private watch(): void {
		const { world } = this.around;
		world.after(1000, () => {
			if (world.now - this.answered_at > answer_time && (this.at === undefined || this.said.length > 0)) this.connect();
			this.watch();
		});
	}

	private begin(node: SessionNode, session: Session, token: string): void {
		if (this.token !== "") this.ended++;
		const { now } = this.around.world;
		this.around.ended(this.said_since(now - lately));
		this.lately = [];
		this.token = token;
		this.said = [];
		this.handled = 0;
		this.received = 0;
		this.at = { node, session };
		this.answered_at = this.around.world.now;
	}

	private go_on(node: SessionNode, session: Session, h: number, queue: readonly string[]): void {
		this.resumed++;
		this.answered_at = this.around.world.now;
		this.at = { node, session };
		this.counts(h, "resumed");
		for (const text of queue) this.tick(text);
		for (const saying of this.said) node.process.run(() => node.say(session, saying));
	}

	private hear(what: Told): void {
		this.answered_at = this.around.world.now;
		if (what.kind === "tick") this.tick(what.text);
		else this.counts(what.h, "told");
	}

	private counts(h: number, how: string): void {
		if (h < this.handled || h > this.handled + this.said.length) {
			this.around.report(`${this.token} is ${how} ${h}, after ${this.handled}, with ${this.said.length} more said`);
		}
		for (const { text } of this.said.splice(0, h - this.handled)) this.around.counted(text);
		this.handled = Math.max(h, this.handled);
	}

	private tick(text: string): void {
		const expected = `${this.token} ${this.received + 1}`;
		if (text !== expected) this.around.report(`${this.name} hears ${text} instead of ${expected}`);
		this.received++;
		const { at, received } = this;
		if (at !== undefined && this.around.random() < 0.5) at.node.process.run(() => at.node.has(at.session, received));
	}

	say(): string | undefined {
		const { at } = this;
		const room = this.any(this.rooms);
		if (at === undefined || room === undefined) return undefined;
		this.number++;
		const saying = { room, text: `${this.name}: ${this.number}` };
		this.said.push(saying);
		this.lately.push({ text: saying.text, at: this.around.world.now });
		if (this.lately.length > most_lately) this.lately.shift();
		this.around.world.after(1, () => this.at === at && at.node.process.run(() => at.node.say(at.session, saying)));
		return saying.text;
	}
}

/** Plays nodes whose clients go on wherever they can. */
export async function play_sessions(seed: number, failures: number, says_again = true): Promise<SessionReport> {
	const world = new World();
	const random = random_numbers(seed);
	const violations: string[] = [];
	const report = (text: string): void => {
		if (violations.length < most_violations) violations.push(`after ${Math.round(world.now)} ms: ${text}`);
	};
	const network = new SimulatedNetwork(world, random, usual_lease / 3, 0.05);
	const database = new SimulatedDatabase(world, random, true, report);
	const refused = new Set<string>();
	const here = new Set<string>();
	const counted = new Set<string>();
	const said = new Set<string>();
	const excused = new Set<string>();
	const around: SessionSurroundings = {
		network,
		database,
		random,
		says_again,
		refused: (text) => void refused.add(text),
		stored_here: (text) => void here.add(text),
	};
	const nodes = new Map<string, SessionNode>();
	const gone: SessionNode[] = [];
	const rooms = ["room0", "room1", "room2", "room3"];
	let started = 0;
	let is_talking = true;

	function start(name: string): void {
		started++;
		const process = new SimulatedProcess(world, 0.99 + 0.02 * random());
		const node = new SessionNode(name, `${name}${started}`, process, around);
		nodes.set(name, node);
		node.start();
		const tick = (): void => {
			process.after(100 + 300 * random(), () => {
				if (is_talking) for (const session of node.sessions.values()) if (random() < 0.5) node.tick(session);
				tick();
			});
		};
		tick();
	}

	const any = <Value>(values: readonly Value[]): Value | undefined => values[Math.floor(random() * values.length)];
	const span = (limit: number): number => 30 * (limit / 30) ** random();

	/** When nodes ended. */
	const ends: number[] = [];

	/** Two nodes that are gone at once may take along what one has passed on to the other, whoever said it. */
	function note_end(): void {
		const before = ends.find((at) => world.now - at < at_once);
		if (before !== undefined) for (const client of clients) shared.ended(client.said_since(before - under_way));
		ends.push(world.now);
	}

	function end(node: SessionNode): void {
		if (nodes.get(node.name) !== node) return;
		note_end();
		node.process.kill();
		network.disconnect(node.connection);
		nodes.delete(node.name);
		gone.push(node);
		world.after(5, () => {
			for (const client of clients) client.drop(node);
		});
		world.after(span(4000), () => start(node.name));
	}

	const kinds: readonly ((node: SessionNode) => void)[] = [
		end,
		end,
		(node) => {
			node.process.stop();
			world.after(span(8000), () => node.process.go_on());
		},
		(node) => {
			network.cut(node.connection);
			world.after(span(5000), () => network.mend(node.connection));
		},
		(node) => network.hold(node.connection, random() < 0.5 ? "up" : "down", span(3000)),
		() => {
			database.is_down = true;
			world.after(span(2000), () => {
				database.is_down = false;
			});
		},
		(node) =>
			node.process.run(() => {
				const to = any([...node.membership.others()].map(({ life }) => life));
				for (const room of rooms) if (to !== undefined && node.ownership.owner_of(room) === "mine") node.hand_over(room, to);
			}),
		() => any(clients)?.drop(),
	];

	for (const name of "abcd".slice(0, 3 + Math.floor(2 * random()))) start(name);
	await world.run_until(2500);
	const shared: Scene = {
		world,
		random,
		nodes: () => [...nodes.values()],
		report,
		counted: (text) => void counted.add(text),
		ended: (texts) => {
			for (const text of texts) excused.add(text);
		},
	};
	const clients: SessionClient[] = Array.from(
		{ length: 6 },
		(_none, index) => new SessionClient(`client${index}`, rooms, shared),
	);
	const talk = (client: SessionClient): void => {
		world.after(20 + 400 * random(), () => {
			const text = is_talking ? client.say() : undefined;
			if (text !== undefined) said.add(text);
			talk(client);
		});
	};
	for (const client of clients) talk(client);
	await world.run_until(world.now + 3000);
	let played = 0;
	for (; played < failures && violations.length === 0; played++) {
		const node = any([...nodes.values()]);
		const kind = any(kinds);
		if (node !== undefined) kind?.(node);
		await world.run_until(world.now - Math.log(1 - random()) * 1500);
	}
	await world.run_until(world.now + 15_000);
	is_talking = false;
	if (!(await world.run_until_true(() => clients.every(({ is_settled }) => is_settled), 60_000)))
		report("a client is not served");
	await world.run_until(world.now + 15_000);
	const times = new Map<string, number>();
	for (const text of rooms.flatMap((room) => database.said(room))) times.set(text, (times.get(text) ?? 0) + 1);
	let twice = 0;
	let lost = 0;
	for (const text of said) {
		const count = times.get(text) ?? 0;
		const is_lost = counted.has(text) && count === 0 && !refused.has(text);
		if (is_lost && excused.has(text)) lost++;
		else if (is_lost) report(`${text} counts as handled, and is lost`);
		if (count > 1 && here.has(text)) twice++;
		else if (count > 1) report(`${text} is there ${count} times`);
	}
	const all = [...nodes.values(), ...gone];
	const sum = (what: "again"): number => all.reduce((total, { counts }) => total + counts[what], 0);
	return {
		seed,
		violations,
		failures: played,
		resumed: clients.reduce((total, one) => total + one.resumed, 0),
		ended: clients.reduce((total, one) => total + one.ended, 0),
		said: said.size,
		again: sum("again"),
		refused: refused.size,
		lost,
		twice,
	};
}

/** Plays so many failures with sessions, or until something is found; the report is of all together. */
export async function simulate_sessions(failures: number, seed: number): Promise<SessionReport> {
	const totals = { failures: 0, resumed: 0, ended: 0, said: 0, again: 0, refused: 0, lost: 0, twice: 0 };
	let last: SessionReport | undefined;
	for (let episode = 0; totals.failures < failures && (last?.violations.length ?? 0) === 0; episode++) {
		last = await play_sessions(seed + episode, Math.min(failures_each, failures - totals.failures));
		for (const name of ["failures", "resumed", "ended", "said", "again", "refused", "lost", "twice"] as const) {
			totals[name] += last[name];
		}
	}
	return { seed: last?.seed ?? seed, violations: last?.violations ?? [], ...totals };
}

/** The same as lines for people. */
export function sessions_text({ seed, violations, ...count }: SessionReport): string {
	return [
		`${count.failures} failures with sessions: ${count.resumed} times one was resumed, ${count.ended} times its client was told that this is not possible. Of ` +
			`${count.said} messages, ${count.again} were said again by another node, ${count.refused} came back as errors, ${count.lost} were lost with ` +
			`two nodes at once, ${count.twice} were stored twice by the session's own node as it ended.`,
		...(violations.length === 0
			? [
					"Nothing else that counted as handled is lost, or there twice; nothing that a client was told is missing, or came twice.",
				]
			: [`Found with seed ${seed}:`, ...violations.map((text) => `  ${text}`)]),
	].join("\n");
}
