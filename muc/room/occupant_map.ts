// No counterpart: Prosody goes through all occupants for each message.

import { Audience } from "../../host/util/audience.ts";

/** What is known of an occupant here: the real full JIDs behind it. */
interface WithSessions {
	readonly sessions: ReadonlyMap<string, unknown>;
}

/** A room's occupants by their occupant JIDs. An occupant in it is replaced where it changes. */
export class OccupantMap<Occupant extends WithSessions> extends Map<string, Occupant> {
	private known: Audience | undefined;
	private is_shown = false;

	override set(nick: string, occupant: Occupant): this {
		this.known = undefined;
		return super.set(nick, occupant);
	}

	override delete(nick: string): boolean {
		this.known = undefined;
		return super.delete(nick);
	}

	override clear(): void {
		this.known = undefined;
		super.clear();
	}

	/** From now on somebody has it who may change the occupants in it without a word. */
	show(): void {
		this.is_shown = true;
	}

	/** The sessions of all occupants: the same one until an occupant changes. */
	get audience(): Audience {
		if (this.known === undefined || this.is_shown) {
			const jids: string[] = [];
			for (const { sessions } of this.values()) for (const jid of sessions.keys()) jids.push(jid);
			this.known = new Audience(jids, this);
		}
		return this.known;
	}
}
