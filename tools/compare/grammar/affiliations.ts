// No counterpart: part of `enjamb compare`.

import { ns } from "../../../host/util/ns.ts";
import type { PlayStep } from "../types.ts";
import { type Action, action } from "./action.ts";
import { strangers } from "./cast.ts";
import { invalid_jids, odd_nicks, seat } from "./names.ts";
import type { Scene } from "./scene.ts";
import { type Affiliation, affiliations, type Role, type Room, roles, type Session } from "./stage.ts";
import { attribute, type Markup, xml } from "./xml.ts";

function admin_query(type: "get" | "set", scene: Scene, room: Room, items: Markup): Markup {
	return xml`<iq type='${type}' to='${room.jid}' id='${scene.id()}'><query xmlns='${ns.muc_admin}'>${items}</query></iq>`;
}

function reason(scene: Scene): Markup {
	return scene.dice.odds(40) ? xml`<reason>${scene.line()}</reason>` : xml``;
}

/** A change, mostly by an owner or admin of a room. */
function changes(
	label: string,
	weight: number,
	items: (scene: Scene, room: Room, session: Session) => Markup | undefined,
): Action {
	return action(label, weight, (scene, own) => {
		const room = scene.any_room();
		const session = scene.affiliated(room, ["owner", "admin"]);
		const wanted = session && items(scene, room, session);
		return wanted && scene.send(session, admin_query("set", scene, room, wanted), own);
	});
}

/** Mostly an account that plays. */
function account(scene: Scene): string {
	return scene.dice.odds(85) ? scene.dice.pick(scene.sessions).member.jid : scene.dice.pick(strangers);
}

function may_change(room: Room, session: Session, affiliation: Affiliation): boolean {
	const own = room.affiliation(session.member.jid);
	return own === "owner" || (own === "admin" && affiliation !== "owner" && affiliation !== "admin");
}

/**
 * Whether Prosody handles a change wrongly, so that the rooms differ afterwards: there, owners can ban themselves, and the nick of
 * somebody who is banned stays reserved.
 */
function parts_ways(room: Room, session: Session, jid: string, affiliation: Affiliation): boolean {
	return affiliation === "outcast" && (jid === session.member.jid || room.reserved.has(jid));
}

/** How often each is given: bans rarely, since plays go on with those who are left. */
const affiliation_weights: Readonly<Record<Affiliation, number>> = { owner: 8, admin: 10, member: 18, none: 18, outcast: 7 };

const affiliation_changes: readonly Action[] = affiliations.map((affiliation) =>
	changes(`make ${affiliation} by JID`, affiliation_weights[affiliation], (scene, room, session) => {
		const jid = account(scene);
		if (parts_ways(room, session, jid, affiliation)) return undefined;
		if (may_change(room, session, affiliation)) room.give_affiliation(jid, affiliation);
		return xml`<item affiliation='${affiliation}' jid='${jid}'>${reason(scene)}</item>`;
	}),
);

// No bans, with which Prosody reserves the nick as well
const changes_by_nick: readonly Action[] = affiliations
	.filter((affiliation) => affiliation !== "outcast")
	.map((affiliation) =>
		changes(`make ${affiliation} by nick`, Math.ceil(affiliation_weights[affiliation] / 4), (scene, room, session) => {
			const nick = scene.other_nick(room, session);
			const target = [...room.nicks].find(([, taken]) => taken === nick)?.[0];
			// Only by somebody who may do it: this reserves the nick, too, and Prosody 13 keeps that even where it refuses the
			// change.
			if (!may_change(room, session, affiliation)) return undefined;
			if (target && ["owner", "admin"].includes(room.affiliation(target.member.jid))) return undefined;
			if (target) room.give_affiliation(target.member.jid, affiliation);
			return xml`<item affiliation='${affiliation}' nick='${nick}'>${reason(scene)}</item>`;
		}),
	);

const role_changes: readonly Action[] = roles.flatMap((role) => [
	action(`make ${role}`, role === "none" ? 8 : 12, (scene, label) => {
		const insider = scene.insider();
		if (!insider) return undefined;
		const { room, nick } = insider;
		const session = scene.moderator(room);
		if (!session) return undefined;
		if (room.role(session) === "moderator") room.give_role(nick, role);
		return scene.send(
			session,
			admin_query("set", scene, room, xml`<item role='${role}' nick='${nick}'>${reason(scene)}</item>`),
			label,
		);
	}),
]);

const odd_changes: readonly Action[] = [
	// Only by somebody who may do it: Prosody 13 keeps the nick even where it refuses the change.
	changes("make member and reserve a nick", 6, (scene, room, session) => {
		const jid = account(scene);
		if (!may_change(room, session, "member") || ["owner", "admin"].includes(room.affiliation(jid))) return undefined;
		const nick = seat(jid);
		room.give_affiliation(jid, "member");
		room.reserved.set(jid, nick);
		return xml`<item affiliation='member' jid='${jid}' nick='${nick}'/>`;
	}),
	changes("change one's own affiliation", 5, (scene, room, session) => {
		const affiliation = scene.dice.pick(affiliations);
		const { jid } = session.member;
		if (parts_ways(room, session, jid, affiliation)) return undefined;
		const is_last = [...room.affiliations].every(([other, its]) => its !== "owner" || other === jid);
		if (may_change(room, session, affiliation) && !is_last) room.give_affiliation(jid, affiliation);
		return xml`<item affiliation='${affiliation}' jid='${jid}'/>`;
	}),
	changes("ban a domain", 2, (scene, room, session) => {
		// Prosody also removes those who have an affiliation of their own
		const others = [...room.nicks.keys()].every(({ member }) => room.affiliation(member.jid) === "none");
		const jid = scene.dice.pick(["verona.example", "verona.example", others ? "localhost" : "verona.example"]);
		if (may_change(room, session, "outcast")) room.give_affiliation(jid, "outcast");
		return xml`<item affiliation='outcast' jid='${jid}'>${reason(scene)}</item>`;
	}),
	changes("lift the ban of a domain", 40, (_, room, session) => {
		const jid = ["verona.example", "localhost"].find((domain) => room.affiliations.get(domain) === "outcast");
		if (jid === undefined) return undefined;
		if (may_change(room, session, "none")) room.give_affiliation(jid, "none");
		return xml`<item affiliation='none' jid='${jid}'/>`;
	}),
	changes("make a domain member", 1, () => xml`<item affiliation='member' jid='verona.example'/>`),
	changes("affiliation that is none", 3, (scene) =>
		attribute_item("affiliation", scene.dice.pick(["king", "Owner", ""]), account(scene)),
	),
	changes("role that is none", 3, (scene, room, session) => {
		const role = scene.dice.pick(["king", "Visitor", ""]);
		return xml`<item role='${role}' nick='${scene.other_nick(room, session)}'/>`;
	}),
	changes("role by JID", 3, (scene) => xml`<item role='${scene.dice.pick(roles)}' jid='${account(scene)}'/>`),
	changes("role of a nick that is absent", 3, (scene) => xml`<item role='${scene.dice.pick(roles)}' nick='Nobody'/>`),
	changes(
		"affiliation of a nick that is absent",
		2,
		(scene) => xml`<item affiliation='${scene.dice.pick(affiliations)}' nick='Nobody'/>`,
	),
	// Not by a full JID, which Prosody refuses
	...invalid_jids.map(({ kind, name }) =>
		changes(`affiliation by a JID with ${kind}`, 1, () => xml`<item affiliation='member' jid='${name}'/>`),
	),
	changes("affiliation by JID in upper case", 2, (scene, room, session) => {
		const jid = scene.dice.pick(scene.sessions).member.jid;
		if (may_change(room, session, "member")) room.give_affiliation(jid, "member");
		return xml`<item affiliation='member' jid='${jid.toUpperCase()}'/>`;
	}),
	changes("role by an odd nick", 3, (scene) => xml`<item role='participant' nick='${scene.dice.pick(odd_nicks).name}'/>`),
	changes("affiliation and reserve an odd nick", 2, (scene, room, session) => {
		if (!may_change(room, session, "member")) return undefined;
		const { name } = scene.dice.pick(odd_nicks);
		const jid = "tybalt@localhost";
		return xml`<item affiliation='member' jid='${jid}' nick='${seat(jid)} ${name}'/>`;
	}),
	changes("affiliation and role at once", 2, (scene) => xml`<item affiliation='member' role='visitor' jid='${account(scene)}'/>`),
	changes("item with nothing", 2, () => xml`<item/>`),
	// Not several items, of which Prosody only takes the first
	changes("item of another name", 1, () => xml`<subject affiliation='member' jid='tybalt@localhost'/>`),
	changes("no item", 2, () => xml``),
];

function attribute_item(name: string, value: string, jid: string): Markup {
	return xml`<item${attribute(name, value)} jid='${jid}'/>`;
}

function by_someone_else(label: string, weight: number, items: (scene: Scene, room: Room, session: Session) => Markup): Action {
	return action(label, weight, (scene, own) => {
		const room = scene.any_room();
		const others = scene.online.filter((session) => !["owner", "admin"].includes(room.affiliation(session.member.jid)));
		const session = scene.dice.maybe(others);
		return session && scene.send(session, admin_query("set", scene, room, items(scene, room, session)), own);
	});
}

function asks(label: string, weight: number, item: (scene: Scene) => Markup): Action {
	return action(label, weight, (scene, own): PlayStep | undefined => {
		const room = scene.any_room();
		// Everybody may ask; mostly those do who get an answer.
		const session = scene.dice.odds(60) ? scene.affiliated(room, ["owner", "admin"]) : scene.anyone();
		return session && scene.send(session, admin_query("get", scene, room, item(scene)), own);
	});
}

const role_names: readonly Role[] = roles;

/** Affiliations and roles in a room are changed and listed. */
export const affiliation_actions: readonly Action[] = [
	...affiliation_changes,
	...changes_by_nick,
	...role_changes,
	...odd_changes,
	by_someone_else("affiliation by someone else", 6, (scene) =>
		attribute_item("affiliation", scene.dice.pick(affiliations), account(scene)),
	),
	by_someone_else("role by someone else", 6, (scene, room, session) => {
		const nick = scene.other_nick(room, session);
		return xml`<item role='${scene.dice.pick(roles)}' nick='${nick}'/>`;
	}),
	...affiliations.map((affiliation) =>
		asks(`list of affiliation ${affiliation}`, 5, () => xml`<item affiliation='${affiliation}'/>`),
	),
	...role_names.map((role) => asks(`list of role ${role}`, 4, () => xml`<item role='${role}'/>`)),
	asks("list of no affiliation or role", 3, (scene) =>
		scene.dice.pick([
			xml`<item affiliation='king'/>`,
			xml`<item role='king'/>`,
			xml`<item affiliation='owner' role='moderator'/>`,
			xml`<item/>`,
		]),
	),
	asks("several lists", 2, () => xml`<item affiliation='owner'/><item affiliation='member'/>`),
	// A query for lists without any item is not among these: Prosody fails on it with a Lua error, and nothing is answered.
];
