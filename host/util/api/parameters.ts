// Counterpart: ejabberd's ejabberd_commands (types of arguments). Each parameter checks what comes in, and describes itself.

import { failed, ok, type Result } from "../error.ts";
import { prepped_split } from "../jid.ts";

/** A value of JSON. */
export type JsonValue = string | number | boolean | readonly JsonValue[] | JsonSchema;

/** A value's description in JSON Schema (2020-12), by keyword. */
export interface JsonSchema {
	readonly [keyword: string]: JsonValue | undefined;
}

/** What a call has to give under a name. */
export interface Parameter<Value> {
	readonly schema: JsonSchema;
	readonly optional: boolean;
	/** Not to be logged. */
	readonly secret: boolean;
	/** Another name that is understood as well. */
	readonly alias?: string;
	/** Reads what was given; the error says what was expected. Texts of a URL's query are understood, too. */
	read(given: unknown): Result<Value, string>;
}

/** Parameters by name. */
export interface Parameters {
	readonly [name: string]: Parameter<unknown>;
}

/** What a command gets for its parameters. */
export type ArgumentsOf<Given extends Parameters> = {
	readonly [Name in keyof Given]: Given[Name] extends Parameter<infer Value> ? Value : never;
};

/** The most characters that a text may have, unless a command says otherwise. */
const longest_text = 1023;

function parameter<Value>(schema: JsonSchema, read: Parameter<Value>["read"], secret = false): Parameter<Value> {
	return { schema, optional: false, secret, read };
}

interface TextLimits {
	/** Most characters. */
	readonly max?: number;
	/** An empty text is no value. */
	readonly filled?: boolean;
}

/** A text; JSON's numbers are not taken for texts. */
export function text(description: string, { max = longest_text, filled = false }: TextLimits = {}): Parameter<string> {
	const min = filled ? { minLength: 1 } : {};
	return parameter({ type: "string", description, maxLength: max, ...min }, (given) => {
		if (typeof given !== "string") return failed("expected a text");
		if (filled && given === "") return failed("expected a text that is not empty");
		return given.length > max ? failed(`expected at most ${max} characters, got ${given.length}`) : ok(given);
	});
}

/** A password: neither logged nor shown. */
export function password(description: string): Parameter<string> {
	const base = text(description, { filled: true });
	return unlogged({ ...base, schema: { ...base.schema, format: "password", writeOnly: true } });
}

/** A whole number; also as a text, as in a query. */
export function integer(description: string, { min, max }: { readonly min: number; readonly max: number }): Parameter<number> {
	return parameter({ type: "integer", description, minimum: min, maximum: max }, (given) => {
		const number = typeof given === "string" && /^-?\d{1,15}$/.test(given) ? Number(given) : given;
		if (typeof number !== "number" || !Number.isInteger(number)) return failed("expected a whole number");
		return number < min || number > max ? failed(`expected ${min} to ${max}, got ${number}`) : ok(number);
	});
}

/** Yes or no; also as a text. */
export function flag(description: string): Parameter<boolean> {
	return parameter({ type: "boolean", description }, (given) => {
		if (given === true || given === "true") return ok(true);
		return given === false || given === "false" ? ok(false) : failed("expected true or false");
	});
}

/** One of some words. */
export function choice<Word extends string>(description: string, words: readonly Word[]): Parameter<Word> {
	return parameter({ type: "string", description, enum: words }, (given) => {
		const found = words.find((word) => word === given);
		return found === undefined ? failed(`expected one of ${words.join(", ")}`) : ok(found);
	});
}

/** A JID in its prepared form, with a resource or without one. */
export function jid(description: string): Parameter<string> {
	return parameter({ type: "string", description, maxLength: 3071 }, (given) => {
		if (typeof given !== "string" || given.length > 3071) return failed("expected a JID such as user@example.org");
		const { node, host, resource } = prepped_split(given);
		if (host === undefined) return failed(`${JSON.stringify(given)} is no JID: expected one such as user@example.org`);
		return ok(`${node === undefined ? "" : `${node}@`}${host}${resource === undefined ? "" : `/${resource}`}`);
	});
}

/** The part of a JID before the `@`, prepared: an account's name, or a room's. */
export function node(description: string): Parameter<string> {
	return parameter({ type: "string", description, maxLength: longest_text }, (given) => {
		const { node: prepared, host } = typeof given === "string" ? prepped_split(`${given}@localhost`) : {};
		if (prepared !== undefined && host === "localhost") return ok(prepared);
		return failed(`expected a name as before the @ of a JID${typeof given === "string" ? `, got ${JSON.stringify(given)}` : ""}`);
	});
}

/** A domain, prepared. */
export function domain(description: string): Parameter<string> {
	return parameter({ type: "string", description, maxLength: longest_text }, (given) => {
		const { node: local, host, resource } = typeof given === "string" ? prepped_split(given) : {};
		if (host !== undefined && local === undefined && resource === undefined) return ok(host);
		return failed("expected a domain such as example.org");
	});
}

/** A list of texts. */
export function texts(description: string, most = 1000): Parameter<string[]> {
	const item = text("");
	const schema: JsonSchema = { type: "array", description, maxItems: most, items: { type: "string", maxLength: longest_text } };
	return parameter(schema, (given) => {
		if (!Array.isArray(given)) return failed("expected a list of texts");
		if (given.length > most) return failed(`expected at most ${most} texts`);
		const read: string[] = [];
		for (const one of given) {
			const value = item.read(one);
			if (!value.ok) return failed(`in the list: ${value.error}`);
			read.push(value.value);
		}
		return ok(read);
	});
}

/** A setting: text, yes or no, number, or several texts. */
export type SettingValue = string | boolean | number | string[];

const setting_schemas: readonly JsonSchema[] = [
	{ type: "string" },
	{ type: "boolean" },
	{ type: "number" },
	{ type: "array", items: { type: "string" } },
];
/** The most settings in one call, and the most characters of one. */
const most_settings = 200;
const longest_setting = 10_000;

function read_setting(given: unknown): SettingValue | undefined {
	if (typeof given === "boolean" || (typeof given === "number" && Number.isFinite(given))) return given;
	if (typeof given === "string") return given.length > longest_setting ? undefined : given;
	if (!Array.isArray(given) || given.length > most_settings) return undefined;
	const list = given.filter((one): one is string => typeof one === "string" && one.length <= longest_setting);
	return list.length === given.length ? list : undefined;
}

/** One setting's value. */
export function setting(description: string): Parameter<SettingValue> {
	return parameter({ description, oneOf: setting_schemas }, (given) => {
		const value = read_setting(given);
		return value === undefined ? failed("expected a text, a number, true, false, or a list of texts") : ok(value);
	});
}

function setting_pairs(given: unknown): [string, unknown][] | undefined {
	if (typeof given !== "object" || given === null) return undefined;
	if (!Array.isArray(given)) return Object.entries(given);
	const pairs: [string, unknown][] = [];
	for (const one of given) {
		if (typeof one !== "object" || one === null) return undefined;
		const { name, value }: { readonly name?: unknown; readonly value?: unknown } = one;
		if (typeof name !== "string") return undefined;
		pairs.push([name, value]);
	}
	return pairs;
}

/** Settings by name: an object, or ejabberd's list of `{"name": …, "value": …}`. */
export function settings(description: string): Parameter<ReadonlyMap<string, SettingValue>> {
	const list: JsonSchema = {
		type: "array",
		maxItems: most_settings,
		items: {
			type: "object",
			properties: { name: { type: "string" }, value: { oneOf: setting_schemas } },
			required: ["name", "value"],
		},
	};
	const table: JsonSchema = { type: "object", additionalProperties: { oneOf: setting_schemas } };
	return parameter({ description, oneOf: [table, list] }, (given) => {
		const pairs = setting_pairs(given);
		if (pairs === undefined) return failed('expected an object, or a list of {"name": …, "value": …}');
		if (pairs.length > most_settings) return failed(`expected at most ${most_settings} settings`);
		const read = new Map<string, SettingValue>();
		for (const [name, raw] of pairs) {
			const value = read_setting(raw);
			if (value === undefined) return failed(`${name}: expected a text, a number, true, false, or a list of texts`);
			read.set(name, value);
		}
		return ok(read);
	});
}

/** The same parameter, which may be left out. */
export function optional<Value>(given: Parameter<Value>): Parameter<Value | undefined> {
	return {
		...given,
		optional: true,
		read: (value) => (value === undefined || value === null ? ok(undefined) : given.read(value)),
	};
}

/** The same parameter, whose value is not logged. */
export function unlogged<Value>(given: Parameter<Value>): Parameter<Value> {
	return { ...given, secret: true };
}

/** The same parameter, which is understood under another name as well. */
export function also_named<Value>(alias: string, given: Parameter<Value>): Parameter<Value> {
	return { ...given, alias };
}
