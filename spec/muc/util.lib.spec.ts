import { describe, expect, it } from "vitest";
import * as st from "../../host/util/stanza.ts";
import { OccupantRecord } from "../../muc/occupant.lib.ts";
import {
	add_filtered_namespace,
	affiliation_rank,
	filter_muc_x,
	get_filtered_namespaces,
	is_affiliation,
	is_kickable_error,
	is_role,
	load,
	only_with_min_role,
	role_rank,
} from "../../muc/util.lib.ts";
import { recorded_module } from "./recorded_module.ts";

describe("ranks", () => {
	it("put affiliations and roles in order, undefined as none", () => {
		expect((["outcast", undefined, "member", "admin", "owner"] as const).map(affiliation_rank)).toEqual([-1, 0, 1, 2, 3]);
		expect(affiliation_rank("none")).toBe(0);
		expect(([undefined, "visitor", "participant", "moderator"] as const).map(role_rank)).toEqual([0, 1, 2, 3]);
		expect(role_rank("none")).toBe(0);
	});

	it("know no other names, not even those that all objects inherit", () => {
		for (const name of ["constructor", "toString", "__proto__", "", "Owner", undefined, false, 1]) {
			expect(is_affiliation(name), String(name)).toBe(false);
			expect(is_role(name), String(name)).toBe(false);
		}
		expect(is_affiliation("none") && is_role("none")).toBe(true);
	});

	it("make a condition for broadcasts", () => {
		const occupant = new OccupantRecord("a@example.org", "room@muc/a", new Map());
		const is_moderator = only_with_min_role("moderator");
		occupant.role = "participant";
		expect(is_moderator("", occupant)).toBe(false);
		occupant.role = "moderator";
		expect(is_moderator("", occupant)).toBe(true);
		occupant.role = undefined;
		expect(only_with_min_role("none")("", occupant)).toBe(true);
	});
});

describe("is_kickable_error", () => {
	function error(condition: Parameters<typeof st.error_reply>[2]): st.Stanza {
		return st.message({ type: "error", from: "a" }).add_error("cancel", condition);
	}

	it.each([
		"gone",
		"internal-server-error",
		"item-not-found",
		"jid-malformed",
		"recipient-unavailable",
		"redirect",
		"remote-server-not-found",
		"remote-server-timeout",
		"service-unavailable",
	])("removes for %s", (condition) => {
		expect(is_kickable_error(error(condition))).toBe(true);
	});

	it.each(["not-allowed", "forbidden", "conflict", "undefined-condition"])("does not remove for %s", (condition) => {
		expect(is_kickable_error(error(condition))).toBe(false);
	});

	it("removes for an error that says nothing, but not for one without condition", () => {
		expect(is_kickable_error(st.message({ type: "error" }))).toBe(true);
		expect(is_kickable_error(st.message({ type: "error" }).tag("error", { type: "cancel" }).up())).toBe(false);
	});
});

describe("filter_muc_x", () => {
	it("takes out what only rooms say, and what modules add to that", () => {
		const module = recorded_module();
		load(module);
		add_filtered_namespace(module, "urn:example:mine");
		const stanza = st
			.presence()
			.text_tag("x", "", { xmlns: "http://jabber.org/protocol/muc" })
			.text_tag("x", "", { xmlns: "http://jabber.org/protocol/muc#user" })
			.text_tag("hat", "", { xmlns: "urn:example:mine" })
			.text_tag("show", "away")
			.text_tag("x", "", { xmlns: "jabber:x:data" });
		filter_muc_x(get_filtered_namespaces(module), stanza);
		expect(stanza.tags.map((tag) => tag.attr["xmlns"] ?? tag.name)).toEqual(["show", "jabber:x:data"]);
	});
});
