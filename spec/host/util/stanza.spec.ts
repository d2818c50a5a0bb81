import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { parse } from "../../../host/util/xml.ts";

const text = fc.string({ unit: "binary", maxLength: 12 }).filter((value) => {
	try {
		st.stanza("x").text(value);
		return true;
	} catch {
		return false;
	}
});
const name = fc.constantFrom("body", "x", "item", "delay", "message");
const xmlns = fc.option(fc.constantFrom("jabber:x:data", ns.muc_user, "urn:x"), { nil: undefined });
const tree = fc.letrec<{ element: st.Stanza; node: st.Stanza | string }>((tie) => ({
	node: fc.oneof({ maxDepth: 3 }, text, tie("element")),
	element: fc
		.record({ name, xmlns, id: fc.option(text, { nil: undefined }), children: fc.array(tie("node"), { maxLength: 4 }) })
		.map(({ name, xmlns, id, children }) => {
			const made = st.stanza(name, { xmlns, id });
			for (const child of children) if (child !== "") made.add_direct_child(child);
			return made;
		}),
})).element;

describe("building", () => {
	it("has the shape of the XML", () => {
		const made = st
			.message({ to: "room@host", type: "groupchat" })
			.tag("x", { xmlns: ns.muc_user })
			.tag("item", { affiliation: "owner" })
			.text_tag("reason", "because <&>")
			.up()
			.tag("status", { code: "110" })
			.reset();
		expect(String(made)).toBe(
			"<message to='room@host' type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'>" +
				"<item affiliation='owner'><reason>because &lt;&amp;&gt;</reason></item><status code='110'/></x></message>",
		);
		expect(made.at_top()).toBe(true);
	});

	it("does not repeat the namespace of the parent, and shows attributes in namespaces", () => {
		const made = st.stanza("a", { xmlns: "urn:a" });
		made.tag("b", { xmlns: "urn:a" }).up().tag("c", { xmlns: "urn:c", "urn:d\u0001e": "1" });
		expect(String(made)).toBe("<a xmlns='urn:a'><b/><c xmlns='urn:c' xmlns:ns1='urn:d' ns1:e='1'/></a>");
	});

	it.each([
		["", {}],
		["a b", {}],
		["a<", {}],
		["a", { "b'": "1" }],
		["a", { b: "\u0000" }],
		["a", { b: "\ud800" }],
	])("refuses the name %j with %j", (bad_name, attributes) => {
		expect(() => st.stanza(bad_name, attributes)).toThrow(TypeError);
	});

	it.each([["\u0001"], ["\ud800x"], ["x\udc00"], ["\ufffe"]])("refuses the text %j", (bad) => {
		expect(() => st.stanza("a").text(bad)).toThrow(TypeError);
	});

	it("is written so that it is read again, white space included", () => {
		const white = fc.string({
			unit: fc.constantFrom(" ", "\t", "\n", "\r", "a", "'", '"', "<", ">", "&", "]", "é"),
			minLength: 1,
		});
		fc.assert(
			fc.property(white, white, (text, value) => {
				const written = st.message({ to: value, type: value }).text_tag("body", text);
				written.attr["urn:example\u0001mark"] = value;
				const { head, tail } = st.serialise_for_many(written);
				for (const xml of [String(written), st.address({ head, tail, size: 0, is_ascii: true }, value)]) {
					const read = parse(xml);
					expect(read?.get_child_text("body")).toBe(text);
					for (const name of ["to", "type", "urn:example\u0001mark"]) expect(read?.attr[name]).toBe(value);
				}
			}),
		);
	});

	it("accepts what looks odd but is text", () => {
		expect(String(st.stanza("a").text("\t\n\r 😀"))).toBe("<a>\t\n&#13; 😀</a>");
	});
});

describe("reading", () => {
	const presence = st
		.presence({ from: "a@b/c" })
		.text_tag("status", "here")
		.tag("x", { xmlns: ns.muc })
		.text_tag("password", "secret")
		.tag("history", { maxstanzas: "3" })
		.reset();

	it("finds children by name and namespace as Prosody does", () => {
		expect(presence.get_child("x")).toBeUndefined();
		expect(presence.get_child("x", ns.muc)?.name).toBe("x");
		expect(presence.get_child(undefined, ns.muc)?.name).toBe("x");
		expect(presence.get_child_text("status")).toBe("here");
		expect(presence.child_with_ns(ns.muc)?.name).toBe("x");
		expect(presence.tags.map((tag) => tag.name)).toEqual(["status", "x"]);
		// Built children mostly declare nothing; parsed ones say what their parent says. Both are found without a namespace.
		const x = presence.get_child("x", ns.muc);
		expect(x?.get_child_text("password")).toBe("secret");
		expect(x?.get_child("password", ns.muc)).toBeUndefined();
		expect(st.stanza("x", { xmlns: ns.muc }).tag("a", { xmlns: ns.muc }).reset().get_child("a")?.name).toBe("a");
	});

	it("follows paths", () => {
		const made = st.message().tag("a", { xmlns: "urn:a", k: "v" }).tag("b", { xmlns: "urn:a" }).text("t").reset();
		expect(made.find("{urn:a}a@k")).toBe("v");
		expect(made.find("{urn:a}a/b#")).toBe("t");
		expect(made.find("{urn:a}a/{urn:a}b")).toBe(made.first_tag?.first_tag);
		expect(made.find("nothing/b#")).toBeUndefined();
		expect(made.find("{urn:a}")).toBe(made.first_tag);
	});

	it("has text only where there are no elements", () => {
		expect(st.stanza("a").get_text()).toBe("");
		expect(st.stanza("a").text("1").text("2").get_text()).toBe("12");
		expect(st.stanza("a").text("1").tag("b").reset().get_text()).toBeUndefined();
	});
});

describe("changing", () => {
	it("maps and removes children, and leaves text where it is", () => {
		const made = st.message().text("1").tag("a").up().text("2").tag("b").up().text("3");
		made.maptags((tag) => (tag.name === "a" ? undefined : st.stanza("c")));
		expect(String(made)).toBe("<message>12<c/>3</message>");
		made.remove_children("c");
		expect(String(made)).toBe("<message>123</message>");
	});

	it("clones deeply: nothing done to the copy shows in the original", () => {
		fc.assert(
			fc.property(tree, (original) => {
				const before = String(original);
				const copy = st.clone(original);
				expect(String(copy)).toBe(before);
				copy.attr["changed"] = "1";
				copy.maptags((tag) => {
					tag.attr["changed"] = "1";
					return tag;
				});
				copy.tag("new");
				expect(String(original)).toBe(before);
			}),
		);
	});

	it("goes through Prosody's stored form unchanged", () => {
		fc.assert(
			fc.property(tree, (original) => {
				expect(String(st.deserialize(st.preserialize(original)))).toBe(String(original));
			}),
		);
	});

	it("reads attribute namespaces of old files", () => {
		const stored = new Map<string | number, string | Record<string, string>>([
			["name", "a"],
			["attr", { "urn:x|y": "1" }],
		]);
		expect(st.deserialize(stored)?.attr["urn:x\u0001y"]).toBe("1");
		expect(st.deserialize({})).toBeUndefined();
		expect(st.deserialize(undefined)).toBeUndefined();
	});
});

describe("for many", () => {
	it("differs in `to` alone", () => {
		fc.assert(
			fc.property(tree, fc.string({ minLength: 1, maxLength: 8 }), (original, recipient) => {
				original.attr["to"] = "somebody else";
				const addressed = st.address(st.serialise_for_many(original), recipient);
				const alone = st.clone(original);
				delete alone.attr["to"];
				alone.attr["to"] = recipient;
				expect(addressed).toBe(String(alone));
			}),
		);
	});
});

describe("answers", () => {
	const request = st.iq({ from: "a@b/c", to: "room@host", id: "1", type: "get" });

	it("swap addresses and keep the id", () => {
		expect(st.reply(request).attr).toEqual({ from: "room@host", to: "a@b/c", id: "1", type: "result" });
		expect(st.reply(st.message({ type: "chat" })).attr["type"]).toBe("chat");
	});

	it("carry errors, with who made them unless it is the one asked", () => {
		const error = st.error_reply(request, "cancel", "item-not-found", "nobody", "host");
		expect(error.get_error()).toEqual({ type: "cancel", condition: "item-not-found", text: "nobody", extra: undefined });
		expect(error.first_tag?.attr["by"]).toBe("host");
		expect(st.error_reply(request, "cancel", "gone", undefined, "room@host").first_tag?.attr["by"]).toBeUndefined();
	});

	it("stand in the error, ready for more", () => {
		const error = st.error_reply(request, "modify", "policy-violation").tag("extra", { xmlns: "urn:e" });
		expect(error.get_error()?.extra?.name).toBe("extra");
	});

	it("are not made for errors", () => {
		expect(() => st.error_reply(st.message({ type: "error" }), "cancel", "gone")).toThrow(TypeError);
		expect(st.message({ type: "error" }).get_error()).toBeUndefined();
	});

	it("need an id and a type in an iq", () => {
		expect(() => st.iq({ type: "get" })).toThrow(TypeError);
		expect(() => st.iq({ id: "1" })).toThrow(TypeError);
	});
});
