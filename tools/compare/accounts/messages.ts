// No counterpart: part of `enjamb compare`. Messages between accounts, their copies and their archives.

import { ns } from "../../../host/util/ns.ts";
import { type Action, action } from "../grammar/action.ts";
import { field } from "../grammar/configuration.ts";
import type { Scene } from "../grammar/scene.ts";
import type { Session } from "../grammar/stage.ts";
import { attribute, type Markup, xml } from "../grammar/xml.ts";
import { other_account, other_jid } from "./people.ts";
import { by_anyone, own_iq } from "./presence.ts";

const types: readonly (string | undefined)[] = ["chat", "chat", "chat", undefined, "normal", "headline", "odd"];

/** What stands in a message beside or instead of a text. */
const contents: readonly ((scene: Scene, session: Session) => Markup)[] = [
	(scene) => xml`<body>${scene.line()}</body>`,
	(scene) => xml`<body>${scene.line()}</body>`,
	(scene) => xml`<body>${scene.line()}</body><active xmlns='${ns.chat_states}'/>`,
	() => xml`<composing xmlns='${ns.chat_states}'/>`,
	(scene) => xml`<subject>${scene.line()}</subject>`,
	() => xml`<received xmlns='${ns.receipts}' id='1'/>`,
	() => xml`<displayed xmlns='${ns.chat_markers}' id='1'/>`,
	() => xml`<encryption xmlns='${ns.eme}' namespace='urn:example:secret'/>`,
	(scene) => xml`<body>${scene.line()}</body><no-store xmlns='${ns.hints}'/>`,
	(scene) => xml`<body>${scene.line()}</body><no-permanent-store xmlns='${ns.hints}'/>`,
	(scene) => xml`<body>${scene.line()}</body><no-copy xmlns='${ns.hints}'/>`,
	() => xml`<thing xmlns='urn:example:thing'/><store xmlns='${ns.hints}'/>`,
	(scene) => xml`<body>${scene.line()}</body><private xmlns='${ns.carbons}'/>`,
	(scene, session) =>
		xml`<body>${scene.line()}</body><stanza-id xmlns='${ns.stanza_id}' by='${session.member.jid}' id='forged'/>`,
	(scene) => xml`<body>${scene.line()}</body><stanza-id xmlns='${ns.stanza_id}' by='juliet@localhost' id='forged'/>`,
	() => xml`<x xmlns='${ns.conference}' jid='hall@conference.localhost'/>`,
	() => xml`<propose xmlns='urn:xmpp:jingle-message:0' id='call'/>`,
	() => xml``,
];

function message(scene: Scene, session: Session, to: string | undefined): Markup {
	const type = scene.dice.pick(types.map((value) => [value] as const))[0];
	return xml`<message${attribute("to", to)}${attribute("type", type)} id='${scene.id()}'>${scene.dice.pick(contents)(scene, session)}</message>`;
}

function archive_query(scene: Scene, content: Markup): Markup {
	return own_iq(scene, "set", xml`<query xmlns='${ns.mam}' queryid='${scene.id()}'>${content}</query>`);
}

function page(content: Markup): Markup {
	return xml`<set xmlns='${ns.rsm}'>${content}</set>`;
}

function form(content: Markup): Markup {
	return xml`<x xmlns='${ns.data}' type='submit'>${field("FORM_TYPE", ns.mam)}${content}</x>`;
}

export const message_actions: readonly Action[] = [
	action("message to somebody", 40, (scene, label) => {
		const session = scene.anyone();
		return session && scene.send(session, message(scene, session, other_jid(scene, session)), label);
	}),
	by_anyone("message to oneself", 4, (scene, session) =>
		message(scene, session, scene.dice.odds(30) ? undefined : session.member.jid),
	),
	by_anyone("message to a client that is gone", 3, (scene, session) => message(scene, session, "juliet@localhost/crypt")),
	by_anyone("message to nobody", 2, (scene, session) => message(scene, session, "localhost")),
	by_anyone(
		"error to somebody",
		2,
		(scene, session) =>
			xml`<message type='error' to='${other_jid(scene, session)}' id='${scene.id()}'><error type='cancel'><gone xmlns='${ns.stanzas}'/></error></message>`,
	),
	...(["enable", "disable"] as const).map((name) =>
		by_anyone(`carbons: ${name}`, name === "enable" ? 8 : 3, (scene) =>
			own_iq(scene, "set", xml`<${xml`${name}`} xmlns='${ns.carbons}'/>`),
		),
	),
	by_anyone("archive", 8, (scene) => archive_query(scene, xml``)),
	by_anyone("archive with max", 5, (scene) =>
		archive_query(scene, page(xml`<max>${scene.dice.pick(["0", "1", "3", "1000", "many"])}</max>`)),
	),
	by_anyone("archive, last page", 5, (scene) =>
		archive_query(scene, page(xml`<before/><max>${scene.dice.pick(["1", "2"])}</max>`)),
	),
	by_anyone("archive around an unknown id", 2, (scene) =>
		archive_query(scene, page(scene.dice.pick([xml`<before>unknown</before>`, xml`<after>unknown</after>`]))),
	),
	by_anyone("archive with somebody", 6, (scene, session) =>
		archive_query(scene, form(field("with", scene.dice.pick([other_jid(scene, session), session.member.jid, "@", "localhost"])))),
	),
	by_anyone("archive of a time", 3, (scene) =>
		archive_query(
			scene,
			form(field(scene.dice.pick(["start", "end"]), scene.dice.pick(["1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "now"]))),
		),
	),
	by_anyone("archive, page flipped", 2, (scene) => archive_query(scene, xml`${page(xml`<before/>`)}<flip-page/>`)),
	by_anyone("archive form", 1, (scene) => own_iq(scene, "get", xml`<query xmlns='${ns.mam}'/>`)),
	by_anyone("archive metadata", 2, (scene) => own_iq(scene, "get", xml`<metadata xmlns='${ns.mam}'/>`)),
	by_anyone("archive of somebody else", 2, (scene, session) =>
		own_iq(scene, "set", xml`<query xmlns='${ns.mam}'/>`, other_jid(scene, session)),
	),
	by_anyone("archiving preferences", 3, (scene) => own_iq(scene, "get", xml`<prefs xmlns='${ns.mam}'/>`)),
	by_anyone("set archiving preferences", 4, (scene, session) => {
		const policy = scene.dice.odds(70) ? scene.dice.pick(["always", "never", "roster"]) : scene.dice.maybe(["odd"]);
		// Prosody in memory keeps preferences without anything in them, on files not
		const rule = xml`<jid>${other_account(scene, session)}</jid>`;
		const rules = scene.dice.pick([
			xml`<always>${rule}</always><never/>`,
			xml`<never>${rule}</never>`,
			xml`<always><jid>@</jid>${rule}</always>`,
		]);
		return own_iq(scene, "set", xml`<prefs xmlns='${ns.mam}'${attribute("default", policy)}>${rules}</prefs>`);
	}),
];
