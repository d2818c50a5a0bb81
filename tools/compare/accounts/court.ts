// No counterpart: part of `enjamb compare`. An account that is made, gets other passwords, and is deleted (XEP-0077).

import { ns } from "../../../host/util/ns.ts";
import { type Action, action } from "../grammar/action.ts";
import type { Scene } from "../grammar/scene.ts";
import type { Session } from "../grammar/stage.ts";
import { type Markup, xml } from "../grammar/xml.ts";
import type { PlayStep } from "../types.ts";
import { is_registered_here } from "./people.ts";
import { own_iq } from "./presence.ts";

/** What the account probably is; a deleted one leaves a tombstone. */
interface Account {
	is_there: boolean;
	password: string;
}

const accounts = new WeakMap<Scene, Account>();

function account_of(scene: Scene): Account {
	const known = accounts.get(scene) ?? { is_there: false, password: "secret" };
	accounts.set(scene, known);
	return known;
}

function sole_member(scene: Scene): Session | undefined {
	return scene.sessions.find(({ member }) => is_registered_here(member));
}

/** While nobody is logged in. */
function before_login(
	label: string,
	weight: number,
	act: (scene: Scene, session: Session, account: Account) => PlayStep | undefined,
): Action {
	return action(label, weight, (scene) => {
		const session = sole_member(scene);
		return session === undefined || session.online ? undefined : act(scene, session, account_of(scene));
	});
}

/** Once logged in. */
function registered(label: string, weight: number, act: (scene: Scene, account: Account, session: Session) => Markup): Action {
	return action(label, weight, (scene, own) => {
		const session = sole_member(scene);
		return session?.online ? scene.send(session, act(scene, account_of(scene), session), own) : undefined;
	});
}

function query(scene: Scene, content: Markup, type: "get" | "set" = "set"): Markup {
	return own_iq(scene, type, xml`<query xmlns='${ns.register}'>${content}</query>`);
}

/** The account is made before anything is sent to it: Prosody keeps requests for subscriptions also for accounts that there are not. */
export function open_court(scene: Scene): PlayStep[] {
	const account = account_of(scene);
	account.is_there = true;
	return scene.sessions
		.filter(({ member }) => is_registered_here(member))
		.map(({ member }) => ({ kind: "register", player: member.name, password: account.password }));
}

export const court_actions: readonly Action[] = [
	// Not once it is deleted: Prosody takes it for free then
	before_login("register", 2, (scene, { member }, { is_there }) =>
		is_there ? { kind: "register", player: member.name, password: scene.dice.pick(["secret", ""]) } : undefined,
	),
	before_login("connect", 25, (scene, session, account) => {
		const password = scene.dice.odds(85) ? account.password : "wrong";
		session.online = account.is_there && password === account.password;
		return { kind: "connect", player: session.member.name, password };
	}),
	registered("registration form", 1, (scene) => query(scene, xml``, "get")),
	registered("change the password", 3, (scene, account, { member }) => {
		account.password = scene.dice.pick(["secret", "another", "a third"]);
		const username = member.jid.slice(0, member.jid.indexOf("@"));
		return query(scene, xml`<username>${username}</username><password>${account.password}</password>`);
	}),
	registered("change the password, badly", 2, (scene) =>
		query(
			scene,
			scene.dice.pick([
				xml`<username>romeo</username><password>mine now</password>`,
				xml`<username>rosaline</username>`,
				xml`<password>another</password>`,
				xml``,
			]),
		),
	),
	registered("delete the account", 1, (scene, account, session) => {
		account.is_there = false;
		session.online = false;
		session.priority = undefined;
		return query(scene, xml`<remove/>`);
	}),
];
