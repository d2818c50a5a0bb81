// No counterpart: how to know who said something in a room where nobody sees real addresses.

import type { ModuleApi, Stanza } from "../../host/core/types.ts";
import { bare, resource } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import type { Room } from "../types.ts";

/** What a room, or what is left of one, knows of a person. */
export interface Traces {
	/** Bare JID. */
	readonly jid: string;
	/** The id of XEP-0421 that stands in the room's messages. */
	readonly occupant_id: string | undefined;
	/** Nicks that were the person's alone. */
	readonly own_nicks: ReadonlySet<string>;
}

/** The traces of a person in a room. `nicks` are those that an administrator knows to be the person's. */
export function traces_in(room: Room | undefined, jid: string, nicks: readonly string[]): Traces {
	const reserved = room?.get_registered_nick(jid);
	const own_nicks = new Set(reserved === undefined ? nicks : [...nicks, reserved]);
	return { jid, occupant_id: room?.get_occupant_id(room.new_occupant(jid, `${room.jid}/`)), own_nicks };
}

/**
 * Whether a person has said this. Where the room shows addresses, they stand in the message; where it does not, the occupant id does;
 * what has neither is from a time without ids, and counts where the nick was the person's alone.
 */
export function is_by(message: Stanza, { jid, occupant_id, own_nicks }: Traces): boolean {
	const shown = message.get_child("x", ns.muc_user)?.get_child("item")?.attr["jid"];
	if (shown !== undefined) return bare(shown) === jid;
	const id = message.get_child_attr("occupant-id", ns.occupant_id, "id");
	if (id !== undefined) return id === occupant_id;
	return own_nicks.has(resource(message.attr["from"]) ?? "");
}

/** A person was erased from a room; modules that keep something by address in stores of their own may forget it. */
export interface PersonErasedEvent {
	readonly room: Room;
	/** Bare JID. */
	readonly jid: string;
}

declare module "../../host/core/types.ts" {
	interface EventMap {
		"muc-person-erased": PersonErasedEvent;
	}
}

/** Tells modules. */
export function tell_erased(module: ModuleApi, event: PersonErasedEvent): void {
	module.fire_event("muc-person-erased", event);
}
