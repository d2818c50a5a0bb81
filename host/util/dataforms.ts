// Counterpart: util/dataforms.lua (XEP-0004, XEP-0122, XEP-0221)

import { datetime, parse as parse_datetime } from "./datetime.ts";
import type { Result } from "./error.ts";
import { failed, ok } from "./error.ts";
import { prep } from "./jid.ts";
import { ns } from "./ns.ts";
import * as st from "./stanza.ts";
import { Stanza } from "./stanza.ts";
import { tonumber } from "./tonumber.ts";

const field_types = [
	"boolean",
	"fixed",
	"hidden",
	"jid-multi",
	"jid-single",
	"list-multi",
	"list-single",
	"text-multi",
	"text-private",
	"text-single",
] as const;

export type FieldType = (typeof field_types)[number];

/** Whether a value, such as one out of a configuration, is the name of a type of fields. */
export function is_field_type(value: unknown): value is FieldType {
	return field_types.some((type) => type === value);
}

/** The type of a form: to be filled in, submitted, cancelled, or a result. */
export type FormType = "form" | "submit" | "cancel" | "result";

/** One choice of a list. */
export interface FieldOption {
	readonly label?: string;
	readonly value: string;
	/** Chosen where the field has no value. */
	readonly default?: boolean;
}

/** A picture or sound to go with a field (XEP-0221); sizes in pixels. */
export interface Media {
	readonly height: number;
	readonly width: number;
	readonly uris: readonly { readonly type: string; readonly uri: string }[];
}

/**
 * A value to show: text, a number (seconds since 1970 for an `xs:dateTime`), several choices, XML in hidden fields, or, for a list,
 * its options in place of the value.
 */
export type FieldValue = string | number | boolean | readonly (string | FieldOption)[] | Stanza;

/** A value as {@link Form.data} read it: lists of `jid-multi` and `list-multi`, one text in several lines of `text-multi`. */
export type ParsedValue = string | number | boolean | string[];

/** Values to show, by field name. */
export interface FieldValues {
	[name: string]: FieldValue | undefined;
}

/** Values that were read, by field name. */
export interface ParsedValues {
	[name: string]: ParsedValue | undefined;
}

/** One field of a form. */
export interface Field {
	/** Key of the field's value, and what it is called on the wire where there is no `var`. */
	name?: string;
	var?: string;
	/** `text-single` when shown without one; but only fields that state their type are read. */
	type?: FieldType;
	label?: string;
	desc?: string;
	value?: FieldValue | undefined;
	options?: readonly (string | FieldOption)[];
	required?: boolean;
	/** XEP-0122; `xs:integer`, `xs:dateTime` and `pubsub:integer-or-max` are checked and converted. */
	datatype?: string;
	range_min?: number;
	range_max?: number;
	media?: Media;
}

export interface Layout {
	title?: string;
	instructions?: string;
	fields: Field[];
}

/** What was read out of a submitted form. */
export interface FormData {
	readonly data: ParsedValues;
	/** What is wrong by field name; undefined when nothing is. */
	readonly errors: { [name: string]: string } | undefined;
	/** Names of the fields that were submitted. */
	readonly present: Set<string>;
}

/** A form: its fields in order, which handlers may add to until it is shown. */
export class Form implements Layout {
	title?: string;
	instructions?: string;
	fields: Field[];

	constructor(layout: Layout) {
		if (layout.title !== undefined) this.title = layout.title;
		if (layout.instructions !== undefined) this.instructions = layout.instructions;
		this.fields = layout.fields;
	}

	/** The `<x/>` element; `data` takes precedence over the values of the fields. */
	form(data?: FieldValues, type: FormType = "form"): Stanza {
		const form = st.stanza("x", { xmlns: ns.data, type });
		if (type === "cancel") return form;
		if (type !== "submit") {
			if (this.title !== undefined) form.text_tag("title", this.title);
			if (this.instructions !== undefined) form.text_tag("instructions", this.instructions);
		}
		for (const field of this.fields) add_field(form, field, field.name === undefined ? undefined : data?.[field.name], type);
		return form;
	}

	/**
	 * Reads a submitted `<x/>`. A field that is missing there keeps its `current` value.
	 * A field of no known type (or `fixed`) counts as present but has no value.
	 */
	data(stanza: Stanza, current?: ParsedValues): FormData {
		const data: ParsedValues = {};
		const errors: { [name: string]: string } = {};
		const present = new Set<string>();
		for (const field of this.fields) {
			const { name } = field;
			if (name === undefined) continue;
			const tag = find_field(stanza, field.var ?? name);
			if (tag === undefined) {
				const kept = current?.[name];
				if (kept !== undefined) data[name] = kept;
				else if (field.required) errors[name] = missing;
				continue;
			}
			present.add(name);
			const { value, error } = read_field(tag, field);
			if (value !== undefined) data[name] = value;
			if (error !== undefined) errors[name] = error;
		}
		return { data, errors: Object.keys(errors).length > 0 ? errors : undefined, present };
	}
}

/** A form with that layout; both share one array of fields. */
export function new_form(layout: Layout): Form {
	return new Form(layout);
}

/** The FORM_TYPE of a form, empty text where it has none; an error for what is not a form. */
export function get_type(form: Stanza | undefined): Result<string, string> {
	if (form === undefined) return failed("not a stanza object");
	if (form.attr["xmlns"] !== ns.data || form.name !== "x") return failed("not a dataform element");
	const type = find_field(form, "FORM_TYPE");
	if (type === undefined) return ok("");
	const value = type.get_child_text("value");
	return value === undefined ? failed("FORM_TYPE without a value") : ok(value);
}

// ---------------------------------------------------------------------------------------------------------------- writing

function add_field(form: Stanza, field: Field, given: FieldValue | undefined, form_type: FormType): void {
	const type = field.type ?? "text-single";
	const shown = form_type !== "submit";
	form.tag("field", { type, var: field.var ?? field.name, label: shown ? field.label : undefined });
	if (shown && field.desc !== undefined) form.text_tag("desc", field.desc);
	if (form_type === "form" && field.datatype !== undefined) add_validate(form, field);

	let value = field.value;
	let options = field.options;
	if (given !== undefined) {
		if (form_type === "form" && is_list(given) && (type === "list-single" || type === "list-multi")) {
			options = given;
			value = undefined;
		} else value = given;
	}
	if (form_type === "form" && options !== undefined) {
		const defaults = add_options(form, options);
		// False counts as no value here, as in Lua
		if (value === undefined || value === false) {
			if (type === "list-single") value = defaults[0];
			else if (type === "list-multi") value = defaults;
		}
	}
	if (value !== undefined) add_value(form, field, type, value);
	if (field.media !== undefined) add_media(form, field.media);
	if (form_type === "form" && field.required) form.tag("required").up();
	form.up();
}

function is_list(value: FieldValue): value is readonly (string | FieldOption)[] {
	return Array.isArray(value);
}

/** The method `basic` is the default and left out (XEP-0122 §3.2). */
function add_validate(form: Stanza, field: Field): void {
	form.tag("validate", { xmlns: ns.data_validate, datatype: field.datatype });
	if (field.range_min !== undefined || field.range_max !== undefined) {
		form.tag("range", { min: field.range_min?.toString(), max: field.range_max?.toString() }).up();
	}
	form.up();
}

/** Adds the choices, and returns the values of those that are chosen by default. */
function add_options(form: Stanza, options: readonly (string | FieldOption)[]): string[] {
	const defaults: string[] = [];
	for (const option of options) {
		const label = typeof option === "string" ? option : option.label;
		const value = typeof option === "string" ? option : option.value;
		form.tag("option", { label }).text_tag("value", value).up();
		if (typeof option !== "string" && option.default) defaults.push(value);
	}
	return defaults;
}

function add_value(form: Stanza, field: Field, type: FieldType, value: FieldValue): void {
	switch (type) {
		case "boolean":
			form.text_tag("value", value === false || value === 0 ? "0" : "1");
			break;
		case "hidden":
			if (value instanceof Stanza) form.tag("value").add_child(value).up();
			else form.text_tag("value", to_text(field, value));
			break;
		case "jid-multi":
		case "list-multi":
			for (const item of is_list(value) ? value : [value]) form.text_tag("value", to_text(field, item));
			break;
		case "text-multi":
			for (const line of to_text(field, value).split(/[\r\n]+/)) {
				if (line !== "") form.text_tag("value", line);
			}
			break;
		case "fixed":
		case "jid-single":
		case "list-single":
		case "text-private":
		case "text-single":
			form.text_tag("value", to_text(field, value));
	}
}

/** The text of a value; throws a TypeError that names the field where there is none. */
function to_text(field: Field, value: FieldValue | FieldOption): string {
	if (typeof value === "string") return value;
	if (typeof value === "number") {
		if (field.datatype === "xs:dateTime") return datetime(value);
		if (field.datatype === "xs:double" || field.datatype === "xs:decimal") return value.toFixed(6);
		if (Number.isInteger(value)) return BigInt(value).toString();
	}
	const what = typeof value === "object" ? "a list or an element" : String(value);
	throw new TypeError(
		`value of form field ${field.name ?? field.var ?? "without name"}: expected text or an integer, got ${what}`,
	);
}

function add_media(form: Stanza, media: Media): void {
	form.tag("media", {
		xmlns: "urn:xmpp:media-element",
		height: Math.trunc(media.height).toString(),
		width: Math.trunc(media.width).toString(),
	});
	for (const { type, uri } of media.uris) form.text_tag("uri", uri, { type });
	form.up();
}

// ---------------------------------------------------------------------------------------------------------------- reading

interface Reading {
	value?: ParsedValue | undefined;
	error?: string | undefined;
}

const missing = "Required value missing";

function find_field(form: Stanza, name: string): Stanza | undefined {
	return form.get_child_with_attr("field", undefined, "var", name);
}

function read_field(tag: Stanza, field: Field): Reading {
	const reading = read_value(tag, field.type, field.required ?? false);
	const validator = field.datatype === undefined ? undefined : validators.get(field.datatype);
	if (reading.value === undefined || validator === undefined) return reading;
	const valid = validator(reading.value, field);
	return valid.ok ? { value: valid.value, error: reading.error } : { error: valid.error };
}

function read_value(tag: Stanza, type: FieldType | undefined, required: boolean): Reading {
	switch (type) {
		case "text-single":
		case "text-private":
		case "list-single":
			return read_text(tag, required);
		case "hidden":
			return { value: tag.get_child_text("value") };
		case "boolean":
			return read_boolean(tag, required);
		case "jid-single":
			return read_jid(tag, required);
		case "jid-multi":
			return read_jids(tag, required);
		case "list-multi":
			return read_list(tag, required);
		case "text-multi": {
			const { value, error } = read_list(tag, required);
			return { value: value?.join("\n"), error };
		}
		default:
			return {};
	}
}

/** Empty text is a value, except for a required field, where it counts as missing. */
function read_text(tag: Stanza, required: boolean): { value?: string | undefined; error?: string } {
	const value = tag.get_child_text("value");
	return required && (value === undefined || value === "") ? { error: missing } : { value };
}

function read_boolean(tag: Stanza, required: boolean): Reading {
	const { value, error } = read_text(tag, required);
	if (value === undefined) return { error };
	if (value === "1" || value === "true") return { value: true };
	if (value === "0" || value === "false") return { value: false };
	return { error: `Invalid boolean representation:${value}` };
}

function read_jid(tag: Stanza, required: boolean): Reading {
	const { value, error } = read_text(tag, required);
	if (value === undefined) return { error };
	const jid = prep(value);
	return jid === undefined ? { error: `Invalid JID: ${value}` } : { value: jid };
}

/** Reads the valid ones and gives an error for the others. */
function read_jids(tag: Stanza, required: boolean): Reading {
	const good: string[] = [];
	const complaints: string[] = [];
	for (const value_tag of tag.childtags("value")) {
		const raw = value_tag.get_text();
		const jid = prep(raw);
		if (jid !== undefined) good.push(jid);
		else if (raw !== undefined) complaints.push(`Invalid JID: ${raw}`);
	}
	// PARITY: where none is valid, there is no error
	if (good.length > 0) return { value: good, error: complaints.length > 0 ? complaints.join("\n") : undefined };
	return required ? { error: missing } : {};
}

function read_list(tag: Stanza, required: boolean): { value?: string[]; error?: string } {
	const items: string[] = [];
	for (const value_tag of tag.childtags("value")) {
		const text = value_tag.get_text();
		if (text !== undefined) items.push(text);
	}
	if (items.length > 0) return { value: items };
	return required ? { error: missing } : {};
}

type Validator = (value: ParsedValue, field: Field) => Result<ParsedValue, string>;

function validate_integer(value: ParsedValue, field: Field): Result<number, string> {
	const number = typeof value === "string" || typeof value === "number" ? tonumber(value) : undefined;
	if (number === undefined) return failed("not a number");
	if (!Number.isInteger(number)) return failed("not an integer");
	if (field.range_max !== undefined && number > field.range_max) return failed("out of bounds");
	if (field.range_min !== undefined && number < field.range_min) return failed("out of bounds");
	return ok(number);
}

const validators: ReadonlyMap<string, Validator> = new Map<string, Validator>([
	["xs:integer", validate_integer],
	["pubsub:integer-or-max", (value, field) => (value === "max" ? ok(value) : validate_integer(value, field))],
	[
		"xs:dateTime",
		(value) => {
			const time = typeof value === "string" ? parse_datetime(value) : undefined;
			return time === undefined ? failed("invalid timestamp") : ok(time);
		},
	],
]);
