// No counterpart: part of `enjamb compare`. Contact lists, subscriptions and presence (RFC 6121 §2 to §4).

import { ns } from "../../../host/util/ns.ts";
import { type Action, action } from "../grammar/action.ts";
import type { Scene } from "../grammar/scene.ts";
import { become_available } from "../grammar/sessions.ts";
import type { Session } from "../grammar/stage.ts";
import { attribute, type Markup, xml } from "../grammar/xml.ts";
import type { PlayStep } from "../types.ts";
import { contact, other_account, other_jid } from "./people.ts";

/** Somebody who is connected does something. */
export function by_anyone(label: string, weight: number, act: (scene: Scene, session: Session) => Markup): Action {
	return action(label, weight, (scene, own) => {
		const session = scene.anyone();
		return session && scene.send(session, act(scene, session), own);
	});
}

/** A query to one's own account. */
export function own_iq(scene: Scene, type: "get" | "set", content: Markup, to?: string): Markup {
	return xml`<iq type='${type}'${attribute("to", to)} id='${scene.id()}'>${content}</iq>`;
}

function roster_item(scene: Scene, session: Session): Markup {
	const name = scene.dice.odds(50) ? scene.dice.pick(["The sun", "", "A & B <C>"]) : undefined;
	const groups = scene.dice.some(["Friends", "Capulet", "Friends", ""], 0).slice(0, 1);
	return xml`<item jid='${contact(scene, session)}'${attribute("name", name)}>${groups.map((group) => xml`<group>${group}</group>`)}</item>`;
}

function roster_set(scene: Scene, items: Markup): Markup {
	return own_iq(scene, "set", xml`<query xmlns='${ns.roster}'>${items}</query>`);
}

function subscription(type: string, weight: number): Action {
	return by_anyone(
		`${type} to a contact`,
		weight,
		(scene, session) => xml`<presence type='${type}' to='${other_account(scene, session)}' id='${scene.id()}'/>`,
	);
}

/** What clients say of themselves, with and without the elements that other modules look at. */
function says(scene: Scene): Markup {
	return scene.dice.pick([
		xml``,
		xml`<show>away</show><status>${scene.line()}</status>`,
		xml`<x xmlns='${ns.vcard_update}'/>`,
		xml`<x xmlns='${ns.vcard_update}'><photo>abc</photo></x>`,
		xml`<priority>${scene.dice.pick(["1", "-1", "200", "many"])}</priority>`,
	]);
}

/** A client goes and comes again. */
function unavailable(scene: Scene, label: string): PlayStep | undefined {
	const session = scene.anyone();
	if (!session) return undefined;
	session.priority = undefined;
	return scene.send(session, xml`<presence type='unavailable' id='${scene.id()}'><status>Gone</status></presence>`, label);
}

export const presence_actions: readonly Action[] = [
	action("presence to the own server", 14, (scene, label) => {
		const session = scene.anyone();
		return session && become_available(scene, session, scene.dice.pick([0, 0, 1, -1]), label);
	}),
	by_anyone("presence with details", 6, (scene) => xml`<presence id='${scene.id()}'>${says(scene)}</presence>`),
	action("unavailable to the own server", 5, unavailable),
	by_anyone(
		"directed presence",
		5,
		(scene, session) =>
			xml`<presence to='${other_jid(scene, session)}' id='${scene.id()}'${attribute("type", scene.dice.odds(50) ? undefined : "unavailable")}/>`,
	),
	subscription("subscribe", 14),
	subscription("subscribed", 16),
	subscription("unsubscribe", 5),
	subscription("unsubscribed", 5),
	subscription("probe", 3),
	by_anyone("roster", 10, (scene) =>
		own_iq(
			scene,
			"get",
			xml`<query xmlns='${ns.roster}'${attribute("ver", scene.dice.odds(40) ? undefined : scene.dice.pick(["", "1", "2"]))}/>`,
		),
	),
	by_anyone("add or change a contact", 10, (scene, session) => roster_set(scene, roster_item(scene, session))),
	by_anyone("remove a contact", 4, (scene, session) =>
		roster_set(scene, xml`<item jid='${contact(scene, session)}' subscription='remove'/>`),
	),
	by_anyone("roster query that is none", 2, (scene, session) =>
		roster_set(
			scene,
			scene.dice.pick([xml``, xml`<item/>`, xml`${roster_item(scene, session)}${roster_item(scene, session)}`, xml`<other/>`]),
		),
	),
];
