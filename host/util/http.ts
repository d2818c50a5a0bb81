// Counterpart: util/http.lua

import { isUtf8 } from "node:buffer";

/** Every byte but letters, digits and `.~_-` as `%` and two hexadecimal digits. */
export function urlencode(text: string): string {
	return text.replace(/[^a-zA-Z0-9.~_-]+/g, (run) =>
		[...Buffer.from(run)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
	);
}

/** How many bytes the UTF-8 character that begins at a position takes; 0 where none does. */
function character_length(bytes: Buffer, position: number): number {
	for (let length = 1; length <= 4 && position + length <= bytes.length; length++) {
		if (isUtf8(bytes.subarray(position, position + length))) return length;
	}
	return 0;
}

/** Decodes percent-encoding. What would not be UTF-8 stays encoded, so that different texts stay different. */
export function urldecode(text: string): string {
	return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
		const bytes = Buffer.from(run.replaceAll("%", ""), "hex");
		if (isUtf8(bytes)) return bytes.toString();
		let decoded = "";
		for (let position = 0; position < bytes.length; ) {
			const length = character_length(bytes, position);
			decoded += length > 0 ? bytes.toString("utf8", position, position + length) : run.slice(position * 3, position * 3 + 3);
			position += Math.max(length, 1);
		}
		return decoded;
	});
}

/** One field of a form, in the order of the form. */
export interface FormField {
	readonly name: string;
	readonly value: string;
}

function encode_form_part(text: string): string {
	return urlencode(text).replaceAll("%20", "+");
}

/** Writes a form as `application/x-www-form-urlencoded`. */
export function formencode(form: readonly FormField[] | { readonly [name: string]: string }): string {
	const fields = Array.isArray(form) ? form : Object.entries(form).map(([name, value]) => ({ name, value }));
	return fields.map(({ name, value }) => `${encode_form_part(name)}=${encode_form_part(value)}`).join("&");
}

/** A form that was read. */
export interface Form {
	readonly fields: readonly FormField[];
	/** By name; of several with the same name the last. */
	readonly values: ReadonlyMap<string, string>;
}

/** Reads `application/x-www-form-urlencoded`, as in the query of a URL; something without any `=` is a plain text. */
export function formdecode(text: string): string | Form {
	if (!text.includes("=")) return urldecode(text);
	const fields = [...text.matchAll(/([^=&]*)=([^&]*)/g)].map(([, name = "", value = ""]) => ({
		name: urldecode(name.replaceAll("+", "%20")),
		value: urldecode(value.replaceAll("+", "%20")),
	}));
	return { fields, values: new Map(fields.map(({ name, value }) => [name, value])) };
}

/** Whether a header field with a list, such as `Connection`, contains something, whatever the case. */
export function contains_token(field: string, token: string): boolean {
	return `,${field.replace(/[ \t]/g, "").toLowerCase()},`.includes(`,${token.toLowerCase()},`);
}

/** A path with a slash in front, and one at the end for folders only. */
export function normalize_path(path: string, is_folder = false): string {
	let normal = path;
	if (is_folder !== normal.endsWith("/")) normal = is_folder ? `${normal}/` : normal.slice(0, -1);
	return normal.startsWith("/") ? normal : `/${normal}`;
}

/**
 * Reads the header field `Forwarded` (RFC 7239 §4): what each proxy says, the one that is nearest to the client first.
 * @returns undefined without such a field, false where it is invalid
 */
export function parse_forwarded(field: string | undefined): { [parameter: string]: string }[] | false | undefined {
	if (field === undefined) return undefined;
	const proxies: { [parameter: string]: string }[] = [];
	let proxy: [string, string][] = [];
	const pair = /(?<![a-zA-Z0-9])([a-zA-Z0-9]+)[ \t]*=[ \t]*("?)([^,;"]+)\2[ \t]*(.?)/gs;
	for (const [, name = "", quote, value = "", delimiter] of field.matchAll(pair)) {
		proxy.push([name.toLowerCase(), quote === '"' ? value.replace(/\\(.)/g, "$1") : value]);
		if (delimiter === ";") continue;
		if (delimiter !== "," && delimiter !== "") return false;
		proxies.push(Object.fromEntries(proxy));
		if (delimiter === "") break;
		proxy = [];
	}
	return proxies;
}
