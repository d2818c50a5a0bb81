import { describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { owner, Rig } from "./rig.ts";

const legacy = "xmpp:prosody.im/protocol/hats:1";

function hats_of(presence: st.Stanza | undefined, xmlns: string): (string | undefined)[][] {
	return [...(presence?.childtags("hats", xmlns) ?? [])].map((hats) => hats.tags.map(({ attr }) => attr["title"]));
}

function seen_with(options: { [name: string]: boolean }, active: boolean): st.Stanza | undefined {
	const rig = new Rig({ options });
	rig.affiliate("a@example.org", "member");
	rig.room._affiliation_data.set("a@example.org", { hats: { "urn:x:chef": { active, title: "Chef" } } });
	rig.join(owner, "owner");
	rig.module.take();
	const claimed = st.stanza("hats", { xmlns: ns.hats }).tag("hat", { uri: "urn:x:king", title: "King" }).reset();
	rig.room.handle_presence_to_occupant(rig.session("a@example.org/x"), rig.presence("a@example.org/x", "a").add_child(claimed));
	return rig.module.take(owner)[0];
}

describe("hats", () => {
	it("shows the active ones, and none that was claimed", () => {
		expect(hats_of(seen_with({}, true), ns.hats)).toEqual([["Chef"]]);
		expect(hats_of(seen_with({}, true), legacy)).toEqual([]);
		expect(hats_of(seen_with({}, false), ns.hats)).toEqual([]);
	});

	it("shows them in the old namespace too where that is wanted", () => {
		expect(hats_of(seen_with({ muc_hats_compat: true }, true), legacy)).toEqual([["Chef"]]);
	});
});
