import { describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { strip_forged, strip_room_words } from "../../muc/forged.ts";

const room = "room@muc.example.org";
const fasten = "urn:xmpp:fasten:0";
const retract = "urn:xmpp:message-retract:1";
const moderate = "urn:xmpp:message-moderate:1";
const older = "urn:xmpp:message-moderate:0";

/** An element with others in it, innermost last. */
function nested(...elements: [name: string, xmlns: string, attr?: st.Attributes][]): st.Stanza {
	const [first, ...rest] = elements;
	if (!first) throw new Error("nothing to nest");
	const outer = st.stanza(first[0], { xmlns: first[1], ...first[2] });
	if (rest.length > 0) outer.add_child(nested(...rest));
	return outer;
}

const forged: readonly st.Stanza[] = [
	nested(["stanza-id", ns.stanza_id, { by: room, id: "1" }]),
	nested(["stanza-id", ns.stanza_id, { by: "ROOM@muc.example.org", id: "1" }]),
	nested(["delay", ns.delay, { from: room }]),
	nested(["delay", ns.delay, { from: "Room@MUC.example.org" }]),
	nested(["x", ns.legacy_delay, { from: room }]),
	nested(["retract", retract, { id: "1" }], ["moderated", moderate]),
	nested(["retracted", retract, { id: "1" }], ["moderated", moderate]),
	nested(["apply-to", fasten, { id: "1" }], ["moderated", older]),
	nested(["apply-to", fasten, { id: "1" }], ["moderated", older], ["retract", "urn:xmpp:message-retract:0"]),
	nested(["moderated", moderate]),
	nested(["moderated", older]),
];

const honest: readonly st.Stanza[] = [
	nested(["stanza-id", ns.stanza_id, { by: "other@muc.example.org", id: "1" }]),
	nested(["stanza-id", ns.stanza_id, { by: "@", id: "1" }]),
	nested(["origin-id", ns.stanza_id, { id: "1" }]),
	nested(["delay", ns.delay, { from: "example.org" }]),
	nested(["delay", ns.delay]),
	nested(["body", ns.client]),
	nested(["moderated", "urn:example:other"]),
	nested(["forwarded", "urn:example:other"], ["moderated", moderate]),
];

/** What people may say, but not a room for them. */
const own: readonly st.Stanza[] = [
	nested(["retract", retract, { id: "1" }]),
	nested(["apply-to", fasten, { id: "1" }]),
	nested(["result", ns.mam]),
	nested(["x", ns.conference, { jid: "trap@muc.example.org" }]),
];

const kept = (strip: typeof strip_forged, child: st.Stanza): boolean =>
	strip(room, st.message().add_child(st.clone(child))).tags.length > 0;

describe("what is said in a room's name", () => {
	it.each(forged.map((child) => [String(child), child] as const))("%s is taken out", (_, child) => {
		expect([kept(strip_forged, child), kept(strip_room_words, child)]).toEqual([false, false]);
	});

	it.each(honest.map((child) => [String(child), child] as const))("%s stays", (_, child) => {
		expect([kept(strip_forged, child), kept(strip_room_words, child)]).toEqual([true, true]);
	});

	it.each(own.map((child) => [String(child), child] as const))("%s stays where it is said in one's own name", (_, child) => {
		expect([kept(strip_forged, child), kept(strip_room_words, child)]).toEqual([true, false]);
	});
});
