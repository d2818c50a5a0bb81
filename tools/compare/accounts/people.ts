// No counterpart: part of `enjamb compare`. Who plays with their accounts, and whom they deal with.

import type { CastMember } from "../grammar/cast.ts";
import type { Scene } from "../grammar/scene.ts";
import type { Session } from "../grammar/stage.ts";

const password = "secret";

/** The host whose accounts have to be registered; on the other one anybody may log in. */
const court = "court.localhost";

/** Romeo has two clients, and so has Juliet. Rosaline has an account only while it is registered. */
export const account_cast: readonly CastMember[] = [
	{ name: "Romeo", jid: "romeo@localhost", resource: "orchard", nick: "Romeo", password },
	{ name: "RomeoPhone", jid: "romeo@localhost", resource: "phone", nick: "Romeo", password },
	{ name: "Juliet", jid: "juliet@localhost", resource: "balcony", nick: "Juliet", password },
	{ name: "JulietPhone", jid: "juliet@localhost", resource: "phone", nick: "Juliet", password },
	{ name: "Mercutio", jid: "mercutio@localhost", resource: "street", nick: "Mercutio", password },
	{ name: "Rosaline", jid: `rosaline@${court}`, resource: "garden", nick: "Rosaline", password },
];

/** Whether somebody's account has to be registered. */
export function is_registered_here({ jid }: CastMember): boolean {
	return jid.endsWith(`@${court}`);
}

/** JIDs that are none. */
const malformed: readonly string[] = ["@", "juliet@", "@localhost", "juliet@localhost/", "ju liet@localhost", ""];

/** Somebody else's account. */
export function other_account(scene: Scene, session: Session): string {
	const others = new Set(scene.sessions.map(({ member }) => member.jid));
	others.delete(session.member.jid);
	return scene.dice.pick([...others]);
}

/** A client of somebody else that is connected, or the account. */
export function other_jid(scene: Scene, session: Session): string {
	const others = scene.online.filter(({ member }) => member.jid !== session.member.jid);
	const other = scene.dice.maybe(others);
	return other !== undefined && scene.dice.odds(50) ? other.full_jid : other_account(scene, session);
}

/** Mostly somebody else's account; at times another domain, oneself, or nobody. */
export function contact(scene: Scene, session: Session): string {
	if (scene.dice.odds(85)) return other_account(scene, session);
	return scene.dice.pick([session.member.jid, "localhost", "JULIET@localhost", ...malformed]);
}

/** A JID to block: an account, a client, a domain, or nothing that is one. */
export function blockable(scene: Scene, session: Session): string {
	if (scene.dice.odds(70)) return other_account(scene, session);
	return scene.dice.pick([
		other_jid(scene, session),
		"verona.example",
		"Tybalt@Verona.example/street",
		court,
		"localhost",
		"halls.localhost",
		"lobby@halls.localhost/Juliet",
		session.member.jid,
		...malformed,
	]);
}
