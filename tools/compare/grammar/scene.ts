// No counterpart: part of `enjamb compare`.

import type { PlayStep } from "../types.ts";
import { type CastMember, cast } from "./cast.ts";
import { Dice } from "./dice.ts";
import { lines } from "./names.ts";
import { type Affiliation, Room, type Session } from "./stage.ts";
import type { Markup } from "./xml.ts";

/** Someone in a room. */
export interface Insider {
	readonly session: Session;
	readonly room: Room;
	readonly nick: string;
}

/** The domain that rooms are on. */
export const service = "conference.localhost";

/** How often the sensible choice is taken where there is one, out of a hundred. */
const sense = 88;

/**
 * The state of a random play, as far as it can be told without a server: who probably is where, and as what. It only makes plays
 * interesting; a server that behaves differently gets the same play.
 */
export class Scene {
	readonly dice: Dice;
	readonly sessions: readonly Session[];
	readonly rooms: readonly Room[];
	/** Names of captured archive ids, with their rooms. */
	readonly archived: { readonly room: Room; readonly variable: string }[] = [];
	/** What makes the names of rooms different in each play. */
	readonly suffix: string;
	private ids = 0;
	private calm_rooms = 0;

	constructor(seed: number, number: number, members: readonly CastMember[] = cast) {
		this.dice = new Dice(seed, number);
		this.suffix = `.${seed}.${number}`;
		this.sessions = members.map((member) => ({
			member,
			full_jid: `${member.jid}/${member.resource}`,
			online: false,
			priority: undefined,
			directed: new Map(),
			has_strange_directions: false,
		}));
		this.rooms = ["garden", "hall", "tomb"].map((name) => new Room(`${name}${this.suffix}@${service}`));
	}

	/** An id that no other stanza of the play has. */
	id(): string {
		this.ids++;
		return `play-${this.ids}`;
	}

	/** A line to say that was not said before. */
	line(): string {
		this.ids++;
		return `${this.dice.pick(lines)} (${this.ids})`;
	}

	/** The JID of a room that nobody was in yet, where only what a calm scene says happens. */
	calm_room(): string {
		this.calm_rooms++;
		return `court${this.calm_rooms}${this.suffix}@${service}`;
	}

	/** The step in which a client sends something. */
	send(session: Session, markup: Markup, label: string): PlayStep {
		return { kind: "send", player: session.member.name, xml: markup.text, label };
	}

	/** The step in which values are taken out of what a client got. */
	capture(session: Session, markup: Markup): PlayStep {
		return { kind: "capture", player: session.member.name, xml: markup.text };
	}

	/** Mostly one of the first, at times one of the others. */
	likely<Item>(sensible: readonly Item[], all: readonly Item[]): Item | undefined {
		return this.dice.maybe(sensible.length > 0 && this.dice.odds(sense) ? sensible : all);
	}

	/** Clients that are connected. */
	get online(): Session[] {
		return this.sessions.filter((session) => session.online);
	}

	/** Any client that is connected. */
	anyone(): Session | undefined {
		return this.dice.maybe(this.online);
	}

	/** A room: mostly one that there is. */
	any_room(): Room {
		const existing = this.rooms.filter((room) => room.state === "open" || room.state === "locked");
		return this.dice.pick(existing.length > 0 && this.dice.odds(95) ? existing : this.rooms);
	}

	/** Whether hardly anyone is in any room, so that little can happen. */
	get is_dull(): boolean {
		return this.insiders().length < 3;
	}

	/** Everyone who is in a room. */
	insiders(accepts: (insider: Insider) => boolean = () => true): Insider[] {
		const found: Insider[] = [];
		for (const room of this.rooms) {
			for (const [session, nick] of room.nicks) {
				const insider = { session, room, nick };
				if (session.online && accepts(insider)) found.push(insider);
			}
		}
		return found;
	}

	/** Someone in a room. */
	insider(accepts?: (insider: Insider) => boolean): Insider | undefined {
		return this.dice.maybe(this.insiders(accepts));
	}

	/** Someone who is not in a room that there is. */
	outsider(): { session: Session; room: Room } | undefined {
		const room = this.any_room();
		const session = this.dice.maybe(this.online.filter((candidate) => !room.nicks.has(candidate)));
		return session && { session, room };
	}

	/** Mostly someone with one of these affiliations, in or out of the room; at times anyone. */
	affiliated(room: Room, affiliations: readonly Affiliation[]): Session | undefined {
		const fit = this.online.filter((session) => affiliations.includes(room.affiliation(session.member.jid)));
		return this.likely(fit, this.online);
	}

	/** Mostly a moderator of the room; at times anyone. */
	moderator(room: Room): Session | undefined {
		const fit = this.online.filter((session) => room.role(session) === "moderator");
		return this.likely(fit, this.online);
	}

	/** Mostly somebody else's nick in the room. */
	other_nick(room: Room, session: Session): string {
		const others = [...room.nicks].filter(([other]) => other !== session).map(([, nick]) => nick);
		return (
			this.likely(
				others,
				this.sessions.map((other) => other.member.nick),
			) ?? session.member.nick
		);
	}

	/**
	 * A JID that a message can be sent to: of a client that is connected, bare only where that has sent presence. Messages to others
	 * would be kept and come in a later play.
	 */
	reachable_jid(): string | undefined {
		const target = this.anyone();
		if (!target) return undefined;
		const at_home = this.sessions.filter((session) => session.member.jid === target.member.jid && session.online);
		const is_available = at_home.some((session) => session.priority !== undefined && session.priority >= 0);
		return is_available && this.dice.odds(60) ? target.member.jid : target.full_jid;
	}
}
