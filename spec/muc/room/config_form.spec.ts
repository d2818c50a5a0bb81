import { describe, expect, it } from "vitest";
import { new_form } from "../../../host/util/dataforms.ts";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { brief, open_room, type Rig } from "../rig.ts";

const owner = "owner@example.org/x";

function filled(): Rig {
	const test = open_room();
	test.fill([owner, "owner"]);
	return test;
}

/** Submits a form with these fields, or without any. */
function submit(test: Rig, fields: { [name: string]: string } | undefined, type: string | undefined = "submit"): string[] {
	const form = st.stanza("x", { xmlns: ns.data, type });
	for (const [name, value] of Object.entries(fields ?? {})) {
		form.tag("field", { var: name, xmlns: ns.data }).text_tag("value", value, { xmlns: ns.data }).up();
	}
	const stanza = st.iq({ from: owner, to: test.room.jid, type: "set", id: "form" }).query(ns.muc_owner).add_child(form);
	test.room.handle_owner_query_set_to_room(test.session(owner), stanza);
	return test.session(owner).take().map(brief);
}

const form_type = { FORM_TYPE: ns.muc_roomconfig };
const accepted = ["iq result room@muc.example.org"];
const bad_request = ["iq error room@muc.example.org cancel/bad-request"];

describe("the configuration form", () => {
	it("is sent to owners with a field for every setting", () => {
		const test = filled();
		const query = st.iq({ from: owner, to: test.room.jid, type: "get", id: "form" }).query(ns.muc_owner);
		test.room.handle_owner_query_get_to_room(test.session(owner), query);
		const form = test.session(owner).take()[0]?.get_child("query", ns.muc_owner)?.get_child("x", ns.data);
		expect(form?.get_child_text("title")).toBe("Configuration for room@muc.example.org");
		const names = form?.tags.flatMap((tag) => tag.attr["var"] ?? []);
		expect(names?.[0]).toBe("FORM_TYPE");
		expect(names).toContain("muc#roomconfig_membersonly");
	});

	it("may be another one that a handler made", () => {
		const test = filled();
		const other = new_form({ title: "Mine", fields: [] });
		test.module.hook("muc-config-form", () => other, 1000);
		expect(test.room.get_form_layout(owner)).toBe(other);
	});

	it("changes settings, saves, and announces what kind of change it was", () => {
		const test = filled();
		const saves: unknown[] = [];
		test.room.save = (forced) => saves.push(forced) > 0;
		expect(submit(test, { ...form_type, "muc#roomconfig_roomname": "Tea", "muc#roomconfig_whois": "anyone" })).toEqual(accepted);
		expect([test.room.get_name(), test.room.get_whois()]).toEqual(["Tea", "anyone"]);
		expect(test.got(owner)).toEqual(["message groupchat room@muc.example.org 104+172"]);
		expect(saves).toEqual([true]);
	});

	it("tells nothing where nothing changed", () => {
		const test = filled();
		expect(submit(test, { ...form_type, "muc#roomconfig_whois": "moderators" })).toEqual(accepted);
		expect(test.module.take()).toEqual([]);
	});

	it("without fields opens a room as it is (an instant room)", () => {
		const test = filled();
		const submitted: unknown[] = [];
		test.module.hook("muc-config-submitted", ({ fields }) => void submitted.push(fields));
		expect(submit(test, undefined)).toEqual(accepted);
		expect(submitted).toEqual([{}]);
	});

	it("can be cancelled", () => {
		const test = filled();
		expect(submit(test, { "muc#roomconfig_roomname": "Tea" }, "cancel")).toEqual(accepted);
		expect(test.room.get_name()).not.toBe("Tea");
	});

	it("is refused as another form, or as none", () => {
		const test = filled();
		expect(submit(test, { FORM_TYPE: "something", "muc#roomconfig_roomname": "Tea" })).toEqual(bad_request);
		expect(submit(test, { "muc#roomconfig_roomname": "Tea" })).toEqual(bad_request);
		expect(submit(test, form_type, "result")).toEqual(bad_request);
		const stanza = st.iq({ from: owner, to: test.room.jid, type: "set", id: "form" }).query(ns.muc_owner);
		test.room.process_form(test.session(owner), stanza);
		expect(test.session(owner).take().map(brief)).toEqual(bad_request);
	});

	it("tells each field's handlers about it, in the form's order", () => {
		const test = filled();
		const seen: unknown[] = [];
		for (const field of ["muc#roomconfig_roomname", "muc#roomconfig_roomdesc"] as const) {
			test.module.hook(`muc-config-submitted/${field}`, (event) => void seen.push([event.field, event.value, event.actor]), 1);
		}
		submit(test, { ...form_type, "muc#roomconfig_roomdesc": "d", "muc#roomconfig_roomname": "n" });
		expect(seen).toEqual([
			["muc#roomconfig_roomname", "n", owner],
			["muc#roomconfig_roomdesc", "d", owner],
		]);
	});
});

describe("update_option", () => {
	it("sets only what has changed and may be changed", () => {
		const test = filled();
		const answers: unknown[] = [];
		test.module.hook("muc-config-submitted", ({ update_option }) => {
			answers.push(update_option("name", "muc#roomconfig_roomname"), update_option("name", "muc#roomconfig_roomname"));
			answers.push(update_option("name", "absent"));
			answers.push(update_option("name", "muc#roomconfig_roomdesc", { x: true }));
			expect(() => update_option("nothing_like_it", "muc#roomconfig_roomname")).toThrow("get_nothing_like_it");
		});
		submit(test, { ...form_type, "muc#roomconfig_roomname": "Tea", "muc#roomconfig_roomdesc": "d" });
		expect(answers).toEqual([true, undefined, undefined, undefined]);
		expect(test.got(owner)).toEqual(["message groupchat room@muc.example.org 104"]);
		expect(test.room.get_name()).toBe("Tea");
	});
});

describe("service discovery", () => {
	function disco(test: Rig, node?: string): Stanza | undefined {
		const stanza = st
			.iq({ from: owner, to: test.room.jid, type: "get", id: "disco" })
			.tag("query", { xmlns: ns.disco_info, node });
		test.room.handle_disco_info_get_query(test.session(owner), stanza);
		return test.session(owner).take()[0]?.get_child("query", ns.disco_info);
	}

	it("shows features, and how many are in", () => {
		const query = disco(filled());
		const features = query?.tags.flatMap((tag) => (tag.name === "feature" ? (tag.attr["var"] ?? []) : []));
		for (const feature of [ns.muc, `${ns.muc}#stable_id`, `${ns.muc}#self-ping-optimization`, "muc_semianonymous"]) {
			expect(features).toContain(feature);
		}
		const form = query?.get_child("x", ns.data);
		expect(form?.attr["type"]).toBe("result");
		const field = form?.get_child_with_attr("field", undefined, "var", "muc#roominfo_occupants");
		expect(field?.get_child_text("value")).toBe("1");
	});

	it("asks the handlers of a node, and has no form there", () => {
		const test = filled();
		test.module.hook("muc-disco#info/some", ({ reply }) => void reply.tag("feature", { var: "yes" }).up());
		expect(String(disco(test, "some"))).toBe(
			"<query xmlns='http://jabber.org/protocol/disco#info' node='some'><feature var='yes'/></query>",
		);
		expect(disco(test, "")?.get_child("x", ns.data)).toBeDefined();
	});

	it("lists no items", () => {
		const test = filled();
		const stanza = st.iq({ from: owner, to: test.room.jid, type: "get", id: "disco" }).query(ns.disco_items);
		test.room.handle_disco_items_get_query(test.session(owner), stanza);
		expect(test.session(owner).take()[0]?.get_child("query", ns.disco_items)?.tags).toEqual([]);
	});
});
