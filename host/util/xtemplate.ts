// Counterpart: util/xtemplate.lua

import { Stanza } from "./stanza.ts";

/** The end of a part in brackets that begins at a position; undefined where it is not closed. */
function closing(text: string, start: number, open: string, close: string): number | undefined {
	let depth = 0;
	for (let index = start; index < text.length; index++) {
		if (text[index] === open) depth++;
		else if (text[index] === close && --depth === 0) return index;
	}
	return undefined;
}

/** A function in a template: `name(arguments){template}`. */
interface Call {
	readonly name: string;
	readonly args: string | undefined;
	readonly template: string | undefined;
	/** What follows it. */
	readonly rest: string;
}

function read_call(text: string): Call | undefined {
	const name = /^[A-Za-z0-9]+/.exec(text)?.[0];
	if (name === undefined) return undefined;
	let rest = text.slice(name.length);
	const take = (open: string, close: string): string | undefined => {
		const end = rest.startsWith(open) ? closing(rest, 0, open, close) : undefined;
		if (end === undefined) return undefined;
		const inner = rest.slice(1, end);
		rest = rest.slice(end + 1);
		return inner;
	};
	const args = take("(", ")");
	const template = take("{", "}");
	return { name, args, template, rest };
}

/** Writes the template for each child; the path of the children is `{namespace}name`. */
function each(of: Stanza, path: string, template: string, escape_text: (text: string) => string): string {
	const [, xmlns, name = ""] = /^(?:\{([^}]*)\})?(.*)$/s.exec(path) ?? [];
	const children = of.childtags(name === "" ? undefined : name, xmlns === "" ? undefined : xmlns);
	return [...children].map((child) => render(template, child, escape_text)).join("");
}

/**
 * Fills in a template: `{path}` is the text that a path of {@link Stanza.find} leads to, `{path|and{…}}` is there where it leads to
 * something, `{path|or{…}}` where it does not, `{path|each{…}}` for each. A `-` beside the braces takes the white space there away.
 * Throws for a function that there is not.
 */
export function render(template: string, root: Stanza, escape_text: (text: string) => string): string {
	let out = "";
	for (let position = 0; position < template.length; ) {
		const open = template.indexOf("{", position);
		const close = open < 0 ? undefined : closing(template, open, "{", "}");
		if (close === undefined) return out + template.slice(position);
		let before = template.slice(position, open);
		let block = template.slice(open + 1, close);
		let rest = close + 1;
		if (block.startsWith("-")) {
			before = before.trimEnd();
			block = block.slice(1);
		}
		if (block.endsWith("-")) {
			while (/\s/.test(template[rest] ?? "")) rest++;
			block = block.slice(0, -1);
		}
		out += before + (fill(block, root, escape_text) ?? `{${block}}`);
		position = rest;
	}
	return out;
}

/** The text of one block; undefined where it has no path. */
function fill(block: string, root: Stanza, escape_text: (text: string) => string): string | undefined {
	const path = /^[^|]+/.exec(block)?.[0];
	if (path === undefined) return undefined;
	let value: Stanza | string | undefined = path === "." ? root : path === "#" ? root.get_text() : root.find(path);
	let is_escaped = false;
	for (let rest = block.slice(path.length); rest.startsWith("|"); ) {
		const call = read_call(rest.slice(1));
		if (call === undefined) break;
		const { name, args, template = "" } = call;
		const condition = args === undefined ? value : root.find(args);
		if (name === "each") {
			if (!(value instanceof Stanza)) return "";
			value = each(args === undefined ? root : value, args ?? path, template, escape_text);
			is_escaped = true;
		} else if (name === "and" || name === "or") {
			if ((condition !== undefined) === (name === "and")) {
				value = render(template, root, escape_text);
				is_escaped = true;
			}
		} else throw new TypeError(`No such filter function: ${name}`);
		rest = call.rest;
	}
	const text = value instanceof Stanza ? value.get_text() : value;
	if (text === undefined) return "";
	return is_escaped ? text : escape_text(text);
}
