// Counterpart: ejabberd's mod_muc_admin (get_room_options, change_room_option): a room's settings by name.

import type { SettingValue } from "../../host/util/api/parameters.ts";
import { type Field, type FieldValues, Form, type ParsedValue } from "../../host/util/dataforms.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { configure } from "../room/config_form.ts";
import type { Room } from "../types.ts";

/** ejabberd's names of options for fields that mean the same, and how the values differ where they do. */
interface EjabberdOption {
	readonly field: string;
	/** The field's value for `true`, and for `false`, where the field is no yes or no. */
	readonly words?: readonly [yes: string, no: string];
}

const ejabberd_options: Readonly<Record<string, EjabberdOption>> = {
	allow_change_subj: { field: "muc#roomconfig_changesubject" },
	allow_user_invites: { field: "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites" },
	anonymous: { field: "muc#roomconfig_whois", words: ["moderators", "anyone"] },
	description: { field: "muc#roomconfig_roomdesc" },
	lang: { field: "muc#roomconfig_lang" },
	mam: { field: "muc#roomconfig_enablearchiving" },
	members_only: { field: "muc#roomconfig_membersonly" },
	moderated: { field: "muc#roomconfig_moderatedroom" },
	password: { field: "muc#roomconfig_roomsecret" },
	persistent: { field: "muc#roomconfig_persistentroom" },
	public: { field: "muc#roomconfig_publicroom" },
	title: { field: "muc#roomconfig_roomname" },
};

/** The names that a field has in ejabberd. */
const ejabberd_names = new Map(Object.entries(ejabberd_options).map(([name, option]) => [option.field, { name, ...option }]));

/** A field of a room's form, for JSON. */
export interface ShownField {
	readonly name: string;
	readonly type: string;
	readonly label: string;
	readonly desc: string;
	/** ejabberd's name; empty where it has none. */
	readonly option: string;
	readonly value: string | boolean | string[];
	readonly options: readonly { readonly value: string; readonly label: string }[];
}

function is_on(value: SettingValue): boolean {
	return value === true || value === 1 || value === "1" || value === "true";
}

/** The values of a field as texts, as the form shows them. */
function values_of(field: Field): string[] {
	const shown = new Form({ fields: [field] }).form(undefined, "form");
	return [...(shown.get_child("field")?.childtags("value") ?? [])].map((value) => value.get_text() ?? "");
}

function options_of({ options = [] }: Field): ShownField["options"] {
	return options.map((option) =>
		typeof option === "string" ? { value: option, label: option } : { value: option.value, label: option.label ?? option.value },
	);
}

function value_of(field: Field): ShownField["value"] {
	const values = values_of(field);
	if (field.type === "boolean") return is_on(values[0] ?? "0");
	if (field.type === "list-multi" || field.type === "jid-multi") return values;
	return values.join("\n");
}

/** The fields of a room's form that somebody sees, headings (of type `fixed`) too. */
export function shown_fields(room: Room, actor: string): ShownField[] {
	return room
		.get_form_layout(actor)
		.fields.filter(({ type }) => type !== "hidden")
		.map((field) => ({
			name: field.name ?? "",
			type: field.type ?? "text-single",
			label: field.label ?? (field.type === "fixed" ? values_of(field).join("\n") : ""),
			desc: field.desc ?? "",
			option: ejabberd_names.get(field.name ?? "")?.name ?? "",
			value: field.type === "fixed" ? "" : value_of(field),
			options: options_of(field),
		}));
}

/** All settings as texts: by ejabberd's names where it has them, otherwise by those of the form's fields. */
export function shown_settings(room: Room, actor: string): Record<string, string> {
	const settings: Record<string, string> = {};
	for (const { name, type, value } of shown_fields(room, actor)) {
		if (type === "fixed" || name === "") continue;
		const known = ejabberd_names.get(name);
		const text = Array.isArray(value) ? `[${value.join(",")}]` : String(value);
		if (known?.words !== undefined) settings[known.name] = String(value === known.words[0]);
		else settings[known?.name ?? name] = text;
		if (known?.name === "password") settings["password_protected"] = String(text !== "");
	}
	return settings;
}

/** What a field takes for a value; the error says what it expects. */
function read_value(field: Field, given: SettingValue): Result<ParsedValue, string> {
	const choices = options_of(field).map(({ value }) => value);
	switch (field.type) {
		case "boolean":
			return is_on(given) || ["false", "0", ""].includes(String(given))
				? ok(is_on(given))
				: failed(`expected true or false, got ${JSON.stringify(given)}`);
		case "list-multi":
		case "jid-multi": {
			const list = Array.isArray(given) ? given : [String(given)];
			const unknown = field.type === "list-multi" ? list.find((one) => !choices.includes(one)) : undefined;
			return unknown === undefined ? ok(list) : failed(`expected some of ${choices.join(", ")}, got ${JSON.stringify(unknown)}`);
		}
		case "text-multi":
			return ok(Array.isArray(given) ? given.join("\n") : String(given));
		default: {
			const text = Array.isArray(given) ? given.join("\n") : String(given);
			const is_choice = field.type !== "list-single" || choices.includes(text);
			return is_choice ? ok(text) : failed(`expected one of ${choices.join(", ")}, got ${JSON.stringify(text)}`);
		}
	}
}

/** The field's name and value for a setting under ejabberd's name, or under its own. */
function translate(name: string, value: SettingValue): readonly [field: string, value: SettingValue] {
	const option = Object.hasOwn(ejabberd_options, name) ? ejabberd_options[name] : undefined;
	if (option === undefined) return [name, value];
	const [yes, no] = option.words ?? [];
	if (yes === undefined || no === undefined) return [option.field, value];
	return [option.field, is_on(value) ? yes : no];
}

/**
 * Changes settings as if an owner had sent the form with these fields: all of them, or none where one is wrong. Where ejabberd's
 * `password_protected` is false, the password is taken away.
 */
export function change_settings(room: Room, actor: string, wanted: ReadonlyMap<string, SettingValue>): Result<true, string> {
	const fields = new Map(
		room.get_form_layout(actor).fields.flatMap((field) => (field.name === undefined ? [] : [[field.name, field] as const])),
	);
	const chosen: Field[] = [];
	const values: FieldValues = {};
	for (const [given_name, given] of wanted) {
		if (given_name === "password_protected" && is_on(given)) {
			if (wanted.has("password") || room.get_password() !== undefined) continue;
			return failed("password_protected: expected a password as well");
		}
		const [name, value] = given_name === "password_protected" ? ["muc#roomconfig_roomsecret", ""] : translate(given_name, given);
		const field = fields.get(name);
		if (field === undefined || field.type === "fixed" || field.type === "hidden") {
			return failed(`${given_name}: this room has no such setting`);
		}
		const read = read_value(field, value);
		if (!read.ok) return failed(`${given_name}: ${read.error}`);
		chosen.push(field);
		values[name] = read.value;
	}
	const form_type = fields.get("FORM_TYPE");
	return configure(room, actor, new Form({ fields: [...(form_type ? [form_type] : []), ...chosen] }).form(values, "submit"));
}
