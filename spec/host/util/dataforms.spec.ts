import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type {
	Field,
	FieldValue,
	FieldValues,
	FormType,
	Layout,
	ParsedValue,
	ParsedValues,
} from "../../../host/util/dataforms.ts";
import { Form, get_type, new_form } from "../../../host/util/dataforms.ts";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { why_no_prosody } from "./prosody.ts";

/** The values of a form's only field, as they are on the wire. */
function values_of(form: Stanza): (string | undefined)[] {
	return [...(form.get_child("field")?.childtags("value") ?? [])].map((value) => value.get_text());
}

/** A submitted form with one field. */
function submitted(name: string, ...values: string[]): Stanza {
	const form = st.stanza("x", { xmlns: ns.data, type: "submit" }).tag("field", { var: name });
	for (const value of values) form.text_tag("value", value);
	return form.reset();
}

describe("showing fields", () => {
	const cases: [Field["type"], FieldValue, string[]][] = [
		["boolean", true, ["1"]],
		["boolean", false, ["0"]],
		["boolean", 0, ["0"]],
		["boolean", 1, ["1"]],
		["fixed", "Heading", ["Heading"]],
		["hidden", "secret", ["secret"]],
		["jid-multi", ["a@example", "b@example"], ["a@example", "b@example"]],
		["jid-single", "a@example/r", ["a@example/r"]],
		["list-multi", ["x", "y"], ["x", "y"]],
		["list-multi", [], []],
		["list-single", "x", ["x"]],
		["text-multi", "one\ntwo\r\n\nthree", ["one", "two", "three"]],
		["text-private", "hunter2", ["hunter2"]],
		["text-single", "", [""]],
		["text-single", 1125899906842624, ["1125899906842624"]],
		["text-single", -3, ["-3"]],
		[undefined, "text", ["text"]],
	];
	it.each(cases)("%s %j", (type, value, expected) => {
		const field: Field = { name: "f", value };
		if (type !== undefined) field.type = type;
		expect(values_of(new_form({ fields: [field] }).form())).toEqual(expected);
		expect(values_of(new_form({ fields: [{ ...field, value: "other" }] }).form({ f: value }, "result"))).toEqual(expected);
	});

	it("shows numbers by their datatype", () => {
		const show = (datatype: string, value: number) => values_of(new_form({ fields: [{ name: "f", datatype, value }] }).form());
		expect(show("xs:dateTime", 1219439340)).toEqual(["2008-08-22T21:09:00Z"]);
		expect(show("xs:double", 0.5)).toEqual(["0.500000"]);
		expect(show("xs:decimal", 2)).toEqual(["2.000000"]);
		expect(() => show("xs:integer", 0.5)).toThrow(/form field f: expected text or an integer, got 0.5/);
	});

	it("shows XML in hidden fields", () => {
		const form = new_form({ fields: [{ name: "f", type: "hidden" }] }).form({ f: st.stanza("thing", { xmlns: "urn:x" }) });
		expect(form.get_child("field")?.get_child("value")?.get_child("thing", "urn:x")).toBeDefined();
	});

	it("adds options with the default among them, in forms only", () => {
		const layout: Layout = {
			fields: [{ name: "f", type: "list-single", options: [{ value: "a", label: "A" }, { value: "b", default: true }, "c"] }],
		};
		const form = new_form(layout).form();
		expect(values_of(form)).toEqual(["b"]);
		const options = [...(form.get_child("field")?.childtags("option") ?? [])];
		expect(options.map((option) => [option.attr["label"], option.get_child_text("value")])).toEqual([
			["A", "a"],
			[undefined, "b"],
			["c", "c"],
		]);
		expect(values_of(new_form(layout).form({ f: "a" }))).toEqual(["a"]);
		expect(values_of(new_form(layout).form({}, "result"))).toEqual([]);
		expect(new_form(layout).form({}, "result").find("field/option")).toBeUndefined();
	});

	it("takes options as the value of a list", () => {
		const form = new_form({ fields: [{ name: "f", type: "list-multi" }] }).form({ f: ["x", { value: "y", default: true }] });
		expect([...(form.get_child("field")?.childtags("option") ?? [])]).toHaveLength(2);
		expect(values_of(form)).toEqual(["y"]);
	});

	it("says more in a form than in a submission", () => {
		const layout: Layout = {
			title: "T",
			instructions: "I",
			fields: [
				{ name: "f", var: "v", type: "text-single", label: "L", desc: "D", required: true, datatype: "xs:integer", range_min: 1 },
				{ name: "m", media: { height: 24, width: 32, uris: [{ type: "image/png", uri: "data:" }] } },
			],
		};
		const form = new_form(layout).form({ f: 2 });
		expect(form.toString()).toBe(
			"<x xmlns='jabber:x:data' type='form'><title>T</title><instructions>I</instructions>" +
				"<field type='text-single' var='v' label='L'><desc>D</desc>" +
				"<validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:integer'><range min='1'/></validate>" +
				"<value>2</value><required/></field>" +
				"<field type='text-single' var='m'><media xmlns='urn:xmpp:media-element' height='24' width='32'>" +
				"<uri type='image/png'>data:</uri></media></field></x>",
		);
		expect(new Form({ ...layout, fields: layout.fields.slice(0, 1) }).form({ f: 2 }, "submit").toString()).toBe(
			"<x xmlns='jabber:x:data' type='submit'><field type='text-single' var='v'><value>2</value></field></x>",
		);
		expect(new_form(layout).form({ f: 2 }, "cancel").toString()).toBe("<x xmlns='jabber:x:data' type='cancel'/>");
	});
});

describe("reading fields", () => {
	const cases: [Field, string[], ParsedValue | undefined, string | undefined][] = [
		[{ type: "boolean" }, ["1"], true, undefined],
		[{ type: "boolean" }, ["true"], true, undefined],
		[{ type: "boolean" }, ["0"], false, undefined],
		[{ type: "boolean" }, ["false"], false, undefined],
		[{ type: "boolean" }, ["yes"], undefined, "Invalid boolean representation:yes"],
		[{ type: "boolean" }, [], undefined, undefined],
		[{ type: "boolean", required: true }, [], undefined, "Required value missing"],
		[{ type: "fixed" }, ["x"], undefined, undefined],
		[{}, ["x"], undefined, undefined],
		[{ type: "hidden" }, ["x"], "x", undefined],
		[{ type: "jid-multi" }, ["A@Example", "@bad", "b@example"], ["a@example", "b@example"], "Invalid JID: @bad"],
		[{ type: "jid-multi" }, ["@bad"], undefined, undefined],
		[{ type: "jid-multi", required: true }, [], undefined, "Required value missing"],
		[{ type: "jid-single" }, ["A@Example/R"], "a@example/R", undefined],
		[{ type: "jid-single" }, ["@bad"], undefined, "Invalid JID: @bad"],
		[{ type: "list-multi" }, ["a", "b"], ["a", "b"], undefined],
		[{ type: "list-multi" }, [], undefined, undefined],
		[{ type: "list-single" }, ["anything"], "anything", undefined],
		[{ type: "text-multi" }, ["a", "b"], "a\nb", undefined],
		[{ type: "text-private" }, ["a"], "a", undefined],
		[{ type: "text-single" }, [""], "", undefined],
		[{ type: "text-single", required: true }, [""], undefined, "Required value missing"],
		[{ type: "text-single", datatype: "xs:integer" }, ["-5"], -5, undefined],
		[{ type: "text-single", datatype: "xs:integer" }, ["1e3"], 1000, undefined],
		[{ type: "text-single", datatype: "xs:integer" }, ["nan"], undefined, "not a number"],
		[{ type: "text-single", datatype: "xs:integer" }, ["1.5"], undefined, "not an integer"],
		[{ type: "text-single", datatype: "xs:integer", range_max: 10 }, ["11"], undefined, "out of bounds"],
		[{ type: "text-single", datatype: "xs:integer", range_min: 10 }, ["9"], undefined, "out of bounds"],
		[{ type: "text-single", datatype: "pubsub:integer-or-max" }, ["max"], "max", undefined],
		[{ type: "text-single", datatype: "pubsub:integer-or-max" }, ["7"], 7, undefined],
		[{ type: "text-single", datatype: "xs:dateTime" }, ["2008-08-22T21:09:00Z"], 1219439340, undefined],
		[{ type: "text-single", datatype: "xs:dateTime" }, ["yesterday"], undefined, "invalid timestamp"],
		[{ type: "text-single", datatype: "xs:language" }, ["de"], "de", undefined],
	];
	it.each(cases)("%j %j", (field, values, value, error) => {
		const { data, errors, present } = new_form({ fields: [{ ...field, name: "f" }] }).data(submitted("f", ...values));
		expect(data["f"]).toEqual(value);
		expect(errors).toEqual(error === undefined ? undefined : { f: error });
		expect([...present]).toEqual(["f"]);
	});

	it("keeps current values of missing fields, and complains about required ones", () => {
		const form = new_form({
			fields: [
				{ name: "kept", type: "text-single", required: true },
				{ name: "gone", type: "text-single", required: true },
				{ name: "free", type: "boolean" },
			],
		});
		const { data, errors, present } = form.data(submitted("unknown", "x"), { kept: "as it was" });
		expect(data).toEqual({ kept: "as it was" });
		expect(errors).toEqual({ gone: "Required value missing" });
		expect(present.size).toBe(0);
	});

	it("finds fields by var, and takes the first of several", () => {
		const form = st.stanza("x", { xmlns: ns.data, type: "submit" });
		form.tag("field", { var: "v" }).text_tag("value", "first").up();
		form.tag("field", { var: "v" }).text_tag("value", "second").up();
		expect(new_form({ fields: [{ name: "n", var: "v", type: "text-single" }] }).data(form).data).toEqual({ n: "first" });
	});

	it("tells the type of a form", () => {
		expect(get_type(new_form({ fields: [{ name: "FORM_TYPE", type: "hidden", value: "urn:x" }] }).form())).toEqual({
			ok: true,
			value: "urn:x",
		});
		expect(get_type(st.stanza("x", { xmlns: ns.data }))).toEqual({ ok: true, value: "" });
		expect(get_type(undefined).ok).toBe(false);
		expect(get_type(st.stanza("x")).ok).toBe(false);
		expect(get_type(submitted("FORM_TYPE")).ok).toBe(false);
	});
});

// ------------------------------------------------------------------------------------------------------- as Prosody does it

/** A value as Lua source. */
function lua(value: unknown): string {
	if (Array.isArray(value)) return `{${value.map(lua).join(",")}}`;
	if (typeof value === "object" && value !== null) {
		const parts = Object.entries(value).map(([key, part]) => `[${lua(key)}]=${lua(part)}`);
		return `{${parts.join(",")}}`;
	}
	if (typeof value === "string") {
		const bytes = [...Buffer.from(value)].map((byte) => `\\${String(byte).padStart(3, "0")}`);
		return `"${bytes.join("")}"`;
	}
	return value === undefined ? "nil" : String(value);
}

/** Attributes in alphabetical order, which Prosody writes in none. */
function sorted(xml: string): string {
	return xml.replace(/<([^\s/>]+)((?: [^\s=]+='[^']*')+)/g, (_, name: string, attributes: string) => {
		const each = attributes.match(/[^\s=]+='[^']*'/g) ?? [];
		return `<${name} ${each.sort().join(" ")}`;
	});
}

/** Shows a form and reads it back with Prosody's own code: the XML, then the values and errors that it read, as sorted lines. */
function prosody(layout: Layout, data: FieldValues, type: FormType): { xml: string; read: string[] } {
	const { fields, ...heads } = layout;
	const table = `(function () local t = ${lua(heads)} for _, f in ipairs(${lua(fields)}) do table.insert(t, f) end return t end)()`;
	const script = `
		local form = require "util.dataforms".new(${table})
		local x = form:form(${lua(data)}, ${lua(type)})
		print((tostring(x):gsub("\\n", "\\\\n")))
		local read, errors = form:data(x)
		local function show(v) return type(v) == "table" and "["..table.concat(v, "|").."]" or tostring(v):gsub("%.0$", ""):gsub("\\n", "/") end
		for k, v in pairs(read) do print(("data %s %s"):format(k, show(v))) end
		for k, v in pairs(errors or {}) do print(("error %s %s"):format(k, v)) end
	`;
	const environment = {
		PATH: process.env["PATH"],
		LUA_PATH: "/usr/lib/prosody/?.lua",
		LUA_CPATH: "/usr/lib/prosody/?.so",
		TZ: "UTC",
	};
	const run = spawnSync("lua5.4", ["-"], { env: environment, input: script, encoding: "utf8" });
	if (run.status !== 0) throw new Error(run.stderr);
	const [xml = "", ...read] = run.stdout.trimEnd().split("\n");
	return { xml: sorted(xml), read: read.sort() };
}

function ours(layout: Layout, values: FieldValues, type: FormType): { xml: string; read: string[] } {
	const form = new_form(layout);
	const x = form.form(values, type);
	const { data, errors } = form.data(x);
	const show = (value: ParsedValues[string]) =>
		Array.isArray(value) ? `[${value.join("|")}]` : String(value).replaceAll("\n", "/");
	const read = [
		...Object.entries(data).map(([name, value]) => `data ${name} ${show(value)}`),
		...Object.entries(errors ?? {}).map(([name, error]) => `error ${name} ${error}`),
	];
	return { xml: sorted(x.toString()), read: read.sort() };
}

describe.skipIf(why_no_prosody !== undefined)("a form of all field types, as Prosody has it", () => {
	const layout: Layout = {
		title: "All <types>",
		instructions: "Fill in & send",
		fields: [
			{ name: "FORM_TYPE", type: "hidden", value: "urn:example" },
			{ type: "fixed", value: "A heading" },
			{ name: "b", type: "boolean", label: "Boolean", desc: "Yes or no", value: true, required: true },
			{ name: "jm", type: "jid-multi", value: ["A@Example.org", "@no"] },
			{ name: "js", type: "jid-single", value: "a@example.org/R" },
			{ name: "lm", type: "list-multi", options: ["x", { value: "y", label: "Y", default: true }] },
			{ name: "ls", type: "list-single", options: [{ value: "x", label: "X", default: true }, { value: "y" }] },
			{ name: "tm", type: "text-multi", value: "a\nb\r\nc" },
			{ name: "tp", type: "text-private", value: "p" },
			{ name: "ts", type: "text-single", value: "ä€'\"<" },
			{ name: "n", type: "text-single", datatype: "xs:integer", range_min: -10, range_max: 10, value: 5 },
			{ name: "d", type: "text-single", datatype: "xs:dateTime", value: 1219439340 },
			{ name: "u", var: "urn:u", value: "untyped" },
		],
	};
	const values: [string, FieldValues][] = [
		["its own values", {}],
		["other values", { b: false, jm: ["x@example"], ls: "y", lm: ["x", "y"], tm: "one", n: 99, d: 0, u: "shown" }],
		["options as values", { ls: ["p", "q"], lm: [{ value: "r", label: "R", default: true }] }],
		["empty text", { ts: "", tp: "", tm: "\n", ls: "" }],
	];
	for (const type of ["form", "submit", "result", "cancel"] as const) {
		// Options in place of values are for forms only; elsewhere Prosody fails on them
		it.each(values.filter(([, data]) => type === "form" || !Array.isArray(data["ls"])))(`${type} with %s`, (_, data) => {
			expect(ours(layout, data, type)).toEqual(prosody(layout, data, type));
		});
	}
});
