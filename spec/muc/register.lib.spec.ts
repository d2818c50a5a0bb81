import { describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { Affiliation } from "../../muc/types.ts";
import type { ModuleSetup } from "./recorded_module.ts";
import { owner, parsed, presences, Rig, room_jid } from "./rig.ts";

const user = "a@example.org/x";

function form(nick: string | undefined, type: string = ns.muc_register): Stanza {
	const x = st.stanza("x", { xmlns: ns.data, type: "submit" });
	x.tag("field", { var: "FORM_TYPE" }).text_tag("value", type).up();
	if (nick !== undefined) x.tag("field", { var: "muc#register_roomnick" }).text_tag("value", nick).up();
	return x.reset();
}

/** Sends a query; answers with the reply. */
function query(rig: Rig, type: "get" | "set", child?: Stanza, from = user): Stanza {
	const iq = st.iq({ from, to: room_jid, type, id: "r1" }).query(ns.register);
	if (child) iq.add_child(child);
	rig.room.handle_register_iq(rig.session(from), parsed(iq.reset()));
	const [reply] = rig.session(from).take();
	if (!reply) throw new Error("no reply");
	return reply;
}

function brief(reply: Stanza): string {
	const error = reply.get_error();
	if (!error) return "ok";
	return [error.type, error.condition, error.text].filter((part) => part !== undefined).join("/");
}

function rig_with(affiliation: Affiliation | undefined, options: ModuleSetup["options"] = {}): Rig {
	const rig = new Rig({ options });
	if (affiliation) rig.affiliate("a@example.org", affiliation);
	return rig;
}

describe("registration", () => {
	it.each([
		["outcast", "auth/forbidden"],
		[undefined, "auth/registration-required"],
		["member", "ok"],
		["owner", "ok"],
	] as const)("of an %s: %s", (affiliation, expected) => {
		expect(brief(query(rig_with(affiliation), "get"))).toBe(expected);
		expect(brief(query(rig_with(affiliation), "set", form("a")))).toBe(expected);
	});

	it("makes strangers members where the room allows it", () => {
		const rig = rig_with(undefined, { allow_unaffiliated_register: true });
		expect(brief(query(rig, "set", form("a")))).toBe("ok");
		expect(rig.room.get_affiliation("a@example.org")).toBe("member");
	});

	it("shows a form, and then the nick", () => {
		const rig = rig_with("member");
		const asked = query(rig, "get").get_child("query", ns.register)?.get_child("x", ns.data);
		expect([...(asked?.childtags("field") ?? [])].map(({ attr }) => attr["var"])).toEqual(["FORM_TYPE", "muc#register_roomnick"]);
		query(rig, "set", form("Nick"));
		expect(rig.room.get_registered_nick("a@example.org")).toBe("Nick");
		expect(rig.room.get_registered_jid("Nick")).toBe("a@example.org");
		const answered = query(rig, "get").get_child("query", ns.register);
		expect(answered?.get_child("registered")).toBeDefined();
		expect(answered?.get_child_text("username")).toBe("Nick");
		expect(rig.disco("x-roomuser-item").identities).toEqual([]);
	});

	it("tells who asks for the own nick", () => {
		const rig = new Rig();
		query(rig, "set", form("Boss"), owner);
		expect(rig.disco("x-roomuser-item").identities).toEqual(["conference/text/Boss"]);
	});

	it.each([
		["no form", st.stanza("other"), "modify/bad-request/Missing dataform"],
		["another form", form("a", "urn:other"), "modify/bad-request/Error in form"],
		["no nick", form(undefined), "modify/bad-request/Error in form: muc#register_roomnick: Required value missing"],
		["a bad nick", form("\u202e"), "modify/bad-request/Invalid Nickname"],
	])("refuses %s", (_, child, expected) => {
		expect(brief(query(rig_with("member"), "set", child))).toBe(expected);
	});

	it("refuses nicks that others use or have reserved", () => {
		const rig = rig_with("member");
		rig.join("b@example.org/x", "b");
		expect(brief(query(rig, "set", form("b")))).toBe("cancel/conflict");
		query(rig, "set", form("Boss"), owner);
		expect(brief(query(rig, "set", form("Boss")))).toBe("cancel/conflict");
	});

	it("is removed with nick and membership, while higher affiliations stay", () => {
		for (const [affiliation, left] of [
			["member", undefined],
			["admin", "admin"],
		] as const) {
			const rig = rig_with(affiliation);
			query(rig, "set", form("a"));
			expect(brief(query(rig, "set", st.stanza("remove")))).toBe("ok");
			expect(rig.room.get_affiliation("a@example.org")).toBe(left);
			expect(rig.room.get_registered_nick("a@example.org")).toBeUndefined();
			expect(rig.room.get_registered_jid("a")).toBeUndefined();
		}
	});

	it("has fields of other modules, which come and go", () => {
		const rig = rig_with("member", { muc_registration_include_form: true });
		const item = { name: "email", type: "text-single", label: "E-mail" } as const;
		rig.module.add_item("muc-registration-field", item);
		rig.module.hook("muc-registration-submitted", ({ submitted_data, affiliation_data }) => {
			affiliation_data["email"] = String(submitted_data["email"]);
		});
		const submitted = form("Nick");
		submitted.tag("field", { var: "email" }).text_tag("value", "a@b").up();
		query(rig, "set", submitted);
		const shown = query(rig, "get").get_child("query", ns.register)?.get_child("x", ns.data);
		expect(shown?.get_child_with_attr("field", undefined, "var", "email")?.get_child_text("value")).toBe("a@b");
		rig.module.remove_item("muc-registration-field", item);
		const after = query(rig, "get").get_child("query", ns.register)?.get_child("x", ns.data);
		expect(after?.get_child_with_attr("field", undefined, "var", "email")).toBeUndefined();
	});
});

describe("reserved nicks", () => {
	it("are closed to others, on joining and on changing", () => {
		const rig = rig_with("member");
		query(rig, "set", form("Nick"));
		expect(rig.join("b@example.org/x", "Nick")).toBe("cancel/conflict");
		rig.join("b@example.org/x", "b");
		expect(rig.join("b@example.org/x", "Nick")).toBe("cancel/conflict");
		expect(rig.join(user, "other")).toBeUndefined();
	});

	it("are enforced where that is wanted", () => {
		const rig = rig_with("member", { enforce_registered_nickname: true });
		rig.join(user, "other");
		rig.module.take();
		query(rig, "set", form("Nick"));
		expect(presences(rig.module.take(user))[0]).toBe("-other 307 110");
		rig.join(user, "other");
		expect(presences(rig.module.take(user)).at(-1)).toBe("Nick 210 110");
		expect(rig.join(user, "third")).toBe("cancel/not-acceptable");
	});
});
