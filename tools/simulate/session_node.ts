// No counterpart: a node whose clients have sessions that can be resumed at another one, as small as can be, on the real code of the cluster.

import { KeptCopies } from "../../host/util/cluster/kept_copies.ts";
import { Links } from "../../host/util/cluster/link.ts";
import { Membership } from "../../host/util/cluster/membership.ts";
import type { NodeInfo } from "../../host/util/cluster/node_record.ts";
import { Ownership } from "../../host/util/cluster/ownership.ts";
import { Heard, Spoken } from "../../host/util/cluster/spoken.ts";
import { Standby } from "../../host/util/cluster/standby.ts";
import { type Life, life_of_text, life_text, same_life } from "../../host/util/cluster/types.ts";
import type { Login, Saying, Session, SessionSurroundings } from "./session_types.ts";
import { SimulatedTurns } from "./turns.ts";
import type { SimulatedProcess } from "./world.ts";

type Item =
	| ({ readonly kind: "say"; readonly number: number | undefined; readonly tries: number } & Saying)
	| { readonly kind: "again"; readonly of: Life; readonly inner: Saying & { readonly number: number } };

const most_tries = 6;
const account_of = (name: string): string => `account ${name}`;

export class SessionNode {
	readonly membership: Membership;
	readonly ownership: Ownership;
	readonly sessions = new Map<string, Session>();
	private readonly links: Links;
	private readonly standby: Standby;
	private readonly copies: KeptCopies;
	private readonly spoken: Spoken;
	private readonly heard = new Heard();
	private readonly turns: SimulatedTurns;
	private readonly changed = new Set<Session>();
	private readonly heirs = new Map<string, Life | undefined>();
	private readonly early: (() => void)[] = [];
	private ids = 0;
	readonly counts = { resumed: 0, again: 0 };

	constructor(
		readonly name: string,
		readonly connection: string,
		readonly process: SimulatedProcess,
		private readonly around: SessionSurroundings,
	) {
		const { network, database, random } = around;
		const client = network.connect(connection, process);
		const clock = process;
		this.membership = new Membership({
			node: name,
			clock,
			bucket: network.bucket(client, "nodes"),
			fence: { raise: (life) => database.raise(process, life) },
			random,
			info: (): NodeInfo => (this.standby.heir === undefined ? {} : { heir: this.standby.heir }),
		});
		const { membership } = this;
		membership.listen({ on_dead: (life) => this.note_heir(life) });
		this.ownership = new Ownership({
			membership,
			clock,
			bucket: network.bucket(client, "owners"),
			heir: (key, life) => (key.startsWith("account ") ? this.heir_of(life) : undefined),
			on_taken: (key) => this.taken(key),
		});
		const shared = { bus: client, clock, membership, prefix: "simulated" };
		this.turns = new SimulatedTurns(process, () => membership.me);
		this.standby = new Standby({
			...shared,
			turn: this.turns,
			add_rest: (add) => {
				for (const session of this.changed) add(["s", session.id, done(session), session.acked]);
				this.changed.clear();
				this.spoken.add_rest(add);
			},
			add_all: (add) => {
				this.changed.clear();
				for (const session of this.sessions.values()) {
					add(["o", session.id, account_of(session.name), session.token]);
					add(["s", session.id, done(session), session.acked]);
					for (const text of session.queue) add(["p", [session.id], text, 0]);
				}
				this.spoken.add_all(add);
			},
		});
		this.copies = new KeptCopies(shared);
		this.links = new Links({
			...shared,
			on_item: (from, item, stored) => this.take(from, JSON.parse(Buffer.from(item).toString()), stored),
			on_lost: (_to, items) => {
				for (const item of items) this.lost(JSON.parse(Buffer.from(item).toString()));
			},
		});
		this.spoken = new Spoken(this.standby, this.links);
		membership.listen({
			on_over: () => {
				this.spoken.over();
				this.changed.clear();
				for (const session of this.sessions.values()) session.tell = undefined;
				this.sessions.clear();
			},
			on_dead: (life) => {
				this.spoken.gone(life);
				for (const act of this.early.splice(0)) act();
				this.take_up(life);
			},
		});
	}

	start(): void {
		const again = (): void => void this.process.after(300, () => this.start());
		this.membership.start().then((born) => born.ok || again(), again);
	}

	private note_heir(life: Life): void {
		const heir = this.membership.last_info(life)?.["heir"];
		this.heirs.set(life_text(life), typeof heir === "string" ? life_of_text(heir) : undefined);
	}

	private heir_of(life: Life): Life | undefined {
		const heir = this.heirs.get(life_text(life));
		if (heir === undefined) return undefined;
		return same_life(heir, this.membership.me) || this.membership.is_alive(heir) ? heir : undefined;
	}

	private take_up(life: Life): void {
		if (!same_life(this.heir_of(life), this.membership.me)) {
			this.copies.forget(life);
			return;
		}
		for (const { to, items } of this.copies.said_by(life)) {
			for (const item of items) this.say_again(life, to, JSON.parse(item));
		}
		for (const key of this.copies.keys_of(life)) this.ownership.acquire(key).ended(() => {});
	}

	private say_again(of: Life, to: Life, item: Item): void {
		this.counts.again++;
		if (!this.around.says_again) return;
		const again: Item =
			item.kind === "again" ? item : { kind: "again", of, inner: { room: item.room, text: item.text, number: item.number ?? 0 } };
		const { me } = this.membership;
		if (me !== undefined && same_life(to, me)) this.take(me, again, () => {});
		else if (this.membership.is_alive(to)) this.say_surely(to, again);
		else this.lost(again);
	}

	/** Again where its turn fails: nobody else is there who would be told. */
	private say_surely(to: Life, again: Item): void {
		this.turns.act(
			() => this.send(to, again, true),
			() => void this.process.after(200, () => this.say_surely(to, again)),
		);
	}

	/** An account is here: its sessions go on. */
	private taken(key: string): void {
		for (const { head, handled, acked, items } of this.copies.take_out(key)) {
			this.turns.act(() => {
				const queue = items.map(({ text }) => String(text));
				const session = this.open(key.slice("account ".length), head, { handled, acked, queue, sent: acked + queue.length });
				for (const text of queue) this.standby.add(["p", [session.id], text, 0]);
			});
		}
	}

	private open(name: string, token: string, state: Pick<Session, "acked" | "handled" | "queue" | "sent">): Session {
		this.ids++;
		const session: Session = { name, token, id: this.ids, is_busy: false, tell: undefined, waiting: [], ...state };
		this.sessions.set(name, session);
		this.standby.add(["o", session.id, account_of(name), token]);
		this.standby.add(["s", session.id, session.handled, session.acked]);
		return session;
	}

	/** A client logs in, and wants to go on with a session. */
	log_in(login: Login): void {
		// What is known here is wrong if the other node is right
		if (login.is_sent && this.ownership.owner_of(account_of(login.name)) !== "mine")
			this.ownership.forget(account_of(login.name));
		this.ownership.acquire(account_of(login.name)).ended((owner) => {
			if (!owner.ok) login.later();
			else if (owner.value !== "mine") login.elsewhere(owner.value);
			else this.serve(login);
		});
	}

	private serve(login: Login): void {
		const { name } = login;
		const there = this.sessions.get(name);
		// What still waits may count or not by then
		if (there?.token === login.token && there.is_busy) {
			login.later();
			return;
		}
		this.turns.act(
			() => {
				const known = this.sessions.get(name);
				if (known?.token !== login.token) {
					if (known !== undefined) this.standby.add(["c", known.id]);
					const begun = this.open(name, login.fresh, { handled: 0, acked: 0, queue: [], sent: 0 });
					this.turns.say(() => {
						begun.tell = login.tell;
						login.begun(begun);
					});
					return;
				}
				this.counts.resumed++;
				// It is said again by whoever does not know it to be handled
				known.waiting.length = 0;
				this.acknowledge(known, login.has);
				const own = [...known.queue];
				this.turns.say(() => {
					known.tell = login.tell;
					login.resumed(known, done(known), own);
				});
			},
			() => login.later(),
		);
	}

	private acknowledge(session: Session, has: number): void {
		if (has < session.acked) return;
		session.queue.splice(0, has - session.acked);
		session.acked = has;
		this.changed.add(session);
		this.standby.touch();
	}

	/** The client has so much of what was sent. */
	has(session: Session, count: number): void {
		if (this.is_here(session)) this.turns.act(() => this.acknowledge(session, count));
	}

	/** The server tells the client something. */
	tick(session: Session): void {
		if (!this.is_here(session)) return;
		this.turns.act(() => {
			session.sent++;
			const text = `${session.token} ${session.sent}`;
			session.queue.push(text);
			this.standby.add(["p", [session.id], text, 0]);
			this.turns.remember(() => {
				session.queue.splice(session.queue.indexOf(text), 1);
				session.sent--;
			});
			this.turns.say(() => session.tell?.({ kind: "tick", text }));
		});
	}

	/** The client says something. */
	say(session: Session, saying: Saying): void {
		if (!this.is_here(session)) return;
		session.waiting.push(saying);
		this.go_on(session);
	}

	private is_here(session: Session): boolean {
		return this.sessions.get(session.name) === session;
	}

	private go_on(session: Session): void {
		while (!session.is_busy && this.is_here(session)) {
			const saying = session.waiting.shift();
			if (saying === undefined) return;
			this.turns.act(
				() => this.handle(session, saying),
				() => this.around.refused(saying.text),
			);
		}
	}

	private handle(session: Session, saying: Saying): void {
		session.handled++;
		this.changed.add(session);
		this.standby.touch();
		const owner = this.ownership.owner_of(saying.room);
		if (owner !== undefined) {
			this.post(owner, { kind: "say", number: undefined, tries: 0, ...saying }, true);
			this.tell_count(session);
			return;
		}
		session.is_busy = true;
		const { me } = this.membership;
		this.ownership.acquire(saying.room).ended((found) => {
			this.turns.act(
				() => {
					session.is_busy = false;
					this.changed.add(session);
					this.standby.touch();
					// Another node has the session by now, and its client says it again there
					if (this.membership.me !== me) return;
					if (found.ok) this.post(found.value, { kind: "say", number: undefined, tries: 0, ...saying }, true);
					else this.around.refused(saying.text);
					this.tell_count(session);
				},
				() => this.around.refused(saying.text),
			);
			this.go_on(session);
		});
	}

	/** Whoever is told how much is handled may forget it: all of that has to be stored. */
	private tell_count(session: Session): void {
		const { handled } = session;
		this.turns.say(() => session.tell?.({ kind: "handled", h: handled }));
	}

	private post(owner: Life | "mine", item: Item & { kind: "say" }, is_own = false): void {
		if (owner !== "mine") this.send(owner, item, is_own || item.tries > 0);
		else {
			if (is_own) this.around.stored_here(item.text);
			this.store(item);
		}
	}

	/** Stores something in a room that is here. */
	private store({ room, text }: Saying): void {
		this.turns.store(async (me) => {
			if (this.ownership.owner_of(room) !== "mine") throw new Error("not any more");
			const said = await this.around.database.read(this.process, room);
			await this.around.database.commit(this.process, me, room, said.length, text);
		});
	}

	private send(to: Life, item: Item, counts: boolean): void {
		const number = counts ? this.spoken.next_number() : undefined;
		const own = item.kind === "say" ? { ...item, number } : item;
		const text = JSON.stringify(own);
		if (number !== undefined) {
			this.spoken.add(to, number, text);
			this.turns.remember(() => this.spoken.take_back(to, number));
		}
		this.turns.say(() => {
			if (!this.links.send(to, [Buffer.from(text)])) this.lost(own);
			else if (number !== undefined) this.spoken.sent(to, number);
		});
	}

	private take(from: Life, item: Item, stored: () => void): void {
		if (item.kind === "again") {
			const act = (): void => {
				const { number, room, text } = item.inner;
				const own = this.heard.take(item.of, number, stored);
				if (own !== undefined) this.handle_item({ kind: "say", number: undefined, tries: 0, room, text }, own);
			};
			if (this.heirs.has(life_text(item.of))) act();
			else this.early.push(() => this.take(from, item, stored));
			return;
		}
		const own = item.number === undefined ? stored : this.heard.take(from, item.number, stored);
		this.handle_item(item, own ?? stored);
	}

	private handle_item(item: Item & { kind: "say" }, stored: () => void): void {
		const refuse = (): void => {
			this.around.refused(item.text);
			stored();
		};
		const { me } = this.membership;
		if (this.ownership.owner_of(item.room) !== "mine") this.ownership.forget(item.room);
		this.ownership.acquire(item.room).ended((owner) => {
			if (!owner.ok || item.tries >= most_tries || this.membership.me !== me) {
				refuse();
				return;
			}
			this.turns.act(() => {
				this.post(owner.value, { ...item, tries: item.tries + 1 });
				this.turns.say(stored);
			}, refuse);
		});
	}

	private lost(item: Item): void {
		this.around.refused(item.kind === "again" ? item.inner.text : item.text);
	}

	/** Gives a room away. */
	hand_over(room: string, to: Life): void {
		void this.ownership.hand_over(room, to, async () => {
			await this.turns.done();
			await this.links.settled();
		});
	}

	get label(): string {
		const { me } = this.membership;
		return me === undefined ? this.name : life_text(me);
	}
}

function done({ handled, is_busy }: Session): number {
	return is_busy ? handled - 1 : handled;
}
