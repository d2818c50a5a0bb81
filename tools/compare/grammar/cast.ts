// No counterpart: part of `enjamb compare`.

import type { Player } from "../types.ts";

/** A player of random plays: always the same resource, so that full JIDs are the same on both servers. */
export interface CastMember extends Player {
	readonly resource: string;
	/** The nick that it usually takes. */
	readonly nick: string;
}

const password = "secret";

/**
 * Who plays. Romeo has two clients. The prince is an admin of the service, and so an owner of every room.
 *
 * No account has more than two clients: of three, Prosody takes the next main session of an occupant in the order of a Lua table,
 * which is chance.
 */
export const cast: readonly CastMember[] = [
	{ name: "Romeo", jid: "romeo@localhost", resource: "orchard", nick: "Romeo", password },
	{ name: "RomeoPhone", jid: "romeo@localhost", resource: "phone", nick: "Romeo", password },
	{ name: "Juliet", jid: "juliet@localhost", resource: "balcony", nick: "Juliet", password },
	{ name: "Mercutio", jid: "mercutio@localhost", resource: "street", nick: "Mercutio", password },
	{ name: "Nurse", jid: "nurse@localhost", resource: "chamber", nick: "Nurse", password },
	{ name: "Prince", jid: "admin@localhost", resource: "palace", nick: "Prince", password },
];

/** Accounts that never come. */
export const strangers: readonly string[] = ["tybalt@localhost", "paris@verona.example", "verona.example"];
