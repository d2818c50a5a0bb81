// No counterpart in Prosody: the XML inside scripts of its test player, https://matthewwild.co.uk/projects/scansion

import { SaxesParser } from "saxes";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { ns } from "../../host/util/ns.ts";
import { Stanza } from "../../host/util/stanza.ts";

/** An element as a script writes it: what to send, or what to expect. */
export interface Template {
	/** Name without prefix. */
	readonly name: string;
	/** The namespace in force. */
	readonly xmlns: string;
	/** The namespace this element itself declares, if it does. */
	readonly declares: string | undefined;
	/** Attributes by name as {@link Stanza} spells them, without `xmlns` and `scansion:`. */
	readonly attributes: ReadonlyMap<string, string>;
	/** `scansion:strict` on this element. */
	readonly strict: boolean | undefined;
	/** Elements and text; white space that only lays out the script is left out. */
	readonly children: readonly (Template | string)[];
	/** Line of the script, from 1. */
	readonly line: number;
}

/** What is wrong in a script, and where. */
export interface ScriptError {
	readonly line: number;
	readonly message: string;
}

interface OpenElement {
	name: string;
	xmlns: string;
	declares: string | undefined;
	attributes: Map<string, string>;
	strict: boolean | undefined;
	children: (Template | string)[];
	line: number;
	prefixes: ReadonlyMap<string, string>;
}

class Problem extends Error {}

const maximum_depth = 100;

function read_strict(value: string): boolean {
	if (value === "true") return true;
	if (value === "false") return false;
	throw new Problem(`scansion:strict='${value}': expected true or false`);
}

/** Splits `prefix:name`; the prefix is empty where there is none. */
function split_name(name: string): { prefix: string; local: string } {
	const colon = name.indexOf(":");
	return colon < 0 ? { prefix: "", local: name } : { prefix: name.slice(0, colon), local: name.slice(colon + 1) };
}

/** A tag as it is written, before prefixes are looked up. */
interface WrittenTag {
	readonly name: string;
	readonly attributes: Readonly<Record<string, string>>;
}

function open_element(tag: WrittenTag, parent: OpenElement | undefined, line: number): OpenElement {
	const attributes = new Map<string, string>();
	const prefixes = new Map(parent?.prefixes);
	let declares: string | undefined;
	for (const [name, value] of Object.entries(tag.attributes)) {
		if (name === "xmlns") declares = value;
		else if (name.startsWith("xmlns:")) prefixes.set(name.slice("xmlns:".length), value);
	}
	let strict: boolean | undefined;
	for (const [name, value] of Object.entries(tag.attributes)) {
		const { prefix, local } = split_name(name);
		if (name === "xmlns" || prefix === "xmlns") continue;
		if (prefix === "scansion") {
			if (local !== "strict") throw new Problem(`unknown attribute ${name}; expected scansion:strict`);
			strict = read_strict(value);
		} else if (prefix === "" || prefix === "xml") attributes.set(name, value);
		else {
			const uri = prefixes.get(prefix);
			if (uri === undefined) throw new Problem(`attribute ${name}: the prefix ${prefix} is not declared`);
			attributes.set(`${uri}\u0001${local}`, value);
		}
	}
	const { prefix, local } = split_name(tag.name);
	let xmlns = declares ?? parent?.xmlns ?? ns.client;
	if (prefix !== "") {
		const uri = prefixes.get(prefix);
		if (uri === undefined) throw new Problem(`element <${tag.name}>: the prefix ${prefix} is not declared`);
		xmlns = uri;
		declares = uri;
	}
	return { name: local, xmlns, declares, attributes, strict, children: [], line, prefixes };
}

/** Removes white space around child elements, and white space that only breaks lines. */
function without_layout(children: (Template | string)[]): (Template | string)[] {
	const has_elements = children.some((child) => typeof child !== "string");
	return children.filter((child) => typeof child !== "string" || child.trim() !== "" || (!has_elements && !child.includes("\n")));
}

function close(open: OpenElement): Template {
	const { name, xmlns, declares, attributes, strict, line } = open;
	return { name, xmlns, declares, attributes, strict, line, children: without_layout(open.children) };
}

/** Lets `${Romeo's JID}` stand between apostrophes, too. */
function protect_variables(text: string): string {
	return text.replace(/\$\{[^}\n]*\}/g, (variable) => variable.replaceAll("'", "&apos;").replaceAll('"', "&quot;"));
}

/**
 * Reads the stanzas of one step. Comments are passed over; the prefix `scansion` needs no declaration.
 * @param text one or more elements, indented as one likes
 * @param first_line number of the line in the script that `text` begins with
 */
export function parse_markup(text: string, first_line: number): Result<Template[], ScriptError> {
	const roots: Template[] = [];
	const open: OpenElement[] = [];
	const parser = new SaxesParser<{ xmlns: false; fragment: true; position: true }>({
		xmlns: false,
		fragment: true,
		position: true,
	});
	let tag_line = first_line;
	/** The parser closes an element before it complains that the tag is another's. */
	let last_closed = "";
	const here = () => first_line + parser.line - 1;
	const add_text = (content: string) => {
		const inner = open[open.length - 1];
		if (inner) {
			const last = inner.children[inner.children.length - 1];
			if (typeof last === "string") inner.children[inner.children.length - 1] = last + content;
			else inner.children.push(content);
		} else if (content.trim() !== "") throw new Problem(`text outside of any element: ${JSON.stringify(content.trim())}`);
	};
	parser.on("error", (error) => {
		const message = error.message.replace(/^\d+:\d+: /, "").replace(/\.$/, "");
		throw new Problem(message === "unexpected close tag" ? `${message}; expected </${last_closed}>` : message);
	});
	parser.on("processinginstruction", () => {
		throw new Problem("a processing instruction; expected elements");
	});
	parser.on("opentagstart", () => {
		tag_line = here();
	});
	parser.on("opentag", (tag) => {
		if (open.length >= maximum_depth) throw new Problem(`elements nested deeper than ${maximum_depth}`);
		open.push(open_element(tag, open[open.length - 1], tag_line));
	});
	parser.on("closetag", () => {
		const closed = open.pop();
		if (closed === undefined) return;
		last_closed = closed.name;
		const parent = open[open.length - 1];
		(parent ? parent.children : roots).push(close(closed));
	});
	parser.on("text", add_text);
	parser.on("cdata", add_text);
	try {
		parser.write(protect_variables(text)).close();
	} catch (problem) {
		if (!(problem instanceof Problem)) throw problem;
		return failed({ line: here(), message: problem.message });
	}
	return ok(roots);
}

/** Puts the values of variables into a text of a script; what has no value stays as it is. */
export function fill(text: string, variables: ReadonlyMap<string, string>): string {
	return text.includes("${") ? text.replace(/\$\{([^}\n]*)\}/g, (whole, name: string) => variables.get(name) ?? whole) : text;
}

/** The names of the variables in a text. */
export function variables_in(text: string): string[] {
	return Array.from(text.matchAll(/\$\{([^}\n]*)\}/g), (found) => found[1] ?? "");
}

/** All texts of a template: attribute values and text, each with its line. */
export function* texts_of(template: Template): Generator<{ text: string; line: number }> {
	for (const value of template.attributes.values()) yield { text: value, line: template.line };
	for (const child of template.children) {
		if (typeof child === "string") yield { text: child, line: template.line };
		else yield* texts_of(child);
	}
}

/** The stanza that a template describes, with variables filled in; namespaces are declared where the script declares them. */
export function build(template: Template, variables: ReadonlyMap<string, string>): Stanza {
	const attributes: Record<string, string> = {};
	if (template.declares !== undefined) attributes["xmlns"] = template.declares;
	for (const [name, value] of template.attributes) attributes[name] = fill(value, variables);
	const stanza = new Stanza(template.name, attributes);
	for (const child of template.children) {
		stanza.append_parsed(typeof child === "string" ? fill(child, variables) : build(child, variables));
	}
	return stanza;
}
