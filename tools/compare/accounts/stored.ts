// No counterpart: part of `enjamb compare`. What accounts keep: blocklists, private data, vCards, last activity.

import { ns } from "../../../host/util/ns.ts";
import type { Action } from "../grammar/action.ts";
import type { Scene } from "../grammar/scene.ts";
import type { Session } from "../grammar/stage.ts";
import { type Markup, xml } from "../grammar/xml.ts";
import { blockable, other_account, other_jid } from "./people.ts";
import { by_anyone, own_iq } from "./presence.ts";

function blocked(scene: Scene, session: Session): Markup {
	return xml`<item jid='${blockable(scene, session)}'/>`;
}

/** One at a time: what several do to presences comes in the order of a Lua table. */
function change(name: "block" | "unblock", scene: Scene, items: Markup): Markup {
	return own_iq(
		scene,
		"set",
		name === "block"
			? xml`<block xmlns='${ns.blocking}'>${items}</block>`
			: xml`<unblock xmlns='${ns.blocking}'>${items}</unblock>`,
	);
}

const notes: readonly Markup[] = [
	xml`<notes xmlns='urn:example:notes'/>`,
	xml`<notes xmlns='urn:example:notes'><note>milk</note></notes>`,
	xml`<notes xmlns='urn:example:notes'>text &amp; more</notes>`,
	xml`<other xmlns='urn:example:notes'><x/></other>`,
];

const photo = xml`<PHOTO><TYPE>image/png</TYPE><BINVAL>aGVsbG8=</BINVAL></PHOTO>`;

const cards: readonly Markup[] = [
	xml`<FN>Romeo Montague</FN>`,
	xml`<FN>R</FN>${photo}`,
	xml`<FN>R</FN><N><FAMILY>Montague</FAMILY><GIVEN>Romeo</GIVEN></N><NICKNAME>Rom</NICKNAME>`,
	xml`<FN>R</FN><EMAIL><USERID>r@example.com</USERID><WORK/></EMAIL><URL>http://example.com</URL><BDAY>1591-01-01</BDAY>`,
	xml`<FN>R</FN><TEL><NUMBER>123</NUMBER><HOME/></TEL><ORG><ORGNAME>Montague</ORGNAME></ORG><DESC>In love</DESC>`,
	xml`<FN>R</FN><ADR><STREET>Via</STREET><LOCALITY>Verona</LOCALITY><CTRY>Italy</CTRY><HOME/></ADR><JABBERID>romeo@localhost</JABBERID>`,
	xml``,
];

function query_to(scene: Scene, session: Session): string | undefined {
	return scene.dice.odds(50) ? undefined : other_account(scene, session);
}

export const stored_actions: readonly Action[] = [
	by_anyone("blocklist", 5, (scene) => own_iq(scene, "get", xml`<blocklist xmlns='${ns.blocking}'/>`)),
	by_anyone("block", 9, (scene, session) => change("block", scene, blocked(scene, session))),
	by_anyone("block nobody", 1, (scene) => change("block", scene, xml``)),
	by_anyone("unblock", 8, (scene, session) => change("unblock", scene, blocked(scene, session))),
	by_anyone("unblock all", 3, (scene) => change("unblock", scene, xml``)),
	by_anyone("private data", 4, (scene) =>
		own_iq(scene, "get", xml`<query xmlns='${ns.private}'>${scene.dice.pick(notes)}</query>`),
	),
	by_anyone("store private data", 4, (scene) =>
		own_iq(scene, "set", xml`<query xmlns='${ns.private}'>${scene.dice.pick(notes)}</query>`),
	),
	by_anyone("private data of two kinds", 1, (scene) =>
		own_iq(scene, scene.dice.pick(["get", "set"]), xml`<query xmlns='${ns.private}'>${notes[1]}${notes[3]}</query>`),
	),
	by_anyone("vCard", 7, (scene, session) =>
		own_iq(scene, "get", xml`<vCard xmlns='${ns.vcard_temp}'/>`, query_to(scene, session)),
	),
	by_anyone("store a vCard", 6, (scene) =>
		own_iq(scene, "set", xml`<vCard xmlns='${ns.vcard_temp}'>${scene.dice.pick(cards)}</vCard>`),
	),
	by_anyone("vCard in the newer form", 4, (scene, session) =>
		own_iq(scene, "get", xml`<vcard xmlns='${ns.vcard4}'/>`, query_to(scene, session)),
	),
	by_anyone("store a vCard in the newer form", 4, (scene) =>
		own_iq(
			scene,
			"set",
			xml`<vcard xmlns='${ns.vcard4}'><fn><text>${scene.line()}</text></fn><email><text>r@example.com</text><parameters><type><text>home</text></type></parameters></email></vcard>`,
		),
	),
	by_anyone("vCard of somebody who is not there", 1, (scene) =>
		own_iq(scene, "get", xml`<vCard xmlns='${ns.vcard_temp}'/>`, "rosaline@localhost"),
	),
	by_anyone("store somebody else's vCard", 1, (scene, session) =>
		own_iq(scene, "set", xml`<vCard xmlns='${ns.vcard_temp}'><FN>Me</FN></vCard>`, other_account(scene, session)),
	),
	by_anyone("last activity", 2, (scene, session) =>
		own_iq(scene, "get", xml`<query xmlns='${ns.last}'/>`, query_to(scene, session)),
	),
	by_anyone("what an account is", 4, (scene, session) =>
		own_iq(scene, "get", xml`<query xmlns='${ns.disco_info}'/>`, query_to(scene, session)),
	),
	by_anyone("what an account has", 4, (scene, session) =>
		own_iq(scene, "get", xml`<query xmlns='${ns.disco_items}'/>`, query_to(scene, session)),
	),
	by_anyone("query to a client", 3, (scene, session) =>
		own_iq(scene, "get", xml`<query xmlns='${ns.version}'/>`, other_jid(scene, session)),
	),
];
