// No counterpart: part of `enjamb compare`. Streams that come and go (XEP-0198), and clients that nobody looks at (XEP-0352).

import { ns } from "../../../host/util/ns.ts";
import { type Action, action, sequence } from "../grammar/action.ts";
import type { Scene } from "../grammar/scene.ts";
import { sessions } from "../grammar/sessions.ts";
import type { Session } from "../grammar/stage.ts";
import { type Markup, xml } from "../grammar/xml.ts";
import type { PlayStep } from "../types.ts";
import { is_registered_here } from "./people.ts";
import { by_anyone } from "./presence.ts";

const goodbyes = sessions.filter(({ label }) => label === "disconnect" || label === "vanish");

function offline(scene: Scene): Session | undefined {
	return scene.dice.maybe(scene.sessions.filter((session) => !session.online && !is_registered_here(session.member)));
}

/** Somebody logs in and takes up the stream that was cut, or another one. */
function resume(session: Session, surplus: number, stream = session.member.name): PlayStep {
	session.online = true;
	return { kind: "resume", player: session.member.name, stream, surplus };
}

function enable(scene: Scene, session: Session, label: string): PlayStep {
	return scene.send(session, xml`<enable xmlns='${ns.sm3}' resume='true'/>`, label);
}

/** What others say to somebody: some of it may wait for a client that nobody looks at. */
const news: readonly ((scene: Scene, to: string) => Markup)[] = [
	(scene, to) => xml`<message type='chat' to='${to}' id='${scene.id()}'><body>${scene.line()}</body></message>`,
	(scene, to) => xml`<message type='chat' to='${to}' id='${scene.id()}'><composing xmlns='${ns.chat_states}'/></message>`,
	(scene, to) => xml`<message type='headline' to='${to}' id='${scene.id()}'><body>${scene.line()}</body></message>`,
	(scene, to) => xml`<message to='${to}' id='${scene.id()}'><subject>${scene.line()}</subject></message>`,
	(scene, to) => xml`<message to='${to}' id='${scene.id()}'><received xmlns='${ns.receipts}' id='1'/></message>`,
	(scene, to) => xml`<presence to='${to}' id='${scene.id()}'><status>${scene.line()}</status></presence>`,
	(scene, to) => xml`<presence to='${to}' type='unavailable' id='${scene.id()}'/>`,
	// To the account: a request to a client is kept otherwise by Prosody
	(scene, to) => xml`<presence to='${to.replace(/\/.*/, "")}' type='subscribe' id='${scene.id()}'/>`,
	(scene, to) => xml`<iq type='get' to='${to}' id='${scene.id()}'><query xmlns='${ns.version}'/></iq>`,
];

/** A few others say something to a client. */
function told(scene: Scene, session: Session, label: string): PlayStep[] {
	const others = scene.online.filter(({ member }) => member.jid !== session.member.jid);
	if (others.length === 0) return [];
	return Array.from({ length: 1 + scene.dice.below(4) }, () =>
		scene.send(scene.dice.pick(others), scene.dice.pick(news)(scene, session.full_jid), label),
	);
}

const said = "said to who is cut off";
const unseen = "said to who is not looking";

export const stream_actions: readonly Action[] = [
	...goodbyes,
	action("connect", 60, (scene) => {
		const session = offline(scene);
		if (!session) return undefined;
		session.online = true;
		return { kind: "connect", player: session.member.name };
	}),
	action("enable stream management", 14, (scene, label) => {
		const session = scene.anyone();
		return session && enable(scene, session, label);
	}),
	by_anyone("enable without resumption", 1, () => xml`<enable xmlns='${ns.sm3}'/>`),
	by_anyone("ask how much was handled", 6, () => xml`<r xmlns='${ns.sm3}'/>`),
	by_anyone("resume after logging in", 1, () => xml`<resume xmlns='${ns.sm3}' previd='unknown' h='0'/>`),
	sequence(["enable and be cut off", said], 10, (scene, label) => {
		const session = scene.anyone();
		if (!session || scene.online.length < 4) return undefined;
		const steps: PlayStep[] = [enable(scene, session, label), { kind: "vanish", player: session.member.name }];
		session.online = false;
		steps.push(...told(scene, session, said));
		if (scene.dice.odds(70)) steps.push(resume(session, scene.dice.odds(70) ? 0 : -1 - scene.dice.below(3)));
		return steps;
	}),
	action("resume", 10, (scene) => {
		const session = offline(scene);
		return session && resume(session, scene.dice.odds(75) ? 0 : -2);
	}),
	action("resume", 1, (scene) => {
		const session = offline(scene);
		return session && resume(session, 0, scene.dice.pick(scene.sessions).member.name);
	}),
	action("resume", 2, (scene) => {
		const session = scene.anyone();
		return session && !is_registered_here(session.member) ? resume(session, 0) : undefined;
	}),
	sequence(["nobody looks at a client", unseen, "somebody looks at it again"], 9, (scene, label) => {
		const session = scene.anyone();
		if (!session) return undefined;
		return [
			scene.send(session, xml`<inactive xmlns='${ns.csi}'/>`, label),
			...told(scene, session, unseen),
			scene.send(session, xml`<active xmlns='${ns.csi}'/>`, "somebody looks at it again"),
		];
	}),
];
